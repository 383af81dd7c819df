"""Issuing keys: the secret is shown once, and only its digest is kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

import sqlalchemy as sa
import structlog

from signedin.actions.means import Means
from signedin.actions.once import named_key, refuse_second_key
from signedin.actions.operate import held_account_of
from signedin.actions.prove_again import prove_again
from signedin.rules import errors
from signedin.rules.access_key import MOST_KEYS, AccessKey, ServiceKey, Wish, judge
from signedin.rules.account import AccountId, AccountState
from signedin.rules.event import Event, EventKind
from signedin.rules.presence import Presence
from signedin.rules.scope import OF_SERVICES, PERSONAL
from signedin.rules.secret import Kind, digest, make_session_id, make_token
from signedin.rules.session import AppType
from signedin.rules.wording import marked as _
from signedin.store import access_keys, accounts, deeds, outbox, services, sessions

K = TypeVar("K", AccessKey, ServiceKey)
log = structlog.get_logger("signedin.security")


@dataclass(frozen=True, slots=True)
class Issued(Generic[K]):
    """A key that was issued, with its secret, which is shown this once."""

    key: K
    token: str = field(repr=False)


async def issue_key(
    means: Means,
    presence: Presence,
    wish: Wish,
    now: datetime,
    *,
    password: str = "",
    form: str | None = None,
) -> Issued[AccessKey]:
    """Issue a personal access key to the one who asks, who has just shown who they are (D17).

    Where a form asks, `form` is what it carries, and it makes one key however often it is sent (actions/once.py).

    Raises:
        InsufficientPermission: a key asks, and no key makes others.
        FormTooOld, MadeAlready: the form was opened too long ago, or has made its key before.
        InvalidInput: the wish cannot be granted, or there are too many keys already.
        BackToApp, StepUpRequired, TooManyRequests, Unavailable: as `prove_again`.
        NotSignedIn: the session that asks has ended meanwhile.
    """
    if presence.scopes is not None or presence.current_id is None:
        raise errors.InsufficientPermission(
            _("No key issues or revokes other keys."), hint=_("Sign in for that.")
        )
    key_id = None if form is None else named_key(means, presence.account_id, form, now)
    if key_id is not None:  # before any proof is asked for: there is nothing to prove it for
        await means.database.read(refuse_second_key, presence.account_id, key_id)
    wanted = judge(wish, PERSONAL, now)
    await prove_again(means, presence, password, now)
    return await means.database.write(_issue, means, presence, wanted, now, key_id)


def _issue(
    conn: sa.Connection, means: Means, presence: Presence, wish: Wish, now: datetime, key_id: str | None
) -> Issued[AccessKey]:
    accounts.hold(conn, presence.account_id)
    current = presence.current_id or ""
    if sessions.find(conn, presence.account_id, current) is None:
        raise errors.NotSignedIn("revoked")
    if key_id is not None:
        refuse_second_key(conn, presence.account_id, key_id)
    issued = add(conn, means, presence.account_id, wish, now, by=presence.current_id, key_id=key_id)
    tell_of_key(conn, issued.key, "access_key_issued", now)
    return issued


async def issue_key_for(
    means: Means, email: str, wish: Wish, now: datetime, reason: str = ""
) -> Issued[AccessKey]:
    """Issue a personal access key for somebody's account, as an operator.

    Raises:
        NotFound: there is no such account.
        InvalidInput: the wish cannot be granted, or the account is not active.
    """
    wanted = judge(wish, PERSONAL, now)
    return await means.database.write(_issue_for, means, email, wanted, now, reason)


def _issue_for(
    conn: sa.Connection, means: Means, email: str, wish: Wish, now: datetime, reason: str
) -> Issued[AccessKey]:
    account = held_account_of(conn, email)
    if account.state is not AccountState.ACTIVE:
        raise errors.InvalidInput(_("This account is disabled."), hint=_("Enable it first."))
    issued = add(conn, means, account.id, wish, now, reason=reason, by_operator=True)
    tell_of_key(conn, issued.key, "access_key_issued", now)
    return issued


def add(
    conn: sa.Connection, means: Means, account_id: AccountId, wish: Wish, now: datetime, *,
    by: str | None = None, by_operator: bool = False, reason: str = "", key_id: str | None = None,
) -> Issued[AccessKey]:  # fmt: skip
    """Issue a key in the transaction at hand, for an account that is held: row and event together."""
    if access_keys.count(conn, account_id) >= MOST_KEYS:
        raise errors.InvalidInput(
            _("There are too many access keys already."), hint=_("Revoke one that you no longer use.")
        )
    keys = means.keyring.way_keys
    token = make_token(Kind.KEY, account_id, keys)
    key = AccessKey(
        key_id or make_session_id(account_id, keys),
        account_id,
        wish.name,
        wish.scopes,
        now,
        token[-4:],
        wish.expires_at,
    )
    access_keys.add(conn, key, digest(token))
    facts: dict[str, object] = {"scopes": list(key.scopes)} | ({"by": "operator"} if by_operator else {})
    personal = {"name": key.name} | ({"reason": reason} if reason else {})
    deeds.record_from_shell(
        conn, account_id, Event(EventKind.ACCESS_KEY_ISSUED, now, key.id, by, facts, dict(personal))
    )
    return Issued(key, token)


def tell_of_key(conn: sa.Connection, key: AccessKey, kind: str, now: datetime) -> None:
    """Queue a letter about a key to whoever owns it, in the transaction of what happened to it."""
    account = accounts.find(conn, key.account_id)
    if account is not None:
        about = {"key": key.name, "last_four": key.last_four}
        letter = {"to": account.email, "name": account.name, "at": now.isoformat()} | about
        outbox.queue(conn, account.id, kind, letter, now)


async def issue_service_key(
    means: Means, wish: Wish, app_types: Collection[AppType], now: datetime
) -> Issued[ServiceKey]:
    """Issue a service key, as an operator; its app types are fixed with it (D31).

    Raises:
        InvalidInput: the wish cannot be granted, or it names an app type that no session has.
    """
    wanted = judge(wish, OF_SERVICES, now)
    types = tuple(each for each in AppType if each in app_types)
    if not types or AppType.OAUTH in types:
        raise errors.InvalidInput(_("A service key needs app types that sessions have."), field="app_types")
    keys = means.keyring.way_keys
    token = make_token(Kind.SVC, services.NOBODY, keys)
    key = ServiceKey(
        make_session_id(services.NOBODY, keys), wanted.name, wanted.scopes, types, now, token[-4:],
        wanted.expires_at,
    )  # fmt: skip
    await means.database.write(services.add, key, digest(token))
    log.info("service key issued", key=key.id, name=key.name, scopes=list(key.scopes))
    return Issued(key, token)
