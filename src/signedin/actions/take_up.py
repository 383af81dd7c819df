"""What was seen before a crash comes into the database at the next start, before anybody is judged by it (D28)."""

from __future__ import annotations

from signedin.actions.note_use import RecentUse, flush
from signedin.store.database import Database
from signedin.store.keyring import Keyring
from signedin.store.places import Places


async def take_up(recent: RecentUse, database: Database, keyring: Keyring, places: Places) -> int:
    """Write what processes of this machine had seen when they were killed, before anybody is asked for (D28).

    They had seen at most a turn more than is noted, so each row still has the benefit of the doubt.

    Raises:
        DatabaseProblem, Unavailable: nothing can be written now; it stays for the next start.
    """
    count = 0
    for page in recent.notebook.left_over() if recent.notebook else ():
        lost = RecentUse(recent.told)
        try:
            for seen in page.seen():
                lost.note(seen.account_id, seen.row_id, "", seen.at)
            count += await flush(lost, database, keyring, places)
        except BaseException:
            page.let_go()
            raise
        if len(lost):  # somebody was busy with their rows
            page.let_go()
        else:
            page.tear_out()
    return count
