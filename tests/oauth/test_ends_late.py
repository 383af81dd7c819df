"""Where signed tokens are read, an ending can be late by five minutes: the pages and the API say so, and for whom (D24)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps import asked_page, authorize, consented, main_of, registered
from given import a_client, a_sync_app, given, redeemed
from signedin.rules.grant import JWT_LASTS

FILES, NOTES = "https://files.example.org", "https://notes.example.org"
SAID = "can go on there for up to five minutes"
pytestmark = pytest.mark.guide("D24")


@pytest.fixture
def porter(house):
    return registered(house, resources=(FILES, NOTES), signed_resources=(FILES,))


def test_the_consent_page_says_so_before_anything_is_allowed(house, porter):
    ada = house.signed_in()
    page = asked_page(ada, authorize(porter, resource=FILES))
    assert f"What it got for <bdi>{FILES}</bdi> {SAID}" in page.text
    assert timedelta(minutes=5) == JWT_LASTS
    assert SAID not in asked_page(ada, authorize(porter, resource=NOTES)).text
    assert SAID not in asked_page(ada, authorize(porter)).text


def test_the_row_its_revoke_and_the_api_say_so_and_for_whom(house, porter):
    ada = house.signed_in()
    consented(ada, porter, resource=NOTES)
    [row] = [each for each in ada.sessions() if each["session_type"] == "oauth_consent"]
    assert row["signed_resources"] == []
    assert SAID not in ada.open("/settings/sessions").text
    consented(ada, porter, resource=FILES)
    [row] = [each for each in ada.sessions() if each["session_type"] == "oauth_consent"]
    assert row["signed_resources"] == [FILES]
    for path in ("/settings/sessions", f"/settings/sessions/{row['id']}/revoke"):
        page = main_of(ada.open(path))
        assert f"What it got for <bdi>{FILES}</bdi> {SAID}" in page
        assert NOTES not in page


def test_the_page_of_a_device_says_so(house):
    client, ada = a_client(house, resources=(FILES,), signed_resources=(FILES,)), house.signed_in()
    asked = {"client_id": client.id, "resource": FILES}
    asked_by = house.browser().http.post("/oauth/device_authorization", data=asked).json()
    page = ada.send("/device", {"user_code": asked_by["user_code"]}, page="/device")
    assert f"What it got for <bdi>{FILES}</bdi> {SAID}" in page.text


def test_the_row_of_an_own_app_says_so_too_and_other_sessions_do_not(house):
    ada = house.signed_in()
    app = a_sync_app(house, resources=(FILES, NOTES), signed_resources=(FILES,))
    assert redeemed(house, given(house, app, resources=(FILES, NOTES)), resources=(FILES,)).is_signed
    [row] = [each for each in ada.sessions() if each["session_type"] != "web_session"]
    assert (row["app_type"], row["signed_resources"]) == ("sync", [FILES])
    assert not ada.current().keys() & {"signed_resources"}
    for path in ("/settings/sessions", f"/settings/sessions/{row['id']}/revoke"):
        page = main_of(ada.open(path))
        assert page.count(f"What it got for <bdi>{FILES}</bdi> {SAID}") == 1
        assert NOTES not in page
