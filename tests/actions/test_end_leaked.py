"""What has leaked ends, also what the clients of OAuth hold: with a token goes all that it goes with."""

from __future__ import annotations

import pytest

from given import a_client, a_service, a_sync_app, asking, given, redeemed, refreshed
from people import ADA, Clock, done_apart
from routes import still
from signedin.actions.authenticate_token import authenticate_token, open_token
from signedin.actions.end_leaked import LEAKING, end_leaked
from signedin.actions.exchange import client_credentials
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.presence import Absence, Presence
from signedin.rules.secret import Kind, make_token
from signedin.store import outbox

pytestmark = [pytest.mark.security("T6")]


@pytest.fixture
def house(tmp_path):
    """One whose letters wait, so that it can be seen what they are."""
    with still(tmp_path, Clock()) as house:
        house.somebody(ADA)
        yield house


def reported(house, *tokens):
    return done_apart(end_leaked(house.means, tokens, house.clock()))


def asked(house, question):
    """Who a token is, asked in a loop of its own."""

    async def ask():
        try:
            return await question
        finally:
            if house.means.lines is not None:
                await house.means.lines.close()

    return done_apart(ask())


def lives(house, token):
    return isinstance(asked(house, authenticate_token(house.means, token, house.clock())), Presence)


def history(house):
    shown = house.signed_in().open("/v1/activity?limit=200").json()["items"]
    return [(each["kind"], each["facts"]) for each in shown if each["facts"].get("because") == "leaked"]


def letters(house):
    house.clock.move(seconds=1)
    return [each.kind for each in house.means.database.read_now(outbox.due, house.clock())]


@pytest.mark.guide("R49", "R78")
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_with_a_token_of_somebody_elses_app_all_ends_that_the_person_has_allowed_it(house, kind):
    it = given(house, a_client(house))
    tokens = redeemed(house, it)
    assert lives(house, tokens.access_token)
    assert reported(house, getattr(tokens, kind)) == 1
    assert not lives(house, tokens.access_token)
    with pytest.raises(OAuthRefused):
        refreshed(house, it.client, tokens.refresh_token)
    assert [row for row in house.signed_in().sessions() if row["app_type"] == "oauth"] == []
    [(event, facts)] = history(house)
    assert (event, facts["app_type"], facts["because"]) == ("consent_revoked", "oauth", "leaked")
    assert reported(house, getattr(tokens, kind)) == 0, "it opens nothing any more"


@pytest.mark.guide("R49", "D13")
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_with_a_token_of_ones_own_app_its_session_ends_and_the_owner_is_told(house, kind):
    tokens = redeemed(house, given(house, a_sync_app(house)))
    assert reported(house, getattr(tokens, kind)) == 1
    assert not lives(house, tokens.access_token)
    assert [row for row in house.signed_in().sessions() if row["app_type"] == "sync"] == []
    assert history(house) == [("session_revoked", {"app_type": "sync", "because": "leaked"})]
    assert "session_leaked" in letters(house)


def test_a_services_own_token_ends(house):
    request = asking(a_service(house), scopes=("sessions:check",))
    token = done_apart(client_credentials(house.means, request, house.clock())).access_token
    assert reported(house, token) == 1
    assert isinstance(asked(house, open_token(house.means, token, house.clock())), Absence)


def test_what_was_made_up_or_is_of_another_kind_ends_nothing(house):
    it = given(house, a_client(house))
    tokens, keys = redeemed(house, it), house.means.keyring.way_keys
    account = it.grant.account_id
    made_up = [make_token(kind, account, keys) for kind in LEAKING]
    others = [make_token(kind, account, keys) for kind in Kind if kind not in LEAKING]
    assert reported(house, *made_up, *others, it.code, "nonsense") == 0
    assert lives(house, tokens.access_token)
