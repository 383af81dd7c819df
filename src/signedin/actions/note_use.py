"""Notes that a session was used: gathered in memory, written in chunks at most a minute later (R15, R70)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from time import monotonic

import sqlalchemy as sa
import structlog

from signedin.actions.told_device import ToldDevice
from signedin.rules.account import AccountId
from signedin.rules.agent import plain_agent
from signedin.rules.errors import Unavailable
from signedin.rules.location import mask_address
from signedin.store import activity, used_hours
from signedin.store.activity import Devices, Use, Whereabouts
from signedin.store.database import Database
from signedin.store.keyring import Keyring
from signedin.store.notebook import Notebook
from signedin.store.places import Places

FLUSH_EVERY = timedelta(seconds=20)
"""How often notes are written; with one missed turn the list is still under a minute behind."""
CHUNK = 200
"""So few that checks, whose interpreter the writing shares, wait for some milliseconds and not for all of it."""
PAUSES = FLUSH_EVERY.total_seconds() / 4
"""So long is paused at most in one turn, however much there is to write."""
TRIES = 3
"""A note whose row another process was just writing is tried again at once, and then at the next turn."""
FIRST_SECONDS = 4.0
"""How long an answer waits for the note that it depends on: longer than a process that is paused or cut off may hold
a row (three seconds), and shorter than a client library waits for its answer.
"""
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.2
MOST_KNOWN = 200_000
_A_MINUTE, _LONG_AGO = timedelta(minutes=1), datetime.min.replace(tzinfo=UTC)

_Key = tuple[int, str]
_Note = tuple[_Key, datetime, int, str, str]
log = structlog.get_logger("signedin.activity")


class RecentUse:
    """What this process knows of last use: what waits to be written, and what it has seen itself.

    `told` reads agents, when the notes are written. What waits is known by that alone, so that a use costs one look-up.
    Where a process serves, what waits stands in its `notebook` too.
    """

    def __init__(self, told: ToldDevice, notebook: Notebook | None = None) -> None:
        self.told = told
        self.notebook = notebook
        self._pending: dict[_Key, tuple[datetime, int, str, str]] = {}
        self._seen: OrderedDict[_Key, datetime] = OrderedDict()

    def note(self, account_id: AccountId, row_id: str, address: str, now: datetime, agent: str = "") -> None:
        """Note a use; a second one within the same minute and from the same address counts once.

        `agent` is what the person's program calls itself; one that cannot be read leaves what was known, and so does
        an `address` that nobody has told.
        """
        key = (account_id, row_id)
        told, waiting = plain_agent(agent) if agent else "", self._pending.get(key)
        if waiting is None:
            self._pending[key] = (now, 1, address, told)
            self._keep(key, now)
            self.saw(account_id, row_id, now)
            return
        before, times, from_where, by = waiting
        if now - before >= _A_MINUTE and now - max(before, self._seen.get(key, before)) >= _A_MINUTE:
            times += 1
        if now >= before:
            self._pending[key] = (now, times, address or from_where, told or by)
        else:
            self._pending[key] = (before, times, from_where or address, by or told)

    def saw(self, account_id: AccountId, row_id: str, now: datetime) -> None:
        """Remember that this process itself knows the latest use; a slow request that began earlier changes nothing."""
        self._see((account_id, row_id), now)

    def _see(self, key: _Key, now: datetime) -> None:
        self._seen[key] = max(now, self._seen.get(key, now))
        self._seen.move_to_end(key)
        if len(self._seen) > MOST_KNOWN:
            self._seen.popitem(last=False)

    def _keep(self, key: _Key, at: datetime) -> None:
        if self.notebook is not None:
            self.notebook.write(*key, at)

    def __len__(self) -> int:
        """How many wait to be written."""
        return len(self._pending)

    def latest(self, account_id: AccountId, row_id: str) -> datetime | None:
        """The latest use this process has seen, or `None` when it has not seen any."""
        key = (account_id, row_id)
        seen, waiting = self._seen.get(key), self._pending.get(key)
        return seen if waiting is None else max(waiting[0], seen or waiting[0])

    def forget(self, account_id: AccountId, row_id: str) -> None:
        """Drop what is known of a row that has ended."""
        key = (account_id, row_id)
        self._pending.pop(key, None)
        self._seen.pop(key, None)

    def take(self, most: int) -> list[_Note]:
        """So many of what waits to be written, whatever has waited longest first; it waits no more."""
        return [self.take_one(*key) for key in list(islice(self._pending, most))]

    def take_one(self, account_id: int, row_id: str) -> _Note:
        """What waits to be written of one row; it waits no more."""
        key = (account_id, row_id)
        at, times, address, agent = self._pending.pop(key)
        if at > self._seen.get(key, _LONG_AGO):
            self._see(key, at)
        return key, at, max(times, 1), address, agent

    def put_back(self, taken: list[_Note]) -> None:
        """Let notes that could not be written wait again, unless newer ones do."""
        for key, at, times, address, agent in taken:
            if self._pending.setdefault(key, (at, times, address, agent))[0] == at:
                self._keep(key, at)


async def flush(recent: RecentUse, database: Database, keyring: Keyring, places: Places) -> int:
    """Write what waits, in chunks with pauses as long as each took; one bad row loses only itself.

    What waits is taken a chunk at a time, so that no request waits for all of it, also where nothing can be written.

    Raises:
        DatabaseProblem, Unavailable: nothing can be written now; the notes wait again.
    """
    use_of, done, due = _use_maker(keyring, places, recent.told), 0, len(recent)
    while done < due:
        began, chunk = monotonic(), recent.take(min(CHUNK, due - done))
        if not chunk:  # what waited has ended meanwhile
            break
        first, done = not done, done + len(chunk)
        try:
            for _ in range(TRIES):
                chunk = chunk and await _write(database, chunk, use_of, recent.told.devices)
        except BaseException:  # a stop of the server (cancellation) counts as well
            recent.put_back(chunk)
            raise
        if first:  # the database can be written: all that stands on this page is written in this turn
            due = done + len(recent)
            if recent.notebook is not None:
                recent.notebook.turn()
        recent.put_back(chunk)
        if done < due:
            await asyncio.sleep(min(monotonic() - began, PAUSES * CHUNK / due))
    if done and recent.notebook is not None:
        recent.notebook.written()
    return done


async def write_first(
    recent: RecentUse,
    database: Database,
    keyring: Keyring,
    places: Places,
    account_id: AccountId,
    row_id: str,
) -> None:
    """Write the use of a row that has just been noted, before the answer that depends on it (D28).

    Only that one: the others wait for their turn. While somebody else holds the row it is tried again.

    Raises:
        DatabaseProblem, Unavailable: it is not known to be written, so nobody may be let in; the note waits again.
    """
    note = recent.take_one(account_id, row_id)
    use_of, pause = _use_maker(keyring, places, recent.told), FIRST_PAUSE
    try:
        async with asyncio.timeout(FIRST_SECONDS):
            while await database.note(_written, [note], use_of, recent.told.devices):
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, LONGEST_PAUSE)
    except (TimeoutError, _NotWritten) as error:
        recent.put_back([note])
        raise Unavailable from error
    except BaseException:
        recent.put_back([note])
        raise


class _NotWritten(Exception):  # no error of the database's: something is wrong with a row
    pass


async def _write(
    database: Database, chunk: list[_Note], use_of: Callable[[_Note], Use], devices: Devices
) -> list[_Note]:
    """Write a chunk at once, or note by note when that fails; returns what somebody else is busy with."""
    with suppress(_NotWritten):
        return await database.note(_written, chunk, use_of, devices)
    busy: list[_Note] = []
    for note in chunk:
        try:
            busy += await database.note(_written, [note], use_of, devices)
        except _NotWritten as error:
            log.warning("a note of use could not be written", error=type(error.__cause__).__name__)
    return busy


def _written(
    conn: sa.Connection, notes: list[_Note], use_of: Callable[[_Note], Use], devices: Devices
) -> list[_Note]:
    by_key = {note[0]: note for note in notes}
    try:
        busy = activity.note(conn, [use_of(note) for note in notes], devices, used_hours.note_if_possible)
    except Exception as error:
        _refuse_what_is_no_rows_fault(error)
        raise _NotWritten from error
    return [by_key[use.key] for use in busy]


def _refuse_what_is_no_rows_fault(error: Exception) -> None:
    if isinstance(error, sa.exc.DBAPIError) and not isinstance(
        error, sa.exc.IntegrityError | sa.exc.DataError
    ):
        raise error  # locked, full, gone


def _use_maker(keyring: Keyring, places: Places, told: ToldDevice) -> Callable[[_Note], Use]:
    def use_of(note: _Note) -> Use:
        (account_id, row_id), at, times, address, agent = note
        here = address_mac(keyring, address) if address else b""

        def where() -> Whereabouts:
            sealed = keyring.encrypt("address", account_id, address.encode())
            return Whereabouts(sealed, mask_address(address), places.locate(address))

        return Use(
            AccountId(account_id), row_id, at, times, here, where if here else None, told.mac(keyring, agent), agent
        )  # fmt: skip

    return use_of


def address_mac(keyring: Keyring, address: str) -> bytes:
    """A short keyed digest of an address, to see whether it is still the same without reading it."""
    return keyring.mac("address", address.encode())[:8]
