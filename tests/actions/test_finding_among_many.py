"""Finding among very many accounts: the same few statements whatever is found, each answered by an index, on every page."""

from __future__ import annotations

import json
import re
from collections import Counter
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from bench.crowd import FIRST, analyse
from bench.directory import add_people, number_of
from databases import ON_POSTGRES, only_on_sqlite
from people import ADA, BERLIN, CHROME_ON_MACOS, GRACE, PASSWORD, Clock, done_apart
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.find_people import PAGE, find_people, people_of_client
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.organisations import make_from_shell
from signedin.actions.see_organisations import organisations_for_shell
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.finding import Place
from signedin.rules.operator import Role
from signedin.rules.presence import Presence
from signedin.rules.session import AppType
from signedin.store import lookup, organisations

NOW = Clock()()
MANY = 4_000
MASKED = "198.51.100.•••"
LARGE_TABLES = {
    "accounts",
    "activity",
    "lookup",
    "memberships",
    "sessions",
    "consents",
    "access_keys",
    "addresses",
}


def begun(means, email, app_type=AppType.WEB, address=BERLIN):
    seen = Visit(address, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
    session = done_apart(sign_in(means, email, PASSWORD, seen, Ticks(), NOW, app_type)).session
    return Presence(session.account_id, session.id, app_type, NOW)


@pytest.fixture
def town(means):
    """Four thousand people on one network; a small organisation, and one of a third of all."""
    for email, name in {
        ADA: "Ada Lovelace",
        GRACE: "Grace Hopper",
        "tom@example.org": "Tom Hallowell",
    }.items():
        done_apart(add_by_operator(means, Applicant(email, name, PASSWORD), NOW))
    small = done_apart(make_from_shell(means, "Small", NOW))
    large = done_apart(make_from_shell(means, "Large", NOW))
    reference = begun(means, "tom@example.org", address="198.51.100.7").current_id
    like = means.database.read_now(lookup.beginning, "tom", None, 1).ids[0]
    add_people(means, like, 0, MANY, small.id, large.id, NOW)
    analyse(means)
    return SimpleNamespace(means=means, reference=reference)


@pytest.fixture(params=["everybody", "small", "large"])
def asking(request, town, monkeypatch):
    """Somebody who may see everybody, or the members of one organisation alone."""
    monkeypatch.setattr(lookup, "FEW_MEMBERS", 100)
    monkeypatch.setattr(lookup, "LOOKED_AT", 500)
    bound = {"small": "Small", "large": "Large"}.get(request.param, "")
    done_apart(appoint_from_shell(town.means, ADA, Role.VIEWER, NOW, organisation=bound))
    town.members = {"everybody": MANY, "small": 4, "large": MANY // 3 + 1}[request.param]
    return begun(town.means, ADA, AppType.ADMIN)


def statements_of(means, deed):
    """What it returns, and every statement that it asked, with its values."""
    asked = []

    def executed(conn, cursor, statement, parameters, context, executemany):
        if statement.lstrip().startswith(("SELECT", "WITH")):
            asked.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", executed)  # reads have an engine of their own
    try:
        done = done_apart(deed)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", executed)
    assert asked
    return done, asked


def pages_of(means, asking, words):
    """All that is found by words, page by page, each account where it first stands."""
    seen, place = [], None
    for _ in range(400):
        page = done_apart(find_people(means, asking, words, place, NOW))
        assert len(page.hits) <= PAGE
        seen += [hit.account.id for hit in page.hits]
        place = page.more
        if place is None:
            return seen
    raise AssertionError("the pages have no end")


@pytest.mark.guide("D22")
@pytest.mark.parametrize("words", ["somebody", MASKED])
def test_every_account_stands_on_exactly_one_page_and_nobody_who_may_not_be_seen(town, asking, words):
    if words == "somebody":
        found = pages_of(town.means, asking, words)
        assert len(found) == len(set(found)) == town.members
        return
    place, first = Place("", FIRST + MANY - 30), done_apart(find_people(town.means, asking, words, None, NOW))
    last = done_apart(find_people(town.means, asking, words, place, NOW))
    numbers = [hit.account.id for hit in (*first.hits, *last.hits)]
    assert numbers == sorted(set(numbers))
    assert all(hit.counts.sessions == 1 for hit in first.hits)


@pytest.mark.guide("D22")
def test_the_number_of_statements_is_the_same_whatever_is_found(town, asking):
    for words in ("somebody", MASKED):
        many, asked = statements_of(town.means, find_people(town.means, asking, words, None, NOW))
        assert many.hits
        assert 0 < len(asked) <= 14, [statement for statement, _ in asked]
        one, fewer = statements_of(town.means, find_people(town.means, asking, words, None, NOW, limit=1))
        assert len(one.hits) <= 1
        assert abs(len(asked) - len(fewer)) <= 1, (asked, fewer)


SOUGHT = {
    "a name": "somebody", "a part of a name": "somebody 0000012", "an address": "s00000",
    "an account number": str(FIRST + 30), "what nobody is called": "zzzz", "a network": MASKED,
    "another network": "192.0.2.•••",
}  # fmt: skip


@pytest.mark.guide("D22")
def test_members_in_the_list_of_organisations_are_counted_up_to_a_bound(town, monkeypatch):
    monkeypatch.setattr(organisations, "MOST_COUNTED", 100)
    found, asked = statements_of(town.means, organisations_for_shell(town.means, "", 200))
    told = [(each.organisation.name, each.members, each.has_more_members) for each in found]
    assert told == [("Large", 100, True), ("Small", 4, False)]
    assert len(asked) == 1
    assert read_through(town.means.database, asked) == set()


@pytest.mark.guide("D22")
@pytest.mark.parametrize("deep", [False, True], ids=["first page", "deep page"])
def test_no_table_of_everybody_is_read_through_whatever_is_looked_for(town, asking, deep):
    whole = [("SELECT * FROM sessions WHERE user_agent = 'x'", ())]
    assert read_through(town.means.database, whole) == {"sessions"}
    for what, words in {**SOUGHT, "a reference": town.reference[:8]}.items():
        term = "" if what.endswith("network") else f"somebody {number_of(MANY - 900)}"
        place = Place(term, FIRST + MANY - 900) if deep else None
        _, asked = statements_of(town.means, find_people(town.means, asking, words, place, NOW))
        assert read_through(town.means.database, asked) == set(), what
    place = Place("", FIRST + 40) if deep else None
    _, asked = statements_of(town.means, people_of_client(town.means, asking, "nobody", place, NOW))
    assert read_through(town.means.database, asked) == set()


@pytest.mark.guide("D22")
@only_on_sqlite("SQLite alone counts its steps.")
def test_a_deep_page_takes_hardly_more_steps_than_the_first(town, asking):
    """The plan of a page that goes through all before it reads like that of one that goes on where the last ended."""
    place = Place(f"somebody {number_of(MANY * 9 // 10)}", FIRST + MANY * 9 // 10)
    steps = []
    for after in (None, place):
        _, asked = statements_of(town.means, find_people(town.means, asking, "somebody", after, NOW))
        steps.append(steps_of(town.means.database, [each for each in asked if "lookup.term" in each[0]]))
    assert steps[1] <= steps[0] * 1.5, steps


def steps_of(database, asked):
    """How many hundreds of steps the database takes to answer these."""
    steps = []
    with database.engine.connect() as conn:
        wire = conn.connection.driver_connection
        wire.set_progress_handler(lambda: steps.append(1), 100)
        for statement, values in asked:
            conn.exec_driver_sql(statement, values).all()
        wire.set_progress_handler(None, 0)
    return len(steps)


def read_through(database, asked):
    """The large tables that the database would read from one end to the other to answer these."""
    found = set()
    with database.engine.connect() as conn, conn.begin():
        if ON_POSTGRES:
            # Few rows are read whole where that is cheaper: what counts is that there is another way.
            for setting in ("enable_seqscan", "enable_mergejoin", "enable_hashjoin", "jit"):
                conn.exec_driver_sql(f"SET LOCAL {setting} = off")
        for statement, values in asked:
            found |= _through(conn, statement, values)
    return found & LARGE_TABLES


def _through(conn, statement, values):
    if not ON_POSTGRES:
        plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return {row[3].split()[1] for row in plan if row[3].startswith("SCAN ")}
    how = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON)"
    plan = conn.exec_driver_sql(f"{how} {statement}", values).scalar_one()
    read = Counter()
    for table, rows in _scanned(plan if isinstance(plan, list) else json.loads(plan)):
        read[table] += rows
    return {table for table, rows in read.items() if rows > MANY // 10}


def _scanned(plan):
    """How many rows of which tables are gone through from end to end, by themselves or along an index."""
    for node in plan if isinstance(plan, list) else [plan]:
        kind = node.get("Node Type", "")
        is_whole = kind == "Seq Scan" or (kind.startswith("Index") and "Index Cond" not in node)
        if is_whole and node.get("Relation Name"):
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            yield re.sub(r"_\d+$", "", node["Relation Name"]), rows * node["Actual Loops"]
        for part in (node.get("Plan"), node.get("Plans")):
            if part:
                yield from _scanned(part)
