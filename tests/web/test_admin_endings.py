"""Ending for many at the console: it is shown what would end, that ends for a reason, and everybody reads why."""

from __future__ import annotations

import html
import re
import time

import pytest

from people import BERLIN, FIREFOX_ON_WINDOWS, GRACE, SAFARI_ON_IPHONE, done_apart
from signedin.actions import preview_many
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.organisations import make_from_shell
from signedin.rules.operator import Role
from web.operators import ROSA, at_the_console, operator_in

HANK = "hank@signedin.example"
PATH = "/admin/endings"
WHY = "Build machine stolen, ticket 5120"


@pytest.fixture
def house(house):
    operator_in(house, ROSA, Role.OWNER)
    house.somebody(GRACE, "Grace Hopper")
    return house


@pytest.fixture
def rosa(house):
    return at_the_console(house, ROSA)


def shown(console, **asked):
    return console.http.get(f"{PATH}/preview", params=asked, headers={"sec-fetch-site": "same-origin"})


def sealed_in(page):
    return html.unescape(re.search(r'name="preview" value="([^"]+)"', page.text)[1])


def begins(console, page, reason=WHY):
    return console.send(PATH, {"preview": sealed_in(page), "reason": reason}, page=PATH)


def finished(console, where):
    """The page of the ending once the server's job has carried it out; the job looks every second."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        page = console.open(where)
        if 'data-state="finished"' in page.text:
            return page
    raise AssertionError(page.text)


@pytest.mark.guide("R48", "R51", "D10", "D11")
@pytest.mark.security("7.4.5")
def test_what_is_shown_ends_and_the_people_read_why(house, rosa):
    ada, grace = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE, BERLIN, GRACE)
    page = shown(rosa, web="1")
    assert page.status_code == 200
    for said in (
        "2 sessions of 2 people",
        "Of the app type Web.",
        "Access keys stay.",
        "Safari on iOS",
        "Grace Hopper",
    ):
        assert said in page.text
    assert BERLIN not in page.text
    answer = begins(rosa, page)
    assert answer.status_code == 303
    done = finished(rosa, answer.headers["location"])
    for said in ("2 sessions of 2 people", WHY, "Rosa Castellanos", "100"):
        assert said in done.text
    for browser in (ada, grace):
        assert not browser.is_signed_in
        assert "An operator ended this session on" in browser.open("/sign-in").text
    again = house.signed_in()
    told = again.open("/settings/activity").text
    assert "Operator <bdi>Rosa Castellanos</bdi> ended for many people at once, also here" in told
    assert WHY in told
    assert "1 session ended." in told
    record = rosa.open("/admin").text
    assert "began to end for many people at once" in record
    assert f'href="{answer.headers["location"]}"' in record
    assert answer.headers["location"] in rosa.open(PATH).text
    assert begins(rosa, page).headers["location"] == answer.headers["location"]
    assert again.is_signed_in, "what began later was not shown"


@pytest.mark.security("8.2.1", "8.2.2")
def test_who_is_no_owner_sees_what_was_done_and_begins_nothing(house, rosa):
    house.signed_in()
    page = shown(rosa, web="1")
    hank = at_the_console(house, operator_in(house, HANK, Role.HELPER, "Hank Moss"))
    assert "This needs the role owner." in hank.open(PATH).text
    assert shown(hank, web="1").status_code == 403
    assert begins(hank, page).status_code == 403
    where = begins(rosa, page).headers["location"]
    assert finished(hank, where).status_code == 200
    for deed in ("stop", "resume"):
        assert hank.send(f"{where}/{deed}", page=PATH).status_code == 403
        refused = rosa.send(f"{where}/{deed}", page=PATH)
        assert (refused.status_code, "This has come to its end already." in refused.text) == (409, True)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({}, "Nothing is said of what is to end."),
        ({"web": "1", "everyone": "1"}, "It is either everyone’s, or what the conditions say."),
        ({"network": "203.0.113.77"}, "a finer network cannot be asked for."),
        ({"unused": "many"}, "This is no number of days."),
        ({"web": "1", "keys": "1"}, "Access keys have no app type"),
    ],
)
def test_what_cannot_be_meant_is_said_and_the_form_stays_as_it_was(rosa, asked, sentence):
    page = shown(rosa, **asked)
    assert page.status_code == 422
    assert sentence in page.text
    for name, value in asked.items():
        assert re.search(rf'name="{name}"[^>]*(checked|value="{re.escape(value)}")', page.text)


def test_without_a_reason_nothing_begins_and_the_preview_stays(house, rosa):
    ada = house.signed_in()
    page = shown(rosa, everyone="1")
    refused = begins(rosa, page, " ")
    assert (refused.status_code, "A reason is needed." in refused.text) == (422, True)
    long = "The build machine was stolen. " * 20
    refused = begins(rosa, refused, long)
    assert (refused.status_code, "The reason is too long." in refused.text) == (422, True)
    assert long.strip() in refused.text, "nobody writes it twice"
    assert begins(rosa, refused).status_code == 303
    nothing = rosa.send(PATH, {"preview": "", "reason": ""}, page=PATH)
    assert (nothing.status_code, "What would end was looked at too long ago." in nothing.text) == (422, True)
    assert "End for many" in nothing.text, "the page to look again"
    assert rosa.send(PATH, {"preview": "nonsense", "reason": WHY}, page=PATH).status_code == 422
    assert ada is not None


def test_what_was_shown_and_did_not_end_is_explained(house, rosa):
    ada, grace = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE, BERLIN, GRACE)
    page = shown(rosa, web="1")
    ada.log_out()
    done = finished(rosa, begins(rosa, page).headers["location"])
    assert "1 session of 1 person ended." in done.text
    assert "The others had ended before, or were used meanwhile." in done.text
    assert not grace.is_signed_in


def test_where_counting_takes_long_a_button_counts_on(house, rosa, monkeypatch):
    house.signed_in()
    monkeypatch.setattr(preview_many, "COUNTS_FOR", -1)
    page = shown(rosa, everyone="1")
    assert "Counted so far: 0 sessions of 0 people." in page.text
    assert "End exactly this" not in page.text
    monkeypatch.setattr(preview_many, "COUNTS_FOR", 60)
    whole = shown(rosa, preview=sealed_in(page))
    assert "1 session of 1 person" in whole.text
    assert "End exactly this" in whole.text


def test_nothing_that_would_end_cannot_be_begun(house, rosa):
    house.signed_in(FIREFOX_ON_WINDOWS)
    page = shown(rosa, mobile="1")
    assert "There is nothing that would end." in page.text
    assert 'name="reason"' not in page.text


def test_programs_look_begin_and_follow_it(house, rosa):
    ada = house.signed_in()
    own = rosa.own()
    preview = rosa.http.post("/v1/admin/endings/preview", json={"app_types": ["web"]}, headers=own).json()
    assert (preview["would_end"]["web"], preview["is_complete"]) == (1, True)
    assert preview["sample"][0]["what"] == "Chrome on macOS"
    counted = rosa.http.post(
        "/v1/admin/endings/preview", json={"preview": preview["preview"]}, headers=own
    ).json()
    assert counted["would_end"] == preview["would_end"]
    body = {"preview": preview["preview"], "reason": WHY}
    begun = rosa.http.post("/v1/admin/endings", json=body, headers=own).json()
    assert begun["state"] == "running"
    finished(rosa, f"{PATH}/{begun['id']}")
    done = rosa.open(f"/v1/admin/endings/{begun['id']}").json()
    assert (done["state"], done["ended"]["web"], done["percent"]) == ("finished", 1, 100)
    assert [each["id"] for each in rosa.open("/v1/admin/endings?limit=1").json()["items"]] == [begun["id"]]
    assert not ada.is_signed_in
    without_zone = rosa.http.post(
        "/v1/admin/endings/preview", json={"unused_since": "2026-01-01T00:00:00"}, headers=own
    )
    assert (without_zone.status_code, without_zone.json()["field"]) == (422, "unused_since")
    both = {"preview": preview["preview"], "app_types": ["sync"]}
    refused = rosa.http.post("/v1/admin/endings/preview", json=both, headers=own)
    assert (refused.status_code, refused.json()["field"]) == (422, "preview")
    for deed in ("stop", "resume"):
        refused = rosa.http.post(
            f"/v1/admin/endings/{begun['id']}/{deed}", headers=own | {"content-type": "application/json"}
        )
        assert (refused.status_code, refused.json()["code"]) == (409, "ending_finished")


@pytest.mark.security("8.2.2", "8.4.1")
def test_who_helps_one_organisation_is_told_where_to_look_and_nothing_of_everybody(house, rosa):
    means, now = house.means, house.clock()
    house.somebody(HANK, "Hank Moss")
    done_apart(make_from_shell(means, "Tidewater Marine", now))
    done_apart(appoint_from_shell(means, HANK, Role.HELPER, now, "Tidewater Marine"))
    house.signed_in()
    where = begins(rosa, shown(rosa, web="1")).headers["location"]
    hank = at_the_console(house, HANK)
    page = hank.open(PATH)
    assert "stands in the history of that account." in page.text
    assert WHY not in page.text
    assert hank.open(where).status_code == 404
    assert hank.open("/v1/admin/endings").json()["items"] == []
    assert hank.open(f"/v1{where}").status_code == 404
