"""A person says yes to a client: a consent, a grant and its code, in one transaction with one event.

One's own applications are asked no consent for: they get a grant that goes with no row of the list yet, because its
session begins with its first tokens, on the device that then shows the code (D13).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.ending import end_expired, end_row
from signedin.actions.judge_request import in_force
from signedin.actions.keep_question import question_is_over
from signedin.actions.means import Means
from signedin.actions.narrow_grants import narrow_grants
from signedin.rules import errors
from signedin.rules.account import Account, AccountState
from signedin.rules.activity import DayLevels
from signedin.rules.authorization import NO_CLIENT, AuthorizationRefused, Wanted
from signedin.rules.authorization_answer import host_of
from signedin.rules.client import Client
from signedin.rules.consent import Consent
from signedin.rules.event import Event, EventKind
from signedin.rules.grant import CODE_LASTS, WITHOUT_STAYING, Grant, Redeemable
from signedin.rules.interaction import needs_consent
from signedin.rules.presence import Presence
from signedin.rules.revocation import EndReason
from signedin.rules.secret import Kind, digest, make_session_id, make_token
from signedin.rules.session import Session, SessionId
from signedin.store import accounts, asked, clients, consents, cut_offs, grants, journal, sessions
from signedin.store.asked import Way


@dataclass(frozen=True, slots=True)
class Decision:
    """What the person has decided: the scopes that the client may have, and when they had shown who they are.

    `question` is the digest of the request that this answers, where it had to wait. `is_silent` says that nobody was
    asked, because a consent in force covers the request: it has to, still, when this is done. `before` is the consent
    that was in force when somebody was asked, or nothing: what was asked beside one that has ended is asked anew.
    """

    scopes: tuple[str, ...]
    proved_at: datetime
    question: bytes | None = None
    is_silent: bool = False
    before: str = ""


class NoLongerCovered(Exception):  # no error: the person is asked
    """Nobody was asked, or beside another consent, and that has meanwhile been revoked or narrowed; nothing was given."""


@dataclass(frozen=True, slots=True)
class Given:
    """What was given: the grant, and its code, shown to the client this once."""

    grant: Grant
    code: str = field(repr=False)


async def give_consent(
    means: Means, presence: Presence, wanted: Wanted, decision: Decision, now: datetime
) -> Given:
    """Give a client what the person has decided, and make the code that it redeems.

    Raises:
        NotSignedIn: the session that asks has ended meanwhile.
        AuthorizationRefused: the client has been disabled or has gone meanwhile.
        LinkExpired: the request was answered meanwhile, in another tab or by a second click.
        NoLongerCovered: nobody was asked, and has to be now.
    """
    return await means.database.write(_give, means, presence, wanted, decision, now)


def _give(
    conn: sa.Connection, means: Means, presence: Presence, wanted: Wanted, decision: Decision, now: datetime
) -> Given:
    grant = give_grant(conn, means, presence, wanted, decision, now)
    return Given(grant, _code(conn, means, wanted, grant, now))


def give_grant(
    conn: sa.Connection, means: Means, presence: Presence, wanted: Wanted, decision: Decision, now: datetime
) -> Grant:
    """The same in the transaction at hand, and without a code: a device has one of its own. Raises alike."""
    accounts.hold(conn, presence.account_id)
    account, session = _who_asks(conn, presence)
    client = _client(conn, wanted.client_id)
    if decision.question and asked.take(conn, Way.POSTED, decision.question) is None:
        raise question_is_over()
    may_stay = client.is_first_party or "offline_access" in decision.scopes
    grant = Grant(
        id=make_session_id(account.id, means.keyring.way_keys), account_id=account.id, client_id=client.id,
        scopes=decision.scopes, first_proof=session.first_proof, given_at=now, authenticated_at=decision.proved_at,
        until=now + (client.lasts if may_stay else WITHOUT_STAYING), resources=wanted.resources,
        factors=session.factors, nonce=wanted.nonce, sid=session.id, key_thumbprint=wanted.key_thumbprint,
    )  # fmt: skip
    if not client.is_first_party:
        before = in_force(conn, means, account.id, client.id, now)
        is_past = decision.before and (before is None or before.id != decision.before)
        if is_past or (decision.is_silent and needs_consent(wanted, client, before)):
            raise NoLongerCovered
        grant = replace(
            grant, row_id=_consented(conn, means, account, client, wanted, grant, session.id, before)
        )
    else:
        journal.record(conn, account.id, _event(EventKind.CLIENT_AUTHORIZED, client, grant, session.id))
    grants.add(conn, grant)
    return grant


def _who_asks(conn: sa.Connection, presence: Presence) -> tuple[Account, Session]:
    """Whoever decides, and by which session: what has ended since the request was recognised decides nothing (D23)."""
    account = accounts.find(conn, presence.account_id)
    session = sessions.find(conn, presence.account_id, presence.current_id or "")
    if account is None or session is None or account.state is not AccountState.ACTIVE:
        raise errors.NotSignedIn("revoked")
    return account, session


def _client(conn: sa.Connection, client_id: str) -> Client:
    client = clients.find(conn, client_id)
    if client is None or client.is_disabled:
        raise AuthorizationRefused(NO_CLIENT, client_id)
    return client


def _consented(
    conn: sa.Connection, means: Means, account: Account, client: Client, wanted: Wanted, grant: Grant, by: str,
    before: Consent | None,
) -> SessionId:  # fmt: skip
    """The row that the grant goes with: the consent that is in force, as it is after this, or a new one (R24, R30)."""
    now, host = grant.given_at, host_of(wanted.redirect_uri)
    if before is None:
        _bury(conn, account, client.id, now)
        first = _first(means, account, client, grant)
        after = first.decided(wanted.scopes, grant.scopes, host, wanted.resources, now)
        consents.add(conn, replace(after, changed_at=None, tokens=1))
        kind, row_id = EventKind.CONSENT_GIVEN, after.id
    else:
        after = before.decided(wanted.scopes, grant.scopes, host, wanted.resources, now)
        consents.change(conn, replace(after, tokens=before.tokens + 1))
        is_changed = {*after.scopes} != {*before.scopes}
        kind, row_id = EventKind.CONSENT_CHANGED if is_changed else EventKind.CLIENT_AUTHORIZED, before.id
    number = journal.record(conn, account.id, _event(kind, client, replace(grant, row_id=row_id), by))
    if before is not None and not {*before.scopes} <= {*after.scopes}:
        narrow_grants(conn, after, now, number)
    return row_id


def _first(means: Means, account: Account, client: Client, grant: Grant) -> Consent:
    return Consent(
        id=SessionId(make_session_id(account.id, means.keyring.way_keys)), account_id=account.id,
        client_id=client.id, client_name=client.name, client_description=client.description,
        consented_at=grant.given_at, scopes=(), idle=client.idle, first_proof=grant.first_proof, days=DayLevels(),
    )  # fmt: skip


def _bury(conn: sa.Connection, account: Account, client_id: str, now: datetime) -> None:
    """Bury the consent of before that has ended and waits to be tidied or swept: there is one row for each client."""
    dead = consents.to_client(conn, account.id, client_id)
    if dead is None:
        return
    if dead.first_proof < account.epoch:
        ended_at = cut_offs.epoch_at(conn, account.id) or now
        end_row(conn, dead, EndReason.LOGGED_OUT_EVERYWHERE, ended_at, account.epoch)
    else:
        end_expired(conn, dead, now)


def _event(kind: EventKind, client: Client, grant: Grant, by: str) -> Event:
    facts: dict[str, object] = {
        "app_type": client.app_type.value,
        "client": client.id,
        "scopes": list(grant.scopes),
    }
    return Event(kind, grant.given_at, grant.row_id, by, facts, {"device": client.name})


def _code(conn: sa.Connection, means: Means, wanted: Wanted, grant: Grant, now: datetime) -> str:
    code = make_token(Kind.COD, grant.account_id, means.keyring.way_keys)
    redeemable = Redeemable(
        grant.id, grant.account_id, wanted.client_id, wanted.redirect_uri, wanted.challenge, now + CODE_LASTS,
        wanted.key_thumbprint,
    )  # fmt: skip
    grants.add_code(conn, digest(code), redeemable)
    return code


def may_have(wanted: Wanted, ticked: Collection[str], needed: Collection[str]) -> tuple[str, ...]:
    """What of the scopes that are wanted was left ticked, with those that nobody can leave out."""
    return tuple(scope for scope in wanted.scopes if scope in ticked or scope in needed)
