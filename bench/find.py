"""Finding as operators do: by name, number, reference and network, first and deep pages, among few and very many accounts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.bulk import postgres_beside
from bench.crowd import FIRST, analyse
from bench.directory import NAME, add_people, number_of
from bench.figures import Case
from bench.filling import settings_in
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.count_overview import count_each
from signedin.actions.find_people import find_people
from signedin.actions.means import Means
from signedin.actions.organisations import make_from_shell
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.account import AccountId, OrganisationId
from signedin.rules.finding import Place
from signedin.rules.operator import Role
from signedin.rules.presence import Presence
from signedin.rules.session import AppType
from signedin.server.demo_rows import CHROME_MAC
from signedin.server.means import close_means, open_means, utc_now
from signedin.store import accounts
from signedin.store.lookup import LOOKED_AT

VISIT = Visit("198.51.100.7", CHROME_MAC, read_device(CHROME_MAC, {}), ruleset())
NETWORK = "198.51.100.•••"
FLAT = 1.5
MEMBERS = 1_000
"""Of the small organisation: as many as are gone through one by one."""
_OVERVIEW = "the overview's count of everybody"
_OVERVIEW_OF_SOME = "the overview's count of two organisations"
CALLS = 20
"""Times that one question is asked in a round."""


@dataclass(frozen=True)
class Numbers:
    """Among how few and how many accounts is looked, and how often."""

    few: int
    many: int
    rounds: int


SIZES = {
    "tiny": Numbers(60, 300, 1),
    "small": Numbers(10_000, 1_000_000, 7),
    "full": Numbers(10_000, 1_000_000, 15),
}


@dataclass(frozen=True)
class Asked:
    """What is looked for: by which operator, by which words, and after which place where it is a deep page."""

    name: str
    by: Presence
    words: str
    after: Place | None = None


@dataclass
class Home:
    """One database with its operators, and what was measured there."""

    name: str
    means: Means
    like: AccountId
    small: OrganisationId
    large: OrganisationId
    operators: dict[str, Presence]
    reference: str
    took: dict[tuple[str, int], list[float]] = field(default_factory=dict)


def measure(size: str, folder: Path) -> Case:
    """The same questions on both databases, among few accounts and then among many."""
    numbers, case, there = SIZES[size], Case("find", "Finding accounts, as operators do"), 0
    with ExitStack() as stack:
        homes = [stack.enter_context(_sqlite(folder)), *stack.enter_context(_postgres(folder, case))]
        for among in (numbers.few, numbers.many):
            for home in homes:
                # The small organisation stays as it is: what is measured is how many others there are.
                each = 0 if there else max(1, numbers.few // MEMBERS)
                add_people(home.means, home.like, there, among, home.small, home.large, utc_now(), each)
                analyse(home.means)
            for _ in range(numbers.rounds):
                for home in homes:
                    asyncio.run(_round(home, among))
                    _count(home, among)
            there = among
        for home in homes:
            _tell(case, home, numbers)
    case.facts["accounts"] = (
        f"{numbers.few:,} and {numbers.many:,}, with one session each, all from one network"
    )
    case.facts["organisations"] = (
        "one of a thousand members (fewer where there are few); one of a third of all, of which a page looks at "
        f"{LOOKED_AT:,} entries at most, which few accounts do not have: that ratio has no goal"
    )
    case.facts["a page"] = (
        "20 accounts, with how much is signed in to each; a deep page begins after nine tenths"
    )
    return case


async def _round(home: Home, among: int) -> None:
    for asked in _questions(home, among):
        took = []
        for _ in range(CALLS + 1):
            began = time.perf_counter()
            await find_people(home.means, asked.by, asked.words, asked.after, utc_now())
            took.append((time.perf_counter() - began) * 1000)
        home.took.setdefault((asked.name, among), []).append(sorted(took[1:])[CALLS // 2])
    if home.means.lines is not None:
        await home.means.lines.close()


def _count(home: Home, among: int) -> None:
    """What the overview's job counts every five minutes: of everybody, and of both organisations in one pass."""
    for name, organisations in ((_OVERVIEW, None), (_OVERVIEW_OF_SOME, [home.small, home.large])):
        began = time.perf_counter()
        home.means.database.read_now(count_each, organisations, utc_now())
        home.took.setdefault((name, among), []).append((time.perf_counter() - began) * 1000)


def _questions(home: Home, among: int) -> list[Asked]:
    deep = among * 9 // 10
    everybody, small, large = (home.operators[name] for name in ("", "Small", "Large"))
    of_all, by_number = "somebody", Place("", FIRST + deep)
    name = Place(NAME.format(number_of(deep)).lower(), FIRST + deep)
    return [
        Asked("what everybody is called", everybody, of_all),
        Asked("what everybody is called; a deep page", everybody, of_all, name),
        Asked("a whole name", everybody, NAME.format(number_of(among // 2))),
        Asked("an account number", everybody, str(FIRST + among // 2)),
        Asked("a reference, its first eight characters", everybody, home.reference[:8]),
        Asked("what nobody is called", everybody, "zebra"),
        Asked("a network that all came from", everybody, NETWORK),
        Asked("a network that all came from; a deep page", everybody, NETWORK, by_number),
        Asked("a thousand members; a name", small, of_all),
        Asked("a thousand members; a network", small, NETWORK),
        Asked("members of a third of all; a name, a deep page", large, of_all, name),
        Asked("members of a third of all; a network, a deep page", large, NETWORK, by_number),
    ]


def _tell(case: Case, home: Home, numbers: Numbers) -> None:
    for name in dict.fromkeys(name for name, _ in home.took):
        few, many = home.took[name, numbers.few], home.took[name, numbers.many]
        case.figure(f"{home.name}: {name}; among {numbers.few:,}", "ms", few)
        case.figure(f"{home.name}: {name}; among {numbers.many:,}", "ms", many)
        title = f"{home.name}: {name}; among {numbers.many:,} / among {numbers.few:,}"
        if name in (_OVERVIEW, _OVERVIEW_OF_SOME):  # a job counts it, and goes through all
            continue
        # Of few there are fewer entries than are looked at for a page of a large organisation.
        case.ratio(title, many, few, at_most=None if "a third of all" in name else FLAT)


@contextmanager
def _sqlite(folder: Path) -> Iterator[Home]:
    (folder / "sqlite").mkdir()
    means = open_means(settings_in(folder / "sqlite"))
    yield asyncio.run(_home("SQLite", means))
    close_means(means)


@contextmanager
def _postgres(folder: Path, case: Case) -> Iterator[list[Home]]:
    with postgres_beside(case) as url:
        if url is None:
            case.notes.append("There is no PostgreSQL on this machine: only SQLite was measured.")
            yield []
            return
        (folder / "postgres").mkdir()
        means = open_means(replace(settings_in(folder / "postgres"), database_url=url))
        yield [asyncio.run(_home("PostgreSQL", means))]
        close_means(means)


async def _home(name: str, means: Means) -> Home:
    """Somebody whom the others are copies of, two organisations, and an operator for all and for each."""
    now = utc_now()
    like = means.database.write_now(accounts.add, "like@example.org", "Like Others", now)
    begun = means.database.write_now(begin, means, like, VISIT, Ticks(), 0, now)
    made = {each: await make_from_shell(means, each, now) for each in ("Small", "Large")}
    operators = {}
    for bound in ("", *made):
        email = f"operator{bound.lower()}@example.org"
        account = means.database.write_now(accounts.add, email, "Operator", now)
        await appoint_from_shell(means, email, Role.VIEWER, now, organisation=bound)
        session = means.database.write_now(
            begin, means, account, VISIT, Ticks(), 0, now, None, AppType.ADMIN
        ).session
        operators[bound] = Presence(account.id, session.id, AppType.ADMIN, now)
    if means.lines is not None:
        await means.lines.close()
    return Home(name, means, like.id, made["Small"].id, made["Large"].id, operators, begun.session.id)
