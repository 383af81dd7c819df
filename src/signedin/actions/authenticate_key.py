"""An access key or service key in, who may do what out: read from the database each time, never from memory."""

from __future__ import annotations

from datetime import datetime

from signedin.actions.authenticate import checks_of, told_by
from signedin.actions.means import Means
from signedin.rules.account import AccountId, AccountState
from signedin.rules.living import LivingKey, LivingServiceKey
from signedin.rules.moments import from_micros, to_micros
from signedin.rules.presence import Absence, Presence, Service
from signedin.rules.revocation import EndReason
from signedin.rules.secret import Kind, TokenRead, read_token, why_unreadable
from signedin.rules.session import AppType
from signedin.store.services import NOBODY

KEY_KINDS = frozenset({Kind.KEY, Kind.SVC})
"""What programs show in a bearer header, and what is no session."""
_BEGINNINGS = tuple(f"sgn_{kind.value}_" for kind in KEY_KINDS)


def is_key(credential: str | None) -> bool:
    """Whether a credential calls itself an access key or a service key."""
    return credential is not None and credential.startswith(_BEGINNINGS)


async def authenticate_key(means: Means, credential: str, now: datetime) -> Presence | Service | Absence:
    """Whose key this is now; nothing is written. Nothing waits on SQLite.

    Raises:
        DatabaseProblem, Unavailable: it cannot be known; nobody is let in on that.
    """
    read = read_token(credential, KEY_KINDS, means.keyring.way_keys)
    if read is None:
        return Absence(why_unreadable(credential, KEY_KINDS))
    if read.kind is Kind.SVC:
        return _service(await _service_key(means, read.digest), now)
    key = await _key(means, read)
    if key is None:
        return told_by(await _ended(means, read))
    return _somebodys(AccountId(read.account_id), key, now)


def note_key(means: Means, who: Presence | Service | None, address: str, now: datetime) -> None:
    """Note the use of a key, or of an app's token for its row, in memory: it is written with those of sessions.

    Of anything else nothing is noted.
    """
    if isinstance(who, Service):
        means.recent.note(NOBODY, who.key_id, address, now)
    elif who is not None and (who.key_id or (who.client_id and who.current_id)):
        means.recent.note(who.account_id, who.used_id, address, now)


def _somebodys(account_id: AccountId, key: LivingKey, now: datetime) -> Presence | Absence:
    if key.inactive is not None:
        closed = key.inactive == AccountState.CLOSED
        return Absence(EndReason.ACCOUNT_CLOSED if closed else EndReason.ACCOUNT_DISABLED)
    if key.expires_at is not None and to_micros(now) >= key.expires_at:
        return Absence(EndReason.EXPIRED_OVERALL, from_micros(key.expires_at))
    return Presence(
        account_id, None, None, from_micros(key.issued_at), may_manage_sessions=False, scopes=key.scopes,
        key_id=key.key_id,
    )  # fmt: skip


def _service(key: LivingServiceKey | None, now: datetime) -> Service | Absence:
    if key is None:
        return Absence("unknown")
    if key.revoked_at is not None:
        return Absence(EndReason.REVOKED, from_micros(key.revoked_at))
    if key.expires_at is not None and to_micros(now) >= key.expires_at:
        return Absence(EndReason.EXPIRED_OVERALL, from_micros(key.expires_at))
    return Service(key.key_id, key.name, key.scopes, frozenset(map(AppType, key.app_types)))


async def _key(means: Means, read: TokenRead) -> LivingKey | None:
    if means.lines is not None:
        return await means.lines.key(read.account_id, read.digest)
    return checks_of(means).key(read.account_id, read.digest)


async def _ended(means: Means, read: TokenRead) -> tuple[str, int, int | None] | None:
    if means.lines is not None:
        return await means.lines.ended(read.account_id, read.digest)
    return checks_of(means).ended(read.account_id, read.digest)


async def _service_key(means: Means, digest: bytes) -> LivingServiceKey | None:
    if means.lines is not None:
        return await means.lines.service_key(digest)
    return checks_of(means).service_key(digest)
