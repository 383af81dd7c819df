"""Many people with rows of every kind, each made as it is wanted, for endings for many; and what is true of each row."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

import sqlalchemy as sa

from given import EVERY
from people import CHROME_ON_MACOS, SAN_FRANCISCO
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.access_key import AccessKey
from signedin.rules.activity import DayLevels
from signedin.rules.client import Authentication, Client, ClientKind, GrantType
from signedin.rules.consent import Consent
from signedin.rules.grant import Grant
from signedin.rules.location import mask_address
from signedin.rules.secret import digest, make_session_id
from signedin.rules.session import AppType, SessionId
from signedin.store import access_keys, accounts, clients, consents, grants, sessions
from signedin.store.activity import activity

ADDRESSES = ("203.0.113.77", "203.0.113.9", "198.51.100.4", "2001:db8:85a3:8d3::7", "2001:db8:1:2::3")
VISIT = Visit(SAN_FRANCISCO, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())


@dataclass(frozen=True)
class Wanted:
    """A row to be made: of which kind, how many days ago it began and was used last, and from where."""

    kind: str = "web"
    began: float = 3
    used: float = 1
    address: str = SAN_FRANCISCO
    used_from: str = ""
    client: str = ""


@dataclass(frozen=True)
class Made:
    """A row as it was made."""

    account_id: int
    row_id: str
    token: str
    wanted: Wanted


def an_app(means, client_id, now, *, is_own=False):
    """A connected app, or a sync program of one's own."""
    kind = ClientKind.FIRST_PARTY if is_own else ClientKind.THIRD_PARTY
    client = Client(
        id=client_id, name=client_id.title(), kind=kind, authentication=Authentication.NONE,
        grant_types=frozenset({GrantType.CODE}), scopes=EVERY, made_at=now, redirect_uris=("https://a.example/c",),
        app_type=AppType.SYNC if is_own else None,
    )  # fmt: skip
    means.database.write_now(clients.add, client)


def somebody_with(means, email, wanted, now):
    """An account with these rows."""
    return means.database.write_now(_somebody_with, means, email, wanted, now)


def _somebody_with(conn, means, email, wanted, now):
    account = accounts.find_by_email(conn, email) or accounts.add(conn, email, email.partition("@")[0], now)
    made = []
    for each in wanted:
        row_id, token = _MAKERS.get(each.kind, _session)(conn, means, account, each, now)
        used = {"last_at": now - timedelta(days=each.used)}
        if each.used_from:
            used["masked_ip"] = mask_address(each.used_from)
        mine = (activity.c.account_id == account.id) & (activity.c.row_id == row_id)
        if each.kind != "key" or each.used < each.began:
            conn.execute(activity.update().where(mine).values(**used))
        made.append(Made(int(account.id), row_id, token, each))
    return made


def _session(conn, means, account, each, now):
    visit = replace(VISIT, address=each.address)
    number, then = accounts.history_number(conn, account.id), now - timedelta(days=each.began)
    begun = begin(conn, means, account, visit, Ticks(), number, then, None, AppType(each.kind))
    if each.client:
        _grant(conn, means, account, each.client, begun.session.id, then)
    return begun.session.id, begun.token


def _consent(conn, means, account, each, now):
    then, row_id = now - timedelta(days=each.began), make_session_id(account.id, means.keyring.way_keys)
    number, client_id = accounts.history_number(conn, account.id), each.client or "tidewater"
    consents.add(conn, Consent(
        SessionId(row_id), account.id, client_id, client_id, "", then, ("openid",), timedelta(days=30), number, DayLevels()
    ))  # fmt: skip
    _grant(conn, means, account, client_id, row_id, then)
    return row_id, ""


def _grant(conn, means, account, client_id, row_id, then):
    number = accounts.history_number(conn, account.id)
    grants.add(conn, Grant(
        make_session_id(account.id, means.keyring.way_keys), account.id, client_id, ("openid",), number, then, then,
        then + timedelta(days=365), row_id=SessionId(row_id), factors=("password",), nonce="n", sid="browser",
    ))  # fmt: skip


def _key(conn, means, account, each, now):
    del means
    then = now - timedelta(days=each.began)
    row_id = f"key{secrets.token_hex(8)}"
    key = AccessKey(row_id, account.id, "backup", ("account:read",), then, "abcd", None)
    access_keys.add(conn, key, digest(row_id))
    return row_id, ""


_MAKERS = {"oauth": _consent, "key": _key}


def rows_left(means):
    """The ids of all rows and keys that there are, each with the number of its account."""

    def ask(conn):
        columns = (
            (sessions.sessions.c.session_id, sessions.sessions.c.account_id),
            (consents.consents.c.consent_id, consents.consents.c.account_id),
            (access_keys.access_keys.c.key_id, access_keys.access_keys.c.account_id),
        )
        return {row: account for pair in columns for row, account in conn.execute(sa.select(*pair))}

    return means.database.read_now(ask)
