"""Which rule applies to whom, and why: for operators, and for the person concerned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.actions.operate import account_of
from signedin.rules.account import Account, AccountId
from signedin.rules.operator import Operator
from signedin.rules.organisation import Organisation
from signedin.rules.policy import InForce, Networks, Policy, Ruled, in_force
from signedin.rules.presence import Presence
from signedin.rules.session import AppType
from signedin.store import accounts, organisations, policies

ELSEWHERE = ""
"""Stands for an organisation that whoever looks is not there for: that there is a rule is told, not whose."""


@dataclass(frozen=True, slots=True)
class RulesSeen:
    """The organisations of an account, and what is in force for each app type."""

    organisations: tuple[Organisation, ...]
    in_force: tuple[InForce, ...]


def rules_seen_by(
    conn: sa.Connection, means: Means, account: Account, operator: Operator | None
) -> RulesSeen:
    """What applies to the account, as that operator may know it; as its owner does where there is none."""
    if account.organisation_id is None:
        return RulesSeen((), all_in_force(means, ()))
    found, wanted = organisations.of(conn, account.id), policies.of_account(conn, account.id)
    if operator is not None and operator.organisation_id is not None:
        found = [each for each in found if operator.may_know(each.id)]
        wanted = [_seen(each, operator) for each in wanted]
    return RulesSeen(
        tuple(found), tuple(_without_networks_of_others(each) for each in all_in_force(means, wanted))
    )


def all_in_force(means: Means, wanted: Sequence[Policy]) -> tuple[InForce, ...]:
    """What is in force for each app type: the stricter of the installation's own limits and the rules."""
    return tuple(_in_force(means, wanted, app_type) for app_type in AppType)


async def own_rules(means: Means, presence: Presence) -> InForce | None:
    """What organisations want of the sessions of whoever asks, for the application they are in; `None` without one."""
    found = await means.database.read(_own, presence.account_id)
    return None if found is None else _in_force(means, found, presence.app_type or AppType.WEB)


def shortest_password(conn: sa.Connection, account_id: AccountId) -> int:
    """How many characters a new password of the account needs."""
    wanted = policies.of_account(conn, account_id) if accounts.is_member(conn, account_id) else []
    return in_force(wanted, None, timedelta.max, None).shortest_password.value


async def rules_for_shell(means: Means, email: str) -> RulesSeen:
    """What applies to the account with that address, for whoever has the shell of the server.

    Raises:
        NotFound: there is none.
    """
    return await means.database.read(_of_address, means, email)


def _of_address(conn: sa.Connection, means: Means, email: str) -> RulesSeen:
    return rules_seen_by(conn, means, account_of(conn, email), None)


def _own(conn: sa.Connection, account_id: AccountId) -> list[Policy] | None:
    if not accounts.is_member(conn, account_id):
        return None
    return policies.of_account(conn, account_id)


def _in_force(means: Means, wanted: Sequence[Policy], app_type: AppType) -> InForce:
    limits = means.lifetimes.of(app_type)
    overall = None if app_type is AppType.OAUTH else limits.overall
    return in_force(wanted, app_type, limits.idle, overall)


def _without_networks_of_others(rule: InForce) -> InForce:
    """Where people of an organisation are is told to its own operators alone; to others, that there is such a rule."""
    own = [replace(each, because=_known(each)) for each in rule.networks if _known(each)]
    is_elsewhere = any(not _known(each) for each in rule.networks)
    others: list[Ruled[Networks]] = [Ruled((), (ELSEWHERE,))] if is_elsewhere else []
    return replace(rule, networks=(*own, *others))


def _known(ruled: Ruled[Networks]) -> tuple[str, ...]:
    return tuple(name for name in ruled.because if name != ELSEWHERE)


def _seen(policy: Policy, operator: Operator) -> Policy:
    return policy if operator.may_know(policy.organisation_id) else replace(policy, organisation=ELSEWHERE)
