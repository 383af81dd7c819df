"""From an app to Settings > Sessions: by a one-time ticket, after which the app's session is the current row (D31)."""

from __future__ import annotations

import pytest

from people import (
    ADA,
    BERLIN,
    CHROME_ON_MACOS,
    GRACE,
    SAFARI_ON_IPHONE,
    SAN_FRANCISCO,
    Clock,
    done_apart,
    running,
)
from signedin.actions.issue_key import issue_service_key
from signedin.rules.access_key import Wish
from signedin.rules.scope import OF_SERVICES
from signedin.rules.session import AppType
from signedin.web.static_files import address_of

pytestmark = pytest.mark.xdist_group("tickets")
WRONG = "This link does not work any more."


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running(tmp_path_factory.mktemp("house"), Clock()) as house:
        house.somebody(ADA)
        house.somebody(GRACE, "Grace Hopper")
        types = (AppType.WEB, AppType.MOBILE)
        made = issue_service_key(house.means, Wish("shop", OF_SERVICES), types, house.clock())
        house.shop = done_apart(made).token
        yield house


def asked(house, token, path, method="POST", **more):
    """A backend's request: it comes from where the backend runs."""
    with house.browser("httpx/1.0", "192.0.2.20").http as http:
        return http.request(method, path, headers={"authorization": f"Bearer {token}"}, **more)


def begun(house, whose="outside:anna", **fields):
    person = {"app_type": "web", "address": BERLIN, "user_agent": SAFARI_ON_IPHONE, "name": "Anna"} | fields
    answer = asked(house, house.shop, f"/v1/accounts/{whose}/sessions", json=person)
    assert answer.status_code == 201, answer.text
    return answer.json()


def ticket(house, token):
    answer = asked(house, token, "/v1/sessions/current/ticket")
    assert answer.status_code == 201, answer.text
    return answer.json()


def brought(browser, text):
    """What the page does with the ticket in its fragment: it sends it as its own form."""
    return browser.send("/ticket", {"ticket": text}, page="/ticket")


@pytest.mark.guide("D31", "R18", "R2")
@pytest.mark.security("C2")
def test_whose_session_an_app_began_comes_to_their_list_and_their_row_is_current(house):
    session, phone = begun(house), house.browser(SAFARI_ON_IPHONE, BERLIN)
    other = begun(house, user_agent=CHROME_ON_MACOS, address=SAN_FRANCISCO)["session"]["id"]
    given = ticket(house, session["token"])
    assert given["url"] == f"{house.base_url}/ticket#{given['ticket']}"
    answer = brought(phone, given["ticket"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/sessions")
    assert "Max-Age" not in answer.headers["set-cookie"], "it goes with the browser's window"
    assert phone.current()["id"] == session["session"]["id"]
    page = phone.open("/settings/sessions").text
    assert "Current" in page
    assert len(phone.sessions()) == 2, "the cookie is no row of its own"
    assert phone.revoke(other).status_code == 303
    assert [each["id"] for each in phone.sessions()] == [session["session"]["id"]]


@pytest.mark.guide("D31", "R41", "R42")
@pytest.mark.security("attack-1", "7.4.1")
def test_logging_out_there_ends_the_session_in_the_app_too(house):
    session, phone = begun(house, "outside:berta"), house.browser()
    brought(phone, ticket(house, session["token"])["ticket"])
    assert asked(house, session["token"], "/v1/check", "GET").status_code == 200
    phone.log_out()
    assert asked(house, session["token"], "/v1/check", "GET").json()["reason"] == "logged_out"
    assert not phone.is_signed_in


@pytest.mark.guide("D31", "R48", "R51")
@pytest.mark.security("attack-1")
def test_the_cookie_dies_with_the_session_that_the_app_began(house):
    session, other, phone = begun(house, "outside:carl"), begun(house, "outside:carl"), house.browser()
    brought(phone, ticket(house, session["token"])["ticket"])
    assert phone.is_signed_in
    answer = asked(house, other["token"], f"/v1/sessions/{session['session']['id']}", "DELETE")
    assert answer.status_code == 204
    assert not phone.is_signed_in
    sent = phone.open("/settings/sessions")
    assert "revoked" in phone.open(sent.headers["location"]).text


@pytest.mark.guide("D31", "D17")
def test_it_is_still_a_session_without_a_factor(house):
    session, phone = begun(house, "outside:dora"), house.browser()
    brought(phone, ticket(house, session["token"])["ticket"])
    fields = {"name": "backup", "scope:account:read": "1", "password": "x"}
    answer = phone.send("/settings/access-keys", fields, page="/settings/access-keys")
    assert answer.status_code in (403, 422)
    assert "sgn_key_" not in answer.text


@pytest.mark.guide("D31", "D12")
def test_on_our_own_host_the_check_lets_the_same_cookie_in(house):
    session, phone = begun(house, "outside:emil"), house.browser()
    brought(phone, ticket(house, session["token"])["ticket"])
    answer = phone.open("/v1/check")
    assert (answer.status_code, answer.headers["signedin-session"]) == (200, session["session"]["id"])


@pytest.mark.guide("D31")
@pytest.mark.security("attack-28", "C2")
def test_a_ticket_is_good_once_and_for_a_minute(house):
    session = begun(house, "outside:fritz")
    first, late = house.browser(), house.browser()
    text = ticket(house, session["token"])["ticket"]
    assert brought(first, text).status_code == 303
    again = brought(late, text)
    assert (again.status_code, WRONG in again.text, late.secret) == (410, True, None)
    text = ticket(house, session["token"])["ticket"]
    house.clock.move(seconds=60)
    assert brought(late, text).status_code == 410
    assert first.is_signed_in


@pytest.mark.guide("D31")
@pytest.mark.security("attack-1", "attack-25")
def test_a_ticket_of_a_session_that_has_ended_meanwhile_opens_nothing(house):
    session, phone = begun(house, "outside:gina"), house.browser()
    text = ticket(house, session["token"])["ticket"]
    assert asked(house, session["token"], "/v1/sessions/current", "DELETE").status_code == 204
    assert brought(phone, text).status_code == 410
    assert asked(house, session["token"], "/v1/sessions/current/ticket").json()["reason"] == "logged_out"


@pytest.mark.guide("D31")
@pytest.mark.security("attack-11", "7.2.4")
def test_whoever_is_signed_in_there_already_is_asked_and_then_logged_out(house):
    ada, session = house.signed_in(), begun(house, "outside:hans")
    page = ada.open("/ticket").text
    assert "data-asks" in page
    assert "data-asks" not in house.browser().open("/ticket").text
    before, secret = ada.current()["id"], ada.secret
    assert brought(ada, ticket(house, session["token"])["ticket"]).status_code == 303
    assert ada.current()["id"] == session["session"]["id"] != before
    old = house.browser()
    assert (
        old.http.get("/v1/sessions", headers={"cookie": f"signedin={secret}"}).json()["reason"]
        == "logged_out"
    )


@pytest.mark.security("7.2.4")
def test_a_wrong_ticket_logs_nobody_out(house):
    ada = house.signed_in()
    for text in ("", "sgn_tik_", "x" * 5000, ada.secret):
        assert brought(ada, text).status_code == 410
    assert ada.is_signed_in


@pytest.mark.guide("D31")
@pytest.mark.security("3.5.1", "attack-17", "T2", "8.2.1")
def test_only_who_holds_the_apps_token_is_given_a_ticket(house):
    ada, session = house.signed_in(), begun(house, "outside:ida")
    answer = ada.http.post("/v1/sessions/current/ticket", headers=ada.own())
    assert answer.status_code == 403, "no script in a page carries its session away"
    for token in (house.shop, ada.secret, "sgn_app_x"):
        assert asked(house, token, "/v1/sessions/current/ticket").status_code in (401, 403)
    text = ticket(house, session["token"])["ticket"]
    for path in ("/v1/sessions", "/v1/check", "/v1/sessions/current/ticket"):
        method = "POST" if "ticket" in path else "GET"
        assert asked(house, text, path, method).status_code == 401, "a ticket is no credential"
    assert house.browser().http.get("/v1/sessions", headers={"cookie": f"signedin={text}"}).status_code == 401


@pytest.mark.guide("D31")
def test_the_address_that_is_copied_where_no_script_runs_is_as_good_as_the_ticket(house):
    phone, given = house.browser(), ticket(house, begun(house, "outside:kai")["token"])
    for nothing in ("", f"{house.base_url}/ticket", f"{house.base_url}/ticket#"):
        assert phone.send("/ticket", {"ticket": "", "address": nothing}, page="/ticket").status_code == 410
    sent = {"ticket": "", "address": f" {given['url']} "}
    assert phone.send("/ticket", sent, page="/ticket").status_code == 303
    assert phone.is_signed_in


@pytest.mark.security("14.2.1", "16.2.5")
def test_the_ticket_is_in_no_address_that_a_server_sees(house):
    phone, session = house.browser(), begun(house, "outside:jan")
    text = ticket(house, session["token"])["ticket"]
    page = phone.http.get("/ticket", params={"ticket": text}).text
    assert 'name="ticket" value=""' in page, "what stands in an address is not taken"
    assert phone.secret is None
    assert "replaceState" in phone.open(address_of("ticket.js")).text
