"""Guide: OAuth Consent Management, with the demo's consents (the way in comes with the OAuth server)."""

from __future__ import annotations

import asyncio

import pytest

from people import Clock, running
from signedin.server.demo import EMAIL, fill


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with running(tmp_path_factory.mktemp("demo"), Clock()) as house:
        yield house, asyncio.run(fill(house.means, house.clock()))


@pytest.fixture
def ines(demo):
    house, filled = demo
    browser = house.browser()
    assert browser.sign_in(EMAIL, filled.password).status_code == 303
    yield browser
    browser.log_out()


def app(browser, name):
    return next(row for row in browser.sessions() if row.get("client_name") == name)


@pytest.mark.guide("R2", "R16", "R17", "D4")
def test_the_demo_has_rows_of_all_five_types_in_ten_places(ines):
    answer = ines.open("/v1/sessions").json()
    assert answer["counts"] == {"all": 21, "web": 9, "admin": 2, "sync": 3, "mobile": 3, "oauth": 4}
    kinds = {row["app_type"]: row["session_type"] for row in answer["items"]}
    assert kinds == {"web": "web_session", "admin": "admin_session", "sync": "sync_session",
                     "mobile": "mobile_session", "oauth": "oauth_consent"}  # fmt: skip
    assert len({row["location"] for row in answer["items"]}) == 10


@pytest.mark.guide("R76")
def test_three_rows_of_the_demo_are_worth_a_look_by_the_real_rules(ines):
    flagged = {
        row["device"]: [flag["kind"] for flag in row["flags"]] for row in ines.sessions() if row["flags"]
    }
    assert flagged == {
        "Firefox on Windows": ["unfamiliar_location"],
        "Safari on iPadOS": ["new_device"],
        "Edge on Windows": ["unused"],
    }


@pytest.mark.guide("R24", "R27", "R28", "R29", "R30", "R31", "R33")
def test_a_consent_shows_its_badge_name_description_consent_date_and_last_activity(ines):
    row = app(ines, "Porter")
    assert row["client_description"] == "Ends sessions when a contract ends."
    assert "device" not in row
    assert row["consented_at"] < row["last_activity_at"]
    page = ines.open("/settings/sessions").text
    found = page[page.index(f'id="s-{row["id"]}"') :].split('<div class="act">')[0]
    for words in ('<span class="tag tag-oauth">OAuth</span>', "Porter", "Consented at", "Permissions changed",
                  "OAuth consent", "7 hours ago"):  # fmt: skip
        assert words in found


@pytest.mark.guide("R32", "R34", "R83")
def test_consents_stand_in_the_same_list_once_each_and_under_the_filter_oauth(ines):
    page = ines.open("/settings/sessions?type=oauth").text
    assert "4 of 21 shown" in page
    assert page.count('data-type="oauth"') == 4
    assert "Connected apps" in page
    names = [row["client_name"] for row in ines.open("/v1/sessions?type=oauth").json()["items"]]
    assert sorted(names) == ["Ledgerline", "Porter", "Tidewater Calendar", "Watchpost"]


@pytest.mark.guide("D27", "R19")
def test_the_page_stands_in_groups_this_session_worth_a_look_others_apps(ines):
    page = ines.open("/settings/sessions").text
    groups = [page.index(f'data-group="{key}"') for key in ("current", "look", "other", "apps")]
    assert groups == sorted(groups)


@pytest.mark.guide("R78", "R80", "D9")
def test_revoking_a_consent_ends_it_and_no_session(ines):
    row, before = app(ines, "Ledgerline"), len(ines.sessions())
    confirmation = ines.open(f"/settings/sessions/{row['id']}/revoke").text
    assert "Revoke this connected app?" in confirmation
    assert "you would have to authorize it again" in confirmation
    assert ines.revoke(row["id"]).status_code == 303
    assert len(ines.sessions()) == before - 1
    assert ines.is_signed_in
    again = ines.http.delete(f"/v1/sessions/{row['id']}", headers=ines.own())
    assert (again.status_code, again.json()["reason"]) == (410, "revoked")


@pytest.mark.guide("R61", "D1")
def test_logout_all_devices_ends_consents_too_and_keeps_the_access_keys(tmp_path):
    with running(tmp_path, Clock()) as house:
        filled = asyncio.run(fill(house.means, house.clock()))
        browser = house.browser()
        browser.sign_in(EMAIL, filled.password)
        dialog = browser.open("/settings/sessions/logout-all").text
        for words in ("<b>17 sessions</b>", "<b>4 connected apps</b>", "<b>3 access keys</b>", "Watchpost"):
            assert words in dialog
        answer = browser.http.post("/v1/sessions/logout-all", headers=browser.own()).json()
        assert answer == {"sessions_ended": 17, "consents_ended": 4, "access_keys_kept": 3}
        browser.sign_in(EMAIL, filled.password)
        assert len(browser.sessions()) == 1
        assert "<b>3 access keys</b>" in browser.open("/settings/sessions/logout-all").text


@pytest.mark.guide("D26")
def test_the_region_is_shown_where_people_use_it(ines):
    places = {row["location"] for row in ines.sessions()}
    assert {"San Francisco, CA, US", "Dublin, IE", "Adelaide, SA, AU", "São Paulo, SP, BR"} <= places


def test_a_visible_line_says_that_it_is_demo_data(ines):
    assert "This is demo data." in ines.open("/settings/sessions").text
