"""Whether a rule would keep owners out of the console, as far as that can be known when it is set."""

from __future__ import annotations

import sqlalchemy as sa

from signedin.rules.operator import Operator
from signedin.rules.policy import Policy, admits
from signedin.rules.policy_wish import ShutsOut
from signedin.rules.session import AppType
from signedin.store import operators, organisations


def refuse_shut_out(conn: sa.Connection, operator: Operator | None, address: str, policy: Policy) -> None:
    """Refuse networks that whoever sets them is outside of and under; in the shell, those that every owner is under.

    The shell knows of nobody's address; whoever has it can take the rule away again.

    Raises:
        ShutsOut: that is so.
    """
    if not policy.networks or not policy.is_for(AppType.ADMIN):
        return
    if operator is None:
        owners = operators.owners(conn)
        if owners and all(organisations.is_member(conn, each, policy.organisation_id) for each in owners):
            raise ShutsOut(
                "Every owner belongs to this organisation: they could come to the console from these networks only.",
                hint="Say --confirmed if that is meant.",
            )
        return
    whose = operator.account_id
    is_under = whose is not None and organisations.is_member(conn, whose, policy.organisation_id)
    if is_under and not admits([policy.networks], address):
        raise ShutsOut
