"""An access token in, who may do what out: read from the database each time, never from memory (D24)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from signedin.actions.ask import rules_for
from signedin.actions.authenticate import checks_of, doubt_of, told_by
from signedin.actions.means import Means
from signedin.rules.account import AccountId, AccountState
from signedin.rules.claims import subject_for
from signedin.rules.lifetime import why_expired
from signedin.rules.living import LivingServiceToken, LivingToken, soon_from
from signedin.rules.moments import from_micros, to_micros
from signedin.rules.policy import InForce, Policy, in_force
from signedin.rules.presence import Absence, Presence
from signedin.rules.revocation import EndReason
from signedin.rules.secret import Kind, read_token, why_unreadable
from signedin.rules.sent import PROVED
from signedin.rules.session import AppType, SessionId
from signedin.store.services import NOBODY

TOKEN_KINDS = frozenset({Kind.ACC})
_BEGINNINGS = (f"sgn_{Kind.ACC}_", f"{PROVED}sgn_{Kind.ACC}_")
_MICROSECOND = timedelta(microseconds=1)


class Opened(NamedTuple):
    """A person's access token that lives: what it says, whose it is, and what of its scopes is still in force."""

    token: LivingToken
    account_id: AccountId
    scopes: frozenset[str]
    expires_soon: bool = False
    rule: InForce | None = None


class OpenedService(NamedTuple):
    """The same of a token that a service has for itself."""

    token: LivingServiceToken
    scopes: frozenset[str]


def is_token(credential: str | None) -> bool:
    """Whether a credential calls itself an access token, shown with a proof of its key or without."""
    return credential is not None and credential.startswith(_BEGINNINGS)


async def authenticate_token(means: Means, credential: str, now: datetime) -> Presence | Absence:
    """Whom this access token acts for now, and what it may do; nothing is written. Nothing waits on SQLite.

    Whether the key that it is bound to was shown, and whether it is for whoever asks, is the gate's to see.

    Raises:
        DatabaseProblem, Unavailable: it cannot be known; nobody is let in on that.
    """
    opened = await open_token(means, credential, now)
    if isinstance(opened, OpenedService):
        return Absence("wrong_kind")
    return opened if isinstance(opened, Absence) else _presence(means, opened)


async def open_token(means: Means, credential: str, now: datetime) -> Opened | OpenedService | Absence:
    """What this access token says, if it lives; raises as `authenticate_token`."""
    read = read_token(credential, TOKEN_KINDS, means.keyring.way_keys)
    if read is None:
        return Absence(why_unreadable(credential, TOKEN_KINDS))
    return await open_secret(means, AccountId(read.account_id), read.digest, now)


async def open_secret(
    means: Means, account_id: AccountId, digest: bytes, now: datetime
) -> Opened | OpenedService | Absence:
    """The same by the digest of a token; that of a signed one is of its id."""
    if account_id == NOBODY:
        return _of_service(await _service_token(means, digest), now)
    token = await _token(means, account_id, digest)
    if token is None:
        return told_by(await _ended(means, account_id, digest))
    rules = await rules_for(means, account_id) if token.is_member else []
    return _judged(means, account_id, token, _rule(token, rules), now)


def _rule(token: LivingToken, rules: Sequence[Policy]) -> InForce | None:
    app_type = AppType(token.app_type or AppType.OAUTH)
    return in_force(rules, app_type, token.idle * _MICROSECOND, None) if rules else None


def _judged(
    means: Means, account_id: AccountId, token: LivingToken, rule: InForce | None, now: datetime
) -> Opened | Absence:
    state = token.inactive
    if state is not None:
        closed = state == AccountState.CLOSED
        return Absence(EndReason.ACCOUNT_CLOSED if closed else EndReason.ACCOUNT_DISABLED)
    if token.disabled_at is not None:
        return Absence(EndReason.POLICY, from_micros(token.disabled_at))
    reason = _why_expired(means, account_id, token, rule, now)
    if reason is not None:
        return Absence(reason, over=(account_id, token.row_id) if reason is EndReason.POLICY else None)
    scopes = token.scopes & token.registered
    scopes = scopes if token.allowed is None else scopes & token.allowed
    if not scopes:
        return Absence(EndReason.REVOKED)
    idle = token.idle if rule is None else rule.idle.value // _MICROSECOND
    soon = to_micros(now) >= soon_from(idle, token.last_at)
    return Opened(token, account_id, scopes, soon, rule)


def _why_expired(
    means: Means, account_id: AccountId, token: LivingToken, rule: InForce | None, now: datetime
) -> EndReason | None:
    """Its own end, or that of its row, given the same benefit of the doubt as a session (D28)."""
    if to_micros(now) >= token.until:
        return EndReason.EXPIRED_OVERALL
    idle, stored = token.idle * _MICROSECOND, from_micros(token.last_at)
    seen = means.recent.latest(account_id, token.row_id)
    last_at = max(stored, seen or stored) + doubt_of(means, idle, is_seen=seen is not None)
    overall_until = from_micros(token.until if token.overall_until is None else token.overall_until)
    reason = why_expired(last_at, idle, overall_until, now)
    if reason is not None or rule is None:
        return reason
    if rule.overall.value is not None:
        overall_until = min(overall_until, from_micros(token.row_began_at) + rule.overall.value)
    is_over = why_expired(last_at, rule.idle.value, overall_until, now) is not None
    return EndReason.POLICY if is_over else None


def _of_service(token: LivingServiceToken | None, now: datetime) -> OpenedService | Absence:
    if token is None:
        return Absence("unknown")
    if token.disabled_at is not None:
        return Absence(EndReason.POLICY, from_micros(token.disabled_at))
    if to_micros(now) >= token.until:
        return Absence(EndReason.EXPIRED_OVERALL, from_micros(token.until))
    scopes = token.scopes & token.registered
    return OpenedService(token, scopes) if scopes else Absence(EndReason.REVOKED)


def _presence(means: Means, opened: Opened) -> Presence:
    token, row_id = opened.token, SessionId(opened.token.row_id)
    is_session, rule = token.app_type is not None, opened.rule
    may_manage = "sessions:manage" in opened.scopes and not (rule and rule.is_read_only.value)
    return Presence(
        opened.account_id, row_id if is_session else None, AppType(token.app_type or AppType.OAUTH),
        from_micros(token.authenticated_at), may_manage, opened.expires_soon, opened.scopes,
        None if is_session else row_id, token.client_id, token.audience, token.key_thumbprint,
        not token.audience or means.issuer in token.audience, "" if is_session else _subject(means, opened),
        rule.must_come_from if rule and is_session else (),
    )  # fmt: skip


def _subject(means: Means, opened: Opened) -> str:
    token = opened.token
    if not token.is_pairwise:
        return ""
    return subject_for(means.keyring.mac, token.client_id, opened.account_id, is_pairwise=True)


async def _token(means: Means, account_id: AccountId, digest: bytes) -> LivingToken | None:
    if means.lines is not None:
        return await means.lines.token(account_id, digest)
    return checks_of(means).token(account_id, digest)


async def _service_token(means: Means, digest: bytes) -> LivingServiceToken | None:
    if means.lines is not None:
        return await means.lines.service_token(digest)
    return checks_of(means).service_token(digest)


async def _ended(means: Means, account_id: AccountId, digest: bytes) -> tuple[str, int, int | None] | None:
    if means.lines is not None:
        return await means.lines.ended(account_id, digest)
    return checks_of(means).ended(account_id, digest)
