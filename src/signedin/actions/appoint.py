"""Who is an operator: seen, appointed and dismissed by owners, or by whoever has the shell of the server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.acting import Asking, operator_asking, refuse_last_owner
from signedin.actions.ending import end_sessions
from signedin.actions.hear import heard_everywhere
from signedin.actions.means import Means
from signedin.actions.operate import IN_CONSOLE, account_of
from signedin.actions.organisation_deeds import existing, named_in_shell
from signedin.rules import errors
from signedin.rules.account import Account, AccountId, AccountState, OrganisationId
from signedin.rules.event import Event, EventKind
from signedin.rules.operator import Deed, Operator, Role, may_appoint
from signedin.rules.organisation import Organisation
from signedin.rules.revocation import EndReason
from signedin.rules.session import AppType, Session
from signedin.rules.wording import marked as _
from signedin.store import accounts, deeds, operators, organisations, session_rows

Appointed = tuple[Account, Role]


async def who_asks(means: Means, asking: Asking, deed: Deed = Deed.SEE) -> Operator:
    """The operator who asks.

    Raises: as `operator_asking`.
    """
    return await means.database.read(operator_asking, asking, deed)


async def list_operators(means: Means, asking: Asking) -> list[Appointed]:
    """Who has which role; every operator may know whom to ask: owners, and of an organisation its own.

    Raises: as `operator_asking`.
    """
    return await means.database.read(_list, asking)


def _list(conn: sa.Connection, asking: Asking) -> list[Appointed]:
    operator = operator_asking(conn, asking, Deed.SEE)
    return [
        (account, role)
        for account, role, bound in operators.everybody(conn)
        if role is Role.OWNER or operator.organisation_id in (None, bound)
    ]


async def bound_to(means: Means, some: Sequence[Appointed]) -> dict[AccountId, Organisation]:
    """Which of these operators are there for one organisation alone, and for which."""
    return await means.database.read(_bound_to, [account.id for account, _role in some])


def _bound_to(conn: sa.Connection, ids: Sequence[AccountId]) -> dict[AccountId, Organisation]:
    every = {account.id: bound for account, _role, bound in operators.everybody(conn) if bound is not None}
    found = {each: organisations.find(conn, every[each]) for each in ids if each in every}
    return {each: organisation for each, organisation in found.items() if organisation is not None}


async def appoint(
    means: Means, asking: Asking, email: str, role: Role, now: datetime, bound: OrganisationId | None = None
) -> Account:
    """Give somebody a role, or another one; it counts from their next request on.

    It is for that organisation alone where one is said: they see and end only what its members have.

    Raises:
        RoleNeeded: only owners appoint.
        OwnRole: one's own role.
        LastOwner: no owner would be left.
        NotFound: there is no such account or organisation.
        InvalidInput: it is disabled or closed, only an app knows the person, or owners are bound to nothing.
    """
    account = await means.database.write(_appoint_by, asking, email, role, bound, now)
    await heard_everywhere(means)
    return account


async def dismiss(means: Means, asking: Asking, account_id: AccountId, now: datetime) -> Account:
    """Take somebody's role away: their Admin sessions are over when this returns.

    Raises: as `appoint`.
    """
    account = await means.database.write(_dismiss_by, asking, account_id, now)
    await heard_everywhere(means)
    return account


async def appoint_from_shell(
    means: Means, email: str, role: Role, now: datetime, organisation: str = ""
) -> Account:
    """The same by whoever has the shell of the server, who needs no role and names an organisation as they like."""
    account = await means.database.write(_appoint_from_shell, email, role, organisation, now)
    await heard_everywhere(means)
    return account


async def dismiss_from_shell(means: Means, email: str, now: datetime) -> Account:
    """The same; the last owner stays here too."""
    account = await means.database.write(_dismiss_from_shell, email, now)
    await heard_everywhere(means)
    return account


async def operators_for_shell(means: Means) -> list[Appointed]:
    """Who has which role, for whoever has the shell."""
    return await means.database.read(operators.every)


def _appoint_by(
    conn: sa.Connection, asking: Asking, email: str, role: Role, bound: OrganisationId | None, now: datetime
) -> Account:
    operator = operator_asking(conn, asking, Deed.APPOINT, writes=True)
    may_appoint(operator, account_of(conn, email, IN_CONSOLE).id)
    return _appoint(conn, email, role, bound, operator, now)


def _appoint_from_shell(
    conn: sa.Connection, email: str, role: Role, organisation: str, now: datetime
) -> Account:
    operators.hold_roles(conn, alone=True)
    bound = named_in_shell(conn, organisation).id if organisation else None
    return _appoint(conn, email, role, bound, None, now)


def _appoint(
    conn: sa.Connection, email: str, role: Role, bound: OrganisationId | None, operator: Operator | None,
    now: datetime,
) -> Account:  # fmt: skip
    if bound is not None:
        existing(conn, bound, held=True)
        if role is Role.OWNER:
            raise errors.InvalidInput(
                _("An owner is bound to no organisation."), field="organisation_id",
                hint=_("Leave the organisation out, or choose another role."),
            )  # fmt: skip
    account = _held(conn, account_of(conn, email).id)
    if account.state is not AccountState.ACTIVE:
        raise errors.InvalidInput(_("This account is disabled or closed."), field="email")
    before = operators.role_of(conn, account.id)
    if before is role and operators.bound_to(conn, account.id) == bound:
        return account
    if before is Role.OWNER:
        refuse_last_owner(conn, account.id)
    operators.set_role(conn, account.id, role, bound)
    number = _recorded(conn, account.id, EventKind.OPERATOR_APPOINTED, role, operator, now, bound)
    if before is None:  # what an app has begun for somebody is never an operator's (D31)
        vouched = [row.id for row in _sessions(conn, account.id) if not row.factors]
        end_sessions(conn, account.id, vouched, EndReason.POLICY, now, number)
    return account


def _dismiss_by(conn: sa.Connection, asking: Asking, account_id: AccountId, now: datetime) -> Account:
    operator = operator_asking(conn, asking, Deed.APPOINT, writes=True)
    may_appoint(operator, account_id)
    return _dismiss(conn, account_id, operator, now)


def _dismiss_from_shell(conn: sa.Connection, email: str, now: datetime) -> Account:
    operators.hold_roles(conn, alone=True)
    return _dismiss(conn, account_of(conn, email).id, None, now)


def _dismiss(conn: sa.Connection, account_id: AccountId, operator: Operator | None, now: datetime) -> Account:
    account = _held(conn, account_id)
    role = operators.role_of(conn, account_id)
    if role is None:
        raise errors.NotFound(
            _("This account is not an operator’s."), hint=_("Look at who the operators are.")
        )
    if role is Role.OWNER:
        refuse_last_owner(conn, account_id)
    operators.set_role(conn, account_id, None)
    number = _recorded(conn, account_id, EventKind.OPERATOR_DISMISSED, role, operator, now)
    ended = [row.id for row in _sessions(conn, account_id) if row.app_type is AppType.ADMIN]
    end_sessions(conn, account_id, ended, EndReason.ENDED_BY_OPERATOR, now, number)
    return account


def _held(conn: sa.Connection, account_id: AccountId) -> Account:
    """The account; owners are held before any other, so that two owners never wait for each other."""
    operators.hold_owners(conn)
    accounts.hold(conn, account_id)
    account = accounts.find(conn, account_id)
    if account is None:
        raise errors.NotFound(_("There is no such account."), hint=_("Check the id."))
    return account


def _sessions(conn: sa.Connection, account_id: AccountId) -> Sequence[Session]:
    rows, _ = session_rows.of(conn, account_id)
    return [row for row in rows if isinstance(row, Session)]


def _recorded(
    conn: sa.Connection, account_id: AccountId, kind: EventKind, role: Role, operator: Operator | None,
    now: datetime, bound: OrganisationId | None = None,
) -> int:  # fmt: skip
    by: dict[str, object] = {"by": "operator"} if operator is None else operator.facts()
    of_it = {} if bound is None else {"organisation": str(bound)}
    event = Event(kind, now, facts=by | {"role": role.value} | of_it)
    return deeds.record(conn, account_id, event, operator.account_id if operator else None)
