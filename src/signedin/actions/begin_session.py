"""An app begins a session for one of its people, whom it has signed in by itself (D31)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from signedin.actions import record
from signedin.actions.begun import by_service
from signedin.actions.means import Means
from signedin.actions.sign_in import Begun, Ticks, Visit, begin
from signedin.rules import errors
from signedin.rules.account import (
    Account,
    AccountId,
    OutsideId,
    account_named,
    normalise_email,
    tidy_name,
)
from signedin.rules.event import Event, EventKind
from signedin.rules.presence import Service
from signedin.rules.session import AppType
from signedin.rules.vouching import may_vouch_as, may_vouch_for
from signedin.rules.wording import marked as _
from signedin.store import accounts, journal, outside, services


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom an app vouches for, on what, and what it knows of somebody who has no account yet."""

    named: str
    app_type: AppType
    email: str = ""
    name: str = ""
    remember: bool = False


async def begin_session(
    means: Means, service: Service, vouched: Vouched, visit: Visit, now: datetime
) -> Begun:
    """Begin a session that carries no factor; its secret is shown this once.

    Who is known by an outside id for the first time gets an account in the same transaction, and only one, however
    many calls come at once. The call is the first proof, and it is accepted in that transaction: what is begun after
    Logout All Devices lives, and nothing from before it (D23).

    Raises:
        InsufficientPermission: the key is not for that app type, or it is an operator's account.
        InvalidInput: that names nobody, or the address is none.
        NotFound: there is no account with that number.
        AccountInactive: it is disabled or closed.
        NotSignedIn: the key has been revoked meanwhile.
    """
    may_vouch_as(service, vouched.app_type)
    whose = account_named(vouched.named, service.name)
    if whose is None:
        raise errors.InvalidInput(_("This names no account."), field="id")
    if vouched.email and normalise_email(vouched.email) is None:
        raise errors.InvalidInput(_("This is not an email address."), field="email")
    begun = await means.database.write(
        _begin, means, service, whose, vouched, replace(visit, vouched_by=service), now
    )
    means.recent.saw(begun.session.account_id, begun.session.id, now)
    record.begun(service, visit.address, begun.session.id)
    return begun


def _begin(
    conn: sa.Connection, means: Means, service: Service, whose: AccountId | OutsideId, vouched: Vouched,
    visit: Visit, now: datetime,
) -> Begun:  # fmt: skip
    if not services.is_living(conn, service.key_id):
        raise errors.NotSignedIn("revoked")
    if isinstance(whose, OutsideId):
        whose = outside.find(conn, whose) or _made(conn, service, whose, vouched, now)
    account = _held(conn, whose)
    first_proof = accounts.history_number(conn, account.id)
    ticks = Ticks(remember=vouched.remember)
    return begin(conn, means, account, visit, ticks, first_proof, now, app_type=vouched.app_type)


def _made(
    conn: sa.Connection, service: Service, whose: OutsideId, vouched: Vouched, now: datetime
) -> AccountId:
    """The new account of somebody whom the app names for the first time, or the one that was made meanwhile."""
    email, name = normalise_email(vouched.email) or "", tidy_name(vouched.name)
    account = outside.add(conn, whose, email, name, now)
    if account is None:
        return outside.find(conn, whose) or AccountId(0)
    event = Event(EventKind.ACCOUNT_CREATED, now, facts=by_service(service), personal={"name": name})
    journal.record(conn, account.id, event)
    return account.id


def _held(conn: sa.Connection, account_id: AccountId) -> Account:
    """The account, which nobody changes until this is over, if a session may begin for it."""
    accounts.hold(conn, account_id)
    account = accounts.find(conn, account_id)
    if account is None:
        raise errors.NotFound(_("There is no such account."), hint=_("Check the id."))
    may_vouch_for(account)
    return account
