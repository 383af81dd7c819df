"""Whether an account knows the browser that signs in, by the mark that it brings, and remembering it (D21, D35)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.rules.account import AccountId
from signedin.rules.secret import Kind, digest, make_token, read_token
from signedin.rules.suspicion import SeenBefore
from signedin.store import accounts, sessions


def browser_digest(means: Means, mark: str | None, account_id: AccountId) -> bytes:
    """What the account would know the browser by; nothing where the mark is another's, or none."""
    read = read_token(mark or "", {Kind.BRW}, means.keyring.way_keys)
    return read.digest if read and read.account_id == account_id else b""


def seen_before(conn: sa.Connection, means: Means, account_id: AccountId, mark: str | None) -> SeenBefore:
    """What is known of the account's browsers and places, for noticing what is new."""
    familiar = accounts.familiar(conn, account_id)
    known = accounts.is_known_browser(conn, account_id, browser_digest(means, mark, account_id))
    latest = sessions.latest(conn, account_id)
    if latest is None:
        return SeenBefore(not familiar, known, familiar)
    return SeenBefore(not familiar, known, familiar, latest.last_from.location, latest.last_at)


def remember(
    conn: sa.Connection, means: Means, account_id: AccountId, mark: str | None, now: datetime, wants: bool | None, *,
    is_known: bool,
) -> str | None:  # fmt: skip
    """Let the account know the browser where that is wanted, by the mark that it has or a new one; returns the mark.

    `None` wants it forgotten: it is a shared computer.
    """
    if wants is None:
        accounts.forget_browser(conn, account_id, browser_digest(means, mark, account_id))
    if not wants:
        return None
    if is_known and mark:
        accounts.remember_browser(conn, account_id, digest(mark), now)
        return mark
    token = make_token(Kind.BRW, account_id, means.keyring.way_keys)
    accounts.remember_browser(conn, account_id, digest(token), now)
    return token
