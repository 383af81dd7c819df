"""An app begins a session for one of its people, whom it has signed in by itself (D31)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from signedin.actions import record
from signedin.actions.begun import by_service
from signedin.actions.hear import heard_everywhere
from signedin.actions.means import Means
from signedin.actions.named import account_of, hold_key, whose
from signedin.actions.sign_in import Begun, Ticks, Visit, begin
from signedin.rules import errors
from signedin.rules.account import AccountId, OutsideId, normalise_email, tidy_name
from signedin.rules.event import Event, EventKind
from signedin.rules.presence import Service
from signedin.rules.session import AppType
from signedin.rules.vouching import may_vouch_as, may_vouch_for
from signedin.rules.wording import marked as _
from signedin.store import accounts, journal, outside


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
        OutsideNetworks, TooManySessions: a rule of an organisation; an app is refused where a person would be asked.
    """
    may_vouch_as(service, vouched.app_type)
    meant = whose(vouched.named, service)
    if vouched.email and normalise_email(vouched.email) is None:
        raise errors.InvalidInput(_("This is not an email address."), field="email")
    begun = await means.database.write(
        _begin, means, service, meant, vouched, replace(visit, vouched_by=service), now
    )
    if begun.ended:
        await heard_everywhere(means)
    means.recent.saw(begun.session.account_id, begun.session.id, now)
    record.begun(service, visit.address, begun.session.id)
    return begun


def _begin(
    conn: sa.Connection, means: Means, service: Service, meant: AccountId | OutsideId, vouched: Vouched,
    visit: Visit, now: datetime,
) -> Begun:  # fmt: skip
    hold_key(conn, service)
    if isinstance(meant, OutsideId):
        meant = outside.find(conn, meant) or _made(conn, service, meant, vouched, now)
    accounts.hold(conn, meant)
    account = account_of(conn, meant)
    may_vouch_for(account)
    first_proof = accounts.history_number(conn, account.id)
    ticks = Ticks(remember=vouched.remember)
    return begin(conn, means, account, visit, ticks, first_proof, now, app_type=vouched.app_type)


def _made(
    conn: sa.Connection, service: Service, meant: OutsideId, vouched: Vouched, now: datetime
) -> AccountId:
    """The new account of somebody whom the app names for the first time, or the one that was made meanwhile."""
    email, name = normalise_email(vouched.email) or "", tidy_name(vouched.name)
    account = outside.add(conn, meant, email, name, now)
    if account is None:
        return account_of(conn, meant).id
    event = Event(EventKind.ACCOUNT_CREATED, now, facts=by_service(service), personal={"name": name})
    journal.record(conn, account.id, event)
    return account.id
