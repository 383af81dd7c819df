"""What a client's request says of itself, and how it is answered (RFC 6749, section 5.1)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from litestar import Request

from given import SYNC_AGENT
from people import CHROME_ON_MACOS
from signedin.actions.sign_in import Visit
from signedin.gate.arrival import Arrival
from signedin.gate.user_agent import read_device, ruleset
from signedin.oauth.arriving import arrived, needed, told, visit_of
from signedin.rules.oauth_refusal import OAuthRefused

HINTS = {"sec-ch-ua-platform": '"macOS"', "sec-ch-ua-platform-version": '"14.1.0"'}


def ask(**headers):
    """A request of a program at this address."""
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    arrival = Arrival(None, None, "203.0.113.7", {}, datetime(2026, 11, 30, tzinfo=UTC))
    return Request({"type": "http", "method": "POST", "headers": sent, "signedin": arrival})


@pytest.mark.guide("D15")
def test_what_a_client_asks_is_nobodys_activity_whatever_cookie_came_along():
    request = ask(cookie="signedin=sgn_web_x")
    arrival = arrived(request)
    assert arrival is request.scope["signedin"]
    assert arrival.is_quiet is True


@pytest.mark.guide("R22")
def test_a_session_that_begins_is_on_the_device_that_the_program_says_and_where_it_is():
    device = read_device(SYNC_AGENT, {})
    assert visit_of(ask(user_agent=SYNC_AGENT)) == Visit("203.0.113.7", SYNC_AGENT, device, ruleset())
    assert visit_of(ask()) == Visit("203.0.113.7", "", read_device("", {}), ruleset())


@pytest.mark.guide("D30")
def test_what_a_browser_hints_at_beside_its_agent_is_read_and_kept():
    hinted = {name.replace("-", "_"): value for name, value in HINTS.items()}
    visit = visit_of(ask(user_agent=CHROME_ON_MACOS, **hinted))
    assert visit.device == read_device(CHROME_ON_MACOS, HINTS) != read_device(CHROME_ON_MACOS, {})
    assert visit.user_agent.split("\n") == [
        CHROME_ON_MACOS,
        *(f"{name}: {said}" for name, said in HINTS.items()),
    ]


def test_a_parameter_that_has_to_be_there_is_asked_for_by_its_name():
    assert needed({"token": "x"}, "token") == "x"
    for form in ({}, {"token": ""}, {"Token": "x"}):
        with pytest.raises(OAuthRefused, match=r"^The parameter token is missing\.$") as refusal:
            needed(form, "token")
        assert (refusal.value.error, refusal.value.status) == ("invalid_request", 400)


@pytest.mark.security("14.3.2")
def test_an_answer_is_json_as_it_is_spelled_and_kept_by_nobody():
    answer = told({"name": "Zoë ☂"})
    assert (answer.status_code, answer.body) == (200, '{"name": "Zoë ☂"}'.encode())
    kept = {"cache-control": "no-store", "pragma": "no-cache"}
    assert dict(answer.headers) == kept | {
        "content-type": "application/json",
        "content-length": str(len(answer.body)),
    }
    more = told([], 201, [("retry-after", "5")])
    assert (more.status_code, more.body) == (201, b"[]")
    assert dict(more.headers).items() >= (kept | {"retry-after": "5"}).items()
