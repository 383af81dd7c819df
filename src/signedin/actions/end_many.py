"""An owner begins an ending for many, stops it and lets it go on; each is an entry of their history and of the record.

What ends, ends account by account afterwards (actions/go_on_ending.py), under the entry of its beginning.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.actions.acting import Asking, operator_asking
from signedin.actions.hear import heard_everywhere
from signedin.actions.means import Means
from signedin.actions.preview_many import opened, refuse_too_old
from signedin.rules import errors
from signedin.rules.account import AccountId
from signedin.rules.bulk import HowMany
from signedin.rules.bulk_job import (
    BulkEnding,
    BulkPlace,
    EndingFinished,
    NothingToEnd,
    Preview,
    PreviewUnfinished,
    State,
)
from signedin.rules.event import Event, EventKind
from signedin.rules.operator import Deed, Operator, judge_reason
from signedin.rules.wording import marked as _
from signedin.store import accounts, bulk_endings, deeds, operators

_SHELL: dict[str, object] = {"by": "operator"}


async def begin_many(means: Means, asking: Asking, sealed: str, reason: str, now: datetime) -> BulkEnding:
    """Begin what a preview has shown; the same preview begins the same ending, however often it is sent.

    Raises: as `operator_asking`, and
        InvalidInput: no reason; the preview is too old, not complete, or shows nothing.
    """
    await means.database.read(operator_asking, asking, Deed.BULK)
    preview, why = opened(means, sealed), judge_reason(reason)
    return await means.database.write(_begin_by, asking, preview, why, now)


async def begin_from_shell(means: Means, sealed: str, reason: str, now: datetime) -> BulkEnding:
    """The same by whoever has the shell of the server; its entry stands in the history of the first owner."""
    preview, why = opened(means, sealed), judge_reason(reason)
    return await means.database.write(_begin_in_shell, preview, why, now)


async def stop_many(means: Means, asking: Asking, ending_id: str, now: datetime) -> BulkEnding:
    """Stop it: when this returns nothing more ends, and what is told as ended is over everywhere.

    Raises: as `operator_asking`, and
        NotFound: there is none with this id.
        EndingFinished: it has come to its end.
    """
    await means.database.write(_set_by, asking, ending_id, State.STOPPED, now)
    return await _stopped(means, ending_id)


async def stop_from_shell(means: Means, ending_id: str, now: datetime) -> BulkEnding:
    """The same by whoever has the shell."""
    await means.database.write(_set_in_shell, ending_id, State.STOPPED, now)
    return await _stopped(means, ending_id)


async def resume_many(means: Means, asking: Asking, ending_id: str, now: datetime) -> BulkEnding:
    """Let it go on from where it was stopped.

    Raises: as `stop_many`.
    """
    await means.database.write(_set_by, asking, ending_id, State.RUNNING, now)
    return await means.database.read(_find, ending_id)


async def resume_from_shell(means: Means, ending_id: str, now: datetime) -> BulkEnding:
    """The same by whoever has the shell."""
    await means.database.write(_set_in_shell, ending_id, State.RUNNING, now)
    return await means.database.read(_find, ending_id)


async def find_many(means: Means, asking: Asking, ending_id: str) -> BulkEnding:
    """One of them, with how far it is.

    Raises: as `operator_asking`, and
        NotFound: there is none, or the operator is there for one organisation alone.
    """
    return await means.database.read(_find_for, asking, ending_id)


async def find_from_shell(means: Means, ending_id: str) -> BulkEnding:
    """The same for whoever has the shell."""
    return await means.database.read(_find, ending_id)


async def many_before(
    means: Means, asking: Asking, place: BulkPlace | None, limit: int
) -> list[BulkEnding]:  # fmt: skip
    """Those that there were, the newest first; for an operator who is bound to an organisation there are none.

    Raises: as `operator_asking`.
    """
    return await means.database.read(_before, asking, place, limit)


async def many_from_shell(means: Means, limit: int) -> list[BulkEnding]:
    """The last ones, for whoever has the shell."""
    return await means.database.read(bulk_endings.before, None, limit)


def _begin_by(
    conn: sa.Connection, asking: Asking, preview: Preview, reason: str, now: datetime
) -> BulkEnding:
    operator = operator_asking(conn, asking, Deed.BULK, writes=True)
    assert operator.account_id is not None  # no key has this deed
    return _begin(conn, preview, reason, now, operator.account_id, operator)


def _begin_in_shell(conn: sa.Connection, preview: Preview, reason: str, now: datetime) -> BulkEnding:
    return _begin(conn, preview, reason, now, _first_owner(conn), None)


def _begin(
    conn: sa.Connection, preview: Preview, reason: str, now: datetime, whose: AccountId, operator: Operator | None
) -> BulkEnding:  # fmt: skip
    already = bulk_endings.find(conn, preview.id)
    if already is not None:
        return already
    refuse_too_old(preview, now)
    _refuse_to_begin(preview)
    accounts.hold(conn, whose)
    ending = BulkEnding(
        id=preview.id, which=preview.which, reason=reason, begun_by=operator.account_id if operator else None,
        begun_by_name=operator.name if operator else "", begun_at=now, state=State.RUNNING,
        found=preview.counted.many, ended=HowMany.none(), moved_at=now, finished_at=None,
        entry=(whose, accounts.history_number(conn, whose) + 1),
    )  # fmt: skip
    if bulk_endings.begin(conn, ending):
        facts: dict[str, object] = {"found": ending.found.told(), "which": ending.which.said()}
        record(conn, ending, EventKind.BULK_ENDING_BEGUN, operator, facts, {"reason": reason}, now)
    return bulk_endings.find(conn, preview.id) or ending


def _refuse_to_begin(preview: Preview) -> None:
    if not preview.counted.is_complete:
        raise PreviewUnfinished
    if not preview.counted.many.total:
        raise NothingToEnd


def record(
    conn: sa.Connection, ending: BulkEnding, kind: EventKind, operator: Operator | None, facts: dict[str, object],
    personal: dict[str, object], now: datetime,
) -> int:  # fmt: skip
    """Write what becomes of it where its beginning stands, and into the record; returns its number there."""
    by = operator.facts() if operator else _SHELL
    event = Event(kind, now, None, None, by | {"ending": ending.id} | facts, personal)
    return deeds.record(conn, ending.entry[0], event, operator.account_id if operator else None)


def _set_by(conn: sa.Connection, asking: Asking, ending_id: str, state: State, now: datetime) -> None:
    _set(conn, ending_id, state, operator_asking(conn, asking, Deed.BULK, writes=True), now)


def _set_in_shell(conn: sa.Connection, ending_id: str, state: State, now: datetime) -> None:
    _set(conn, ending_id, state, None, now)


def _set(conn: sa.Connection, ending_id: str, state: State, operator: Operator | None, now: datetime) -> None:
    before = bulk_endings.held_state(conn, _named(ending_id))
    if before is State.FINISHED:
        raise EndingFinished
    ending = _find(conn, ending_id)
    if before is state:
        return
    bulk_endings.set_state(conn, ending, state, now)
    kind = EventKind.BULK_ENDING_STOPPED if state is State.STOPPED else EventKind.BULK_ENDING_RESUMED
    record(conn, ending, kind, operator, {}, {}, now)


async def _stopped(means: Means, ending_id: str) -> BulkEnding:
    await heard_everywhere(means)
    await means.database.write(bulk_endings.tell_of_stopped, ending_id)
    return await means.database.read(_find, ending_id)


def _find_for(conn: sa.Connection, asking: Asking, ending_id: str) -> BulkEnding:
    if operator_asking(conn, asking, Deed.SEE).organisation_id is not None:
        raise _no_such()
    return _find(conn, ending_id)


def _find(conn: sa.Connection, ending_id: str) -> BulkEnding:
    found = bulk_endings.find(conn, _named(ending_id))
    if found is None:
        raise _no_such()
    return found


def _named(ending_id: str) -> str:
    """The id, if one can have it; no database takes every text that a shell or an address can hold.

    Raises:
        NotFound: none can.
    """
    if not (ending_id.isascii() and ending_id.isalnum()):
        raise _no_such()
    return ending_id


def _no_such() -> errors.NotFound:
    return errors.NotFound(_("There is no such ending."), hint=_("Look at the list of them."))


def _before(conn: sa.Connection, asking: Asking, place: BulkPlace | None, limit: int) -> list[BulkEnding]:
    if operator_asking(conn, asking, Deed.SEE).organisation_id is not None:
        return []  # each of them says something of everybody's accounts
    return bulk_endings.before(conn, place, limit)


def _first_owner(conn: sa.Connection) -> AccountId:
    """In whose history stands what is done in the shell.

    Raises:
        NotFound: there is no owner.
    """
    owners = operators.hold_owners(conn)
    if not owners:
        raise errors.NotFound(
            _("There is no owner, in whose history this would stand."),
            hint=_("Make one first: `signedin operator add EMAIL`."),
        )
    return owners[0]
