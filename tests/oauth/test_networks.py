"""Networks of an organisation and an own app's tokens: from elsewhere they open nothing, and nothing ends by that."""

from __future__ import annotations

import pytest

from given import SYNC_AGENT, a_service, a_sync_app, given
from oauth.test_token import FILES, asked, basic, bearer, redeemed, refreshed
from people import ADA, ADELAIDE, BERLIN, done_apart
from signedin.actions.organisations import add_member_from_shell, make_from_shell
from signedin.actions.set_policy import clear_policy_from_shell, set_policy_from_shell
from signedin.rules.policy_wish import Wish
from signedin.store import journal

MARINE = "Tidewater Marine"


@pytest.fixture
def house(house):
    """Ada's organisation lets its people in from Berlin only."""
    means, now = house.means, house.clock()
    done_apart(make_from_shell(means, MARINE, now))
    done_apart(add_member_from_shell(means, MARINE, ADA, now))
    done_apart(set_policy_from_shell(means, MARINE, "all", Wish(networks=(f"{BERLIN}/32",)), now))
    return house


@pytest.fixture
def inside(house):
    return house.browser(SYNC_AGENT, BERLIN).http


@pytest.fixture
def outside(house):
    return house.browser(SYNC_AGENT, ADELAIDE).http


def entries(house, it):
    return [
        each.event.kind.value
        for each in house.means.database.read_now(journal.before, it.grant.account_id, None, 20)
    ]


@pytest.mark.guide("D7")
@pytest.mark.security("6.3.8", "10.4.8")
def test_an_own_apps_refresh_from_elsewhere_is_refused_and_the_same_token_goes_on_inside(
    house, inside, outside
):
    it = given(house, a_sync_app(house))
    token = redeemed(inside, it).json()["refresh_token"]
    before = entries(house, it)
    refused = refreshed(outside, it.client, token)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert refused.json()["error_description"].startswith("outside_networks: ")
    again = refreshed(inside, it.client, token).json()
    assert again["refresh_token"] != token
    assert entries(house, it) == before
    retried = refreshed(outside, it.client, token)  # a retry is no way around it either
    assert retried.json()["error_description"].startswith("outside_networks: ")
    assert refreshed(inside, it.client, again["refresh_token"]).status_code == 200


@pytest.mark.security("6.3.8")
def test_an_own_app_gets_no_first_tokens_elsewhere(house, inside, outside):
    it = given(house, a_sync_app(house))
    refused = redeemed(outside, it)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert refused.json()["error_description"].startswith("outside_networks: ")


@pytest.mark.security("6.3.8")
def test_its_access_token_opens_nothing_elsewhere_and_everything_inside(house, inside, outside):
    it = given(house, a_sync_app(house), scopes=("openid", "sessions:read", "offline_access"))
    token = bearer(redeemed(inside, it).json()["access_token"])
    for path in ("/oauth/userinfo", "/v1/sessions", "/v1/check?scope=sessions:read&app_type=sync"):
        refused = outside.get(path, headers=token)
        assert refused.status_code == 401, path
        assert "outside_networks" in refused.text, path
        assert inside.get(path, headers=token).status_code == 200, path


@pytest.mark.security("6.3.8")
def test_what_a_resource_server_is_told_says_nothing_of_networks(house, inside, outside):
    files = basic(house, a_service(house))
    it = given(house, a_sync_app(house, resources=(FILES,)), resources=(FILES,))
    token = redeemed(inside, it).json()["access_token"]
    assert asked(outside, "/oauth/introspect", files, token=token).json()["active"]


def test_connected_apps_come_from_where_they_are(house, inside, outside):
    it = given(house)
    said = redeemed(outside, it).json()
    assert outside.get("/oauth/userinfo", headers=bearer(said["access_token"])).status_code == 200
    assert refreshed(outside, it.client, said["refresh_token"]).status_code == 200


@pytest.mark.security("7.4.5")
def test_when_the_rule_goes_the_app_goes_on_from_anywhere(house, inside, outside):
    it = given(house, a_sync_app(house))
    token = redeemed(inside, it).json()["refresh_token"]
    assert refreshed(outside, it.client, token).status_code == 400
    done_apart(clear_policy_from_shell(house.means, MARINE, "all", house.clock()))
    assert refreshed(outside, it.client, token).status_code == 200
