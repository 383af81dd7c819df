"""A Django and a Flask app beside a real service, by the files in examples/: who is let in, and as whom."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from adapters.example_apps import EXAMPLES, WORDS, started
from client.shops import service_key, until
from people import ADA, SAFARI_ON_IPHONE, Clock, running

pytestmark = pytest.mark.xdist_group("django and flask")


def is_answered_from_memory(house, app, browser):
    asked = house.server.recogniser.asked
    assert app.asked_by(browser).status_code == 200
    return house.server.recogniser.asked == asked


@pytest.mark.guide("R68", "R15")
@pytest.mark.parametrize("framework", WORDS)
def test_a_session_that_is_used_only_through_the_app_lives_from_day_29_to_day_58(house, framework):
    words, key = WORDS[framework], service_key(house)
    phone = house.signed_in(agent=SAFARI_ON_IPHONE)
    for _ in range(2):
        with started(words, house.base_url, key) as app:
            until(lambda app=app: is_answered_from_memory(house, app, phone))
            house.clock.move(days=29)
            assert is_answered_from_memory(house, app, phone)
            app.stop()
    house.clock.move(days=31)
    with started(words, house.base_url, key) as app:
        assert app.asked_by(phone).json()["reason"] == "expired_idle"


@pytest.mark.guide("D12")
@pytest.mark.security("attack-19", "16.5.3")
@pytest.mark.parametrize("framework", WORDS)
def test_while_the_service_is_gone_the_app_refuses_and_signs_nobody_out(tmp_path, framework):
    with ExitStack() as service:
        house = service.enter_context(running(tmp_path, Clock()))
        house.somebody(ADA)
        phone = house.signed_in()
        with started(WORDS[framework], house.base_url, service_key(house)) as app:
            assert app.asked_by(phone).status_code == 200
            service.close()
            until(lambda: app.asked_by(phone).status_code != 200)
            answer = app.asked_by(phone)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
            assert answer.json()["code"] == "unavailable"
            assert app.asked_by(phone, "/health").status_code == 200


def test_what_the_page_of_the_docs_shows_stands_in_the_files_that_are_started():
    page = (EXAMPLES.parent / "docs" / "in-front-python.md").read_text()
    for framework in WORDS:
        file = (EXAMPLES / f"{framework}_app" / f"{framework}_app.py").read_text()
        shown = page.split(f"<!-- {framework} -->\n```python\n")[1].split("```")[0]
        assert len(shown.splitlines()) <= 10
        assert shown in file
