"""What somebody has taken back from an app, or never allowed it, comes back by their own hand alone (10.7.3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps import PUBLIC, asked_page, authorize, boxes, consented, decide, registered, told
from given import a_client, a_grant
from people import PASSWORD
from signedin.rules.client import GrantType

pytestmark = pytest.mark.security("10.7.3")
NOT_SO_FAR = "Not allowed so far."


def connected(browser):
    [row] = [each for each in browser.sessions() if each["session_type"] == "oauth_consent"]
    return row


@pytest.fixture
def porter(house):
    return registered(house)


def test_the_first_time_all_of_it_is_ticked(house, porter):
    page = asked_page(house.signed_in(), authorize(porter, scope="openid email profile"))
    assert boxes(page) == {"email": True, "profile": True}
    assert NOT_SO_FAR not in page.text
    assert "Untick what you do not want to allow." in page.text


@pytest.mark.guide("R30")
def test_what_was_taken_back_stands_unticked_at_the_next_sign_in_and_stays_so_where_nobody_ticks_it(
    house, porter
):
    ada = house.signed_in()
    consented(ada, porter, scope="openid email profile")
    row = connected(ada)
    ada.send(f"/settings/sessions/{row['id']}/scopes", {"email": "1"}, page="/privacy")
    for prompt in (None, "consent"):
        page = asked_page(ada, authorize(porter, scope="openid email profile", prompt=prompt))
        assert boxes(page) == {"email": True, "profile": False}
        assert page.text.count(NOT_SO_FAR) == 1
        assert "Tick what you want to allow beyond what you have allowed before." in page.text
        told(decide(ada, page), porter)
        assert connected(ada)["scopes"] == ["openid", "email"]
    told(decide(ada, asked_page(ada, authorize(porter, scope="openid email profile")), profile="1"), porter)
    assert connected(ada)["scopes"] == ["openid", "email", "profile"]


def test_a_wrong_password_forgets_no_tick(house, porter, clock):
    ada = house.signed_in()
    consented(ada, porter, scope="openid email profile")
    clock.move(hours=2)
    page = asked_page(ada, authorize(porter, scope="openid email profile sessions:read", max_age=60))
    assert boxes(page) == {"email": True, "profile": True, "sessions:read": False}
    again = decide(ada, page, **{"sessions:read": "1", "email": None, "password": "wrong"})
    assert boxes(again) == {"email": False, "profile": True, "sessions:read": True}
    assert again.text.count(NOT_SO_FAR) == 1
    told(decide(ada, again, password=PASSWORD), porter)
    assert connected(ada)["scopes"] == ["openid", "profile", "sessions:read"]


def test_after_a_revoke_it_is_a_first_time_again(house, porter):
    ada = house.signed_in()
    told(decide(ada, asked_page(ada, authorize(porter)), email=None), porter)
    ada.revoke(connected(ada)["id"])
    page = asked_page(ada, authorize(porter))
    assert boxes(page) == {"email": True}
    assert NOT_SO_FAR not in page.text


def test_a_device_is_asked_about_in_the_same_way(house, clock):
    client, ada = a_client(house), house.signed_in()
    a_grant(house, client, scopes=("openid", "email"))
    asked = {"client_id": client.id, "scope": "openid email profile"}
    device = house.browser().http.post("/oauth/device_authorization", data=asked).json()
    page = ada.send("/device", {"user_code": device["user_code"]}, page="/device")
    assert boxes(page) == {"email": True, "profile": False}
    assert page.text.count(NOT_SO_FAR) == 1


@pytest.mark.guide("R28", "R29")
@pytest.mark.security("attack-18")
@pytest.mark.parametrize("is_verified", [True, False])
def test_a_device_of_others_is_shown_as_the_consent_page_shows_who_asks(house, is_verified):
    notes = "https://notes.example.org"
    client = registered(
        house, grant_types=frozenset({GrantType.DEVICE, GrantType.REFRESH}), redirect_uris=(), resources=(notes,),
        is_verified=is_verified, idle=timedelta(days=7), description="Ends <b>sessions</b>.", **PUBLIC,
    )  # fmt: skip
    asked = {"client_id": client.id, "resource": notes, "scope": "openid email"}
    device = house.browser().http.post("/oauth/device_authorization", data=asked).json()
    page = house.signed_in().send("/device", {"user_code": device["user_code"]}, page="/device").text
    checked = "Checked and registered by the operator" if is_verified else "has not checked who made it"
    for text in ("Ends &lt;b&gt;sessions&lt;/b&gt;.", checked, "Until you revoke it, or after 7 days without use",
                 notes, "Porter", "will not be able to"):  # fmt: skip
        assert text in page, text
    assert "Then takes you to" not in page
