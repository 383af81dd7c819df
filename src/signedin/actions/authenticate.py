"""A credential in, a presence out: what every request of every door begins with."""

from __future__ import annotations

from datetime import datetime, timedelta

from signedin.actions.means import Means
from signedin.actions.note_use import GRACE
from signedin.rules.account import AccountId, AccountState
from signedin.rules.lifetime import WRITE_THROUGH_BELOW, why_expired
from signedin.rules.presence import Absence, Presence
from signedin.rules.revocation import EndReason
from signedin.rules.secret import Kind, TokenRead, read_token, why_unreadable
from signedin.rules.session import AppType, SessionId
from signedin.store.checks import Living, LivingRow
from signedin.store.schema import from_micros, to_micros

_MICROSECOND = timedelta(microseconds=1)
SESSION_KINDS = frozenset({Kind.SES})

_ACTIVE = AccountState.ACTIVE.value
_APP_TYPES = {kind.value: kind for kind in AppType}
_SHORT_IDLE = WRITE_THROUGH_BELOW // _MICROSECOND
_SOON = 2 * GRACE // _MICROSECOND


def authenticate(
    means: Means, credential: str | None, now: datetime, kinds: frozenset[Kind] = SESSION_KINDS
) -> Presence | Absence:
    """Who the credential signs in now, read from the database on the caller's thread; nothing is written.

    An unreadable credential costs no query. Guide: "The session is terminated immediately" (R48).

    Raises:
        DatabaseProblem: it cannot be known; nobody is let in on that.
    """
    if not credential:
        return Absence("missing")
    read = read_token(credential, kinds, means.keyring.way_keys)
    if read is None:
        return Absence(why_unreadable(credential, kinds))
    row = means.checks.living(read.account_id, read.digest)
    if row is None:
        return _ended(means, read)
    if _lives_long(row, to_micros(now)):
        return _presence(read.account_id, row)
    return _looked_at_closely(means, read.account_id, row, now)


def _lives_long(row: LivingRow, now: int) -> bool:
    """Whether the session lives beyond doubt, by what is stored alone; in whole microseconds, for speed.

    What this process saw besides can only make a last use later, so it need not be asked.
    """
    _, _, _, first_proof, idle, overall_until, last_at, state, epoch, _ = row
    return (
        state == _ACTIVE
        and first_proof >= epoch
        and now < overall_until
        and idle >= _SHORT_IDLE
        and last_at + idle - now >= _SOON
    )


def _looked_at_closely(means: Means, account_id: int, row: LivingRow, now: datetime) -> Presence | Absence:
    living = Living._make(row)
    reason, ended_at = _why_dead(means, account_id, living, now)
    if reason is not None:
        return Absence(reason.value, ended_at)
    soon = must_write_through(living.idle * _MICROSECOND, from_micros(living.last_at), now)
    return _presence(account_id, row, expires_soon=soon)


def _presence(account_id: int, row: LivingRow, *, expires_soon: bool = False) -> Presence:
    session_id, app_type, began_at, *_ = row
    return Presence(
        AccountId(account_id), SessionId(session_id), _APP_TYPES[app_type], from_micros(began_at),
        expires_soon=expires_soon,
    )  # fmt: skip


def _ended(means: Means, read: TokenRead) -> Absence:
    stone = means.checks.ended(read.account_id, read.digest)
    return Absence(stone[0], from_micros(stone[1])) if stone else Absence("unknown")


def _why_dead(
    means: Means, account_id: int, living: Living, now: datetime
) -> tuple[EndReason | None, datetime | None]:
    if living.state != AccountState.ACTIVE:
        closed = living.state == AccountState.CLOSED
        return (EndReason.ACCOUNT_CLOSED if closed else EndReason.ACCOUNT_DISABLED), None
    if living.first_proof < living.epoch:
        return EndReason.LOGGED_OUT_EVERYWHERE, from_micros(living.epoch_at or 0)
    last_at, idle = known_last_use(means, account_id, living), living.idle * _MICROSECOND
    overall_until = from_micros(living.overall_until)
    reason = why_expired(last_at, idle, overall_until, now)
    return reason, (min(last_at + idle, overall_until) if reason else None)


def known_last_use(means: Means, account_id: int, living: Living) -> datetime:
    """The last use as exactly as it can be known here: never earlier than it was (D28).

    What this process saw itself is exact. Otherwise a use of up to a minute later may wait in another process
    or have been lost in a crash, so the benefit of the doubt is given; short idle periods are written through.
    """
    stored = from_micros(living.last_at)
    seen = means.recent.latest(AccountId(account_id), living.session_id)
    if seen is not None:
        return max(stored, seen)
    return stored if living.idle * _MICROSECOND < WRITE_THROUGH_BELOW else stored + GRACE


def must_write_through(living_idle: timedelta, last_at: datetime, now: datetime) -> bool:
    """Whether a use must be on disk before the answer: short idle periods, and the last minutes of any (D28)."""
    return living_idle < WRITE_THROUGH_BELOW or last_at + living_idle - now < 2 * GRACE
