"""What operators do for somebody from the console or the API: end, reveal, disable, enable; each with a reason.

The deeds are those of `operate.py`, with who did them in the account's history and in the record; they return once
they hold in every process, as Revoke does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.acting import Asking, operator_asking
from signedin.actions.ending import end_all_rows, end_row, facts_of, tell_of_operator
from signedin.actions.hear import heard_everywhere
from signedin.actions.list_sessions import count_rows, read_some
from signedin.actions.look_at import numbered
from signedin.actions.means import Means
from signedin.actions.revoke import why_ended
from signedin.rules import errors
from signedin.rules.access_key import AccessKey
from signedin.rules.account import AccountId
from signedin.rules.consent import Consent
from signedin.rules.event import Event, EventKind
from signedin.rules.operator import Deed, Operator, judge_reason, may_act_on
from signedin.rules.revocation import EndReason, LogoutAllCounts
from signedin.rules.session_list import Row
from signedin.rules.wording import marked as _
from signedin.store import access_keys, accounts, deeds, tombstones

MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Ended:
    """What an operator has ended, and how much of what was chosen had ended before."""

    sessions_ended: int = 0
    consents_ended: int = 0
    access_keys_ended: int = 0
    access_keys_kept: int = 0
    already_ended: int = 0


async def end_chosen(
    means: Means, asking: Asking, account_id: AccountId, ids: Sequence[str], reason: str, now: datetime
) -> Ended:
    """End the sessions, connected apps and access keys with these references: all of them, or none.

    Raises: as `operator_asking`, and
        InvalidInput: no reason, nothing chosen, or too much.
        RoleNeeded: another operator's account, which is an owner's to act on.
        CannotRevokeCurrent: the session that asks is among them.
        NotFound: there is no such account, or nothing like one of them in it.
        SessionAlreadyEnded: all of them had ended before.
    """
    why, chosen = judge_reason(reason), list(dict.fromkeys(ids))
    if not 0 < len(chosen) <= MOST_AT_ONCE or not all(map(str.isprintable, chosen)):
        raise errors.InvalidInput(
            _("Nothing is chosen, or too much at once."), field="ids", hint=_("Choose what is to end.")
        )
    ended, refusal = await means.database.write(_end_chosen, means, asking, account_id, chosen, why, now)
    for row_id in chosen:
        means.recent.forget(account_id, row_id)
    await heard_everywhere(means)  # also for what had ended before: its own call may still be waiting
    if refusal is not None and ended.already_ended == len(chosen):
        raise refusal
    return ended


def _end_chosen(
    conn: sa.Connection, means: Means, asking: Asking, account_id: AccountId, ids: Sequence[str], reason: str,
    now: datetime,
) -> tuple[Ended, errors.SessionAlreadyEnded | None]:  # fmt: skip
    operator = operator_asking(conn, asking, Deed.END, writes=True)
    account = numbered(conn, account_id, held=True, operator=operator)
    may_act_on(operator, account, Deed.END)
    if operator.session_id in ids:
        raise errors.CannotRevokeCurrent
    listed = read_some(conn, means, account_id, ids, now)
    keys = [key for key in access_keys.of(conn, account_id) if key.id in ids]
    there = {row.id for row in listed.rows} | {key.id for key in keys}
    refusals = [_why_gone(conn, account_id, each, now) for each in ids if each not in there]
    numbers = [_row_recorded(conn, operator, row, reason, now) for row in listed.rows]
    for key in keys:
        _end_key(conn, operator, key, reason, now)
    kept = access_keys.count(conn, account_id)
    ended = Ended(len(listed.sessions), len(listed.consents), len(keys), kept, len(refusals))
    if there and account.id != operator.account_id:  # who does it to themselves knows
        counts = LogoutAllCounts(ended.sessions_ended, ended.consents_ended, kept)
        tell_of_operator(conn, account, counts, len(keys), reason, now)
    for row, number in zip(listed.rows, numbers, strict=True):  # last: their log is locked until this is over
        end_row(conn, row, EndReason.ENDED_BY_OPERATOR, now, number)
    return ended, refusals[0] if refusals else None


def _why_gone(
    conn: sa.Connection, account_id: AccountId, row_id: str, now: datetime
) -> errors.SessionAlreadyEnded:
    stone = tombstones.tombstone_of(conn, account_id, f"key:{row_id}")
    if stone is not None:
        return errors.SessionAlreadyEnded(stone.reason.value)
    return why_ended(conn, account_id, row_id, now)


def _row_recorded(conn: sa.Connection, operator: Operator, row: Row, reason: str, now: datetime) -> int:
    is_consent = isinstance(row, Consent)
    kind = EventKind.CONSENT_REVOKED if is_consent else EventKind.SESSION_REVOKED
    facts = operator.facts() | facts_of(row)
    event = Event(kind, now, row.id, None, facts, {"device": called(row), "reason": reason})
    return deeds.record(conn, row.account_id, event, operator.account_id)


def called(row: Row) -> str:
    """What a row is called in a history: the device, or the connected app."""
    return row.client_name if isinstance(row, Consent) else row.device.name


def _end_key(conn: sa.Connection, operator: Operator, key: AccessKey, reason: str, now: datetime) -> None:
    personal: dict[str, object] = {"name": key.name, "reason": reason}
    event = Event(EventKind.ACCESS_KEY_REVOKED, now, key.id, None, operator.facts(), personal)
    number = deeds.record(conn, key.account_id, event, operator.account_id)
    access_keys.end(conn, key.account_id, [key.id], EndReason.ENDED_BY_OPERATOR, now, number)


async def end_everything(
    means: Means, asking: Asking, account_id: AccountId, reason: str, now: datetime, *, keys_too: bool = False
) -> Ended:
    """End every session and connected app of an account, and the access keys where that is wanted too.

    A sign-in that is under way ends with them (D23), and known browsers are forgotten (D21).

    Raises: as `end_chosen`; of one's own account it would end the session that asks (CannotRevokeCurrent).
    """
    ended = await means.database.write(
        _end_everything, means, asking, account_id, judge_reason(reason), now, keys_too
    )
    await heard_everywhere(means)
    return ended


def _end_everything(
    conn: sa.Connection, means: Means, asking: Asking, account_id: AccountId, reason: str, now: datetime,
    keys_too: bool,
) -> Ended:  # fmt: skip
    operator = operator_asking(conn, asking, Deed.END, writes=True)
    account = numbered(conn, account_id, held=True, operator=operator)
    may_act_on(operator, account, Deed.END)
    if account.id == operator.account_id:
        raise errors.CannotRevokeCurrent(
            _("This would end the session you are using."),
            hint=_("Use Logout All Devices in your own Settings."),
        )
    counted = count_rows(conn, means, account.id, now)
    kept = 0 if keys_too else counted.access_keys
    facts = operator.facts() | {"by_type": counted.told(), "access_keys_kept": kept}
    event = Event(EventKind.LOGGED_OUT_EVERYWHERE, now, None, None, facts, {"reason": reason})
    number = deeds.record(conn, account.id, event, operator.account_id)
    accounts.forget_browsers(conn, account.id)
    counts = LogoutAllCounts(counted.sessions, counted.consents, kept)
    if counted.total or counted.access_keys > kept:  # nobody is written to about nothing
        tell_of_operator(conn, account, counts, counted.access_keys - kept, reason, now)
    why = EndReason.ENDED_BY_OPERATOR
    end_all_rows(conn, account.id, event, why, keys_too=keys_too, number=number)
    return Ended(counted.sessions, counted.consents, counted.access_keys - kept, kept)
