"""A new account: the first one at set-up, by oneself, by invitation, or by an operator."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from signedin.actions import record
from signedin.actions.begun import by_service
from signedin.actions.means import Means, Registration
from signedin.actions.named import hold_key
from signedin.rules import errors
from signedin.rules.account import Account, normalise_email, tidy_name
from signedin.rules.event import Event, EventKind
from signedin.rules.password import SHORTEST, why_refused
from signedin.rules.presence import Service
from signedin.rules.secret import Kind, digest, make_token, read_token
from signedin.rules.wording import marked as _
from signedin.store import accounts, installation, journal, limits, lookup, outbox
from signedin.store.passwords import HashingBusy, common_passwords

INVITATION_LASTS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Applicant:
    """What a person types to make an account."""

    email: str
    name: str
    password: str = field(repr=False)


async def set_up(means: Means, applicant: Applicant, now: datetime) -> Account:
    """Make the first account; the door has judged the one-time code.

    Raises:
        SetupRefused: there is an account already.
        InvalidInput, PasswordRefused: the form cannot be used as it is.
    """
    email, hashed = await _prepared(means, applicant)
    return await means.database.write(_add_first, email, tidy_name(applicant.name), hashed, now)


async def register(
    means: Means, applicant: Applicant, invitation: str | None, address: str, now: datetime
) -> None:
    """Make an account by oneself, or with an invitation.

    The same is said and the same work is done whether or not the address was taken; what happened is told by
    mail (security 6.3.8). `address` is the client's: registrations are counted by it (security 2.4.1).

    Raises:
        RegistrationClosed: not here, or not without an invitation.
        LinkExpired: the invitation was used or has expired.
        InvalidInput, PasswordRefused: the form cannot be used as it is.
        TooManyRequests: there were too many from there.
    """
    if means.registration is Registration.CLOSED:
        raise errors.RegistrationClosed
    if means.registration is Registration.INVITATION and not invitation:
        raise errors.RegistrationClosed
    email = _judged(means, applicant)
    retry_at = await means.database.write(limits.reserve, limits.registrations(means.keyring, address), now)
    if retry_at is not None:
        record.refused(means, email, address, errors.TooManyRequests.code)
        raise errors.TooManyRequests(retry_at)
    hashed = await _hashed(means, applicant)
    await means.database.write(_register, means, email, tidy_name(applicant.name), hashed, invitation, now)


async def add_by_operator(
    means: Means, applicant: Applicant, now: datetime, service: Service | None = None
) -> Account:
    """Make an account from the command line, or for an app, which the account's history names.

    Raises:
        NotSignedIn: the app's key has been revoked meanwhile.
        EmailTaken: there is one with this address.
        InvalidInput, PasswordRefused: the words cannot be used as they are.
    """
    email, hashed = await _prepared(means, applicant)
    return await means.database.write(_add, email, tidy_name(applicant.name), hashed, now, service)


async def invite(means: Means, email: str, now: datetime) -> str:
    """Invite an address; returns the one-time token for the link, which is shown this once.

    Raises:
        InvalidInput: not an e-mail address.
    """
    address = normalise_email(email)
    if address is None:
        raise errors.InvalidInput(_("This is not an email address."), field="email")
    token = make_token(Kind.INV, 0, means.keyring.way_keys)
    await means.database.write(installation.invite, digest(token), address, now + INVITATION_LASTS)
    return token


async def _prepared(means: Means, applicant: Applicant) -> tuple[str, str]:
    email = _judged(means, applicant)
    return email, await _hashed(means, applicant)


def _judged(means: Means, applicant: Applicant) -> str:
    email = normalise_email(applicant.email)
    if email is None:
        raise errors.InvalidInput(_("This is not an email address."), field="email")
    if not tidy_name(applicant.name):
        raise errors.InvalidInput(_("A name is needed."), field="name")
    judge_password(applicant.password, (applicant.name, email, means.host, means.brand))
    return email


async def _hashed(means: Means, applicant: Applicant) -> str:
    try:
        return await means.hasher.hash(applicant.password)
    except HashingBusy:
        raise errors.Unavailable from None


def judge_password(password: str, words: Iterable[str], shortest: int = SHORTEST) -> None:
    """Refuse a password that is too short, also by the rule of an organisation, or easily guessed, saying why (D33).

    Raises:
        PasswordRefused: with the reason.
    """
    problem = why_refused(password, words=words, common=common_passwords(), shortest=shortest)
    if problem is not None:
        raise errors.PasswordRefused(problem.sentence, field="password")


def _add(
    conn: sa.Connection,
    email: str,
    name: str,
    hashed: str,
    now: datetime,
    service: Service | None = None,
) -> Account:
    if service is not None:
        hold_key(conn, service)
    account = accounts.add(conn, email, name, now)
    lookup.enter(conn, account)
    accounts.set_password(conn, account.id, hashed, now)
    facts = {} if service is None else by_service(service)
    event = Event(EventKind.ACCOUNT_CREATED, now, facts=facts, personal={"name": name})
    journal.record(conn, account.id, event)
    return account


def _add_first(conn: sa.Connection, email: str, name: str, hashed: str, now: datetime) -> Account:
    accounts.alone(conn)
    if not accounts.is_empty(conn):
        raise errors.SetupRefused(_("There is an account already."), hint=_("Sign in with it."))
    return _add(conn, email, name, hashed, now)


def _register(
    conn: sa.Connection,
    means: Means,
    email: str,
    name: str,
    hashed: str,
    invitation: str | None,
    now: datetime,
) -> None:
    if invitation:
        _use_invitation(conn, means, invitation, email, now)
    existing = accounts.find_by_email(conn, email)
    made = _add_or_pretend(conn, email, name, hashed, now, pretend=existing is not None)
    owner = existing or made
    if limits.reserve(conn, limits.registration_letters(means.keyring, email), now) is None:
        kind = "account_made" if existing is None else "address_already_registered"
        fields = {"to": owner.email, "name": owner.name, "at": now.isoformat()}
        outbox.queue(conn, owner.id, kind, fields, now)


def _add_or_pretend(
    conn: sa.Connection, email: str, name: str, hashed: str, now: datetime, *, pretend: bool
) -> Account:
    """Make the account; or do all of that work for a made-up address, and take it back (security 6.3.8)."""
    with conn.begin_nested() as attempt:
        account = _add(conn, f"{secrets.token_hex(12)}@{email}" if pretend else email, name, hashed, now)
        if pretend:
            attempt.rollback()
    return account


def _use_invitation(conn: sa.Connection, means: Means, invitation: str, email: str, now: datetime) -> None:
    read = read_token(invitation, {Kind.INV}, means.keyring.way_keys)
    invited = installation.use_invitation(conn, read.digest, now) if read else None
    if invited is None:
        raise errors.LinkExpired
    if invited != email:
        raise errors.InvalidInput(_("The invitation is for another address."), field="email")
