"""Codes, refresh tokens and services for tokens: who gets them, once, and what is left when one comes twice."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
import sqlalchemy as sa

from given import (
    CALLBACK,
    VERIFIER,
    a_client,
    a_code,
    a_grant,
    a_service,
    a_sync_app,
    account_of,
    asking,
    given,
    redeemed,
    redeeming,
    refreshed,
)
from people import ADA, done_apart
from signedin.actions.authenticate_token import authenticate_token
from signedin.actions.exchange import client_credentials, redeem_code, refresh
from signedin.actions.operate import disable, enable, end_all
from signedin.rules.client import Authentication
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.presence import Absence, Presence
from signedin.store import access_tokens, clients, grants, journal


def who(house, token):
    async def ask():
        try:
            return await authenticate_token(house.means, token, house.clock())
        finally:
            if house.means.lines is not None:
                await house.means.lines.close()

    return done_apart(ask())


def refused(deed):
    with pytest.raises(OAuthRefused) as told:
        deed()
    return told.value.error


def kinds(house):
    told = house.means.database.read_now(journal.since, account_of(house).id, 0)
    return [each.event.kind.value for each in told]


def left(house):
    """How many rows there are of all that comes of grants."""
    tables = (grants.grants, *grants.OF_GRANTS, access_tokens.access_tokens)
    counted = [sa.select(sa.func.count()).select_from(table) for table in tables]
    return house.means.database.read_now(lambda conn: [conn.scalar(each) for each in counted])


@pytest.mark.guide("R24", "R31")
@pytest.mark.security("10.4.2")
def test_a_code_brings_tokens_that_act_for_its_person_within_what_they_allowed(house):
    it = given(house)
    tokens = redeemed(house, it)
    assert tokens.scope == "openid email offline_access"
    assert (tokens.expires_in, tokens.id_token is not None) == (3600, True)
    found = who(house, tokens.access_token)
    assert isinstance(found, Presence)
    assert (found.account_id, found.current_id, found.key_id) == (it.grant.account_id, None, it.grant.row_id)
    assert found.scopes == {"openid", "email", "offline_access"}
    assert not found.may_manage_sessions


@pytest.mark.guide("R22", "R25", "D3", "D13")
def test_the_first_tokens_of_ones_own_app_begin_its_session_on_the_device_that_it_names(house):
    it = given(house, a_sync_app(house))
    browser = house.signed_in()
    tokens = redeemed(house, it)
    rows = {row["app_type"]: row for row in browser.sessions()}
    assert set(rows) == {"web", "sync"}
    assert (rows["sync"]["device"], rows["sync"]["session_type"]) == (
        "Example Sync on Windows",
        "sync_session",
    )
    found = who(house, tokens.access_token)
    assert (found.current_id, found.key_id) == (rows["sync"]["id"], None)
    assert refreshed(house, it.client, tokens.refresh_token).grant.row_id == rows["sync"]["id"]


@pytest.mark.security("10.4.1", "10.4.6", "attack-9", "attack-10")
@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"redirect_uri": CALLBACK + "/"}, "invalid_grant"),
        ({"redirect_uri": ""}, "invalid_grant"),
        ({"verifier": None}, "invalid_grant"),
        ({"verifier": "w" * 50}, "invalid_grant"),
        ({"verifier": "v" * 42}, "invalid_grant"),
    ],
)
def test_a_code_is_refused_to_whoever_shows_less_than_it_was_asked_for_with_and_is_not_used_by_that(
    house, changed, error
):
    it = given(house)
    said = {"redirect_uri": CALLBACK, "verifier": VERIFIER} | changed
    deed = lambda: done_apart(  # noqa: E731
        redeem_code(
            house.means, asking(it.client), it.code, said["redirect_uri"], said["verifier"], house.clock()
        )
    )
    assert refused(deed) == error
    assert redeemed(house, it).access_token


@pytest.mark.security("10.4.6", "attack-10")
def test_a_verifier_where_no_challenge_was_sent_is_refused(house):
    it = given(house, a_client(house, authentication=Authentication.BASIC, needs_pkce=False))
    code = a_code(house, it.grant, challenge="")
    deed = lambda verifier: done_apart(  # noqa: E731
        redeem_code(house.means, asking(it.client), code, CALLBACK, verifier, house.clock())
    )
    assert refused(lambda: deed(VERIFIER)) == "invalid_grant"
    assert deed(None).access_token


@pytest.mark.security("10.4.2", "attack-9")
def test_another_client_neither_redeems_a_code_nor_uses_a_refresh_token_and_spoils_neither(house):
    it, other = given(house), a_client(house, id="other")
    deed = lambda: done_apart(  # noqa: E731
        redeem_code(house.means, asking(other), it.code, CALLBACK, VERIFIER, house.clock())
    )
    assert refused(deed) == "invalid_grant"
    tokens = redeemed(house, it)
    assert refused(lambda: refreshed(house, other, tokens.refresh_token)) == "invalid_grant"
    assert refreshed(house, it.client, tokens.refresh_token).refresh_token


@pytest.mark.security("10.4.3", "attack-9")
def test_a_code_lives_for_a_minute(house, clock):
    it = given(house)
    clock.move(seconds=60)
    assert refused(lambda: redeemed(house, it)) == "invalid_grant"
    assert isinstance(kinds(house), list)
    assert "token_reused" not in kinds(house)


@pytest.mark.security("10.4.2", "attack-8")
@pytest.mark.parametrize("later", [0, 30, 3_000])
@pytest.mark.parametrize("whose", ["another's", "one's own"])
def test_a_code_that_comes_twice_ends_all_that_came_of_it_and_its_row(house, clock, later, whose):
    it = given(house, None if whose == "another's" else a_sync_app(house))
    tokens, browser = redeemed(house, it), house.signed_in()
    assert len(browser.sessions()) == 2
    clock.move(seconds=later)
    assert refused(lambda: redeemed(house, it)) == "invalid_grant"
    assert who(house, tokens.access_token) == Absence("reused", house.clock(), it.client.idle)
    assert refused(lambda: refreshed(house, it.client, tokens.refresh_token)) == "invalid_grant"
    assert len(browser.sessions()) == 1
    assert kinds(house).count("token_reused") == 1
    assert left(house) == [0, 0, 0, 0]


@pytest.mark.security("10.4.2", "attack-8")
def test_of_fifty_who_redeem_a_code_at_once_one_gets_tokens_and_they_are_dead(house):
    it = given(house)

    async def at_once():
        return await asyncio.gather(*(redeeming(house, it) for _ in range(50)), return_exceptions=True)

    outcomes = done_apart(at_once())
    won = [each for each in outcomes if not isinstance(each, Exception)]
    assert len(won) == 1, Counter(map(repr, outcomes))
    assert {each.error for each in outcomes if isinstance(each, Exception)} == {"invalid_grant"}
    assert isinstance(who(house, won[0].access_token), Absence)
    assert left(house) == [0, 0, 0, 0]


@pytest.mark.security("10.4.5", "attack-3", "B7")
def test_of_fifty_who_refresh_at_once_all_get_the_same_successor(house):
    it = given(house)
    first = redeemed(house, it)

    async def at_once():
        deeds = (
            refresh(house.means, asking(it.client), first.refresh_token, house.clock()) for _ in range(50)
        )
        return await asyncio.gather(*deeds, return_exceptions=True)

    outcomes = done_apart(at_once())
    assert not [each for each in outcomes if isinstance(each, Exception)]
    assert len({each.refresh_token for each in outcomes}) == 1
    assert outcomes[0].refresh_token != first.refresh_token
    assert kinds(house).count("token_reused") == 0
    assert len({each.access_token for each in outcomes}) == 50


@pytest.mark.security("10.4.5", "attack-7", "B7")
def test_a_retry_within_ten_seconds_gets_the_same_successor_and_later_it_ends_the_grant(house, clock):
    it = given(house)
    first = redeemed(house, it)
    second = refreshed(house, it.client, first.refresh_token)
    clock.move(seconds=9)
    assert refreshed(house, it.client, first.refresh_token).refresh_token == second.refresh_token
    clock.move(seconds=1)
    assert refused(lambda: refreshed(house, it.client, first.refresh_token)) == "invalid_grant"
    assert isinstance(who(house, second.access_token), Absence)
    assert refused(lambda: refreshed(house, it.client, second.refresh_token)) == "invalid_grant"


@pytest.mark.security("10.4.5", "attack-5", "attack-7")
def test_only_the_immediate_predecessor_is_answered_again_even_within_the_same_second(house):
    it = given(house)
    first = redeemed(house, it)
    second = refreshed(house, it.client, first.refresh_token)
    third = refreshed(house, it.client, second.refresh_token)
    assert refused(lambda: refreshed(house, it.client, first.refresh_token)) == "invalid_grant"
    assert isinstance(who(house, third.access_token), Absence)
    assert left(house) == [0, 0, 0, 0]


@pytest.mark.security("10.4.11", "B8")
def test_a_refresh_narrows_the_access_token_and_never_widens_and_uses_nothing_where_it_is_refused(house):
    it = given(house)
    first = redeemed(house, it)
    assert (
        refused(lambda: refreshed(house, it.client, first.refresh_token, scopes=("profile",)))
        == "invalid_scope"
    )
    narrow = refreshed(house, it.client, first.refresh_token, scopes=("email",))
    assert (narrow.scope, narrow.id_token) == ("email", None)
    assert refreshed(house, it.client, narrow.refresh_token).scope == "openid email offline_access"


@pytest.mark.security("10.4.11", "B8")
def test_a_token_is_for_the_resources_that_were_given_or_fewer(house):
    files, mail = "https://files.example.org", "https://mail.example.org"
    it = given(house, a_client(house, resources=(files, mail)), resources=(files, mail))
    first = redeemed(house, it)
    assert first.audience == (files, mail)
    assert refreshed(house, it.client, first.refresh_token, resources=(files,)).audience == (files,)
    other = refused(
        lambda: refreshed(house, it.client, first.refresh_token, resources=("https://evil.example",))
    )
    assert other == "invalid_target"


@pytest.mark.guide("R49", "R61", "R78")
@pytest.mark.security("7.4.1")
@pytest.mark.parametrize("whose", ["another's", "one's own"])
@pytest.mark.parametrize("how", ["revoked", "everything", "by operator", "disabled"])
def test_whatever_ends_the_row_ends_its_tokens_codes_and_refresh_tokens(house, how, whose):
    client = a_client(house) if whose == "another's" else a_sync_app(house)
    it, browser = given(house, client), house.signed_in()
    tokens, row_id = redeemed(house, it), None
    [row_id] = [row["id"] for row in browser.sessions() if row["app_type"] != "web"]
    pending = a_code(house, house.means.database.read_now(grants.find, it.grant.account_id, it.grant.id))
    ends = {
        "revoked": lambda: browser.revoke(row_id),
        "everything": browser.log_out_all,
        "by operator": lambda: done_apart(end_all(house.means, ADA, "", house.clock())),
        "disabled": lambda: done_apart(disable(house.means, ADA, house.clock())),
    }
    ends[how]()
    if how == "disabled":
        done_apart(enable(house.means, ADA, house.clock()))
    assert isinstance(who(house, tokens.access_token), Absence)
    assert refused(lambda: refreshed(house, client, tokens.refresh_token)) == "invalid_grant"
    late = lambda: done_apart(  # noqa: E731
        redeem_code(house.means, asking(client), pending, CALLBACK, VERIFIER, house.clock())
    )
    assert refused(late) == "invalid_grant"
    assert left(house) == [0, 0, 0, 0]


@pytest.mark.guide("D23")
@pytest.mark.security("7.4.1")
def test_a_code_from_before_the_cut_off_is_dead_and_one_from_after_it_lives(house):
    app, browser = a_sync_app(house), house.signed_in()
    before = given(house, app)
    browser.log_out_all()
    assert refused(lambda: redeemed(house, before)) == "invalid_grant"
    assert redeemed(house, given(house, app)).access_token


@pytest.mark.guide("R59", "D3")
def test_an_app_that_logs_out_all_others_keeps_its_tokens(house):
    it = given(house, a_sync_app(house), scopes=("offline_access", "sessions:read", "sessions:manage"))
    house.signed_in()
    tokens = redeemed(house, it)
    headers = {"authorization": f"Bearer {tokens.access_token}"}
    answer = house.browser().http.post("/v1/sessions/logout-all?except=current", headers=headers)
    assert answer.status_code == 200, answer.text
    assert isinstance(who(house, tokens.access_token), Presence)
    assert refreshed(house, it.client, tokens.refresh_token).refresh_token


@pytest.mark.guide("D3")
@pytest.mark.security("10.3.2")
def test_an_app_that_has_no_session_of_its_own_ends_no_others_but_its_and_so_none_at_all(house):
    it = given(house, a_client(house), scopes=("openid", "sessions:manage"))
    ada, tokens = house.signed_in(), redeemed(house, it)
    headers = {"authorization": f"Bearer {tokens.access_token}"}
    answer = house.browser().http.post("/v1/sessions/logout-all?except=current", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_current_session")
    assert ada.is_signed_in
    assert isinstance(who(house, tokens.access_token), Presence)


@pytest.mark.security("8.3.2", "attack-25")
def test_a_client_that_is_disabled_gets_nothing_and_all_that_it_has_is_dead(house, clock):
    it = given(house)
    tokens = redeemed(house, it)
    change = lambda **values: house.means.database.write_now(  # noqa: E731
        clients.change, a_client_like(it.client, **values)
    )
    change(disabled_at=clock())
    assert who(house, tokens.access_token) == Absence("policy", clock())
    assert refused(lambda: refreshed(house, it.client, tokens.refresh_token)) == "invalid_client"
    change(disabled_at=None, scopes=frozenset({"email", "offline_access"}))
    assert who(house, tokens.access_token).scopes == {"email", "offline_access"}
    assert refreshed(house, it.client, tokens.refresh_token).scope == "email offline_access"


def a_client_like(client, **values):
    from dataclasses import replace

    return replace(client, **values)


@pytest.mark.security("B7")
@pytest.mark.guide("D8", "R73")
def test_a_consent_that_nobody_used_for_its_idle_period_brings_no_tokens(house, clock):
    it = given(house)
    tokens = redeemed(house, it)
    clock.move(days=31)
    assert refused(lambda: refreshed(house, it.client, tokens.refresh_token)) == "invalid_grant"


@pytest.mark.guide("R31")
def test_without_offline_access_nothing_stays_when_the_access_token_is_over(house, clock):
    it = given(house, scopes=("openid",))
    tokens = redeemed(house, it)
    assert tokens.refresh_token is None
    clock.move(hours=1)
    assert who(house, tokens.access_token).reason == "expired_overall"


@pytest.mark.security("10.4.4")
def test_a_service_gets_tokens_for_itself_and_they_are_nobodys(house):
    service, scopes = a_service(house, scopes=frozenset({"sessions:check"})), ("sessions:check",)
    tokens = done_apart(client_credentials(house.means, asking(service, scopes=scopes), house.clock()))
    assert (tokens.scope, tokens.refresh_token, tokens.id_token) == ("sessions:check", None, None)
    assert who(house, tokens.access_token) == Absence("wrong_kind")
    other = a_client(house, id="other", authentication=Authentication.BASIC)
    deed = lambda: done_apart(client_credentials(house.means, asking(other), house.clock()))  # noqa: E731
    assert refused(deed) == "unauthorized_client"


@pytest.mark.security("10.4.5", "B7")
def test_a_refresh_token_of_a_public_client_is_bound_to_the_key_that_was_proved(house):
    it = given(house)
    tokens = redeemed(house, it, key_thumbprint="one")
    assert who(house, tokens.access_token).key_thumbprint == "one"
    for key in ("", "two"):
        deed = lambda key=key: refreshed(house, it.client, tokens.refresh_token, key_thumbprint=key)  # noqa: E731
        assert refused(deed) == "invalid_grant"
    assert refreshed(house, it.client, tokens.refresh_token, key_thumbprint="one").refresh_token


@pytest.mark.security("10.4.5", "attack-9")
def test_a_code_that_was_asked_for_with_a_key_needs_it(house):
    it = given(house)
    code = a_code(house, a_grant(house, a_client(house, id="bound")), key_thumbprint="one")
    client = house.means.database.read_now(clients.find, "bound")
    deed = lambda key: done_apart(  # noqa: E731
        redeem_code(house.means, asking(client, key_thumbprint=key), code, CALLBACK, VERIFIER, house.clock())
    )
    assert refused(lambda: deed("")) == "invalid_grant"
    assert deed("one").key_thumbprint == "one"
    assert it.code
