"""Guide: Review Sessions - what every row shows."""

from __future__ import annotations

import asyncio
import re
from ipaddress import ip_network

import pytest

from databases import kept_on_disk
from people import ADELAIDE, BERLIN, FIREFOX_ON_WINDOWS, SAFARI_ON_IPHONE, SAN_FRANCISCO
from signedin.server.jobs import flush_now


@pytest.mark.guide("R6", "R7", "R9", "R16", "R17")
@pytest.mark.security("SM-10")
def test_a_row_tells_device_place_masked_address_app_type_and_session_type(house):
    laptop = house.signed_in()
    row = laptop.current()
    assert row["device"] == "Chrome on macOS"
    assert row["location"] == "San Francisco, CA, US"
    assert row["masked_ip"] == "203.0.113.•••"
    assert row["app_type"] == "web"
    assert row["session_type"] == "web_session"


@pytest.mark.guide("R6")
def test_each_browser_is_named_by_what_it_is_and_what_it_runs_on(house):
    house.signed_in(FIREFOX_ON_WINDOWS)
    house.signed_in("")
    phone = house.signed_in(SAFARI_ON_IPHONE)
    names = {row["device"] for row in phone.sessions()}
    assert names == {"Firefox on Windows", "Unknown device", "Safari on iOS"}


@pytest.mark.guide("R7")
def test_a_private_address_reads_local_network(house):
    assert house.signed_in(address="192.168.1.77").current()["location"] == "Local network"


@pytest.mark.guide("R8")
def test_a_location_that_the_client_sends_is_ignored(house):
    browser = house.browser()
    browser.http.headers.update({"x-location": "Paris", "cf-ipcountry": "FR", "x-geo-city": "Paris"})
    browser.sign_in(location="Paris")
    assert browser.current()["location"] == "San Francisco, CA, US"


@pytest.mark.guide("R9", "R10")
def test_addresses_are_masked_whatever_their_digits(house):
    laptop = house.signed_in(address="203.0.113.7")
    house.signed_in(FIREFOX_ON_WINDOWS, address="2001:db8:31c::42")
    house.signed_in(SAFARI_ON_IPHONE, address="::ffff:192.168.1.7")
    masks = {row["masked_ip"] for row in laptop.sessions()}
    assert masks == {"203.0.113.•••", "2001:db8:31c:•••", "192.168.1.•••"}


@pytest.mark.guide("R11")
def test_the_full_address_is_nowhere_in_pages_answers_mail_or_the_database(house):
    laptop = house.signed_in(address="203.0.113.7")
    other = house.signed_in(FIREFOX_ON_WINDOWS, address="192.0.2.77")
    other_id = other.current()["id"]
    answers = [
        laptop.open(path).text
        for path in ("/settings/sessions", "/v1/sessions", f"/v1/sessions/{other_id}",
                     f"/settings/sessions/{other_id}/revoke", "/settings/sessions/logout-all",
                     "/v1/sessions/nonsense", "/sign-in")
    ]  # fmt: skip
    kept = kept_on_disk(house.means.database)
    assert b"203.0.113." in kept
    for full in ("203.0.113.7", "192.0.2.77"):
        assert all(full not in answer for answer in answers)
        assert full.encode() not in kept


@pytest.mark.guide("R12")
@pytest.mark.security("attack-33", "15.3.4")
@pytest.mark.parametrize("trusted", [(), (ip_network("192.0.2.0/24"),)], ids=["nobody", "somebody else"])
def test_a_forwarded_address_is_believed_only_from_a_trusted_proxy(tmp_path, trusted):
    from people import ADA, running

    with running(tmp_path, trusted_proxies=trusted) as house:
        house.somebody(ADA)
        assert house.signed_in(address="203.0.113.7").current()["location"] == "Local network"


@pytest.mark.guide("R12")
def test_a_forged_hop_before_the_trusted_proxy_changes_nothing(house):
    browser = house.browser(address=f"{ADELAIDE}, {BERLIN}")
    browser.sign_in()
    assert browser.current()["location"] == "Berlin, DE"


@pytest.mark.guide("R13", "R14")
def test_last_activity_is_said_in_words_with_the_exact_time_beside_it(house, clock):
    laptop = house.signed_in()
    house.signed_in(FIREFOX_ON_WINDOWS)
    clock.move(minutes=5)
    page = laptop.open("/settings/sessions").text
    assert "Active now" in page
    times = re.findall(r'<time datetime="([^"]+)" title="([^"]+)">5 minutes ago</time>', page)
    assert times == [("2026-11-23T14:20:00Z", "Monday 23 November 2026, 14:20")]


@pytest.mark.guide("R15")
def test_the_current_row_is_as_new_as_the_request_and_others_at_most_a_minute_behind(house, clock):
    laptop, other = house.signed_in(), house.signed_in(FIREFOX_ON_WINDOWS)
    clock.move(hours=3)
    assert laptop.current()["last_activity_at"] == "2026-11-23T17:20:00Z"
    other.open("/settings/sessions")
    seen = {row["device"]: row["last_activity_at"] for row in laptop.sessions()}
    assert seen["Firefox on Windows"] == "2026-11-23T17:20:00Z"


@pytest.mark.guide("R18")
def test_exactly_one_row_is_current_and_it_is_the_one_of_the_credential_that_asks(house):
    laptop = house.signed_in(address=SAN_FRANCISCO)
    twin = house.signed_in(address=SAN_FRANCISCO)
    for browser in (laptop, twin):
        rows = browser.sessions()
        assert [row["current"] for row in rows].count(True) == 1
    assert laptop.current()["id"] != twin.current()["id"]
    page = laptop.open("/settings/sessions").text
    assert page.count('<span class="badge">Current</span>') == 1
    assert page.count("row is-current") == 1
    assert f'id="s-{laptop.current()["id"]}"' in page[page.index("is-current") :][:200]


@pytest.mark.guide("R19")
def test_the_current_row_is_first_and_the_others_follow_by_last_activity(house, clock):
    laptop = house.signed_in()
    clock.move(minutes=10)
    house.signed_in(FIREFOX_ON_WINDOWS)
    clock.move(minutes=10)
    house.signed_in(SAFARI_ON_IPHONE)
    assert [row["device"] for row in laptop.sessions()] == [
        "Chrome on macOS",
        "Safari on iOS",
        "Firefox on Windows",
    ]


@pytest.mark.guide("R20")
def test_a_browser_sign_in_is_a_web_session_whatever_its_user_agent_claims(house):
    row = house.signed_in("ExampleSync/4.2 (Windows 11 24H2; x64)").current()
    assert (row["app_type"], row["session_type"]) == ("web", "web_session")


@pytest.mark.guide("D16")
def test_the_row_shows_where_a_session_was_used_last_and_its_details_where_it_was_signed_in(house, clock):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE, address=SAN_FRANCISCO)
    clock.move(minutes=2)
    phone.http.headers["x-forwarded-for"] = BERLIN
    row_id = phone.current()["id"]
    asyncio.run(flush_now(house.server))
    row = next(each for each in laptop.sessions() if each["id"] == row_id)
    assert (row["location"], row["masked_ip"]) == ("Berlin, DE", f"{BERLIN.rpartition('.')[0]}.•••")
    page = laptop.open("/settings/sessions").text
    shown = page[page.index(f'id="s-{row_id}"') :].split("</li>")[0]
    assert "<dt>Place of sign-in</dt><dd>San Francisco, CA, US</dd>" in shown
    assert "Berlin, DE" in re.search(r'<p class="place">.*?</p>', shown)[0]


@pytest.mark.guide("D16")
def test_the_details_say_what_a_session_was_last_used_with_where_that_is_another_device(house, clock):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    row_id = phone.current()["id"]

    def shown(language):
        page = laptop.open("/settings/sessions", **{"accept-language": language}).text
        return page[page.index(f'id="s-{row_id}"') :].split("</li>")[0]

    assert "Last used with" not in shown("en")
    clock.move(minutes=2)
    phone.http.headers["user-agent"] = FIREFOX_ON_WINDOWS
    assert phone.current()["id"] == row_id
    asyncio.run(flush_now(house.server))
    row = next(each for each in laptop.sessions() if each["id"] == row_id)
    assert (row["device"], row["last_device"]) == ("Safari on iOS", "Firefox on Windows")
    assert "<dt>Last used with</dt><dd>Firefox on Windows</dd>" in shown("en")
    assert "<dt>Zuletzt genutzt mit</dt><dd>Firefox auf Windows</dd>" in shown("de")
    assert "Safari on iOS" in shown("en").split("<dl")[0]


@pytest.mark.guide("R75", "R76", "R88", "R66")
def test_the_page_says_what_to_look_for_and_where_to_read_on(house):
    page = house.signed_in().open("/settings/sessions").text
    for words in ("Every week, a look", "Every month, an audit", "Unfamiliar means", "On a shared computer",
                  "security breach", "lost or stolen", "reset everything", "not affected", "/privacy"):  # fmt: skip
        assert words in page
    assert house.browser().open("/help/active-sessions").status_code == 200
    assert house.browser().open("/privacy").status_code == 200


@pytest.mark.guide("R76")
def test_a_new_place_and_a_new_browser_are_worth_a_look_until_the_person_says_it_was_them(house):
    laptop = house.signed_in(address=SAN_FRANCISCO)
    away = house.signed_in(FIREFOX_ON_WINDOWS, ADELAIDE)
    row = next(row for row in laptop.sessions() if not row["current"])
    assert [flag["kind"] for flag in row["flags"]] == ["unfamiliar_location", "new_device"]
    assert "Nobody has used your account from Adelaide before." in row["flags"][0]["sentence"]
    assert (
        laptop.send(f"/settings/sessions/{row['id']}/recognize", page="/settings/sessions").status_code == 303
    )
    assert all(not row["flags"] for row in laptop.sessions())
    again = house.signed_in(SAFARI_ON_IPHONE, ADELAIDE)
    assert [flag["kind"] for flag in next(
        row for row in laptop.sessions() if row["id"] == again.current()["id"]
    )["flags"]] == ["new_device"]  # fmt: skip
    assert away.is_signed_in


@pytest.mark.guide("R76", "R77")
def test_a_session_unused_for_21_days_is_worth_a_look_and_the_list_sorts_by_disuse(house, clock):
    laptop = house.signed_in()
    house.signed_in(FIREFOX_ON_WINDOWS)
    clock.move(days=21)
    row = next(row for row in laptop.sessions() if not row["current"])
    assert "unused" in [flag["kind"] for flag in row["flags"]]
    idle = laptop.open("/v1/sessions?sort=idle").json()["items"]
    assert [row["device"] for row in idle] == ["Firefox on Windows", "Chrome on macOS"]


@pytest.mark.guide("D35")
@pytest.mark.security("6.3.5", "SM-10")
def test_a_remembered_browser_raises_no_alert_at_its_next_sign_in_and_a_forgotten_one_does(house):
    laptop = house.signed_in()
    phone = house.browser(SAFARI_ON_IPHONE)
    phone.sign_in(remember="1")
    phone.log_out()
    phone.sign_in(remember="1")
    row = next(row for row in laptop.sessions() if row["device"] == "Safari on iOS")
    assert row["flags"] == []


@pytest.mark.guide("R83", "D22")
def test_filters_count_and_search_matches_what_is_displayed_and_nothing_hidden(house):
    laptop = house.signed_in(address="203.0.113.77")
    house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    page = laptop.open("/settings/sessions?q=berlin").text
    assert "1 of 2 shown" in page
    assert "Show all" in page
    assert [row["device"] for row in laptop.open("/v1/sessions?q=203.0.113.").json()["items"]] == [
        "Chrome on macOS"
    ]
    assert laptop.open("/v1/sessions?q=203.0.113.7").json()["items"] == []
    assert laptop.open("/v1/sessions?type=sync").json()["items"] == []
    assert laptop.open("/v1/sessions").json()["counts"] == {
        "all": 2, "web": 2, "admin": 0, "sync": 0, "mobile": 0, "oauth": 0,
    }  # fmt: skip


@pytest.mark.guide("R82", "R67")
def test_a_new_session_is_in_the_list_as_soon_as_its_sign_in_is_done(house):
    laptop = house.signed_in()
    house.signed_in(FIREFOX_ON_WINDOWS)
    assert len(laptop.sessions()) == 2
