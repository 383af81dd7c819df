"""The list and the page, of few and of many sessions: how long, how many statements, and where the time goes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2

from bench.figures import Case
from bench.filling import Filled, fill, path_of, settings_in
from bench.rounds import Way, profile_of, side_by_side
from bench.stopwatch import Point, statements, stopwatch
from signedin.actions import list_sessions
from signedin.actions.authenticate import authenticate
from signedin.api import session_items
from signedin.rules.presence import Presence
from signedin.server.app import build
from signedin.server.server import Server
from signedin.store import session_rows
from signedin.store.database import Database
from signedin.store.sqlite import open_raw
from signedin.web import session_view

MOST_STATEMENTS = 2
PAGE, ALL_SHOWN, JSON = "/settings/sessions", "/settings/sessions?page=10", "/v1/sessions"
PARTS: dict[str, Point] = {
    "statement and values": (session_rows, "of"),
    "rules: the list": (list_sessions, "session_list"),
    "view: what each row says": (session_view, "page"),
    "view: items for programs": (session_items, "item"),
    "template": (jinja2.Template, "render"),
}


@dataclass(frozen=True)
class Numbers:
    """How many calls a round, for few sessions and for many."""

    few: int
    many: int
    calls_few: int
    calls_many: int
    rounds: int
    seconds: float


SIZES = {
    "tiny": Numbers(3, 12, 1, 1, 1, 1),
    "small": Numbers(20, 1_000, 20, 2, 7, 12),
    "full": Numbers(20, 1_000, 60, 6, 15, 90),
}


def measure(size: str, folder: Path) -> Case:
    """Two accounts, one with few and one with many sessions, among others."""
    numbers = SIZES[size]
    case = Case("list", "The list and the page", minds_neighbours=False)
    server = build(settings_in(folder))
    try:
        fill(server.means, 200 if size != "tiny" else 3, 5)
        accounts = {count: fill_one(server, count) for count in (numbers.few, numbers.many)}
        calls = {numbers.few: numbers.calls_few, numbers.many: numbers.calls_many}
        for count, filled in accounts.items():
            bench = _Bench(server, case, filled.tokens[0], f"{count:,} sessions")
            bench.side_by_side(calls[count], numbers)
            bench.count_statements()
            bench.take_apart(calls[count])
            if count == numbers.many:
                case.profile = bench.profile()
    finally:
        server.close()
    case.notes.append("The page shows 100 rows, and 100 more at each press of “Show more”.")
    return case


def fill_one(server: Server, sessions: int) -> Filled:
    """One account with that many sessions, under a name of its own."""
    return fill(server.means, 1, sessions, prefix=f"owner-of-{sessions}")


class _Bench:
    """One account's list, asked for in every way."""

    def __init__(self, server: Server, case: Case, token: str, who: str) -> None:
        self._server, self._case, self._token, self._who = server, case, token, who
        found = authenticate(server.means, token, datetime.now(UTC))
        assert isinstance(found, Presence)
        self._presence = found

    def side_by_side(self, calls: int, numbers: Numbers) -> None:
        """The page, the items for programs, the list alone, and its statement alone by sqlite3."""
        bare = self._bare()
        ways: dict[str, Way] = {
            "page": lambda: self.load(PAGE, calls),
            "page with all rows shown": lambda: self.load(ALL_SHOWN, calls),
            "JSON": lambda: self.load(JSON, calls),
            "list alone": lambda: self._lists(calls),
            "its statement alone, by sqlite3": lambda: [bare() for _ in range(calls)],
        }
        found = side_by_side(ways, calls=calls, rounds=numbers.rounds, seconds=numbers.seconds)
        for name, values in found.items():
            self._case.figure(f"{name}; {self._who}", "ms", [value / 1000 for value in values])
        alone = found["its statement alone, by sqlite3"]
        self._case.ratio(f"list / its statement by sqlite3; {self._who}", found["list alone"], alone)
        self._case.ratio(f"page / list; {self._who}", found["page"], found["list alone"])

    def _lists(self, calls: int) -> None:
        means, asking = self._server.means, self._presence
        for _ in range(calls):
            means.database.read_now(
                list_sessions.read_list, means, asking.account_id, asking.current_id, datetime.now(UTC)
            )

    def _bare(self) -> Callable[[], object]:
        with statements() as asked:
            self._lists(1)
        conn = open_raw(path_of(self._server.means))
        statement, parameters = asked[0]
        return lambda: conn.execute(statement, parameters).fetchall()

    def load(self, path: str, calls: int) -> None:
        """Ask the whole application, in process, without HTTP."""
        asyncio.run(self._load(path, calls))

    async def _load(self, path: str, calls: int) -> None:
        for _ in range(calls):
            sent: list[dict[str, Any]] = []
            await self._server.app(self._scope(path), _no_body, _into(sent))  # type: ignore[misc]
            assert sent[0]["status"] == 200, sent

    def _scope(self, path: str) -> dict[str, Any]:
        name, _, query = path.partition("?")
        headers = [(b"host", b"localhost:8000"), (b"cookie", b"signedin=" + self._token.encode())]
        return {
            "type": "http", "http_version": "1.1", "method": "GET", "path": name, "raw_path": name.encode(),
            "query_string": query.encode(), "headers": headers, "client": ("127.0.0.1", 4711),
            "server": ("127.0.0.1", 8000), "scheme": "http", "root_path": "", "asgi": {"version": "3.0"}, "state": {},
        }  # fmt: skip

    def profile(self) -> str:
        """Where the time of a page with all rows shown goes, all of it in the thread that is looked at."""

        async def read(database: Database, question: Callable[..., Any], *args: Any) -> Any:
            return database.read_now(question, *args)

        kept = Database.read
        Database.read = read  # type: ignore[assignment,method-assign]
        try:
            return profile_of(lambda: self.load(ALL_SHOWN, 1))
        finally:
            Database.read = kept  # type: ignore[method-assign]

    def count_statements(self) -> None:
        """How often the database is asked."""
        for name, path in (("page", PAGE), ("JSON", JSON)):
            with statements() as asked:
                self.load(path, 1)
            self._case.goal(f"statements; {name}; {self._who}", len(asked), at_most=MOST_STATEMENTS)

    def take_apart(self, calls: int) -> None:
        """Where the time of a page goes; the rest is the framework, the thread and the gate."""
        for name, path in (("page", PAGE), ("JSON", JSON)):
            with stopwatch(PARTS, time.process_time) as spent:
                whole = side_by_side({name: lambda p=path: self.load(p, calls)}, calls=1, rounds=1)  # type: ignore[misc]
            total = whole[name][0] / 1e6
            parts = [f"{part} {seconds / 2 / total:.0%}" for part, seconds in spent.items()]
            self._case.facts[f"where the time goes; {name}; {self._who}"] = ", ".join(parts)


async def _no_body() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


def _into(sent: list[dict[str, Any]]) -> Callable[[Any], Any]:
    async def send(message: Any) -> None:
        sent.append(message)

    return send
