"""What a browser's session gave an app that has not come for it yet ends with that session (R49, attack 9)."""

from __future__ import annotations

import pytest

from apps import (
    BACK,
    PUBLIC,
    VERIFIER,
    asked_page,
    authorize,
    boxes,
    consented,
    decide,
    decide_on_all,
    hidden,
    registered,
    told,
)  # fmt: skip
from given import SYNC_AGENT, a_client, a_sync_app
from people import ADA, FIREFOX_ON_WINDOWS, Clock, running
from signedin.rules.client import GrantType

pytestmark = [pytest.mark.guide("R49"), pytest.mark.security("attack-9", "7.4.1")]


@pytest.fixture
def house(tmp_path):
    with running(tmp_path, Clock()) as house:
        house.somebody(ADA)
        yield house


def revoked(browser, other):
    """From another browser of hers."""
    other.revoke(browser.current()["id"])


def signed_out(browser, other):
    browser.send("/sign-out", page="/settings/sessions")


ENDINGS = [revoked, signed_out]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_device_that_was_allowed_and_has_not_come_yet_gets_nothing(house, ending):
    app, browser, other = a_sync_app(house), house.signed_in(), house.signed_in(FIREFOX_ON_WINDOWS)
    device = house.browser(SYNC_AGENT).http
    codes = device.post("/oauth/device_authorization", data={"client_id": app.id}).json()
    browser.send("/device", {"user_code": codes["user_code"]}, page="/device")
    browser.send("/device/decide", {"user_code": codes["user_code"], "decision": "allow"}, page="/device")
    ending(browser, other)
    house.clock.move(seconds=6)
    form = {"grant_type": GrantType.DEVICE.value, "client_id": app.id, "device_code": codes["device_code"]}
    answer = device.post("/oauth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert [row["app_type"] for row in other.sessions()] == ["web"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_code_that_was_not_redeemed_yet_brings_nothing(house, ending):
    app, browser, other = a_sync_app(house, redirect_uris=(BACK,)), house.signed_in(), house.signed_in()
    code = told(browser.open(authorize(app)), app)["code"]
    ending(browser, other)
    form = {"grant_type": "authorization_code", "client_id": app.id, "code": code, "redirect_uri": BACK,
            "code_verifier": VERIFIER}  # fmt: skip
    answer = house.browser(SYNC_AGENT).http.post("/oauth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert [row["app_type"] for row in other.sessions()] == ["web"]


@pytest.mark.guide("R49")
def test_an_app_that_has_come_for_it_lives_on(house):
    app, browser, other = a_sync_app(house, redirect_uris=(BACK,)), house.signed_in(), house.signed_in()
    form = {"grant_type": "authorization_code", "client_id": app.id, "redirect_uri": BACK, "code_verifier": VERIFIER,
            "code": told(browser.open(authorize(app)), app)["code"]}  # fmt: skip
    program = house.browser(SYNC_AGENT).http
    tokens = program.post("/oauth/token", data=form).json()
    signed_out(browser, other)
    again = {"grant_type": "refresh_token", "client_id": app.id, "refresh_token": tokens["refresh_token"]}
    assert program.post("/oauth/token", data=again).status_code == 200
    assert sorted(row["app_type"] for row in other.sessions()) == ["sync", "web"]


@pytest.mark.guide("R32")
@pytest.mark.security("10.7.3")
@pytest.mark.parametrize("is_over", [False, True], ids=["while the browser is signed in", "after it was"])
def test_an_app_that_may_not_stay_any_more_goes_with_the_browser(house, is_over):
    """The person unticks "Stay connected": nothing is refreshed, and what is left goes with the browser's session (D29)."""
    scope = "openid offline_access"
    app, browser, other = registered(house, **PUBLIC), house.signed_in(), house.signed_in()
    form = {"grant_type": "authorization_code", "client_id": app.id, "redirect_uri": BACK, "code_verifier": VERIFIER,
            "code": consented(browser, app, scope=scope)["code"]}  # fmt: skip
    program = house.browser("Program/1.0").http
    tokens = program.post("/oauth/token", data=form).json()

    def opens():
        headers = {"authorization": f"Bearer {tokens['access_token']}"}
        return program.get("/oauth/userinfo", headers=headers).status_code

    [row] = [each for each in other.sessions() if each["app_type"] == "oauth"]
    if is_over:
        signed_out(browser, other)
    assert opens() == 200
    other.send(f"/settings/sessions/{row['id']}/scopes", {}, page="/privacy")
    again = {"grant_type": "refresh_token", "client_id": app.id, "refresh_token": tokens["refresh_token"]}
    answer = program.post("/oauth/token", data=again)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert opens() == (401 if is_over else 200)
    if not is_over:
        signed_out(browser, other)
        assert opens() == 401


STAY = "openid email offline_access"


def redeem(program, app, code):
    form = {
        "grant_type": "authorization_code",
        "client_id": app.id,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    return program.post("/oauth/token", data=form | {"code": code}).json()


def refresh(program, app, tokens):
    form = {"grant_type": "refresh_token", "client_id": app.id, "refresh_token": tokens["refresh_token"]}
    return program.post("/oauth/token", data=form)


@pytest.mark.guide("R32")
@pytest.mark.security("10.7.3")
def test_what_is_unticked_when_the_app_asks_again_is_taken_from_older_tokens_too_and_comes_back_to_none(
    house,
):
    """On the consent page as in the details of the row: an older refresh token is not alive again with a later yes."""
    app, browser, other = registered(house, **PUBLIC), house.signed_in(), house.signed_in()
    program = house.browser("Program/1.0").http
    old = redeem(program, app, consented(browser, app, scope=STAY)["code"])
    page = asked_page(other, authorize(app, scope=STAY, prompt="consent"))
    told(decide(other, page, offline_access=None, email=None), app)
    assert refresh(program, app, old).json()["error"] == "invalid_grant"
    headers = {"authorization": f"Bearer {old['access_token']}"}
    assert program.get("/oauth/userinfo", headers=headers).json().keys() == {"sub"}
    told(decide_on_all(other, asked_page(other, authorize(app, scope=STAY, prompt="consent"))), app)
    assert refresh(program, app, old).json()["error"] == "invalid_grant"
    assert program.get("/oauth/userinfo", headers=headers).json().keys() == {"sub"}
    signed_out(browser, other)
    assert program.get("/oauth/userinfo", headers=headers).json()["error"] == "invalid_token"


@pytest.mark.guide("R78")
def test_a_page_that_was_open_when_the_app_was_revoked_asks_once_more(house):
    app, browser, other = registered(house, **PUBLIC), house.signed_in(), house.signed_in()
    consented(browser, app)
    page = asked_page(browser, authorize(app, prompt="consent"))
    [row] = [each for each in other.sessions() if each["app_type"] == "oauth"]
    other.revoke(row["id"])
    again = decide(browser, page)
    assert again.status_code == 409
    assert "What you have allowed this app has changed meanwhile." in again.text
    assert not [each for each in other.sessions() if each["app_type"] == "oauth"]
    assert told(decide(browser, again), app)["code"]
    [fresh] = [each for each in other.sessions() if each["app_type"] == "oauth"]
    assert fresh["id"] != row["id"]


@pytest.mark.guide("R78")
def test_the_page_of_a_device_that_was_open_when_the_app_was_revoked_asks_once_more(house):
    app, browser, other = a_client(house), house.signed_in(), house.signed_in()
    consented(browser, app)
    codes = (
        house.browser(SYNC_AGENT).http.post("/oauth/device_authorization", data={"client_id": app.id}).json()
    )
    code = {"user_code": codes["user_code"]}
    page = browser.send("/device", code, page="/device")
    [row] = [each for each in other.sessions() if each["app_type"] == "oauth"]
    other.revoke(row["id"])
    form = code | hidden(page) | {"decision": "allow"} | dict.fromkeys(boxes(page), "1")
    again = browser.send("/device/decide", form, page="/device")
    assert (again.status_code, "has changed meanwhile" in again.text) == (409, True)
    assert not [each for each in other.sessions() if each["app_type"] == "oauth"]
    page = browser.send("/device", code, page="/device")
    form = code | hidden(page) | {"decision": "allow"} | dict.fromkeys(boxes(page), "1")
    assert "Go on at the device" in browser.send("/device/decide", form, page="/device").text
