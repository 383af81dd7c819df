"""Organisations and who belongs to them: changed by owners, or by whoever has the shell of the server."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.actions.acting import Asking, operator_asking
from signedin.actions.end_over import end_all
from signedin.actions.hear import heard_everywhere
from signedin.actions.means import Means
from signedin.actions.operate import IN_CONSOLE, account_of
from signedin.actions.organisation_deeds import existing, named_in_shell, recorded
from signedin.rules import errors
from signedin.rules.account import Account, AccountId, OrganisationId
from signedin.rules.ending import Ending, Scope
from signedin.rules.event import Event, EventKind
from signedin.rules.operator import Deed, Operator
from signedin.rules.organisation import Organisation, OrganisationInUse, judge_name
from signedin.rules.wording import marked as _
from signedin.store import accounts, deeds, endings, operators, organisations, policies


async def make_organisation(means: Means, asking: Asking, name: str, now: datetime) -> Organisation:
    """Make one, which wants nothing of anybody yet.

    Raises: as `operator_asking`, and
        InvalidInput, NameTaken: the name.
    """
    return await means.database.write(_make_by, asking, judge_name(name), now)


async def rename_organisation(
    means: Means, asking: Asking, organisation_id: OrganisationId, name: str, now: datetime
) -> Organisation:
    """Call it something else.

    Raises: as `make_organisation`, and
        NotFound: there is none like that.
    """
    return await means.database.write(_rename, asking, organisation_id, judge_name(name), now)


async def remove_organisation(
    means: Means, asking: Asking, organisation_id: OrganisationId, now: datetime
) -> Organisation:
    """Remove one that nobody belongs to any more, with its rules.

    Raises: as `operator_asking`, and
        NotFound: there is none like that.
        OrganisationInUse: it has members, or operators of its own.
    """
    return await means.database.write(_remove_by, asking, organisation_id, now)


async def add_member(
    means: Means, asking: Asking, organisation_id: OrganisationId, email: str, now: datetime
) -> Account:
    """Let an account belong to it: its sessions are under the rules from their next check on, when this returns.

    Raises: as `operator_asking`, and
        NotFound: there is no such organisation or account.
    """
    account = await means.database.write(_add_member_by, asking, organisation_id, email, now)
    await heard_everywhere(means)
    return account


async def remove_member(
    means: Means, asking: Asking, organisation_id: OrganisationId, account_id: AccountId, now: datetime
) -> Account:
    """Let an account belong to it no more; what its rules have ended stays ended.

    Raises: as `add_member`.
    """
    account = await means.database.write(_remove_member_by, means, asking, organisation_id, account_id, now)
    await heard_everywhere(means)
    return account


async def make_from_shell(means: Means, name: str, now: datetime) -> Organisation:
    """The same by whoever has the shell of the server, who needs no role."""
    return await means.database.write(_make, judge_name(name), None, now)


async def remove_from_shell(means: Means, name: str, now: datetime) -> Organisation:
    """The same; raises as `remove_organisation`."""
    return await means.database.write(_remove_from_shell, name, now)


async def add_member_from_shell(means: Means, name: str, email: str, now: datetime) -> Account:
    """The same; raises as `add_member`."""
    account = await means.database.write(_add_member_from_shell, name, email, now)
    await heard_everywhere(means)
    return account


async def remove_member_from_shell(means: Means, name: str, email: str, now: datetime) -> Account:
    """The same; raises as `remove_member`."""
    account = await means.database.write(_remove_member_from_shell, means, name, email, now)
    await heard_everywhere(means)
    return account


def _make_by(conn: sa.Connection, asking: Asking, name: str, now: datetime) -> Organisation:
    return _make(conn, name, operator_asking(conn, asking, Deed.RULE, writes=True), now)


def _make(conn: sa.Connection, name: str, operator: Operator | None, now: datetime) -> Organisation:
    made = organisations.add(conn, name, now)
    recorded(conn, operator, EventKind.ORGANISATION_MADE, made, now)
    return made


def _rename(
    conn: sa.Connection, asking: Asking, organisation_id: OrganisationId, name: str, now: datetime
) -> Organisation:
    operator = operator_asking(conn, asking, Deed.RULE, writes=True)
    before = existing(conn, organisation_id, held=True)
    organisations.rename(conn, organisation_id, name)
    made = existing(conn, organisation_id)
    recorded(conn, operator, EventKind.ORGANISATION_RENAMED, made, now, {"before": before.name})
    return made


def _remove_by(
    conn: sa.Connection, asking: Asking, organisation_id: OrganisationId, now: datetime
) -> Organisation:
    operator = operator_asking(conn, asking, Deed.RULE, writes=True)
    return _remove(conn, existing(conn, organisation_id, held=True), operator, now)


def _remove_from_shell(conn: sa.Connection, name: str, now: datetime) -> Organisation:
    return _remove(conn, named_in_shell(conn, name, held=True), None, now)


def _remove(
    conn: sa.Connection, gone: Organisation, operator: Operator | None, now: datetime
) -> Organisation:
    if organisations.has_members(conn, gone.id) or operators.has_some_for(conn, gone.id):
        raise OrganisationInUse
    policies.clear_all(conn, gone.id)
    organisations.remove(conn, gone.id)
    recorded(conn, operator, EventKind.ORGANISATION_REMOVED, gone, now)
    return gone


def _add_member_by(
    conn: sa.Connection, asking: Asking, organisation_id: OrganisationId, email: str, now: datetime
) -> Account:
    operator = operator_asking(conn, asking, Deed.RULE, writes=True)
    organisation = existing(conn, organisation_id, held=True)
    return _add_member(conn, organisation, account_of(conn, email, IN_CONSOLE).id, operator, now)


def _add_member_from_shell(conn: sa.Connection, name: str, email: str, now: datetime) -> Account:
    organisation = named_in_shell(conn, name, held=True)
    return _add_member(conn, organisation, account_of(conn, email).id, None, now)


def _add_member(
    conn: sa.Connection, organisation: Organisation, account_id: AccountId, operator: Operator | None,
    now: datetime,
) -> Account:  # fmt: skip
    accounts.hold(conn, account_id)
    if organisations.join(conn, account_id, organisation.id, now):
        _membership_recorded(conn, account_id, organisation, EventKind.MEMBER_ADDED, operator, now)
        _judged_anew(conn, account_id, now)
    return _account(conn, account_id)


def _remove_member_by(
    conn: sa.Connection, means: Means, asking: Asking, organisation_id: OrganisationId, account_id: AccountId,
    now: datetime,
) -> Account:  # fmt: skip
    operator = operator_asking(conn, asking, Deed.RULE, writes=True)
    organisation = existing(conn, organisation_id, held=True)
    return _remove_member(conn, means, organisation, account_id, operator, now)


def _remove_member_from_shell(
    conn: sa.Connection, means: Means, name: str, email: str, now: datetime
) -> Account:
    organisation = named_in_shell(conn, name, held=True)
    return _remove_member(conn, means, organisation, account_of(conn, email).id, None, now)


def _remove_member(
    conn: sa.Connection, means: Means, organisation: Organisation, account_id: AccountId,
    operator: Operator | None, now: datetime,
) -> Account:  # fmt: skip
    accounts.hold(conn, account_id)
    if not organisations.is_member(conn, account_id, organisation.id):
        raise errors.NotFound(
            _("This account does not belong to the organisation."), hint=_("Look at its members.")
        )
    end_all(conn, means, account_id, now)
    organisations.leave(conn, account_id, organisation.id)
    _membership_recorded(conn, account_id, organisation, EventKind.MEMBER_REMOVED, operator, now)
    _judged_anew(conn, account_id, now)
    return _account(conn, account_id)


def _judged_anew(conn: sa.Connection, account_id: AccountId, now: datetime) -> None:
    """Whoever has recognised something of the account from memory asks again: the last thing in the transaction."""
    digests = tuple(organisations.secrets_of(conn, account_id))
    if digests:
        endings.record(conn, Ending(Scope.RULES, account_id, digests), now)


def _membership_recorded(
    conn: sa.Connection, account_id: AccountId, organisation: Organisation, kind: EventKind,
    operator: Operator | None, now: datetime,
) -> None:  # fmt: skip
    by: dict[str, object] = {"by": "operator"} if operator is None else operator.facts()
    facts = by | {"organisation": str(organisation.id), "name": organisation.name}
    event = Event(kind, now, facts=facts)
    deeds.record(conn, account_id, event, None if operator is None else operator.account_id)


def _account(conn: sa.Connection, account_id: AccountId) -> Account:
    account = accounts.find(conn, account_id)
    if account is None:
        raise errors.NotFound(_("There is no such account."), hint=_("Check the id."))
    return account
