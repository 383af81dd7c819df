"""Revoking keys: no process answers for one from memory, so it is over with the commit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import sqlalchemy as sa
import structlog

from signedin.actions.means import Means
from signedin.rules import errors
from signedin.rules.access_key import AccessKey
from signedin.rules.account import AccountId
from signedin.rules.event import Event, EventKind
from signedin.rules.presence import Presence
from signedin.rules.revocation import EndReason
from signedin.rules.secret import account_of_session_id
from signedin.rules.wording import marked as _
from signedin.store import access_keys, accounts, deeds, services, sessions

log = structlog.get_logger("signedin.security")


async def find_key(means: Means, presence: Presence, key_id: str) -> AccessKey:
    """One of one's own keys, for the question before it is revoked.

    Raises:
        NotFound: there is none like that.
    """
    key = await means.database.read(access_keys.find, presence.account_id, _readable(key_id))
    if key is None:
        raise not_there()
    return key


async def revoke_key(means: Means, presence: Presence, key_id: str, now: datetime) -> AccessKey:
    """Revoke one of one's own access keys; returns what it was.

    Raises:
        InsufficientPermission: a key asks, and no key ends others.
        NotFound: there is none like that (any more).
        NotSignedIn: the session that asks has ended meanwhile.
    """
    if presence.scopes is not None:
        raise errors.InsufficientPermission(
            _("No key issues or revokes other keys."), hint=_("Sign in for that.")
        )
    key = await means.database.write(_revoke, presence, _readable(key_id), now)
    means.recent.forget(presence.account_id, key_id)
    return key


def _revoke(conn: sa.Connection, presence: Presence, key_id: str, now: datetime) -> AccessKey:
    accounts.hold(conn, presence.account_id)
    if sessions.find(conn, presence.account_id, presence.current_id or "") is None:
        raise errors.NotSignedIn("revoked")
    key = _found(conn, presence.account_id, key_id)
    end_key(conn, key, now, by=presence.current_id)
    return key


async def revoke_any_key(means: Means, key_id: str, now: datetime, reason: str = "") -> str:
    """Revoke an access key or a service key by its id, as an operator; returns its name.

    Raises:
        NotFound: there is none like that (any more).
    """
    account_id = account_of_session_id(key_id, means.keyring.way_keys)
    if account_id is None:
        raise not_there()
    if account_id == services.NOBODY:
        name = await means.database.write(services.revoke, key_id, now)
        if name is None:
            raise not_there()
        log.info("service key revoked", key=key_id, name=name)
    else:
        name = (await means.database.write(_revoke_any, AccountId(account_id), key_id, now, reason)).name
    means.recent.forget(AccountId(account_id), key_id)
    return name


def _revoke_any(
    conn: sa.Connection, account_id: AccountId, key_id: str, now: datetime, reason: str
) -> AccessKey:
    accounts.hold(conn, account_id)
    key, why = _found(conn, account_id, key_id), EndReason.ENDED_BY_OPERATOR
    end_key(conn, key, now, why=why, reason=reason, facts={"by": "operator"})
    return key


def end_key(
    conn: sa.Connection, key: AccessKey, now: datetime, *, why: EndReason = EndReason.REVOKED,
    by: str | None = None, reason: str = "", facts: Mapping[str, object] = MappingProxyType({}),
) -> None:  # fmt: skip
    """End a key in the transaction at hand, of an account that is held: row, tombstone and event together."""
    personal = {"name": key.name} | ({"reason": reason} if reason else {})
    event = Event(EventKind.ACCESS_KEY_REVOKED, now, key.id, by, dict(facts), dict(personal))
    number = deeds.record_from_shell(conn, key.account_id, event)
    access_keys.end(conn, key.account_id, [key.id], why, now, number)


def _found(conn: sa.Connection, account_id: AccountId, key_id: str) -> AccessKey:
    key = access_keys.find(conn, account_id, key_id)
    if key is None:
        raise not_there()
    return key


def not_there() -> errors.NotFound:
    """What is said of a key that is not among one's own (any more)."""
    return errors.NotFound(
        _("There is no such access key."), hint=_("Refresh the list: it may have been revoked before.")
    )


def _readable(key_id: str) -> str:
    if not key_id.isprintable():
        raise not_there()
    return key_id
