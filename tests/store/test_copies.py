"""A copy of the database is whole and of one moment, whatever is written meanwhile."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from databases import only_on_sqlite
from people import Clock
from signedin.rules.errors import DatabaseProblem
from signedin.store import accounts, copies
from signedin.store.sqlite import open_raw

NOW = Clock()()

pytestmark = only_on_sqlite("A copy is of the file; PostgreSQL has its own ways to make one.")


def added(means, count, start=0):
    def work(conn):
        for number in range(start, start + count):
            accounts.add(conn, f"{number}@example.org", "Somebody " * 40, NOW)

    means.database.write_now(work)


def counted(file):
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return conn.execute("SELECT count(*) FROM accounts").fetchone()[0]


def test_a_copy_is_of_the_moment_it_was_begun_and_holds_nobody_up(means, tmp_path, monkeypatch):
    monkeypatch.setattr(copies, "PAGES", 5)
    added(means, 200)
    pieces = []

    def tell(done, total):
        pieces.append(done)
        added(means, 1, start=1000 + len(pieces))

    size = copies.back_up(means.database, tmp_path / "copy.db", tell)
    assert len(pieces) > 3
    assert pieces == sorted(pieces)
    assert counted(tmp_path / "copy.db") == 200
    assert counted(means.database.path) == 200 + len(pieces)
    assert size == (tmp_path / "copy.db").stat().st_size
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600


def test_a_copy_is_one_file_and_nothing_is_left_beside_it(means, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    copies.back_up(means.database, folder / "copy.db")
    assert [each.name for each in folder.iterdir()] == ["copy.db"]


def test_nothing_is_written_over_and_a_copy_that_fails_leaves_nothing(means, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "copy.db").write_text("precious")
    with pytest.raises(DatabaseProblem, match="There is something at"):
        copies.back_up(means.database, folder / "copy.db")
    assert (folder / "copy.db").read_text() == "precious"
    assert [each.name for each in folder.iterdir()] == ["copy.db"]
    with pytest.raises(OSError, match="No such file"):
        copies.back_up(means.database, tmp_path / "nowhere" / "copy.db")


def test_a_database_that_was_copied_as_a_file_is_unpacked_with_its_log(means, tmp_path):
    added(means, 3)
    assert (tmp_path / "signedin.db-wal").stat().st_size
    for name in ("", "-wal"):
        (tmp_path / f"copy.db{name}").write_bytes((tmp_path / f"signedin.db{name}").read_bytes())
    near = tmp_path / "new" / "signedin.db"
    with copies.unpacked(tmp_path / "copy.db", near) as copy:
        with closing(open_raw(copy)) as conn:
            assert conn.execute("SELECT count(*) FROM accounts").fetchone() == (3,)
        assert copies.put_in_place(copy, near, NOW) is None
    assert counted(near) == 3
    assert sorted(each.name for each in near.parent.iterdir()) == ["signedin.db", "signedin.db.lock"]


@pytest.mark.parametrize("content", [b"not a database at all", b"SQLite format 3\0" + bytes(4096)])
def test_what_is_no_whole_database_is_refused_before_anything_is_moved(tmp_path, content):
    (tmp_path / "copy.db").write_bytes(content)
    with pytest.raises(DatabaseProblem), copies.unpacked(tmp_path / "copy.db", tmp_path / "signedin.db"):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["copy.db"]


def test_a_database_that_somebody_has_open_is_not_replaced(means, tmp_path):
    copies.back_up(means.database, tmp_path / "copy.db")
    near = means.database.path
    with copies.unpacked(tmp_path / "copy.db", near) as copy, pytest.raises(DatabaseProblem, match="open"):
        copies.put_in_place(copy, near, NOW)
    added(means, 1)


def test_a_damaged_database_is_kept_aside_with_its_log(tmp_path):
    near = tmp_path / "signedin.db"
    near.write_bytes(b"damaged" * 1000)
    (tmp_path / "signedin.db-wal").write_bytes(b"its log")
    new = tmp_path / "new.db"
    with closing(sqlite3.connect(new)) as conn:
        conn.execute("CREATE TABLE accounts (account_id)")
    kept = copies.put_in_place(new, near, NOW)
    assert kept.name == "signedin.db.before-20261123T142000Z"
    assert kept.read_bytes() == b"damaged" * 1000
    assert (tmp_path / f"{kept.name}-wal").read_bytes() == b"its log"
    assert counted(near) == 0
