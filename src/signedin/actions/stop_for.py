"""Operators disable and enable accounts, and have full addresses shown to them: each with a reason, each recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.acting import Asking, operator_asking, refuse_last_owner
from signedin.actions.end_for import called
from signedin.actions.hear import heard_everywhere
from signedin.actions.list_sessions import read_some
from signedin.actions.look_at import numbered
from signedin.actions.means import Means
from signedin.actions.operate import stop_account
from signedin.actions.revoke import why_ended
from signedin.rules import errors
from signedin.rules.account import Account, AccountId, AccountState
from signedin.rules.event import Event, EventKind
from signedin.rules.operator import Deed, judge_reason, may_act_on
from signedin.rules.secret import account_of_session_id
from signedin.rules.session_list import Row
from signedin.rules.vouching import AccountInactive
from signedin.store import accounts, deeds, operators, sealed_addresses


@dataclass(frozen=True, slots=True)
class Revealed:
    """The full addresses of a row: where it began, and where it was last used; `None` where none is kept."""

    row: Row
    began: str | None
    last: str | None


async def disable_for(
    means: Means, asking: Asking, account_id: AccountId, reason: str, now: datetime
) -> Account:
    """Disable an account: dead on every path when this returns, its access keys too.

    Raises: as `operator_asking`, and
        InvalidInput: no reason.
        OwnRole: one's own account.
        LastOwner: no owner would be left who can sign in.
        AccountInactive: it is closed.
        NotFound: there is no such account.
    """
    account = await means.database.write(_disable, means, asking, account_id, judge_reason(reason), now)
    await heard_everywhere(means)
    return account


async def enable_for(
    means: Means, asking: Asking, account_id: AccountId, reason: str, now: datetime
) -> Account:
    """Enable an account again: its owner may sign in, and nothing that had ended comes back.

    Raises: as `disable_for`.
    """
    return await means.database.write(_enable, asking, account_id, judge_reason(reason), now)


async def reveal_address(
    means: Means, asking: Asking, account_id: AccountId, row_id: str, reason: str, now: datetime
) -> Revealed:
    """The full addresses of one row, for the operator who has said why: the account's owner sees that.

    Raises: as `operator_asking`, and
        InvalidInput: no reason.
        NotFound: there is no such account or row.
        SessionAlreadyEnded: the row has ended, and its addresses with it.
    """
    revealed = await means.database.write(
        _reveal, means, asking, account_id, row_id, judge_reason(reason), now
    )
    if not isinstance(revealed, Revealed):
        raise revealed
    return revealed


async def reveal_from_shell(means: Means, row_id: str, reason: str, now: datetime) -> Revealed:
    """The same by whoever has the shell of the server; the reference leads to its account.

    Raises: as `reveal_address`.
    """
    account_id = account_of_session_id(row_id, means.keyring.way_keys)
    if account_id is None:
        raise errors.NotFound
    why, whose = judge_reason(reason), AccountId(account_id)
    revealed = await means.database.write(_reveal, means, None, whose, row_id, why, now)
    if not isinstance(revealed, Revealed):
        raise revealed
    return revealed


def _disable(
    conn: sa.Connection, means: Means, asking: Asking, account_id: AccountId, reason: str, now: datetime
) -> Account:
    operator = operator_asking(conn, asking, Deed.STOP, writes=True)
    may_act_on(operator, numbered(conn, account_id, operator=operator), Deed.STOP)
    if operators.role_of(conn, account_id) is not None:  # owners are held before any account
        refuse_last_owner(conn, account_id)
    account = numbered(conn, account_id, held=True, operator=operator)
    if account.state is AccountState.CLOSED:
        raise AccountInactive("account_closed")
    if account.state is AccountState.ACTIVE:
        event = Event(EventKind.ACCOUNT_DISABLED, now, facts=operator.facts(), personal={"reason": reason})
        number = deeds.record(conn, account.id, event, operator.account_id)
        stop_account(conn, means, account, AccountState.DISABLED, event, number)
    return numbered(conn, account_id)


def _enable(
    conn: sa.Connection, asking: Asking, account_id: AccountId, reason: str, now: datetime
) -> Account:
    operator = operator_asking(conn, asking, Deed.STOP, writes=True)
    account = numbered(conn, account_id, held=True, operator=operator)
    may_act_on(operator, account, Deed.STOP)
    if account.state is AccountState.CLOSED:
        raise AccountInactive("account_closed")
    if account.state is AccountState.DISABLED:
        event = Event(EventKind.ACCOUNT_ENABLED, now, facts=operator.facts(), personal={"reason": reason})
        deeds.record(conn, account.id, event, operator.account_id)
        accounts.set_state(conn, account.id, AccountState.ACTIVE)
    return numbered(conn, account_id)


def _reveal(
    conn: sa.Connection, means: Means, asking: Asking | None, account_id: AccountId, row_id: str, reason: str,
    now: datetime,
) -> Revealed | errors.SessionAlreadyEnded:  # fmt: skip
    operator = None if asking is None else operator_asking(conn, asking, Deed.REVEAL, writes=True)
    account = numbered(conn, account_id, held=True, operator=operator)
    if operator is not None:
        may_act_on(operator, account, Deed.REVEAL)
    row = read_some(conn, means, account_id, [row_id], now).find(row_id)
    if row is None:
        return why_ended(conn, account_id, row_id, now)
    sealed = sealed_addresses.of_row(conn, account_id, row_id)
    personal: dict[str, object] = {"device": called(row), "reason": reason}
    by: dict[str, object] = {"by": "operator"} if operator is None else operator.facts()
    event = Event(EventKind.ADDRESS_REVEALED, now, row_id, None, by, personal)
    deeds.record(conn, account_id, event, operator.account_id if operator else None)
    return Revealed(row, _opened(means, account_id, sealed.began), _opened(means, account_id, sealed.last))


def _opened(means: Means, account_id: AccountId, sealed: bytes | None) -> str | None:
    opened = means.keyring.decrypt("address", account_id, sealed) if sealed else None
    return opened.decode() if opened else None
