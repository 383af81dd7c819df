"""Health at the console: what the doctor finds, the worst first, with what to do; looked at once a minute at most."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread

import pytest
import sqlalchemy as sa

from databases import only_on_sqlite
from people import done_apart
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.issue_key import issue_service_key
from signedin.actions.organisations import make_from_shell
from signedin.actions.see_health import Examiner
from signedin.rules.access_key import Wish
from signedin.rules.health import Finding
from signedin.rules.operator import Role
from signedin.rules.session import AppType
from signedin.server.doctor import glance
from web.operators import ROSA, at_the_console, operator_in

PATH = "/admin/health"


@pytest.fixture
def house(still_house):
    operator_in(still_house, ROSA, Role.VIEWER)
    return still_house


def key(house, *scopes):
    made = done_apart(issue_service_key(house.means, Wish("desk", scopes), [AppType.WEB], house.clock()))
    return {"authorization": f"Bearer {made.token}"}


@pytest.mark.guide("D11")
def test_a_viewer_reads_what_the_doctor_finds_and_what_to_do(house):
    page = at_the_console(house, ROSA).open(PATH)
    assert page.status_code == 200
    assert "Something is worth a look." in page.text
    assert "It has never run." in page.text
    assert "Start the server, or run `signedin sweep` by a timer." in page.text
    assert page.text.index("It has never run.") < page.text.index("may write to the file and its folder")
    assert 'href="/admin/health" aria-current="page"' in page.text


@pytest.mark.guide("D11")
def test_programs_read_the_same(house):
    found = house.browser().http.get("/v1/admin/health", headers=key(house, "admin:read")).json()
    assert found["verdict"] == "look"
    assert {each["subject"] for each in found["findings"]} >= {
        "database",
        "keyring",
        "sweep",
        "mail",
        "writing",
    }
    assert found["findings"][0]["what_to_do"]


@pytest.mark.security("8.2.2", "attack-17")
def test_who_is_there_for_one_organisation_alone_is_told_why_they_see_nothing(house):
    house.somebody("hugo@example.org", "Hugo")
    done_apart(make_from_shell(house.means, "Tidewater Marine", house.clock()))
    done_apart(
        appoint_from_shell(house.means, "hugo@example.org", Role.HELPER, house.clock(), "Tidewater Marine")
    )
    hugo = at_the_console(house, "hugo@example.org")
    page = hugo.open(PATH)
    assert page.status_code == 403
    assert "This concerns everybody, and you are there for one organisation alone." in page.text
    assert hugo.http.get("/v1/admin/health").status_code == 403
    assert PATH not in hugo.open("/admin").text


@pytest.mark.guide("D11")
@only_on_sqlite("On PostgreSQL nobody waits for his turn to write.")
def test_looking_waits_for_nobody_who_writes(house):
    rosa = at_the_console(house, ROSA)
    with house.means.database.writing():
        assert rosa.open(PATH).status_code == 200


@pytest.mark.security("16.5.1")
def test_no_path_of_the_machine_is_told_whatever_is_found(house):
    settings = house.server.settings
    nowhere = replace(settings, geo_db=settings.geo_db.parent / "my places" / "a.mmdb")
    for each in (settings, nowhere, replace(settings, secret_file=settings.mail_dir.parent / "gone.json")):
        found = glance(each, house.means.database, house.clock())
        for finding in found:
            assert str(settings.mail_dir.parent) not in f"{finding.sentence} {finding.what_to_do}", finding
            assert "my places" not in finding.sentence
    assert "The place file the place file is missing" not in str(found)
    told = (
        rosa_reads(house)
        + house.browser().http.get("/v1/admin/health", headers=key(house, "admin:read")).text
    )
    assert str(settings.mail_dir.parent) not in told


def rosa_reads(house):
    return at_the_console(house, ROSA).open(PATH).text


@only_on_sqlite("How SQLite reads a table is told by its plan.")
def test_no_table_is_read_as_a_whole(house):
    asked, database = [], house.means.database

    def executed(_conn, _cursor, statement, parameters, _context, _many):
        asked.append((statement, parameters))

    sa.event.listen(database._readers, "before_cursor_execute", executed)
    glance(house.server.settings, database, house.clock())
    sa.event.remove(database._readers, "before_cursor_execute", executed)
    assert not any("quick_check" in statement for statement, _ in asked)
    reads = [each for each in asked if each[0].startswith("SELECT") and "activity" in each[0]]
    assert reads

    def plans(conn):
        return [
            step[3]
            for statement, values in reads
            for step in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        ]

    assert not [step for step in database.read_now(plans) if step.startswith("SCAN activity")]


class Looking:
    """A doctor who waits for a word, and counts."""

    def __init__(self):
        self.count, self.may_go_on = 0, Event()

    def __call__(self, _now):
        self.count += 1
        self.may_go_on.wait(20)
        return [Finding("disk", "good", "There is room."), Finding("mail", "bad", "Nothing is delivered.")]


def test_however_many_ask_it_is_looked_at_once_a_minute(house):
    looking = Looking()
    examiner, now, found = Examiner(looking), house.clock(), []

    async def asked_by_three():
        import asyncio

        three = [asyncio.create_task(examiner.examined(now)) for _ in range(3)]
        Thread(target=looking.may_go_on.set).start()
        return await asyncio.gather(*three)

    found = done_apart(asked_by_three())
    assert looking.count == 1
    assert [each.findings[0].subject for each in found] == ["mail"] * 3
    assert found[0].worst == "bad"
    done_apart(Examiner.examined(examiner, now + timedelta(seconds=59)))
    assert looking.count == 1
    assert done_apart(examiner.examined(now + timedelta(seconds=60))).at == now + timedelta(seconds=60)
    assert looking.count == 2
