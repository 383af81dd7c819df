"""The ASGI, FastAPI, Litestar, Django and Flask apps of examples/ beside a real service: who is let in, and as whom."""

from __future__ import annotations

import pytest

from adapters import asgi_examples, example_apps
from adapters.example_apps import NAVIGATES
from client.shops import service_key
from people import ADELAIDE, BERLIN, FIREFOX_ON_WINDOWS, done_apart
from signedin.server.jobs import flush_now

pytestmark = pytest.mark.xdist_group("every app")


@pytest.fixture(scope="module", params=[*asgi_examples.FRAMEWORKS, *example_apps.WORDS])
def app(request, house):
    words = example_apps.WORDS.get(request.param)
    given = (house.base_url, service_key(house))
    begun = example_apps.started(words, *given) if words else asgi_examples.started(request.param, *given)
    with begun as app:
        yield app


@pytest.mark.guide("R42", "R48", "R51", "D34")
@pytest.mark.security("7.4.1", "attack-1")
def test_revoking_in_one_browser_shuts_the_other_out_of_the_app_at_its_next_request(house, app, phone):
    laptop = house.signed_in()
    for _ in range(3):
        told = app.asked_by(phone).json()
        assert told == {"orders_of": told["orders_of"], "session": phone.current()["id"]}
    assert app.asked_by(laptop).json()["orders_of"] == told["orders_of"]
    laptop.revoke(told["session"])
    answer = app.asked_by(phone)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Session error="revoked"')
    assert answer.json()["reason"] == "revoked"
    assert app.asked_by(laptop).status_code == 200
    laptop.log_out_all()
    assert app.asked_by(laptop).status_code == 401


@pytest.mark.guide("R4", "R44")
def test_who_is_not_signed_in_is_refused_and_whoever_goes_to_a_page_is_shown_the_way(house, app):
    stranger = house.browser()
    answer = app.asked_by(stranger)
    assert (answer.status_code, answer.json()["reason"]) == (401, "missing")
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.headers["cache-control"] == "no-store"
    assert app.asked_by(stranger, "/no-such-page").status_code == 401
    answer = app.asked_by(stranger, "/orders?page=2&x=%2F%2Fevil.example", **NAVIGATES)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/orders%3Fpage%3D2%26x%3D%252F%252Fevil.example"
    signed_in = stranger.http.get(house.base_url + answer.headers["location"])
    assert 'name="next" value="/orders?page=2&amp;x=%2F%2Fevil.example"' in signed_in.text


def test_paths_that_are_open_to_everybody_are_open_and_no_others(house, app):
    stranger = house.browser()
    assert app.asked_by(stranger, "/health").text == "well"
    for path in ("/health/", "/healthy", "/health/../orders", "/Health", "/health%00"):
        assert app.asked_by(stranger, path).status_code == 401, path


@pytest.mark.guide("D12")
@pytest.mark.security("attack-20", "4.1.3")
def test_who_it_is_is_never_taken_from_headers_of_the_client(house, app, phone):
    forged = {
        "Signedin-Account": "1", "signedin_account": "1", "Signedin-Session": "x", "Signedin-Scopes": "*",
    }  # fmt: skip
    assert app.asked_by(house.browser(), **forged).status_code == 401
    assert app.asked_by(phone, **forged).json()["session"] == phone.current()["id"]
    assert app.asked_by(phone, "/echo", **forged).json() == {"headers": []}


@pytest.mark.guide("R12", "D16")
@pytest.mark.security("15.3.4", "attack-33")
def test_the_last_use_is_from_where_the_own_proxy_saw_the_person_whatever_they_claim_and_with_their_agent(
    house, app, phone
):
    house.clock.move(minutes=10)
    claimed = {"x-forwarded-for": f"{BERLIN}, {ADELAIDE}"}
    row = app.asked_by(phone, **claimed, **{"user-agent": FIREFOX_ON_WINDOWS}).json()["session"]
    done_apart(flush_now(house.server))
    (found,) = [each for each in house.signed_in().sessions() if each["id"] == row]
    assert found["location"].startswith("Adelaide")
    assert (found["device"], found["last_device"]) == ("Safari on iOS", "Firefox on Windows")
