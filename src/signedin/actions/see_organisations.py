"""Organisations as operators see them: by name, each with its members and its rules, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from signedin.actions.acting import Asking, operator_asking
from signedin.actions.means import Means
from signedin.actions.organisation_deeds import existing, named_in_shell
from signedin.rules.account import Account, OrganisationId, tidy_name
from signedin.rules.operator import Deed, Operator
from signedin.rules.organisation import Organisation, no_organisation
from signedin.rules.policy import Policy
from signedin.store import organisations, policies
from signedin.store.organisations import Counted


@dataclass(frozen=True, slots=True)
class OrganisationSeen:
    """An organisation with its rules and a page of its members; `more` is the number after which the next begins."""

    organisation: Organisation
    policies: tuple[Policy, ...]
    members: tuple[Account, ...]
    more: int | None
    operator: Operator | None = None


async def list_organisations(means: Means, asking: Asking, after: str, limit: int) -> list[Counted]:
    """So many organisations by name, after that one; of an operator who is bound to one that alone.

    Raises: as `operator_asking`.
    """
    return await means.database.read(_list, asking, after, limit)


async def names_of_organisations(means: Means, asking: Asking, limit: int) -> list[str]:
    """What so many are called, by name; for an operator who is bound to one that alone.

    Raises: as `operator_asking`.
    """
    return await means.database.read(_names, asking, limit)


async def see_organisation(
    means: Means, asking: Asking, organisation_id: OrganisationId, after: int, limit: int
) -> OrganisationSeen:
    """One organisation with its rules, and so many of its members after that number.

    Raises: as `operator_asking`, and
        NotFound: there is none, or it is another one than the operator is there for.
    """
    return await means.database.read(_see, asking, organisation_id, after, limit)


async def organisation_called(means: Means, asking: Asking, name: str) -> Organisation:
    """The organisation of that name.

    Raises: as `see_organisation`.
    """
    return await means.database.read(_called, asking, name)


async def organisations_for_shell(means: Means, after: str, limit: int) -> list[Counted]:
    """The same for whoever has the shell of the server."""
    return await means.database.read(organisations.every, after, limit)


async def see_from_shell(means: Means, name: str, after: int, limit: int) -> OrganisationSeen:
    """The same; raises NotFound."""
    return await means.database.read(_see_from_shell, name, after, limit)


def _list(conn: sa.Connection, asking: Asking, after: str, limit: int) -> list[Counted]:
    operator = operator_asking(conn, asking, Deed.SEE)
    return organisations.every(conn, after, limit, operator.organisation_id)


def _names(conn: sa.Connection, asking: Asking, limit: int) -> list[str]:
    operator = operator_asking(conn, asking, Deed.SEE)
    return organisations.names(conn, limit, operator.organisation_id)


def _see(
    conn: sa.Connection, asking: Asking, organisation_id: OrganisationId, after: int, limit: int
) -> OrganisationSeen:
    operator = operator_asking(conn, asking, Deed.SEE)
    return _seen(conn, existing(conn, organisation_id, operator=operator), after, limit, operator)


def _called(conn: sa.Connection, asking: Asking, name: str) -> Organisation:
    operator = operator_asking(conn, asking, Deed.SEE)
    found = organisations.named(conn, tidy_name(name))
    if found is None or not operator.may_know(found.id):
        raise no_organisation()
    return found


def _see_from_shell(conn: sa.Connection, name: str, after: int, limit: int) -> OrganisationSeen:
    return _seen(conn, named_in_shell(conn, name), after, limit, None)


def _seen(
    conn: sa.Connection, organisation: Organisation, after: int, limit: int, operator: Operator | None
) -> OrganisationSeen:
    members = organisations.members(conn, organisation.id, after, limit + 1)
    more = members[limit - 1].id if len(members) > limit else None
    rules = tuple(policies.of_organisation(conn, organisation.id))
    return OrganisationSeen(organisation, rules, tuple(members[:limit]), more, operator)
