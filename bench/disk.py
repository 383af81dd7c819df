"""What a session takes on disk: the file as it grows, the file packed tight, and table by table."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Case
from bench.filling import fill, note_all, opened, path_of
from signedin.store.sqlite import open_raw


@dataclass(frozen=True)
class Numbers:
    """How many accounts, with how many sessions each."""

    people: int
    each: int


SIZES = {"tiny": Numbers(5, 5), "small": Numbers(2_000, 5), "full": Numbers(20_000, 5)}


def measure(size: str, folder: Path) -> Case:
    """Accounts with five sessions each, all used lately, their history included."""
    numbers = SIZES[size]
    total = numbers.people * numbers.each
    case = Case("disk", f"Bytes on disk, with {total:,} sessions", minds_neighbours=False)
    with opened(folder) as means:
        fill(means, numbers.people, numbers.each)
        note_all(means, datetime.now(UTC))
        path = path_of(means)
        with means.database.writing():
            conn = open_raw(path)
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            tight = folder / "tight.db"
            conn.execute("VACUUM INTO ?", (str(tight),))
            grown, packed = path.stat().st_size / total, tight.stat().st_size / total
            case.figure("the file as it has grown", "bytes a session", [grown])
            case.figure("the same, packed by VACUUM INTO", "bytes a session", [packed])
            case.ratio("as it has grown / packed", [grown], [packed])
            _by_table(case, conn, total, grown)
            conn.close()
    case.facts["accounts"] = (
        f"{numbers.people:,}, {numbers.each} sessions each; each row of an account counts"
    )
    return case


def _by_table(case: Case, conn: sqlite3.Connection, total: int, grown: float) -> None:
    try:
        found = conn.execute(
            "SELECT s.tbl_name, s.type, sum(d.pgsize), sum(d.payload) FROM dbstat d "
            "JOIN sqlite_schema s ON s.name = d.name GROUP BY d.name"
        ).fetchall()
    except sqlite3.OperationalError:
        case.notes.append("This SQLite was built without dbstat: no figures by table.")
        return
    sizes: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for table, kind, size, _ in found:
        sizes[table][kind == "index"] += size / total
    for table, (rows, indexes) in sorted(sizes.items(), key=lambda item: -sum(item[1])):
        if rows + indexes >= 1:
            case.figure(f"{table}: rows", "bytes a session", [rows])
            if indexes:
                case.figure(f"{table}: indexes", "bytes a session", [indexes])
    payload = sum(row[3] for row in found) / total
    case.figure("what was stored, without pages and gaps", "bytes a session", [payload])
    case.ratio("the file / what was stored", [grown], [payload])
