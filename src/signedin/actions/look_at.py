"""An operator looks at an account: nobody's activity, and nothing is written (D15)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.acting import Asking, operator_asking
from signedin.actions.list_sessions import read_list
from signedin.actions.means import Means
from signedin.actions.see_rules import RulesSeen, rules_seen_by
from signedin.rules import errors
from signedin.rules.access_key import AccessKey
from signedin.rules.account import Account, AccountId
from signedin.rules.operator import Deed, Operator, Role
from signedin.rules.session_list import SessionList
from signedin.rules.wording import marked as _
from signedin.store import access_keys, accounts, operators, organisations


@dataclass(frozen=True, slots=True)
class LookedAt:
    """An account as operators see it; `listed` knows a current row where it is the operator's own.

    `rules` are those that apply to it, and why.
    """

    operator: Operator
    account: Account
    role: Role | None
    listed: SessionList
    keys: tuple[AccessKey, ...]
    rules: RulesSeen


async def look_at(means: Means, asking: Asking, account_id: AccountId, now: datetime) -> LookedAt:
    """The account with all that is signed in to it.

    Raises: as `operator_asking`.
        NotFound: there is no such account.
    """
    return await means.database.read(_look_at, means, asking, account_id, now)


def _look_at(
    conn: sa.Connection, means: Means, asking: Asking, account_id: AccountId, now: datetime
) -> LookedAt:
    operator = operator_asking(conn, asking, Deed.SEE)
    account = numbered(conn, account_id, operator=operator)
    current = operator.session_id if account.id == operator.account_id else None
    listed = read_list(conn, means, account.id, current, now)
    keys = tuple(access_keys.of(conn, account.id))
    rules = rules_seen_by(conn, means, account, operator)
    return LookedAt(operator, account, operators.role_of(conn, account.id), listed, keys, rules)


def numbered(
    conn: sa.Connection, account_id: AccountId, *, held: bool = False, operator: Operator | None = None
) -> Account:
    """The account with that number; held, nobody else changes it until this is over.

    To an operator of one organisation an account that does not belong to it is as unknown as one that there is not.

    Raises:
        NotFound: there is none.
    """
    if held:
        accounts.hold(conn, account_id)
    account = accounts.find(conn, account_id)
    whose = None if operator is None else operator.organisation_id
    if account is None or not (whose is None or organisations.is_member(conn, account_id, whose)):
        raise errors.NotFound(_("There is no such account."), hint=_("Check the id."))
    return account
