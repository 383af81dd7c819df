"""What an organisation wants of its members' sessions: set and cleared by owners, in force when that returns.

Every process that answers from memory forgets what it has judged by rules of before, and says so; what those rules
have ended by then is buried first, so that nothing comes back by a laxer one.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.actions.acting import Asking, operator_asking
from signedin.actions.end_over import end_over_of_members
from signedin.actions.hear import heard_everywhere
from signedin.actions.means import Means
from signedin.actions.organisation_deeds import existing, named_in_shell, recorded
from signedin.rules import errors
from signedin.rules.account import AccountId, OrganisationId
from signedin.rules.ending import Ending, Scope
from signedin.rules.event import EventKind
from signedin.rules.operator import Deed, Operator
from signedin.rules.organisation import Organisation
from signedin.rules.policy import Policy
from signedin.rules.policy_wish import EVERY_TYPE, Wish, app_type_named, judge_wish
from signedin.rules.session import AppType
from signedin.rules.wording import marked as _
from signedin.store import endings, policies

_EVERYBODY = AccountId(0)


async def set_policy(
    means: Means, asking: Asking, organisation_id: OrganisationId, app_type: str, wish: Wish, now: datetime
) -> Policy:
    """Let this be what the organisation wants for that app type, or for "all", in the place of what it wanted before.

    Raises: as `operator_asking`, and
        NotFound: there is no such organisation.
        InvalidInput: a field cannot be used, or nothing is wanted.
    """
    kind = app_type_named(app_type)
    organisation = await means.database.read(_may, asking, organisation_id)
    judge_wish(organisation, kind, wish)
    await end_over_of_members(means, organisation_id, now)
    policy = await means.database.write(_set_by, asking, organisation_id, kind, wish, now)
    await heard_everywhere(means)
    return policy


async def clear_policy(
    means: Means, asking: Asking, organisation_id: OrganisationId, app_type: str, now: datetime
) -> None:
    """Let the organisation want nothing for that app type any more; what for "all" it wants stays.

    Raises: as `operator_asking`, and
        NotFound: there is no such organisation, or no rule of it for that app type.
    """
    kind = app_type_named(app_type)
    await means.database.read(_may, asking, organisation_id)
    await end_over_of_members(means, organisation_id, now)
    await means.database.write(_clear_by, asking, organisation_id, kind, now)
    await heard_everywhere(means)


async def set_policy_from_shell(means: Means, name: str, app_type: str, wish: Wish, now: datetime) -> Policy:
    """The same by whoever has the shell of the server, who needs no role."""
    kind = app_type_named(app_type)
    organisation = await means.database.read(named_in_shell, name)
    judge_wish(organisation, kind, wish)
    await end_over_of_members(means, organisation.id, now)
    policy = await means.database.write(_set, organisation.id, kind, wish, None, now)
    await heard_everywhere(means)
    return policy


async def clear_policy_from_shell(means: Means, name: str, app_type: str, now: datetime) -> None:
    """The same; raises as `clear_policy`."""
    kind = app_type_named(app_type)
    organisation = await means.database.read(named_in_shell, name)
    await end_over_of_members(means, organisation.id, now)
    await means.database.write(_clear, organisation.id, kind, None, now)
    await heard_everywhere(means)


def _may(conn: sa.Connection, asking: Asking, organisation_id: OrganisationId) -> Organisation:
    operator_asking(conn, asking, Deed.RULE)
    return existing(conn, organisation_id)


def _set_by(
    conn: sa.Connection, asking: Asking, organisation_id: OrganisationId, app_type: AppType | None, wish: Wish,
    now: datetime,
) -> Policy:  # fmt: skip
    operator = operator_asking(conn, asking, Deed.RULE, writes=True)
    return _set(conn, organisation_id, app_type, wish, operator, now)


def _set(
    conn: sa.Connection, organisation_id: OrganisationId, app_type: AppType | None, wish: Wish,
    operator: Operator | None, now: datetime,
) -> Policy:  # fmt: skip
    organisation = existing(conn, organisation_id, held=True)
    policy = judge_wish(organisation, app_type, wish)
    policies.keep(conn, policy, now)
    told = {"app_type": app_type or EVERY_TYPE} | said(policy)
    recorded(conn, operator, EventKind.POLICY_SET, organisation, now, told)
    endings.record(conn, Ending(Scope.RULES, _EVERYBODY), now)
    return policy


def _clear_by(
    conn: sa.Connection, asking: Asking, organisation_id: OrganisationId, app_type: AppType | None, now: datetime
) -> None:  # fmt: skip
    operator = operator_asking(conn, asking, Deed.RULE, writes=True)
    _clear(conn, organisation_id, app_type, operator, now)


def _clear(
    conn: sa.Connection, organisation_id: OrganisationId, app_type: AppType | None, operator: Operator | None,
    now: datetime,
) -> None:  # fmt: skip
    organisation = existing(conn, organisation_id, held=True)
    if not policies.clear(conn, organisation_id, app_type):
        raise errors.NotFound(_("There is no such rule."), hint=_("Look at the rules of the organisation."))
    told: dict[str, object] = {"app_type": app_type or EVERY_TYPE}
    recorded(conn, operator, EventKind.POLICY_CLEARED, organisation, now, told)
    endings.record(conn, Ending(Scope.RULES, _EVERYBODY), now)


def said(policy: Policy) -> dict[str, object]:
    """What a rule wants, as programs read it: spans in whole seconds, `None` where it wants nothing."""
    return {
        "idle_seconds": None if policy.idle is None else int(policy.idle.total_seconds()),
        "overall_seconds": None if policy.overall is None else int(policy.overall.total_seconds()),
        "most": policy.most, "too_many": policy.too_many.value, "read_only": policy.is_read_only,
        "networks": list(policy.networks), "shortest_password": policy.shortest_password,
    }  # fmt: skip
