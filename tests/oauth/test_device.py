"""Devices that are signed in by another one (RFC 8628): who decides, how often a device may ask, and what it gets."""

from __future__ import annotations

import re

import pytest

from given import SYNC_AGENT, a_client, a_sync_app
from people import ADA, GRACE, Clock, running
from signedin.rules.client import GrantType
from signedin.store import clients, device_codes

NOT_YET = "authorization_pending"


@pytest.fixture
def house(tmp_path):
    with running(tmp_path, Clock()) as house:
        for email in (ADA, GRACE):
            house.somebody(email)
        yield house


@pytest.fixture
def clock(house):
    return house.clock


class Device:
    """A box with a few letters to show, and no keyboard."""

    def __init__(self, house, client, **more):
        self.http, self.client = house.browser(SYNC_AGENT).http, client
        answer = self.http.post("/oauth/device_authorization", data={"client_id": client.id, **more})
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        self.told = answer.json()

    def asks(self, client=None):
        form = {
            "grant_type": GrantType.DEVICE.value, "device_code": self.told["device_code"],
            "client_id": (client or self.client).id,
        }  # fmt: skip
        return self.http.post("/oauth/token", data=form)

    def error(self, client=None):
        return self.asks(client).json().get("error")


def entered(browser, code):
    return browser.send("/device", {"user_code": code}, page="/device")


def decided(browser, code, decision="allow", **ticks):
    return browser.send("/device/decide", {"user_code": code, "decision": decision, **ticks}, page="/device")


def allowed(browser, device):
    assert entered(browser, device.told["user_code"]).status_code == 200
    answer = decided(
        browser, device.told["user_code"], **dict.fromkeys(("openid", "email", "offline_access"), "1")
    )
    assert "Go on at the device" in answer.text, answer.text


@pytest.mark.guide("R22", "R25")
@pytest.mark.security("10.7.1")
def test_a_device_of_ones_own_begins_its_session_once_its_person_has_said_yes(house, clock):
    device, ada = Device(house, a_sync_app(house)), house.signed_in()
    told = device.told
    assert told["verification_uri"] == f"{house.base_url}/device"
    assert told["verification_uri_complete"] == f"{house.base_url}/device?user_code={told['user_code']}"
    assert (told["expires_in"], told["interval"]) == (600, 5)
    assert device.error() == NOT_YET
    page = entered(ada, told["user_code"].lower().replace("-", " "))
    for shown in (told["user_code"], "Example Sync", "Example Sync on Windows", ADA):
        assert shown in page.text
    clock.move(seconds=6)
    assert device.error() == NOT_YET
    assert "Go on at the device" in decided(ada, told["user_code"]).text
    clock.move(seconds=6)
    tokens = device.asks()
    assert tokens.status_code == 200, tokens.text
    assert {row["app_type"] for row in ada.sessions()} == {"web", "sync"}
    assert device.error() == "invalid_grant"


@pytest.mark.security("attack-31")
@pytest.mark.guide("R24", "R32")
def test_a_device_of_others_gets_a_consent_with_what_was_left_ticked(house, clock):
    device, ada = Device(house, a_client(house), scope="openid email sessions:read"), house.signed_in()
    entered(ada, device.told["user_code"])
    decided(ada, device.told["user_code"], email="1")
    clock.move(seconds=6)
    assert device.asks().json()["scope"] == "openid email"
    [consent] = [row for row in ada.sessions() if row["app_type"] == "oauth"]
    assert (consent["client_name"], consent["scopes"]) == ("Tidewater Calendar", ["openid", "email"])


@pytest.mark.security("2.4.1")
def test_a_device_that_asks_too_soon_is_slowed_down_more_each_time(house, clock):
    device, ada = Device(house, a_sync_app(house)), house.signed_in()
    assert device.error() == NOT_YET
    clock.move(seconds=4)
    assert device.error() == "slow_down"
    clock.move(seconds=9)
    assert device.error() == "slow_down"
    clock.move(seconds=15)
    assert device.error() == NOT_YET
    allowed(ada, device)
    assert device.asks().status_code == 200


def test_a_device_learns_that_its_person_said_no_and_that_its_code_has_expired(house, clock):
    ada, app = house.signed_in(), a_sync_app(house)
    refused, late = Device(house, app), Device(house, app)
    entered(ada, refused.told["user_code"])
    assert "Nothing was connected" in decided(ada, refused.told["user_code"], "deny").text
    assert refused.error() == "access_denied"
    clock.move(minutes=10)
    assert late.error() == "expired_token"
    assert "wrong, or has expired" in entered(ada, late.told["user_code"]).text
    assert len(ada.sessions()) == 1


@pytest.mark.security("10.7.1", "attack-18")
@pytest.mark.parametrize("word", [None, "", "ALLOW", "yes"])
def test_a_form_that_says_neither_allow_nor_deny_decides_nothing_for_a_device(house, clock, word):
    device, ada = Device(house, a_sync_app(house)), house.signed_in()
    code = device.told["user_code"]
    entered(ada, code)
    form = {"user_code": code} | ({} if word is None else {"decision": word})
    answer = ada.send("/device/decide", form, page="/device")
    assert answer.status_code == 422, answer.text
    assert device.error() == NOT_YET
    decided(ada, code)
    clock.move(seconds=6)
    assert device.asks().status_code == 200


@pytest.mark.security("10.7.1", "attack-18")
def test_only_the_session_that_typed_the_code_decides_and_only_once(house, clock):
    device = Device(house, a_sync_app(house))
    code, ada, eve = device.told["user_code"], house.signed_in(), house.signed_in(email=GRACE)
    assert "wrong, or has expired" in decided(ada, code).text
    entered(ada, code)
    for other in (eve, house.signed_in()):
        assert "wrong, or has expired" in entered(other, code).text
        assert "wrong, or has expired" in decided(other, code).text
    assert device.error() == NOT_YET
    decided(ada, code)
    assert "wrong, or has expired" in decided(ada, code, "deny").text
    clock.move(seconds=6)
    assert device.asks().status_code == 200
    assert [row["app_type"] for row in eve.sessions()] == ["web"]


@pytest.mark.security("3.5.1", "10.7.1", "attack-18")
def test_a_code_in_the_address_is_only_shown_and_no_other_site_decides(house):
    device, ada = Device(house, a_sync_app(house)), house.signed_in()
    code = device.told["user_code"]
    page = ada.open(f"/device?user_code={code}")
    assert f'value="{code}"' in page.text
    assert "/device/decide" not in page.text
    assert ada.http.post("/device", data={"user_code": code}, headers=ada.own()).status_code == 403
    entered(ada, code)
    forged = {"user_code": code, "decision": "allow"}
    assert ada.http.post("/device/decide", data=forged, headers=ada.own()).status_code == 403
    assert (
        ada.http.post("/device/decide", data=forged, headers={"sec-fetch-site": "cross-site"}).status_code
        == 403
    )
    assert device.error() == NOT_YET
    stranger = house.browser().open(f"/device?user_code={code}")
    assert stranger.headers["location"] == f"/sign-in?next=/device%3Fuser_code%3D{code}"


@pytest.mark.security("2.4.1", "6.3.1", "attack-18")
def test_guessing_codes_is_stopped(house):
    device, ada = Device(house, a_sync_app(house)), house.signed_in()
    answers = [entered(ada, f"BBBB-BBB{letter}").status_code for letter in "BCDFGHJKLMN"]
    assert answers == [422] * 10 + [429]
    assert entered(ada, device.told["user_code"]).status_code == 429


@pytest.mark.security("10.4.4")
def test_who_may_not_ask_for_a_device_is_told_so(house):
    plain = a_client(house, grant_types=frozenset({GrantType.CODE}))
    http = house.browser().http
    ask = lambda **form: http.post("/oauth/device_authorization", data=form)  # noqa: E731
    assert ask(client_id=plain.id).json()["error"] == "unauthorized_client"
    assert ask(client_id="nobody").status_code == 401
    app = a_sync_app(house, scopes=frozenset({"openid"}))
    assert ask(client_id=app.id, scope="openid sessions:manage").json()["error"] == "invalid_scope"
    assert ask(client_id=app.id, resource="https://evil.example").json()["error"] == "invalid_target"


@pytest.mark.security("attack-18")
@pytest.mark.parametrize("wrong", ["nothing", "sgn_dev_x", "user code"])
def test_a_code_that_is_none_is_an_invalid_grant_and_uses_up_no_other(house, clock, wrong):
    device, ada = Device(house, a_sync_app(house)), house.signed_in()
    allowed(ada, device)
    right = device.told
    device.told = right | {"device_code": right["user_code"] if wrong == "user code" else wrong}
    assert device.error() == "invalid_grant"
    device.told = right
    assert device.asks().status_code == 200
    clock.move(seconds=30)
    assert device.error() == "invalid_grant"


@pytest.mark.security("10.4.1")
def test_another_client_gets_nothing_for_a_device_code(house, clock):
    device, ada = Device(house, a_sync_app(house)), house.signed_in()
    other = a_client(house, id="other")
    allowed(ada, device)
    assert device.error(other) == "invalid_grant"
    assert device.asks().status_code == 200


@pytest.mark.guide("R61", "D23")
@pytest.mark.security("7.4.1")
@pytest.mark.parametrize("how", ["everything", "client disabled"])
def test_a_device_that_was_allowed_gets_nothing_after_all_is_over(house, clock, how):
    from dataclasses import replace

    app = a_sync_app(house)
    device, ada = Device(house, app), house.signed_in()
    allowed(ada, device)
    if how == "everything":
        ada.log_out_all()
    else:
        house.means.database.write_now(clients.change, replace(app, disabled_at=clock()))
    assert device.error() in {"invalid_grant", "invalid_client"}
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", device.told["user_code"])
    kept = house.means.database.read_now(lambda conn: conn.execute(device_codes.device_codes.select()).all())
    assert device.told["user_code"] not in str(kept)
    assert device.told["device_code"] not in str(kept)
