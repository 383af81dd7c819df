"""What clients and their people leave behind: what the sweep, a restore, a closed account and a copy do with it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from given import (
    ISSUER,
    a_client,
    a_code,
    a_grant,
    a_service,
    a_sync_app,
    account_of,
    asking,
    given,
    redeemed,
)
from people import ADA, GRACE, PASSWORD, Clock, done_apart, settings_in
from signedin.actions import exchange
from signedin.actions.introspect import introspect
from signedin.actions.keep_question import Question, keep, push
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.operate import by_operator, disable, stop_account
from signedin.actions.restore import end_what_may_have_ended
from signedin.actions.sign import jwk_set, make_pairs, signed, verified
from signedin.actions.sweep import sweep
from signedin.rules.account import AccountState
from signedin.rules.authorization import gathered
from signedin.rules.device_code import DeviceCode
from signedin.rules.event import EventKind
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.server.means import close_means, open_means
from signedin.store import (
    access_tokens,
    accounts,
    clients,
    device_codes,
    grants,
    outbox,
    signing_keys,
    used_once,
)
from signedin.store.asked import asked
from signedin.store.copies import back_up

TABLES = {
    "clients": clients.clients, "grants": grants.grants, "codes": grants.codes, "refresh_tokens": grants.refresh_tokens,
    "access_tokens": access_tokens.access_tokens, "device_codes": device_codes.device_codes, "asked": asked,
    "used_once": used_once.used_once, "signing_keys": signing_keys.signing_keys,
}  # fmt: skip


@pytest.fixture
def house(means):
    """Ada and Grace, who have each given something to a client; one's own app with a code that nobody has redeemed;
    a service with a token; a device that waits, a request that was pushed and one that was posted; a statement used.
    """
    house = SimpleNamespace(means=means, clock=Clock())
    for email in (ADA, GRACE):
        asyncio.run(add_by_operator(means, Applicant(email, email[:3], PASSWORD), house.clock()))
    asyncio.run(make_pairs(means, house.clock()))
    house.client = a_client(house, back_channel_uri="https://app.example.org/out")
    house.hers, house.graces = (
        redeemed(house, given(house, house.client, email=who)) for who in (ADA, GRACE)
    )
    house.sync = a_sync_app(house)
    house.pending = given(house, house.sync)
    house.service = done_apart(exchange.client_credentials(means, asking(a_service(house)), house.clock()))
    until = house.clock() + timedelta(minutes=10)
    means.database.write_now(device_codes.add, b"d" * 32, b"u" * 32, DeviceCode("sync", ("openid",), until))
    said = gathered([("client_id", house.client.id), ("scope", "openid")])
    asyncio.run(push(means, said, house.clock()))
    asyncio.run(keep(means, Question(said, house.clock()), "browser", house.clock()))
    means.database.write_now(used_once.use, "jti", b"j" * 32, house.clock() + timedelta(minutes=5))
    return house


def counts(means):
    def count(conn):
        return {
            name: conn.scalar(sa.select(sa.func.count()).select_from(table)) for name, table in TABLES.items()
        }

    return means.database.read_now(count)


def opens(house, tokens):
    """Whether a token is active, by what its own client is told."""
    caller = house.means.database.read_now(clients.find, tokens.grant.client_id)
    given = (house.means, caller, tokens.access_token, ISSUER, house.clock())
    return asyncio.run(introspect(*given))["active"]


def refresh(house, tokens):
    token = tokens.refresh_token
    return done_apart(exchange.refresh(house.means, asking(house.client), token, house.clock()))


def of_account(house, email):
    """How much is left of a person's."""
    account = account_of(house, email).id
    mine = [TABLES[name] for name in ("grants", "codes", "refresh_tokens", "access_tokens")]
    return house.means.database.read_now(
        lambda conn: [
            conn.scalar(sa.select(sa.func.count()).select_from(each).where(each.c.account_id == account))
            for each in mine
        ]
    )


FULL = {"clients": 3, "grants": 4, "codes": 3, "refresh_tokens": 2, "access_tokens": 3, "device_codes": 1, "asked": 2,
        "used_once": 1, "signing_keys": 2}  # fmt: skip


@pytest.mark.guide("R71")
def test_the_sweep_forgets_what_is_over_and_nothing_else(house):
    assert counts(house.means) == FULL
    assert all(opens(house, each) for each in (house.hers, house.graces, house.service))
    asyncio.run(sweep(house.means, house.clock()))
    assert counts(house.means) == FULL
    house.clock.move(hours=2, minutes=1)
    asyncio.run(sweep(house.means, house.clock()))
    # Of the service's grant nothing is left; of the app's that nobody redeemed neither; people's are as they were.
    assert counts(house.means) == FULL | {
        "grants": 2, "codes": 2, "access_tokens": 0, "device_codes": 0, "asked": 0, "used_once": 0,
    }  # fmt: skip
    assert refresh(house, house.hers).access_token
    assert counts(house.means)["signing_keys"] == 2


def test_after_their_time_nothing_is_left_of_what_people_gave(house):
    for _ in range(2):
        house.clock.move(days=200)
        asyncio.run(sweep(house.means, house.clock()))
    left = counts(house.means)
    assert {name for name, count in left.items() if count} == {"clients", "signing_keys"}


@pytest.mark.guide("R63")
@pytest.mark.security("7.4.1")
def test_after_a_restore_nothing_opens_anything_and_no_statement_counts_again(house):
    hint = asyncio.run(
        signed(
            house.means,
            {"iat": int(house.clock().timestamp()), "exp": int(house.clock().timestamp()) + 600},
            typ="JWT",
        )
    )
    end_what_may_have_ended(house.means.database, {}, house.clock(), keep_keys=False)
    for tokens in (house.hers, house.graces, house.service):
        assert not opens(house, tokens)
    for tokens in (house.hers, house.graces):
        with pytest.raises(OAuthRefused):
            refresh(house, tokens)
    with pytest.raises(OAuthRefused):
        redeemed(house, house.pending)
    left = counts(house.means)
    assert (left["clients"], left["signing_keys"], left["used_once"]) == (3, 2, 1)
    assert (left["asked"], left["device_codes"]) == (0, 0)
    assert not house.means.database.write_now(used_once.use, "jti", b"j" * 32, house.clock())
    assert asyncio.run(verified(house.means, hint, typ="JWT", now=house.clock())), (
        "what was signed was signed"
    )
    asyncio.run(sweep(house.means, house.clock()))
    assert of_account(house, ADA)[2:] == of_account(house, GRACE)[2:] == [0, 0]
    told = house.means.database.read_now(
        lambda conn: conn.execute(sa.select(outbox.outbox.c.kind)).scalars().all()
    )
    assert told == [f"logout:{house.client.id}"] * 2, "its client hears that it is over"


def close(conn, means, email, now):
    account = accounts.find_by_email(conn, email)
    accounts.hold(conn, account.id)
    stop_account(conn, means, account, AccountState.CLOSED, by_operator(EventKind.ACCOUNT_CLOSED, "", now))


@pytest.mark.parametrize("how", ["closed", "disabled"])
def test_of_an_account_that_is_closed_or_disabled_nothing_opens_anything_and_nothing_of_others_goes(
    house, how
):
    if how == "closed":
        house.means.database.write_now(close, house.means, ADA, house.clock())
    else:
        asyncio.run(disable(house.means, ADA, house.clock()))
    assert not opens(house, house.hers)
    with pytest.raises(OAuthRefused):
        refresh(house, house.hers)
    with pytest.raises(OAuthRefused):
        redeemed(house, house.pending)
    assert of_account(house, ADA)[2:] == [0, 0]
    assert opens(house, house.graces)
    assert opens(house, house.service)
    house.clock.move(hours=2)
    asyncio.run(sweep(house.means, house.clock()))
    assert of_account(house, ADA) == [0, 0, 0, 0]
    assert of_account(house, GRACE)[0] == 1


@pytest.mark.only_on_sqlite("PostgreSQL is copied by its own tools.")
def test_a_copy_holds_all_of_it_and_opens_with_the_same_keyring(house, tmp_path):
    folder = tmp_path / "copy"
    folder.mkdir()
    back_up(house.means.database, folder / "signedin.db")
    settings = settings_in(tmp_path, 8000, database_url=folder / "signedin.db")
    copy = open_means(settings)
    try:
        assert counts(copy) == FULL
        there = SimpleNamespace(means=copy, clock=house.clock, client=house.client)
        assert opens(there, house.hers)
        assert refresh(there, house.hers).access_token
        assert asyncio.run(jwk_set(copy, house.clock())) == asyncio.run(jwk_set(house.means, house.clock()))
        said = asyncio.run(
            signed(
                copy,
                {"iat": int(house.clock().timestamp()), "exp": int(house.clock().timestamp()) + 600},
                typ="JWT",
            )
        )
        assert asyncio.run(verified(house.means, said, typ="JWT", now=house.clock()))
    finally:
        close_means(copy)


def test_codes_that_were_used_stay_with_their_grant_so_that_their_coming_again_is_seen(house):
    """A code is forgotten with its grant alone: a second use has to end what came of the first (attack 8)."""
    grant = a_grant(house, a_client(house, id="other"))
    a_code(house, grant)
    house.clock.move(days=20)
    asyncio.run(sweep(house.means, house.clock()))
    kept = house.means.database.read_now(
        lambda conn: conn.execute(sa.select(grants.codes.c.client_id)).scalars().all()
    )
    assert sorted(kept) == ["other", house.client.id, house.client.id]
