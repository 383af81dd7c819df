"""Living sessions of an existing app move in, and go on here by a token that follows from their old one.

Only a digest of the old token is ever known here. What the app shows from then on is derived from that digest with the
keyring: so it can be told as often as the app asks with the old token, and nothing has to be kept for it (decision 0015).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from signedin.actions import record
from signedin.actions.begun import started
from signedin.actions.end_over import end_over
from signedin.actions.list_sessions import as_used_last
from signedin.actions.means import Means
from signedin.actions.move_in import MovedIn, move_in
from signedin.actions.named import account_of, refuse_revoked, whose
from signedin.actions.note_use import address_mac
from signedin.actions.sign_in import Begun, Visit
from signedin.actions.told_device import agent_mac, bare
from signedin.rules import errors
from signedin.rules.account import Account, AccountId, OutsideId
from signedin.rules.activity import DayLevels, day_of
from signedin.rules.location import mask_address
from signedin.rules.moving_in import OldSession, Turned, Unusable, digest_of_old
from signedin.rules.presence import Absence, Service
from signedin.rules.revocation import EndReason
from signedin.rules.secret import Kind, WayKeys, digest, make_session_id, make_token
from signedin.rules.session import AppType, Origin, Session, SessionId
from signedin.rules.vouching import AccountInactive, may_vouch_as, may_vouch_for
from signedin.rules.wording import marked as _
from signedin.store import accounts, cut_offs, journal, policies, sessions, tombstones
from signedin.store.sessions import SignedInWith


class Moving(NamedTuple):
    """A session with where it was used and on what, as the door has read that."""

    session: OldSession
    visit: Visit

    @property
    def line(self) -> int:
        """Where it stood."""
        return self.session.line


async def move_sessions(
    means: Means, moving: Sequence[Moving | Turned], now: datetime, *, is_trial: bool, skip_refused: bool
) -> MovedIn:
    """Let living sessions move in, of people who are here."""
    seen = set[bytes]()
    return await move_in(
        means,
        moving,
        lambda conn, one: _judged(conn, means, one, seen, now),
        lambda conn, some: _begin_all(conn, means, some, now),
        is_trial=is_trial,
        skip_refused=skip_refused,
    )


async def hand_over(
    means: Means, service: Service, named: str, app_type: AppType, old_token: str, visit: Visit, now: datetime
) -> Begun:
    """The session that goes on for an old token, with the token that the app shows from now on; nothing begins.

    Raises:
        InsufficientPermission: the key is not for that app type, or it is an operator's account.
        InvalidInput: that names nobody, or can be no token.
        NotFound: no such session has moved in.
        SessionAlreadyEnded: it has, and is over.
        AccountInactive: the account is disabled or closed.
        NotSignedIn: the key has been revoked meanwhile.
    """
    may_vouch_as(service, app_type)
    meant = whose(named, service)
    try:
        old = digest_of_old(old_token)
    except Unusable:
        raise errors.InvalidInput(_("This can be no token."), field="moved_from") from None
    begun = await means.database.read(_found, means, service, meant, old, now)
    if isinstance(begun, Absence):
        await end_over(means, begun, now)
        raise errors.SessionAlreadyEnded(begun.reason)
    if begun.session.app_type is not app_type:
        raise errors.NotFound
    agent = bare(visit.user_agent)
    means.recent.note(begun.session.account_id, begun.session.id, visit.address, now, agent)
    record.handed_over(service, visit.address, begun.session.id)
    return begun


def _found(
    conn: sa.Connection,
    means: Means,
    service: Service,
    meant: AccountId | OutsideId,
    old: bytes,
    now: datetime,
) -> Begun | Absence:
    """The session that goes on, or why the one that was to go on is over."""
    refuse_revoked(conn, service)
    account = account_of(conn, meant)
    may_vouch_for(account)
    for token in _successors(means, service.name, account.id, old):
        session = sessions.find_by_digest(conn, account.id, digest(token))
        if session is not None:
            used = _as_ruled(conn, means, account, session, now)
            return Begun(used, token) if used.is_alive_at(now) else _why_over(used, now)
        reason = tombstones.reason_of(conn, account.id, digest(token))
        if reason is not None:
            return Absence(str(reason))
    raise errors.NotFound


def _as_ruled(
    conn: sa.Connection, means: Means, account: Account, session: Session, now: datetime
) -> Session:
    """The session with the latest use that is known, as the rules of its account's organisations let it live."""
    is_member = account.organisation_id is not None
    [ruled] = policies.ruled(conn, account.id, [session], is_member=is_member)
    used = as_used_last(means, ruled, None, now)
    assert isinstance(used, Session)
    return used


def _why_over(session: Session, now: datetime) -> Absence:
    """Why it goes on no more; what a rule has ended is to be buried, as at a check."""
    if session.is_over_by_rule_at(now):
        return Absence(EndReason.POLICY.value, over=(session.account_id, session.id))
    return Absence(EndReason.EXPIRED_IDLE.value)


def _successors(means: Means, service: str, account_id: AccountId, old: bytes) -> list[str]:
    """The token that follows from an old one, by each key that may have been in use: the newest first."""
    keys = means.keyring.way_keys
    source = means.keyring.mac("moved session", service.encode() + b"\0" + old)
    kids = sorted(keys.keys, key=lambda kid: kid != keys.current)
    return [make_token(Kind.APP, account_id, WayKeys(kid, keys.keys), source) for kid in kids]


def _judged(conn: sa.Connection, means: Means, one: Moving, seen: set[bytes], now: datetime) -> bool:
    if one.session.digest in seen:
        raise Unusable("twice", "This session is in the file twice.", "token")
    seen.add(one.session.digest)
    account = _account_of(conn, one.session)
    if _is_here(conn, means, one.session, account):
        return True
    _judge_life(conn, means, one.session, account, now)
    return False


def _account_of(conn: sa.Connection, old: OldSession) -> Account:
    """Whose it is, if an app may sign them in."""
    try:
        account = account_of(conn, old.whose)
        may_vouch_for(account)
    except errors.NotFound:
        raise Unusable(
            "account_unknown", "Nobody is known by this id; import the accounts first.", "account"
        ) from None
    except (AccountInactive, errors.InsufficientPermission) as refusal:
        raise Unusable(refusal.code, refusal.sentence, "account") from None
    return account


def _judge_life(conn: sa.Connection, means: Means, old: OldSession, account: Account, now: datetime) -> None:
    """Refuse what would be over here, by time or by Logout All Devices (D23)."""
    reason = old.why_over(means.lifetimes.of(old.app_type), now)
    if reason is not None:
        raise Unusable(reason, "It has been without use for too long, or began too long ago.", "last_at")
    cut_off = cut_offs.epoch_at(conn, account.id)
    if cut_off is not None and old.first_at <= cut_off:
        raise Unusable(
            "logged_out_everywhere", "All devices were logged out here since it began.", "first_at"
        )


def _is_here(conn: sa.Connection, means: Means, old: OldSession, account: Account) -> bool:
    """Whether it has moved in before, and is alive or over: what has ended does not come back."""
    digests = [digest(token) for token in _successors(means, old.whose.service, account.id, old.digest)]
    return any(
        sessions.find_by_digest(conn, account.id, each) or tombstones.reason_of(conn, account.id, each)
        for each in digests
    )


def _begin_all(conn: sa.Connection, means: Means, moving: Sequence[Moving], now: datetime) -> int:
    """Begin those that are not here by now, and may still; returns how many."""
    begun = 0
    for one in moving:
        try:
            account = _account_of(conn, one.session)
            accounts.hold(conn, account.id)
            _judge_life(conn, means, one.session, account, now)
        except Unusable:
            continue  # over in the moment between
        if not _is_here(conn, means, one.session, account):
            _begin(conn, means, account, one, now)
            begun += 1
    return begun


def _begin(conn: sa.Connection, means: Means, account: Account, one: Moving, now: datetime) -> None:
    old, visit = one
    limits = old.limits(means.lifetimes.of(old.app_type))
    origin = Origin(mask_address(visit.address), means.places.locate(visit.address))
    session = Session(
        id=SessionId(make_session_id(account.id, means.keyring.way_keys)), account_id=account.id,
        app_type=old.app_type, device=visit.device, began_at=old.first_at, began_from=origin, last_at=old.last_at,
        last_from=origin, idle=limits.idle, overall_until=old.first_at + limits.overall,
        first_proof=accounts.history_number(conn, account.id),
        days=DayLevels(last_day=day_of(old.last_at)).noted(day_of(old.last_at)),
    )  # fmt: skip
    token = _successors(means, old.whose.service, account.id, old.digest)[0]
    sealed = means.keyring.encrypt("address", account.id, visit.address.encode())
    macs = (
        address_mac(means.keyring, visit.address),
        agent_mac(means.keyring, bare(visit.user_agent), visit.ruleset),
    )
    sessions.begin(
        conn, session, SignedInWith(digest(token), visit.user_agent[:1024], visit.ruleset, sealed, *macs)
    )
    event = replace(started(session, None), at=now)
    event.facts.update({"by": "operator", "moved_in": old.whose.service})
    journal.record(conn, account.id, event)
    if visit.address:
        accounts.add_familiar(conn, account.id, origin.location.place_key, now)
