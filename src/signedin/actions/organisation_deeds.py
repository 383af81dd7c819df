"""What deeds to organisations have in common: finding the one that is meant, and the record of what was done."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
import structlog

from signedin.rules.account import OrganisationId, tidy_name
from signedin.rules.event import Event, EventKind
from signedin.rules.operator import Operator
from signedin.rules.organisation import Organisation, no_organisation
from signedin.store import deeds, operators, organisations

log = structlog.get_logger("signedin.security")


def existing(
    conn: sa.Connection, organisation_id: OrganisationId, *, held: bool = False, operator: Operator | None = None
) -> Organisation:  # fmt: skip
    """The organisation with that number, if whoever asks may know of it; held, nobody else changes it meanwhile.

    Raises:
        NotFound: there is none.
    """
    found = organisations.find(conn, organisation_id, held=held)
    if found is None or (operator is not None and not operator.may_know(found.id)):
        raise no_organisation()
    return found


def named_in_shell(conn: sa.Connection, name: str, *, held: bool = False) -> Organisation:
    """The organisation that somebody in the shell means, by its name or its number.

    Raises:
        NotFound: there is none.
    """
    found = organisations.named(conn, tidy_name(name))
    if found is None and name.isascii() and name.isdigit() and int(name) < 2**63:
        found = organisations.find(conn, OrganisationId(int(name)))
    if found is None:
        raise no_organisation()
    return existing(conn, found.id, held=held)


def recorded(
    conn: sa.Connection, operator: Operator | None, kind: EventKind, organisation: Organisation, now: datetime,
    more: dict[str, object] | None = None,
) -> None:  # fmt: skip
    """Record what was done to no account: in the history of the operator who did it; from the shell in the first owner's.

    Where there is no owner yet, it stands in the log alone.
    """
    facts: dict[str, object] = {
        "organisation": str(organisation.id),
        "name": organisation.name,
        **(more or {}),
    }
    by: dict[str, object] = {"by": "operator"} if operator is None else operator.facts()
    whose = operators.hold_owners(conn)[:1] if operator is None else [operator.account_id]
    if not whose or whose[0] is None:
        log.info("an organisation was changed", kind=kind.value, **facts)
        return
    event = Event(kind, now, facts=by | facts)
    deeds.record(conn, whose[0], event, None if operator is None else operator.account_id)
