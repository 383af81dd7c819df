"""The overview at the console: numbers, small pictures and a map without a script, and the same as CSV and JSON."""

from __future__ import annotations

import csv
import re
from io import StringIO

import pytest

from people import ADA, BERLIN, FIREFOX_ON_WINDOWS, PASSWORD, done_apart
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.count_overview import count_overview
from signedin.actions.organisations import add_member_from_shell, make_from_shell
from signedin.rules.operator import Role
from web.operators import ROSA, at_the_console, operator_in

PATH = "/admin/overview"


@pytest.fixture
def house(still_house):
    operator_in(still_house, ROSA, Role.VIEWER)
    return still_house


def counted(house):
    done_apart(count_overview(house.means, house.clock()))


def rows(answer):
    return list(csv.reader(StringIO(answer.text)))


@pytest.mark.guide("D11", "R16")
def test_a_viewer_sees_what_is_signed_in_by_app_type_and_where(house):
    rosa = at_the_console(house, ROSA)
    house.signed_in()
    house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    counted(house)
    page = rosa.open(PATH)
    assert page.status_code == 200
    said = re.sub(r"\s+", " ", re.sub(r"<svg.*?</svg>|<[^>]+>", " ", page.text, flags=re.DOTALL))
    assert re.search(r"Signed in What Now .*? All 3 Web 2 Admin 1 Sync 0", said)
    assert re.search(r"Sign-ins What Today 30 days .*? All 3 3 Web 2 2 Admin 1 1", said)
    assert "Berlin" in said
    assert page.text.count('class="pin') >= 2
    assert "Signed in: at most 3 a day, on 1 day that was counted" in page.text
    assert BERLIN not in page.text


@pytest.mark.guide("D11")
def test_before_the_first_count_the_page_says_when_there_will_be_one(house):
    page = at_the_console(house, ROSA).open(PATH)
    assert "Nothing has been counted yet." in page.text
    assert rows(at_the_console(house, ROSA).open(f"{PATH}.csv")) == [["day", "measure", "part", "count"]]


def test_refused_sign_ins_and_endings_are_told_by_why(house):
    ada = house.signed_in()
    ada.send("/sign-out", {}, page="/settings/sessions")
    house.browser().send("/sign-in", {"email": ADA, "password": PASSWORD + "!"}, page="/sign-in")
    rosa = at_the_console(house, ROSA)
    counted(house)
    page = rosa.open(PATH).text
    assert "Address or password wrong, or account disabled" in page
    assert page.index("Ended") < page.index("Logout</th>")


@pytest.mark.guide("D11")
def test_the_numbers_are_taken_along_as_csv_and_as_json(house):
    rosa = at_the_console(house, ROSA)
    house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    counted(house)
    today = house.clock().date().isoformat()
    table, item = rosa.open(f"{PATH}.csv"), rosa.open(f"{PATH}.json")
    assert table.headers["content-type"].startswith("text/csv")
    assert table.headers["content-disposition"] == f'attachment; filename="signedin-overview-{today}.csv"'
    assert [today, "sessions", "web", "1"] in rows(table)
    assert [today, "places", "Berlin, DE", "1"] in rows(table)
    series = {(each["measure"], each["part"]): each["by_day"] for each in item.json()["series"]}
    assert (series["sessions", "all"][-1], series["sessions", "all"][0]) == (2, None)
    assert len(item.json()["days"]) == 30
    for answer in (table, item):
        assert answer.headers["cache-control"] == "no-store"
        assert ADA not in answer.text


@pytest.mark.security("8.2.2", "attack-17")
def test_an_operator_of_one_organisation_sees_its_members_alone(house):
    house.somebody("hugo@example.org", "Hugo")
    done_apart(make_from_shell(house.means, "Tidewater Marine", house.clock()))
    done_apart(add_member_from_shell(house.means, "Tidewater Marine", ADA, house.clock()))
    done_apart(
        appoint_from_shell(house.means, "hugo@example.org", Role.VIEWER, house.clock(), "Tidewater Marine")
    )
    house.signed_in()
    at_the_console(house, ROSA)
    hugo = at_the_console(house, "hugo@example.org")
    counted(house)
    page = hugo.open(PATH).text
    assert "Members of <bdi>Tidewater Marine</bdi>, and nobody else." in page
    assert "Refused sign-ins" not in page
    told = {(row[1], row[2]): row[3] for row in rows(hugo.open(f"{PATH}.csv"))[1:]}
    assert told["sessions", "all"] == told["sign_ins", "all"] == "1"
    assert not {measure for measure, _ in told} & {"failures", "outbox", "nodes"}


@pytest.mark.parametrize("path", [PATH, f"{PATH}.csv", f"{PATH}.json"])
def test_who_is_not_signed_in_at_the_console_is_led_there(house, path):
    answer = house.signed_in().open(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/admin/sign-in")
