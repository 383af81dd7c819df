"""The check itself, in process, beside bare reads of the same file by sqlite3."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from bench.figures import Case
from bench.filling import Filled, fill, opened, path_of
from bench.rounds import Way, profile_of, side_by_side
from signedin.actions.authenticate import authenticate, checks_of
from signedin.actions.means import Means
from signedin.rules.moments import to_micros
from signedin.rules.presence import Presence
from signedin.rules.revocation import EndReason
from signedin.rules.secret import SESSION_KINDS, Kind, digest_of, make_token, read_token, way_of
from signedin.store import sessions
from signedin.store.checks import _LIVING, CACHE_KIB
from signedin.store.sqlite import open_raw

T = TypeVar("T")
GOAL = 2.0
BY_PRIMARY_KEY = "SELECT app_type FROM sessions WHERE account_id = ? AND session_id = ?"
BY_TOKEN_KEY = "SELECT session_id FROM sessions WHERE account_id = ? AND digest = ?"
HOT = 200


@dataclass(frozen=True)
class Numbers:
    """How much of everything."""

    people: int
    each: int
    sample: int
    rounds: int


SIZES = {
    "tiny": Numbers(20, 5, 60, 2),
    "small": Numbers(20_000, 5, 5_000, 21),
    "full": Numbers(200_000, 5, 20_000, 31),
}


def measure(size: str, folder: Path) -> Case:
    """Who is met every moment, who comes from all over the file, who comes for the first time, who is refused."""
    numbers = SIZES[size]
    case = Case("check", "The check of a session, in process", minds_neighbours=False)
    with opened(folder) as means:
        filled = fill(means, numbers.people, numbers.each, with_history=False)
        total = len(filled.tokens)
        bench = _Bench(means, case, numbers, datetime.now(UTC))
        dead = _end_some(means, filled, min(HOT, total // 5))
        hot = filled.spread(min(HOT, total // 5))
        repeated = (hot * (numbers.sample // len(hot) + 1))[: numbers.sample]
        spread = filled.spread(numbers.sample)
        bench.let_in(f"{len(hot)} hot tokens", repeated)
        bench.let_in(f"tokens from all over {total:,} sessions", spread)
        bench.first_meeting(spread)
        bench.after_a_commit(hot)
        bench.refused(dead, filled)
        bench.steps(repeated)
        if case.is_missed:
            case.profile = profile_of(lambda: bench.check(repeated))
    case.facts["sessions"] = f"{total:,} in {numbers.people:,} accounts"
    case.facts["calls"] = f"{numbers.sample:,} of each a round, {numbers.rounds} rounds"
    case.notes.append(
        "The goal is held against the barest read there is: one column by the primary key, nothing decided."
    )
    return case


class _Bench:
    """The ways of asking, on one open installation."""

    def __init__(self, means: Means, case: Case, numbers: Numbers, now: datetime) -> None:
        self._means, self._case, self._numbers, self._now = means, case, numbers, now
        self._bare = _bare(path_of(means))

    def check(self, tokens: list[str]) -> None:
        """The product's own check."""
        means, now = self._means, self._now
        for token in tokens:
            authenticate(means, token, now)

    def let_in(self, who: str, tokens: list[str]) -> None:
        """Everybody is met already, as in a process that has run for a while."""
        assert all(isinstance(authenticate(self._means, each, self._now), Presence) for each in tokens)
        ways = {"check": lambda: self.check(tokens)} | self._bare_ways(tokens)
        found = side_by_side(ways, calls=len(tokens), rounds=self._numbers.rounds)
        for name, values in found.items():
            self._case.figure(f"{name}; {who}", "us", values)
        primary, token_key, three = (found[name] for name in list(found)[1:4])
        self._case.ratio(f"check / bare by primary key; {who}", found["check"], primary, at_most=GOAL)
        self._case.ratio(f"check / bare by the token's key; {who}", found["check"], token_key)
        self._case.ratio(f"check / bare read of the three rows; {who}", found["check"], three)

    def _bare_ways(self, tokens: list[str]) -> dict[str, Way]:
        keys = self._keys(tokens)
        ids = [self._bare(BY_TOKEN_KEY, key).fetchone()[0] for key in keys]
        primary = [(account_id, row_id) for (account_id, _), row_id in zip(keys, ids, strict=True)]
        return {
            "bare by primary key": _asking(self._bare, BY_PRIMARY_KEY, primary),
            "bare by the token's key": _asking(self._bare, BY_TOKEN_KEY, keys),
            "bare read of the three rows": _asking(self._bare, _LIVING, keys),
        }

    def _keys(self, tokens: list[str]) -> list[tuple[int, bytes]]:
        reads = (read_token(token, SESSION_KINDS, self._means.keyring.way_keys) for token in tokens)
        return [(read.account_id, read.digest) for read in reads if read is not None]

    def first_meeting(self, tokens: list[str]) -> None:
        """Nobody is met yet, as in a process that has just started."""

        def check() -> None:
            self._means.met.forget_all()
            self.check(tokens)

        ways = {"check": check} | self._bare_ways(tokens)
        found = side_by_side(ways, calls=len(tokens), rounds=max(2, self._numbers.rounds // 3))
        self._case.figure("check; met for the first time", "us", found["check"])
        self._case.ratio(
            "check / bare by primary key; met for the first time",
            found["check"],
            found["bare by primary key"],
        )

    def after_a_commit(self, tokens: list[str]) -> None:
        """Somebody else has just committed, so SQLite reads its pages anew."""
        writing = open_raw(path_of(self._means))

        def commit() -> None:
            with self._means.database.writing():
                writing.execute("INSERT OR REPLACE INTO jobs VALUES ('bench', 1)")

        self.check(tokens)
        ways = {"check": lambda: self.check(tokens)} | self._bare_ways(tokens)
        found = side_by_side(ways, calls=len(tokens), rounds=self._numbers.rounds * 2, before=commit)
        writing.close()
        for name in ("check", "bare by primary key"):
            self._case.figure(f"{name}; right after a commit elsewhere", "us", found[name])
        self._case.ratio(
            "check / bare by primary key; right after a commit elsewhere", found["check"],
            found["bare by primary key"],
        )  # fmt: skip

    def refused(self, dead: list[str], filled: Filled) -> None:
        """Who is not let in: nobody's token, an ended session's, and what is no token."""
        keys, accounts = self._means.keyring.way_keys, filled.accounts
        groups = {
            "unknown": [make_token(Kind.SES, accounts[at % len(accounts)], keys) for at in range(len(dead))],
            "ended": dead,
            "malformed": [token[:-1] + ("0" if token[-1] != "0" else "1") for token in dead],
        }
        ways: dict[str, Way] = {
            f"check; {name}": _once(self.check, tokens * 5) for name, tokens in groups.items()
        }
        found = side_by_side(ways, calls=5 * len(dead), rounds=self._numbers.rounds)
        for name, values in found.items():
            self._case.figure(name, "us", values)
        for name, tokens in groups.items():
            self._case.facts[f"statements for one check; {name}"] = str(self._statements(tokens[0]))
        self._case.facts["statements for one check; let in"] = str(self._statements(filled.tokens[-1]))

    def _statements(self, token: str) -> int:
        asked: list[str] = []
        authenticate(self._means, token, self._now)
        checks_of(self._means)._conn.set_trace_callback(asked.append)
        authenticate(self._means, token, self._now)
        checks_of(self._means)._conn.set_trace_callback(None)
        return len(asked)

    def steps(self, tokens: list[str]) -> None:
        """The check taken apart; what is left over is calls and decisions."""
        keys, checks, way_keys = self._keys(tokens), checks_of(self._means), self._means.keyring.way_keys
        moment = to_micros(self._now)
        questions = [(account_id, digest, moment, 0) for account_id, digest in keys]
        ways: dict[str, Way] = {
            "step: the whole check": _once(self.check, tokens),
            "step: shape and digest of the token": _each(
                lambda token: digest_of(token, SESSION_KINDS), tokens
            ),
            "step: the one statement": _each(lambda question: checks.lives_on(*question), questions),
            "step: the way to the account (first meeting only)": _each(lambda t: way_of(t, way_keys), tokens),
        }
        for name, values in side_by_side(ways, calls=len(tokens), rounds=self._numbers.rounds).items():
            self._case.figure(name, "us", values)


def _bare(path: Path) -> Callable[..., sqlite3.Cursor]:
    conn = open_raw(path)
    conn.execute("PRAGMA query_only=ON")
    conn.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    return conn.cursor().execute


def _asking(
    ask: Callable[..., sqlite3.Cursor], statement: str, keys: list[tuple[int, str]] | list[tuple[int, bytes]]
) -> Way:
    def way() -> None:
        for key in keys:
            ask(statement, key).fetchone()

    return way


def _once(work: Callable[[T], object], given: T) -> Way:
    return lambda: work(given)


def _each(work: Callable[[T], object], given: list[T]) -> Way:
    def way() -> None:
        for each in given:
            work(each)

    return way


def _end_some(means: Means, filled: Filled, count: int) -> list[str]:
    """End that many sessions; their tokens leave `filled`."""
    dead, filled.tokens = filled.tokens[:count], filled.tokens[count:]
    now = datetime.now(UTC)
    for token in dead:
        read = read_token(token, SESSION_KINDS, means.keyring.way_keys)
        assert read is not None
        living = checks_of(means).living(read.account_id, read.digest)
        assert living is not None
        means.database.note_now(sessions.end, read.account_id, [living.session_id], EndReason.REVOKED, now, 1)  # type: ignore[arg-type]
    return dead
