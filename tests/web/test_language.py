"""Every page in the reader's language and zone; a switch that works without a script."""

from __future__ import annotations

import re
import threading

import pytest

from people import ADA, BERLIN, CHROME_ON_MACOS, FIREFOX_ON_WINDOWS, GRACE

HOME = "/settings/sessions"


@pytest.fixture
def german(house):
    browser = house.browser()
    browser.http.headers["accept-language"] = "de-DE,de;q=0.9,en;q=0.8"
    browser.sign_in()
    return browser


def choose(browser, lang, back=HOME, page=HOME):
    return browser.send("/language", {"lang": lang, "back": back}, page=page)


@pytest.mark.guide("R89")
def test_a_page_says_which_language_it_is_in_and_which_way_that_runs(house, german):
    for browser, lang, title in (
        (german, "de", "Aktive Sitzungen"),
        (house.signed_in(), "en", "Active Sessions"),
    ):
        answer = browser.open(HOME)
        assert f'<html lang="{lang}" dir="ltr">' in answer.text
        assert answer.headers["content-language"] == lang
        assert f"<h1>{title}</h1>" in answer.text


@pytest.mark.guide("R89", "R13")
def test_dates_and_relative_times_follow_the_language(house, german):
    house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    house.clock.move(minutes=5)
    german.http.cookies.set("signedin_zone", "Europe%2FBerlin", domain="localhost.local", path="/")
    page = german.open(HOME).text
    times = re.findall(r'<time datetime="([^"]+)" title="([^"]+)">vor 5 Minuten</time>', page)
    assert times == [("2026-11-23T14:20:00Z", "Montag, 23. November 2026, 15:20 Uhr")]
    assert "Firefox auf Windows" in page
    assert "Zeiten in Ihrer Zeitzone, <bdi>Europe/Berlin</bdi> (<bdi>UTC+1</bdi>)." in page


@pytest.mark.guide("D14")
def test_without_a_script_the_zone_is_not_known_and_times_are_in_utc_and_say_so(house):
    page = house.signed_in().open(HOME).text
    assert "Times are shown in UTC." in page
    assert "Monday 23 November 2026, 14:20" in page


@pytest.mark.guide("D14")
@pytest.mark.parametrize(
    "zone", ["Nowhere%2FElse", "%3Cscript%3E", "..%2F..%2Fetc%2Fpasswd", "x" * 500, "%ff%fe"]
)
def test_a_zone_that_does_not_exist_is_utc_and_is_not_repeated(house, zone):
    browser = house.signed_in()
    browser.http.cookies.set("signedin_zone", zone, domain="localhost.local", path="/")
    page = browser.open(HOME).text
    assert "Times are shown in UTC." in page
    assert "<script>" not in page


@pytest.mark.guide("R89", "D22")
def test_search_finds_what_is_displayed_in_the_readers_language(house, german):
    house.signed_in(FIREFOX_ON_WINDOWS, "192.168.1.7")
    assert "1 von 2 angezeigt" in german.open(f"{HOME}?q=lokales+netzwerk").text
    assert "0 von 2 angezeigt" in german.open(f"{HOME}?q=local+network").text


@pytest.mark.guide("R89")
def test_what_programs_read_stays_english_whatever_the_reader_speaks(house, german):
    house.signed_in(FIREFOX_ON_WINDOWS, "192.168.1.7")
    rows = german.sessions()
    assert {row["device"] for row in rows} == {"Chrome on macOS", "Firefox on Windows"}
    assert "Local network" in {row["location"] for row in rows}
    assert german.open("/v1/sessions/nonsense").json()["title"] == "There is no such session."


@pytest.mark.guide("R89")
def test_the_switch_at_the_foot_of_a_page_changes_the_language_and_comes_back(house):
    browser = house.signed_in()
    page = browser.open(f"{HOME}?type=web").text
    assert f'name="back" value="{HOME}?type=web"' in page
    assert '<button name="lang" value="en" lang="en" aria-current="true">English</button>' in page
    answer = choose(browser, "de", f"{HOME}?type=web")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HOME}?type=web")
    assert "Aktive Sitzungen" in browser.open(HOME).text
    assert (
        '<button name="lang" value="de" lang="de" aria-current="true">Deutsch</button>'
        in browser.open(HOME).text
    )
    choose(browser, "en")
    assert "Active Sessions" in browser.open(HOME).text


@pytest.mark.guide("R89")
def test_the_switch_works_before_one_is_signed_in_and_keeps_where_one_wanted_to_go(house):
    browser = house.browser()
    wanted = f"/sign-in?next={HOME}%3Ftype%3Dweb"
    assert f'name="back" value="{wanted}"' in browser.open(wanted).text
    assert choose(browser, "de", wanted, page="/sign-in").headers["location"] == wanted
    page = browser.open(wanted).text
    assert '<h1 id="h">Anmelden</h1>' in page
    assert f'name="next" value="{HOME}?type=web"' in page


def test_after_a_form_the_switch_leads_to_the_page_of_the_form(house):
    browser = house.browser()
    answer = browser.send("/sign-in", {"email": ADA, "password": "wrong"})
    assert 'name="back" value="/sign-in"' in answer.text


@pytest.mark.security("CSRF-1", "CSRF-2")
def test_no_other_site_and_no_link_changes_the_language(house):
    browser = house.signed_in()
    token = browser.form_token(HOME)
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    fields = {"lang": "de", "back": HOME}
    assert browser.http.post("/language", data=fields | {"csrf": token}, headers=foreign).status_code == 403
    assert browser.http.post("/language", data=fields, headers=browser.own()).status_code == 403
    assert browser.open("/language?lang=de").status_code == 405
    assert "Active Sessions" in browser.open(HOME).text


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "", "/x\r\nset-cookie: a=b"]
)
def test_the_switch_comes_back_to_pages_of_ours_only(house, back):
    assert choose(house.signed_in(), "de", back).headers["location"] == HOME


@pytest.mark.parametrize("lang", ["", "xx", "../de", "de\r\nx: y"])
def test_a_language_that_is_not_there_is_refused_and_changes_nothing(house, lang):
    browser = house.signed_in()
    answer = choose(browser, lang)
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers
    assert "Active Sessions" in browser.open(HOME).text


@pytest.mark.guide("R11", "R29")
def test_addresses_run_from_left_to_right_and_names_are_kept_apart(house):
    page = house.signed_in().open(HOME).text
    assert re.search(
        r'<bdi class="ip" dir="ltr">203\.0\.113\.<span role="img" aria-label="[^"]+">•••</span></bdi>', page
    )
    assert "<bdi>Ada Lovelace</bdi>" in page


@pytest.mark.guide("R89")
def test_readers_of_different_languages_at_the_same_time_each_get_their_own(house):
    house.somebody(GRACE, "Grace Hopper")
    readers = {}
    for lang, title in (("de", "Aktive Sitzungen"), ("en", "Active Sessions")):
        browser = house.signed_in(CHROME_ON_MACOS, email=GRACE)
        browser.http.headers["accept-language"] = lang
        readers[browser] = title
    wrong = []

    def read(browser, title):
        wrong.extend(title for _ in range(15) if f"<h1>{title}</h1>" not in browser.open(HOME).text)

    threads = [threading.Thread(target=read, args=each) for each in readers.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
