"""Operators find accounts by what is displayed of them, by an index each time, a page at a time."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from databases import ON_POSTGRES
from given import a_client, a_grant
from people import ADA, BERLIN, CHROME_ON_MACOS, PASSWORD, SAN_FRANCISCO, Clock, done_apart
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.find_people import deeds_before, find_people, people_of_client
from signedin.actions.issue_key import issue_service_key
from signedin.actions.keep_accounts import Change, change_account
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.organisations import add_member_from_shell, make_from_shell
from signedin.actions.revoke import log_out
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.access_key import Wish
from signedin.rules.event import Event, EventKind
from signedin.rules.finding import Place, sought
from signedin.rules.operator import Role, RoleNeeded
from signedin.rules.presence import Presence, Service
from signedin.rules.session import AppType
from signedin.store import accounts, client_lookup, clients, deeds, lookup, operators

NOW = Clock()()
PEOPLE = {
    "ines@halloran.example": "Ines Halloran", "tom.hallowell@example.org": "Tom Hallowell",
    "hallo@example.org": "Mira Challot", "zoë@example.org": "ZOË Ünal",
}  # fmt: skip
MANY = 3000


def visit(address):
    return Visit(address, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())


def signed_in(means, email, address=BERLIN, app_type=AppType.WEB, now=NOW):
    begun = done_apart(sign_in(means, email, PASSWORD, visit(address), Ticks(), now, app_type))
    return Presence(begun.session.account_id, begun.session.id, app_type, now)


@pytest.fixture
def house(means):
    for email, name in {ADA: "Ada Lovelace", **PEOPLE}.items():
        done_apart(add_by_operator(means, Applicant(email, name, PASSWORD), NOW))
    done_apart(appoint_from_shell(means, ADA, Role.VIEWER, NOW))
    return means


def names(found):
    return [hit.account.name for hit in found.hits]


def found_by(means, words, asking=None, after=None, limit=20):
    asking = asking or signed_in(means, ADA, SAN_FRANCISCO, AppType.ADMIN)
    return done_apart(find_people(means, asking, words, after, NOW, limit))


@pytest.mark.guide("D22")
def test_an_account_is_found_by_the_beginning_of_its_address_and_of_each_word_of_its_name(house):
    asking = signed_in(house, ADA, app_type=AppType.ADMIN)
    for words, called in {
        "hallo": ["Mira Challot", "Ines Halloran", "Tom Hallowell"], "HALLORAN": ["Ines Halloran"],
        "ines hall": ["Ines Halloran"], "halloran  in": ["Ines Halloran"], "ines@": ["Ines Halloran"],
        "tom.hallowell@example.org": ["Tom Hallowell"], "zoë ün": ["ZOË Ünal"], "alloran": [], "%": [], "": [],
    }.items():  # fmt: skip
        assert sorted(names(found_by(house, words, asking))) == sorted(called), words


@pytest.mark.guide("D22")
def test_each_word_of_a_long_name_and_of_one_that_is_joined_finds_it(house):
    for email, name in (
        ("maria@example.org", "Maria da Conceição dos Santos e Silva Pereira"),
        ("sean@example.org", "Sean O’Brien-Smith"),
    ):
        done_apart(add_by_operator(house, Applicant(email, name, PASSWORD), NOW))
        for word in (
            ("silva", "pereira") if email.startswith("maria") else ("o’br", "brien", "smith", "smith sean")
        ):
            assert names(found_by(house, word)) == [name], word


@pytest.mark.guide("D22")
def test_pages_follow_each_other_and_each_account_stands_on_one_of_them(house):
    asking, seen, place = signed_in(house, ADA, app_type=AppType.ADMIN), [], None
    for _ in range(9):
        page = found_by(house, "hallo", asking, place, limit=1)
        seen += names(page)
        place = page.more
        if place is None:
            break
    assert sorted(seen) == ["Ines Halloran", "Mira Challot", "Tom Hallowell"]


@pytest.mark.guide("D22", "R9")
def test_an_address_is_found_as_it_is_displayed_and_no_digit_of_what_is_hidden_matters(house):
    asking = signed_in(house, ADA, SAN_FRANCISCO, AppType.ADMIN)
    ines = signed_in(house, "ines@halloran.example", "203.0.113.77")
    masked = "203.0.113.•••"
    for words in (masked, "203.0.113.77", "203.0.113.1", "203.0.113", "203.0.113.", "203.0.113.*"):
        found = found_by(house, words, asking)
        assert (found.network, "Ines Halloran" in names(found)) == (masked, True), words
    assert "Ines Halloran" not in names(found_by(house, "203.0.114.77", asking))
    done_apart(log_out(house, ines, NOW))
    assert "Ines Halloran" not in names(found_by(house, masked, asking)), (
        "what has ended shows nothing any more"
    )


def test_a_reference_leads_to_its_account_from_its_beginning_on_and_whole_also_when_it_has_ended(house):
    asking = signed_in(house, ADA, app_type=AppType.ADMIN)
    ines = signed_in(house, "ines@halloran.example")
    for part in (ines.current_id, ines.current_id[:8]):
        assert names(found_by(house, part, asking)) == ["Ines Halloran"]
    assert names(found_by(house, str(ines.account_id), asking)) == ["Ines Halloran"]
    done_apart(log_out(house, ines, NOW))
    assert names(found_by(house, ines.current_id, asking)) == ["Ines Halloran"]
    assert names(found_by(house, ines.current_id[:8], asking)) == []


def test_accounts_are_found_by_a_connected_app(house):
    asking = signed_in(house, ADA, app_type=AppType.ADMIN)
    world = SimpleNamespace(means=house, clock=lambda: NOW)
    client = a_client(world)
    a_grant(world, client, "ines@halloran.example")
    [(client_id, _)] = found_by(house, "tide", asking).clients
    assert client_id == client.id
    assert found_by(house, "calendar", asking).clients == found_by(house, "tide", asking).clients
    assert names(done_apart(people_of_client(house, asking, client_id, None, NOW))) == ["Ines Halloran"]
    assert names(done_apart(people_of_client(house, asking, "nobody", None, NOW))) == []


def test_a_connected_app_is_found_among_thousands_also_one_that_older_code_has_registered(house):
    asking = signed_in(house, ADA, app_type=AppType.ADMIN)
    client = a_client(SimpleNamespace(means=house, clock=lambda: NOW))

    def many(conn):
        table, mine = clients.clients, clients.clients.c.client_id == client.id
        row = {**conn.execute(sa.select(table).where(mine)).mappings().one(), "entered_as": None}
        rows = [row | {"client_id": f"app-{at}", "name": f"Robot {at}"} for at in range(MANY)]
        conn.execute(table.insert(), [*rows, row | {"client_id": "zzz", "name": "Zebra Notes"}])
        conn.execute(table.update().where(mine).values(name="Tidewater Diary"))

    house.database.write_now(many)
    assert found_by(house, "zebra", asking).clients == ()
    while house.database.write_now(lookup.enter_more_clients, 500):
        pass
    for words in ("zebra", "NOTES", "zebra no"):
        assert found_by(house, words, asking).clients == (("zzz", "Zebra Notes"),), words
    assert found_by(house, "diary", asking).clients == ((client.id, "Tidewater Diary"),)
    assert found_by(house, "calendar", asking).clients == ()
    assert len(found_by(house, "robot", asking).clients) == 5


def test_a_new_name_is_found_and_the_old_one_is_not(house):
    key = done_apart(issue_service_key(house, Wish("shop", ("accounts:manage",)), [AppType.WEB], NOW)).key
    shop = Service(key.id, key.name, frozenset(key.scopes), frozenset(key.app_types))
    ines = house.database.read_now(accounts.find_by_email, "ines@halloran.example")
    done_apart(change_account(house, shop, str(ines.id), Change(name="Ines Mora"), NOW))
    asking = signed_in(house, ADA, app_type=AppType.ADMIN)
    assert names(found_by(house, "mora", asking)) == ["Ines Mora"]
    assert "Ines Mora" not in names(found_by(house, "halloran", asking))


def test_accounts_that_older_code_has_made_or_renamed_become_findable(house):
    table = accounts.accounts
    made = accounts.Account(accounts.new_id(), "", "Old Hand", accounts.AccountState.ACTIVE, NOW)
    house.database.write_now(accounts.remember, made)
    renamed = table.update().where(table.c.name == "Tom Hallowell").values(name="Tom Older")
    house.database.write_now(lambda conn: conn.execute(renamed))
    while house.database.write_now(lookup.enter_more, 1):
        pass
    assert names(found_by(house, "old")) == ["Old Hand", "Tom Older"]
    assert names(found_by(house, "hallowell")) == []


def test_the_record_is_read_page_by_page_newest_first(house):
    for minute in range(5):
        role = Role.HELPER if minute % 2 else Role.VIEWER
        done_apart(appoint_from_shell(house, "hallo@example.org", role, NOW + timedelta(minutes=minute)))
    asking, place, seen = signed_in(house, ADA, app_type=AppType.ADMIN), None, []
    for _ in range(3):
        page = done_apart(deeds_before(house, asking, place, 2))
        seen += [each.event.at for each in page.done]
        place = page.more
    assert place is None
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 6


def test_the_record_of_one_organisation_looks_at_so_many_deeds_for_each_page(house, monkeypatch):
    monkeypatch.setattr(deeds, "LOOKED_AT", 4)
    done_apart(make_from_shell(house, "Harbour Bank", NOW))
    done_apart(add_member_from_shell(house, "Harbour Bank", ADA, NOW))
    done_apart(appoint_from_shell(house, "zoë@example.org", Role.VIEWER, NOW, "Harbour Bank"))
    for minute in range(1, 15):
        whom = ADA if minute in (2, 3, 14) else "hallo@example.org"
        event = Event(
            EventKind.SESSIONS_ENDED, NOW + timedelta(minutes=minute), "", None, {"by": "operator"}, {}
        )
        number = house.database.read_now(accounts.find_by_email, whom).id
        house.database.write_now(deeds.record, number, event, None)
    asking, place, pages = signed_in(house, "zoë@example.org", app_type=AppType.ADMIN), None, []
    while not pages or place is not None:
        page = done_apart(deeds_before(house, asking, place, 2))
        pages.append([(each.event.at - NOW) // timedelta(minutes=1) for each in page.done])
        place = page.more
        assert len(pages) < 10
    assert [each for page in pages for each in page][:3] == [14, 3, 2]
    assert [] in pages, "among those that were looked at was none, and it goes on"


QUESTIONS = {
    "beginning": (lambda conn: lookup.beginning(conn, "somebody 1", Place("somebody 10", 1), 20), "lookup"),
    "by_reference": (lambda conn: lookup.by_reference(conn, "AbCdEfGh", 20), "session_id"),
    "on_network": (lambda conn: lookup.on_network(conn, "203.0.113.•••", 1, 20), "masked_ip"),
    "of_client": (lambda conn: lookup.of_client(conn, "tidewater", 1, 20), "client_id"),
    "clients": (lambda conn: lookup.clients_called(conn, "robot 1", 5), "client_lookup"),
    "operators": (operators.every, "operator_role"),
    "owners": (operators.hold_owners, "operator_role"),
    "deeds": (lambda conn: deeds.before(conn, None, 20), "operator_deeds"),
    "not entered": (
        lambda conn: lookup.enter_more(conn, 20),
        "account_id_idx" if ON_POSTGRES else "not_entered",
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_question_is_answered_by_an_index_among_many_accounts(house, name):
    question, index = QUESTIONS[name]

    def many(conn):
        rows = [
            {"account_id": 2**41 + at, "email": f"s{at}@example.org", "name": f"Somebody {at}", "state": "active",
             "created_at": NOW, "is_demo": False, "entered_as": f"Somebody {at}"}
            for at in range(MANY)
        ]  # fmt: skip
        conn.execute(accounts.accounts.insert(), rows)
        terms = [{"term": f"somebody {at}", "account_id": 2**41 + at} for at in range(MANY)]
        conn.execute(lookup.lookup.insert(), terms)
        words = [{"term": f"robot {at}", "client_id": f"app-{at}"} for at in range(MANY)]
        conn.execute(client_lookup.client_lookup.insert(), words)
        conn.exec_driver_sql("ANALYZE")

    house.database.write_now(many)
    plans = plans_of(house.database, question)
    assert plans, "it asks something"
    for statement, plan in plans:
        if ON_POSTGRES:
            assert "Seq Scan on accounts" not in plan, (statement, plan)
            assert "Seq Scan on lookup" not in plan, (statement, plan)
        else:
            scans = [line for line in plan.splitlines() if "SCAN" in line and "USING" not in line]
            assert all("operator_deeds" in line for line in scans), (statement, plan)
    assert any(index in plan for _, plan in plans), plans


def plans_of(database, question):
    """How each statement of a question is answered, as the database itself says."""
    asked = []

    def executed(conn, cursor, statement, parameters, context, executemany):
        if statement.lstrip().startswith("SELECT"):
            asked.append((statement, parameters))

    with database.engine.connect() as conn:
        sa.event.listen(conn, "before_cursor_execute", executed)
        with conn.begin() as transaction:
            question(conn)
            sa.event.remove(conn, "before_cursor_execute", executed)
            how = "EXPLAIN " if ON_POSTGRES else "EXPLAIN QUERY PLAN "
            if (
                ON_POSTGRES
            ):  # few rows are read whole where that is cheaper: what counts is that there is another way
                conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
            plans = [
                (statement, "\n".join(str(row) for row in conn.exec_driver_sql(how + statement, parameters)))
                for statement, parameters in asked
            ]
            transaction.rollback()
    return plans


def test_words_that_mean_nothing_are_no_number_no_reference_and_no_address():
    for words in ("", " ", "\0", "12345678901234567890123", "300.1.1", "a" * 500, "²"):
        meant = sought(words)
        assert not meant.network or words == "300.1.1", words
        assert meant.account_id is None, words


def test_the_role_is_asked_for_before_anything_is_looked_for(house):
    web = signed_in(house, "ines@halloran.example")
    for asked in (find_people(house, web, "ada", None, NOW), people_of_client(house, web, "x", None, NOW)):
        with pytest.raises(RoleNeeded):
            done_apart(asked)
