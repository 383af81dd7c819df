"""What an organisation wants of its members' sessions: set and cleared by owners, in force when that returns.

Every process that answers from memory forgets what it has judged by rules of before, and says so. What a rule has ended
by then is buried before a laxer one takes its place, so that nothing of it comes back; a request does so for some
seconds at most.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from math import inf
from time import monotonic
from typing import TypeVar

import sqlalchemy as sa

from signedin.actions.acting import Asking, operator_asking
from signedin.actions.end_over import Clock, end_over_by
from signedin.actions.hear import heard_everywhere
from signedin.actions.means import Means
from signedin.actions.organisation_deeds import existing, named_in_shell, recorded
from signedin.actions.shut_out import refuse_shut_out
from signedin.rules import errors
from signedin.rules.account import AccountId, OrganisationId
from signedin.rules.ending import Ending, Scope
from signedin.rules.event import EventKind
from signedin.rules.operator import Deed, Operator
from signedin.rules.organisation import Organisation
from signedin.rules.policy import Policy
from signedin.rules.policy_wish import EVERY_TYPE, Wish, app_type_named, judge_wish
from signedin.rules.wording import marked as _
from signedin.store import endings, policies
from signedin.store.boot_clock import boot_time

W = TypeVar("W")
Change = Callable[[sa.Connection, W, Policy | None, Policy, datetime], bool]
"""By whom, what is wanted now, and what then; false where that is not what is wanted now."""
BURIES_FOR = 5.0
"""Seconds for which a request buries what a rule has ended; the next one goes on from there."""
SHORT = timedelta(seconds=1)
"""For how long what the rule of before ends at last can go unburied (docs/decisions/0025-organisations-and-policies.md)."""
_EVERYBODY = AccountId(0)


async def set_policy(
    means: Means, asking: Asking, organisation_id: OrganisationId, app_type: str, wish: Wish, now: datetime,
    address: str, *, confirmed: bool = False,
) -> Policy:  # fmt: skip
    """Let this be what the organisation wants for that app type, or for "all", in the place of what it wanted before.

    `address` is from where it is set; whoever would be kept out of the console by it has to have confirmed that.

    Raises: as `operator_asking`, and
        NotFound: there is no such organisation.
        InvalidInput: a field cannot be used, or nothing is wanted.
        ShutsOut: it would keep them out of the console, and they have not confirmed that.
        RuleStillEnding: so much has been ended by the rule of before that the request would take too long.
    """
    kind = app_type_named(app_type)
    operator, organisation = await means.database.read(_may, asking, organisation_id)
    policy = judge_wish(organisation, kind, wish)
    if not confirmed:
        await means.database.read(refuse_shut_out, operator, address, policy)
    return await _changed(means, policy, BURIES_FOR, _set_by, asking, now)


async def clear_policy(
    means: Means, asking: Asking, organisation_id: OrganisationId, app_type: str, now: datetime
) -> None:
    """Let the organisation want nothing for that app type any more; what for "all" it wants stays.

    Raises: as `operator_asking`, and
        NotFound: there is no such organisation, or no rule of it for that app type.
        RuleStillEnding: as `set_policy`.
    """
    kind = app_type_named(app_type)
    _operator, organisation = await means.database.read(_may, asking, organisation_id)
    nothing = Policy(organisation.id, organisation.name, kind)
    await _changed(means, nothing, BURIES_FOR, _clear_by, asking, now)


async def set_policy_from_shell(
    means: Means, name: str, app_type: str, wish: Wish, now: datetime, *, confirmed: bool = False
) -> Policy:
    """The same by whoever has the shell of the server, who needs no role; it takes as long as it takes."""
    kind = app_type_named(app_type)
    policy = judge_wish(await means.database.read(named_in_shell, name), kind, wish)
    if not confirmed:
        await means.database.read(refuse_shut_out, None, "", policy)
    return await _changed(means, policy, inf, _set, None, now)


async def clear_policy_from_shell(means: Means, name: str, app_type: str, now: datetime) -> None:
    """The same; raises as `clear_policy`."""
    kind = app_type_named(app_type)
    organisation = await means.database.read(named_in_shell, name)
    nothing = Policy(organisation.id, organisation.name, kind)
    await _changed(means, nothing, inf, _clear, None, now)


async def _changed(
    means: Means, policy: Policy, seconds: float, change: Change[W], by: W, now: datetime
) -> Policy:
    """Bury what a laxer rule would bring back, and change it; anew where somebody else has changed it meanwhile."""
    until, clock = monotonic() + seconds, _clock_since(now)
    while True:
        before = await means.database.read(policies.find, policy.organisation_id, policy.app_type)
        if before is not None and policy.lets_live_longer_than(before):
            await _bury(means, before, clock, until)
        if await means.database.write(change, by, before, policy, clock()):
            await heard_everywhere(means)
            return policy


async def _bury(means: Means, before: Policy, clock: Clock, until: float) -> None:
    """Go through the members until that was short, or cannot become much shorter: their time goes on meanwhile."""
    took = timedelta.max
    while True:
        longer, began = took, clock()
        await end_over_by(means, before, clock, until)
        took = clock() - began
        if took <= SHORT or took > longer / 2:
            return


def _clock_since(now: datetime) -> Clock:
    """What time it is, by a request that has come at that time."""
    came = boot_time()
    return lambda: now + timedelta(seconds=boot_time() - came)


def _may(
    conn: sa.Connection, asking: Asking, organisation_id: OrganisationId
) -> tuple[Operator, Organisation]:
    return operator_asking(conn, asking, Deed.RULE), existing(conn, organisation_id)


def _set_by(
    conn: sa.Connection, asking: Asking, before: Policy | None, policy: Policy, now: datetime
) -> bool:
    return _set(conn, operator_asking(conn, asking, Deed.RULE, writes=True), before, policy, now)


def _set(
    conn: sa.Connection, operator: Operator | None, before: Policy | None, policy: Policy, now: datetime
) -> bool:
    """Remember a rule; false where it would not take the place of the one that was looked at."""
    organisation = existing(conn, policy.organisation_id, held=True)
    if policies.find(conn, policy.organisation_id, policy.app_type) != before:
        return False
    policies.keep(conn, policy, now)
    told = {"app_type": policy.app_type or EVERY_TYPE} | said(policy)
    recorded(conn, operator, EventKind.POLICY_SET, organisation, now, told)
    endings.record(conn, Ending(Scope.RULES, _EVERYBODY), now)
    return True


def _clear_by(
    conn: sa.Connection, asking: Asking, before: Policy | None, nothing: Policy, now: datetime
) -> bool:
    return _clear(conn, operator_asking(conn, asking, Deed.RULE, writes=True), before, nothing, now)


def _clear(
    conn: sa.Connection, operator: Operator | None, before: Policy | None, nothing: Policy, now: datetime
) -> bool:
    organisation = existing(conn, nothing.organisation_id, held=True)
    if policies.find(conn, nothing.organisation_id, nothing.app_type) != before:
        return False
    if not policies.clear(conn, nothing.organisation_id, nothing.app_type):
        raise errors.NotFound(_("There is no such rule."), hint=_("Look at the rules of the organisation."))
    told: dict[str, object] = {"app_type": nothing.app_type or EVERY_TYPE}
    recorded(conn, operator, EventKind.POLICY_CLEARED, organisation, now, told)
    endings.record(conn, Ending(Scope.RULES, _EVERYBODY), now)
    return True


def said(policy: Policy) -> dict[str, object]:
    """What a rule wants, as programs read it: spans in whole seconds, `None` where it wants nothing."""
    return {
        "idle_seconds": None if policy.idle is None else int(policy.idle.total_seconds()),
        "overall_seconds": None if policy.overall is None else int(policy.overall.total_seconds()),
        "most": policy.most, "too_many": policy.too_many.value, "read_only": policy.is_read_only,
        "networks": list(policy.networks), "shortest_password": policy.shortest_password,
    }  # fmt: skip
