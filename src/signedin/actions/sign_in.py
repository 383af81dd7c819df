"""Proof of identity in, a session out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from signedin.actions import here_before, record
from signedin.actions.begun import alert, started
from signedin.actions.hear import heard_everywhere
from signedin.actions.known_browser import browser_digest, remember, seen_before
from signedin.actions.make_room import make_room
from signedin.actions.means import Means
from signedin.actions.note_failed import write_failed_of, wrong_password
from signedin.actions.note_use import address_mac
from signedin.actions.pending import LASTS, Pending, to_go_on
from signedin.actions.told_device import agent_mac, bare
from signedin.rules import errors
from signedin.rules.account import Account, AccountId, AccountState, normalise_email
from signedin.rules.activity import DayLevels, day_of
from signedin.rules.device import Device
from signedin.rules.location import mask_address
from signedin.rules.policy import OutsideNetworks, TooManySessions
from signedin.rules.presence import Presence, Service
from signedin.rules.secret import Kind, digest, make_session_id, make_token
from signedin.rules.session import AppType, Origin, Session, SessionId
from signedin.rules.suspicion import notice
from signedin.store import accounts, journal, limits, old_hashes, operators, outbox, sessions
from signedin.store.passwords import HashingBusy, Verdict
from signedin.store.sessions import SignedInWith


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a sign-in comes from: all that the server itself can see of the browser, and how it wants to be told.

    `signed_in` is who was signed in there before: that session ends when another begins (security 7.2.4), not where that
    is refused.
    `vouched_by` is the app that vouches for the person, where nothing was proved here (D31); `factors` are what was.
    """

    address: str
    user_agent: str
    device: Device
    ruleset: str
    known_browser: str | None = field(default=None, repr=False)
    signed_in: Presence | None = None
    locale: str = ""
    zone: str = ""
    vouched_by: Service | None = None
    factors: tuple[str, ...] = ("password",)


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that has begun: its secret, shown this once, the browser's mark, and how many have made room for it."""

    session: Session
    token: str = field(repr=False)
    browser_token: str | None = field(default=None, repr=False)
    ended: int = 0


@dataclass(frozen=True, slots=True)
class Ticks:
    """The two ticks of the sign-in page; the shared computer wins (D35)."""

    remember: bool = False
    shared: bool = False


async def sign_in(
    means: Means, email: str, password: str, visit: Visit, ticks: Ticks, now: datetime,
    app_type: AppType = AppType.WEB,
) -> Begun:  # fmt: skip
    """Sign in with an address and a password; a new session with a new secret begins (R44, R67).

    The same work is done and the same is said for an unknown address, a wrong password and a disabled account;
    where operators sign in also for whoever is none.

    Raises:
        SignInRefused: any of those.
        TooManyRequests: a limit per account, address or browser was reached.
        OutsideNetworks, TooManySessions: after the right password alone.
        Unavailable: too many sign-ins wait for the one hashing thread.
    """
    address = normalise_email(email) or ""
    account, kept, first_proof, known = await means.database.read(_look_up, means, address, visit)
    subjects = _subjects(means, address, visit, known=known)
    retry_at = await means.database.write(limits.reserve, subjects, now)
    if retry_at is not None:
        record.sign_in_refused(means, address, visit.address, errors.TooManyRequests.code)
        raise errors.TooManyRequests(retry_at)
    verdict = await _judged(means, kept, password, subjects)
    if not verdict.ok:
        wrong_password(means, account, app_type, visit.address, visit.device, now)
    if account is None or not verdict.ok or not _may_begin(account, app_type):
        record.sign_in_refused(means, address, visit.address, errors.SignInRefused.code)
        raise errors.SignInRefused
    if verdict.needs_rehash and kept.hashed:
        await _rehash(means, account.id, kept.hashed, password, now)
    await write_failed_of(means, account.id, now)
    proved = Pending(account.id, first_proof, app_type, ticks.remember, ticks.shared, now + LASTS)
    begun = await _begun(means, account, visit, proved, subjects, now)
    await here_before.ended(means, visit.signed_in, account.id, now)
    means.recent.saw(account.id, begun.session.id, now)
    record.signed_in(means, address, visit.address, begun.session.id)
    return begun


async def _begun(
    means: Means, account: Account, visit: Visit, proved: Pending, subjects: limits.Subjects, now: datetime
) -> Begun:
    try:
        begun = await means.database.write(_begin, means, account, visit, proved, subjects, now)
    except (OutsideNetworks, TooManySessions) as refusal:  # by somebody who has shown the right password
        record.sign_in_refused(means, account.email, visit.address, refusal.code)
        await means.database.write(limits.take_back, subjects)
        raise to_go_on(means, refusal, proved) from None
    if begun.ended:
        await heard_everywhere(means)
    return begun


def _may_begin(account: Account, app_type: AppType) -> bool:
    """Whether the account may be signed in there: the Admin application is for operators."""
    return account.state is AccountState.ACTIVE and (app_type is not AppType.ADMIN or account.is_operator)


class _Kept(NamedTuple):
    """The hash of the account's password, and what is worked for everybody while hashes of other apps are here."""

    hashed: str | None
    costliest: old_hashes.Costliest


async def _judged(means: Means, kept: _Kept, password: str, subjects: limits.Subjects) -> Verdict:
    try:
        return await means.hasher.verify(kept.hashed, password, kept.costliest)
    except HashingBusy:  # nobody judged it, so it counts against nobody
        await means.database.write(limits.take_back, subjects)
        raise errors.Unavailable from None


async def _rehash(means: Means, account_id: AccountId, hashed: str, password: str, now: datetime) -> None:
    """Keep the password as today's parameters want it; when there is no time for that, at the next sign-in."""
    with suppress(HashingBusy):
        fresh = await means.hasher.hash(password)
        await means.database.write(accounts.rehash, account_id, hashed, fresh, now)


def _begin(
    conn: sa.Connection, means: Means, account: Account, visit: Visit, proved: Pending, subjects: limits.Subjects,
    now: datetime,
) -> Begun:  # fmt: skip
    ticks, app_type = Ticks(proved.remember, proved.shared), proved.app_type
    here_before.end_own(conn, visit.signed_in, account.id, now)
    begun = begin(conn, means, account, visit, ticks, proved.first_proof, now, app_type=app_type)
    if app_type is AppType.ADMIN and operators.role_of(conn, account.id) is None:  # taken away meanwhile
        raise errors.SignInRefused
    limits.forgive(conn, subjects)
    return begun


def _look_up(
    conn: sa.Connection, means: Means, email: str, visit: Visit
) -> tuple[Account | None, _Kept, int, bool]:
    account = accounts.find_by_email(conn, email)
    account_id = account.id if account else AccountId(0)
    kept = _Kept(accounts.password_hash(conn, account_id), old_hashes.found(conn))
    first_proof = accounts.history_number(conn, account_id)
    known = accounts.is_known_browser(
        conn, account_id, browser_digest(means, visit.known_browser, account_id)
    )
    return account, kept, first_proof, known


def _subjects(means: Means, email: str, visit: Visit, *, known: bool) -> limits.Subjects:
    return limits.subjects(
        means.keyring, email=email, address=visit.address, browser=visit.known_browser if known else None
    )


def begin(
    conn: sa.Connection, means: Means, account: Account, visit: Visit, ticks: Ticks, first_proof: int,
    now: datetime, made_by: SessionId | None = None, app_type: AppType = AppType.WEB,
) -> Begun:  # fmt: skip
    """Begin a session in the transaction at hand: row, event, alert and known browser together.

    Raises:
        SignInRefused: all devices were logged out since the first proof was accepted (D23).
        OutsideNetworks, TooManySessions: as `make_room`.
    """
    accounts.hold(conn, account.id)
    held = _refuse_if_cut_off(conn, account.id, first_proof)
    ended = make_room(conn, means, held, app_type, visit.address, now)
    token = make_token(Kind.APP if visit.vouched_by else Kind.SES, account.id, means.keyring.way_keys)
    origin = Origin(mask_address(visit.address), means.places.locate(visit.address))
    before = seen_before(conn, means, account.id, visit.known_browser)
    session = _new_session(means, account, visit, origin, first_proof, now)
    session = replace(
        session, app_type=app_type, made_by=made_by, is_shared_computer=ticks.shared,
        idle=means.lifetimes.of(app_type, shared_computer=ticks.shared).idle,
        overall_until=now + means.lifetimes.of(app_type).overall,
        noticed=notice(origin.location, before),
    )  # fmt: skip
    sessions.begin(conn, session, _kept(means, account.id, visit, token))
    journal.record(conn, account.id, started(session, visit.vouched_by))
    if not any(n.sign.value == "unfamiliar_location" for n in session.noticed):
        accounts.add_familiar(conn, account.id, origin.location.place_key, now)
    if not before.is_first_sign_in and not before.is_known_browser:
        outbox.queue(conn, account.id, "new_sign_in", alert(account, session), now)
    if visit.locale and account.locale is None:
        accounts.set_language(conn, account.id, visit.locale, visit.zone or account.zone)
    wants = None if ticks.shared else ticks.remember or before.is_known_browser
    browser = remember(
        conn, means, account.id, visit.known_browser, now, wants, is_known=before.is_known_browser
    )
    return Begun(session, token, browser, ended)


def _refuse_if_cut_off(conn: sa.Connection, account_id: AccountId, first_proof: int) -> Account:
    account = accounts.find(conn, account_id)
    if account is None or account.state is not AccountState.ACTIVE or first_proof < account.epoch:
        raise errors.SignInRefused
    return account


def _new_session(
    means: Means, account: Account, visit: Visit, origin: Origin, first_proof: int, now: datetime
) -> Session:
    return Session(
        id=SessionId(make_session_id(account.id, means.keyring.way_keys)), account_id=account.id,
        app_type=AppType.WEB, device=visit.device, began_at=now, began_from=origin, last_at=now,
        last_from=origin, idle=means.lifetimes.default.idle, overall_until=now, first_proof=first_proof,
        days=DayLevels(last_day=day_of(now)).noted(day_of(now)), factors=() if visit.vouched_by else visit.factors,
    )  # fmt: skip


def _kept(means: Means, account_id: AccountId, visit: Visit, token: str) -> SignedInWith:
    sealed = means.keyring.encrypt("address", account_id, visit.address.encode())
    return SignedInWith(
        digest(token), visit.user_agent[:1024], visit.ruleset, sealed,
        address_mac(means.keyring, visit.address), agent_mac(means.keyring, bare(visit.user_agent), visit.ruleset),
    )  # fmt: skip
