"""A credential in, a presence out: what every request of every door begins with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from signedin.actions.means import Means
from signedin.rules.account import AccountId, AccountState
from signedin.rules.lifetime import GRACE, WRITE_THROUGH_BELOW, why_expired
from signedin.rules.living import SOON, Living, soon_from
from signedin.rules.moments import from_micros, to_micros
from signedin.rules.policy import InForce, Policy, in_force
from signedin.rules.presence import Absence, Presence
from signedin.rules.revocation import EndReason
from signedin.rules.secret import SESSION_KINDS, Kind, digest_of, is_of_a_host, way_of, why_unreadable
from signedin.rules.session import AppType, SessionId
from signedin.store.checks import Checks

_MICROSECOND = timedelta(microseconds=1)


def authenticate(
    means: Means,
    credential: str | None,
    now: datetime,
    kinds: frozenset[Kind] = SESSION_KINDS,
    host: str = "",
) -> Presence | Absence:
    """Who the credential signs in now, read from the database on the caller's thread; nothing is written.

    `host` is the one that a host's cookie came to, where it is not ours.

    An unreadable credential costs no query. Guide: "The session is terminated immediately" (R48).

    Raises:
        DatabaseProblem: it cannot be known; nobody is let in on that.
    """
    if not credential:
        return Absence("missing")
    digest = digest_of(credential, kinds, host)
    if digest is None:
        return Absence(why_unreadable(credential, kinds))
    met = met_again(means, digest, now)
    if met is not None:
        return met
    account_id = way_of(credential, means.keyring.way_keys)
    if account_id is None:
        return Absence(why_unreadable(credential, kinds))
    return _looked_at_closely(means, AccountId(account_id), digest, now, of_host=is_of_a_host(credential))


def met_again(means: Means, digest: bytes, now: datetime) -> Presence | None:
    """Whom this process has met by that digest, if they live by a use that it knows of; `None` means: look closely.

    On the path of every request: the last use can only have been later, and everything that can end a session is
    asked of the database.

    Raises:
        DatabaseProblem: it cannot be known; nobody is let in on that.
    """
    met = means.met.find(digest)
    if met is None:
        return None
    presence, used_at = met
    moment = to_micros(now)
    lives = checks_of(means).lives_on(presence.account_id, digest, moment, moment - used_at + SOON)
    return presence if lives else None


def _looked_at_closely(
    means: Means, account_id: AccountId, digest: bytes, now: datetime, *, of_host: bool
) -> Presence | Absence:
    checks = checks_of(means)
    living = checks.living(account_id, digest, of_host=of_host)
    if living is None:
        means.met.drop(digest)
        return told_by(checks.ended(account_id, digest))
    rules = checks.policies(account_id) if living.is_member else []
    found = judged(means, account_id, ruled_living(living, rules), now)
    if isinstance(found, Presence) and not (found.expires_soon or of_host or living.is_member):
        means.met.add(digest, found, living.last_at)
    return found


def checks_of(means: Means) -> Checks:
    """The reader of the SQLite file."""
    assert means.checks is not None
    return means.checks


class RuledLiving(NamedTuple):
    """A row of the live table as the rules of its account's organisations let it live, and by itself."""

    living: Living
    by_itself: Living
    rule: InForce | None = None


def ruled_living(living: Living, policies: Sequence[Policy]) -> RuledLiving:
    """The row with the stricter of its own limits and the rules'."""
    if not policies:
        return RuledLiving(living, living)
    rule = in_force(policies, AppType(living.app_type), living.idle * _MICROSECOND, None)
    until = living.overall_until
    if rule.overall.value is not None:
        until = min(until, living.began_at + rule.overall.value // _MICROSECOND)
    limited = living._replace(idle=rule.idle.value // _MICROSECOND, overall_until=until)
    return RuledLiving(limited, living, rule)


def judged(means: Means, account_id: AccountId, ruled: RuledLiving, now: datetime) -> Presence | Absence:
    """Whether a row of the live table signs anybody in at that moment."""
    living, by_itself, rule = ruled
    session_id, app_type = SessionId(living.session_id), AppType(living.app_type)
    reason, ended_at = _why_dead(means, account_id, by_itself, now)
    over_at = None if rule is None else _over_by_rule_at(means, account_id, ruled, now)
    is_by_rule = reason in (None, EndReason.EXPIRED_IDLE, EndReason.EXPIRED_OVERALL)
    if over_at is not None and is_by_rule and (ended_at is None or over_at < ended_at):
        over = (account_id, session_id)
        return Absence(EndReason.POLICY.value, over_at, living.idle * _MICROSECOND, over)
    if reason is not None:
        return Absence(reason.value, ended_at, by_itself.idle * _MICROSECOND)
    found = Presence(account_id, session_id, app_type, from_micros(living.began_at))
    if to_micros(now) >= soon_from(living.idle, living.last_at):
        found = found._replace(expires_soon=True)
    if rule is None:
        return found
    return found._replace(may_manage_sessions=not rule.is_read_only.value, networks=rule.must_come_from)


def _over_by_rule_at(
    means: Means, account_id: AccountId, ruled: RuledLiving, now: datetime
) -> datetime | None:
    """When a rule has ended it, or `None` while that lets it live; given the same benefit of the doubt."""
    last_at = known_last_use(means, account_id, ruled.by_itself)
    idle, until = ruled.living.idle * _MICROSECOND, from_micros(ruled.living.overall_until)
    return min(last_at + idle, until) if why_expired(last_at, idle, until, now) else None


def told_by(stone: tuple[str, int, int | None] | None) -> Absence:
    """What a tombstone says to the holder of the dead secret; without one the secret is nobody's."""
    if stone is None:
        return Absence("unknown")
    reason, ended_at, idle = stone
    return Absence(reason, from_micros(ended_at), None if idle is None else idle * _MICROSECOND)


def _why_dead(
    means: Means, account_id: int, living: Living, now: datetime
) -> tuple[EndReason | None, datetime | None]:
    if living.inactive is not None:
        closed = living.inactive == AccountState.CLOSED
        return (EndReason.ACCOUNT_CLOSED if closed else EndReason.ACCOUNT_DISABLED), None
    if living.cut_off_at is not None:
        return EndReason.LOGGED_OUT_EVERYWHERE, from_micros(living.cut_off_at)
    last_at, idle = known_last_use(means, account_id, living), living.idle * _MICROSECOND
    overall_until = from_micros(living.overall_until)
    reason = why_expired(last_at, idle, overall_until, now)
    return reason, (min(last_at + idle, overall_until) if reason else None)


def known_last_use(means: Means, account_id: int, living: Living) -> datetime:
    """The last use as exactly as it can be known here: never earlier than it was (D28).

    What the only server process saw itself is exact. Otherwise a use of up to a minute later may wait in another
    process or have been lost in a crash, so the benefit of the doubt is given; short idle periods are written
    through.
    """
    stored, seen = from_micros(living.last_at), means.recent.latest(AccountId(account_id), living.session_id)
    doubt = doubt_of(means, living.idle * _MICROSECOND, is_seen=seen is not None)
    return max(stored, seen or stored) + doubt


def doubt_of(means: Means, idle: timedelta, *, is_seen: bool) -> timedelta:
    """How much later than this process knows a last use may have been."""
    is_exact = idle < WRITE_THROUGH_BELOW or (is_seen and means.knows_every_use())
    return timedelta(0) if is_exact else GRACE
