"""Settings > Activity: looked through by kind and by words, as far back as one asks."""

from __future__ import annotations

import html
import re

import pytest

from given import a_client, a_grant
from people import ADA, BERLIN, FIREFOX_ON_WINDOWS, done_apart
from signedin.actions import follow
from signedin.actions.organisations import add_member_from_shell, make_from_shell
from signedin.rules import history
from signedin.rules.event import Event, EventKind
from signedin.store import journal
from web.operators import ROSA, at_the_console, number_of, operator_in

PATH = "/settings/activity"


def happened(house, kind, **personal):
    event = Event(kind, house.clock(), None, None, {}, personal)
    house.means.database.write_now(journal.record, number_of(house, ADA), event)


def entries(page):
    return [
        " ".join(html.unescape(re.sub("<[^>]+>", "", entry)).split())
        for entry in re.findall(r'<li class="ev[ "].*?<div>(.*?)</div></li>', page, re.DOTALL)
    ]


def filters(page):
    shown = re.search(r'<nav class="types".*?</nav>', page, re.DOTALL).group()
    return dict(re.findall(r">([A-Z][a-z -]+) <span class=\"n\">([^<]+)<", shown))


def further(page):
    link = re.search(r'class="more-days"><a class="btn" href="([^"]+)">([^<]+)<', page)
    return (html.unescape(link.group(1)), link.group(2)) if link else None


@pytest.mark.guide("R83")
def test_each_filter_says_how_much_it_shows_and_shows_that(house):
    laptop = house.signed_in()
    for name in ("backup", "nightly"):
        happened(house, EventKind.ACCESS_KEY_ISSUED, name=name)
    page = laptop.open(PATH).text
    assert filters(page) == {
        "All": "4", "Sign-ins": "1", "Ended": "0", "Failed": "0", "Connected apps": "0", "Access keys": "2",
    }  # fmt: skip
    keys = laptop.open(f"{PATH}?kind=key").text
    assert entries(keys) == ["You created the access key nightly", "You created the access key backup"]
    assert filters(keys) == filters(page)


def test_filters_say_no_counts_while_words_are_sought(house):
    page = house.signed_in().open(f"{PATH}?q=chrome").text
    assert entries(page)
    assert filters(page) == {}
    nav = re.search(r'<nav class="types".*?</nav>', page, re.DOTALL).group()
    assert 'href="/settings/activity?kind=in&amp;q=chrome">Sign-ins</a>' in nav


def test_a_sign_in_of_which_no_factors_are_recorded_is_told_like_any_other(house):
    happened(house, EventKind.SESSION_STARTED, device="Chrome on macOS")
    assert "Signed in: Chrome on macOS" in entries(house.signed_in().open(PATH).text)


@pytest.mark.guide("R11", "R76")
def test_words_find_what_is_shown_in_any_order_and_nothing_that_is_hidden(house):
    laptop = house.signed_in()
    house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    for words in ("berlin firefox", "WINDOWS", BERLIN.rpartition(".")[0]):
        found = entries(laptop.open(f"{PATH}?q={words}").text)
        assert len(found) == 1, words
        assert "Firefox on Windows" in found[0]
    for words in (BERLIN, "nowhere", "berlin chrome"):
        page = laptop.open(f"{PATH}?q={words}").text
        assert entries(page) == []
        assert "Nothing here matches" in page


def test_an_organisation_is_found_by_the_name_that_is_shown(house):
    laptop = house.signed_in()
    done_apart(make_from_shell(house.means, "Tidewater Marine", house.clock()))
    done_apart(add_member_from_shell(house.means, "Tidewater Marine", ADA, house.clock()))
    [entry] = entries(laptop.open(f"{PATH}?q=tidewater").text)
    assert entry.endswith("added the account to Tidewater Marine")
    assert len(laptop.open("/v1/activity?q=marine").json()["items"]) == 1
    assert "Tidewater Marine" in laptop.open(f"{PATH.replace('activity', 'activity.csv')}?q=tidewater").text


def test_an_operator_is_found_by_name_at_the_page_and_not_by_programs_who_are_not_told_it(house):
    operator_in(house, ROSA, "owner")
    laptop, stolen = house.signed_in(), house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    there = f"/admin/accounts/{number_of(house, ADA)}"
    ended = {f"row-{stolen.current()['id']}": "1", "reason": "ticket 4417"}
    at_the_console(house, ROSA).send(f"{there}/end", ended, page=there)
    assert "Operator Rosa Castellanos ended" in entries(laptop.open(f"{PATH}?q=rosa").text)[0]
    assert len(laptop.open("/v1/activity?q=4417").json()["items"]) == 1
    assert laptop.open("/v1/activity?q=rosa").json()["items"] == []


def test_what_is_looked_for_is_kept_in_filters_form_file_and_the_next_page(house):
    laptop = house.signed_in()
    for number in range(52):
        happened(house, EventKind.ACCESS_KEY_ISSUED, name=f"export <{number}>")
    page = laptop.open(f"{PATH}?kind=key&q=export+<").text
    assert 'name="kind" value="key"' in page
    assert 'value="export &lt;"' in page
    assert '"/settings/activity?kind=in&amp;q=export+%3C"' in page
    assert '"/settings/activity.csv?kind=key&amp;q=export+%3C"' in page
    assert "Download these as CSV" in page
    file = laptop.open("/settings/activity.csv?kind=key&q=export+<1").text
    assert len(file.splitlines()) == 1 + 11
    link, label = further(page)
    assert label == "Show earlier days"
    assert [entry[-3:] for entry in entries(laptop.open(link).text)] == ["<1>", "<0>"]


def test_one_look_goes_back_so_far_and_offers_to_look_further(house, monkeypatch):
    laptop = house.signed_in()
    happened(house, EventKind.ACCESS_KEY_ISSUED, name="the old one")
    for _ in range(7):
        house.clock.move(hours=1)
        happened(house, EventKind.PROFILE_CHANGED, name="Ada")
    monkeypatch.setattr(history, "MOST_SEARCHED", 3)
    for where in (history, follow):
        monkeypatch.setattr(where, "MOST_COUNTED", 5)
    page = laptop.open(PATH).text
    assert filters(page)["All"] == "5+"
    looked, link = 0, f"{PATH}?q=old"
    while not entries(page := laptop.open(link).text):
        link, label = further(page)
        assert label == "Look further back"
        looked += 1
    assert looked == 2
    page = laptop.open(f"{PATH}?kind=key").text
    assert entries(page) == []
    assert "the old one" in entries(laptop.open(further(page)[0]).text)[0]


def test_a_number_beyond_the_end_begins_at_the_end(house):
    laptop = house.signed_in()
    page = laptop.open(f"{PATH}?q=chrome&before=9223372036854775807").text
    assert len(entries(page)) == 1
    assert further(page) is None


def test_programs_ask_for_kinds_and_words_and_go_on_by_a_cursor_of_that_question(house, monkeypatch):
    laptop = house.signed_in()
    for number in range(4):
        happened(house, EventKind.ACCESS_KEY_ISSUED, name=f"key {number}")
    assert [item["kind"] for item in laptop.open("/v1/activity?kind=in").json()["items"]] == [
        "session_started"
    ]
    named = laptop.open("/v1/activity?kind=account_created&q=").json()
    assert [item["kind"] for item in named["items"]] == ["account_created"]
    monkeypatch.setattr(history, "MOST_SEARCHED", 3)
    first = laptop.open("/v1/activity?kind=key&q=KEY+0&limit=1").json()
    assert first["items"] == []
    cursor = first["next_cursor"]
    second = laptop.open(f"/v1/activity?kind=key&q=KEY+0&limit=1&cursor={cursor}").json()
    assert [item["personal"]["name"] for item in second["items"]] == ["key 0"]
    assert laptop.open(f"/v1/activity?kind=in&cursor={cursor}").status_code == 422
    assert laptop.open(f"/v1/activity?q={'x' * 201}").status_code == 422
    assert laptop.open("/v1/activity?kind=all").json() == laptop.open("/v1/activity").json()


def test_an_entry_stands_in_the_counts_of_every_filter_that_shows_it():
    told = history.counted({EventKind.TOKEN_REUSED: 2, EventKind.PROFILE_CHANGED: 1})
    assert told.by_filter == {"": 3, "in": 0, "ended": 2, "fail": 2, "consent": 0, "key": 0}
    assert history.Asked("session_started").kinds == {EventKind.SESSION_STARTED}


@pytest.mark.guide("R76")
def test_an_entry_says_of_its_session_what_is_known_and_leads_to_one_that_is_worth_a_look(house):
    laptop = house.signed_in()
    house.clock.move(days=2)
    phone = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    page = laptop.open(PATH).text
    flagged = re.search(r'<li class="ev is-flagged".*?</li>', page, re.DOTALL).group()
    assert "Signed in with password:" in flagged
    assert f'<a href="/settings/sessions#s-{phone.current()["id"]}">Look at this session</a>' in flagged
    assert re.findall(r"<h2>(?!When)(.*?)</h2>", page) == [
        'Today <span class="n">Wednesday 25 November</span>', "Monday 23 November",
    ]  # fmt: skip
    assert phone.revoke(laptop.current()["id"]).status_code == 303
    page = phone.open(PATH).text
    assert entries(page)[0] == (
        "You revoked Chrome on macOS From Firefox on Windows, Berlin, DE. It had been signed in since 23 November."
    )
    phone.log_out()
    again = house.signed_in()
    assert entries(again.open(f"{PATH}?kind=ended").text)[0] == (
        "You logged out of Firefox on Windows It had been signed in since 25 November."
    )
    assert len(entries(again.open(f"{PATH}?kind=ended&q=firefox").text)) == 2, "what an entry says is found"


@pytest.mark.guide("R83")
def test_a_connected_app_that_was_revoked_says_since_when_it_had_been_allowed(house):
    a_grant(house, a_client(house, name="Quill Notes"))
    house.clock.move(days=3)
    laptop = house.signed_in()
    [consent] = [row for row in laptop.sessions() if row["app_type"] == "oauth"]
    laptop.http.delete(f"/v1/sessions/{consent['id']}", headers=laptop.own())
    assert entries(laptop.open(f"{PATH}?kind=consent").text)[0] == (
        "You revoked the connected app Quill Notes From Chrome on macOS, San Francisco, CA, US. "
        "It had been allowed since 23 November."
    )
    facts = laptop.open("/v1/activity?kind=consent_revoked").json()["items"][0]["facts"]
    assert (facts["since"], facts["scopes"]) == (
        consent["consented_at"].replace("Z", "+00:00"),
        ["openid", "email", "offline_access"],
    )


@pytest.mark.parametrize(
    "facts", [{}, {"attempts": "3", "since": "nonsense"}, {"attempts": None, "since": 7}]
)
def test_entries_without_facts_or_with_facts_that_are_none_are_told_as_far_as_they_go(house, facts):
    for kind in (EventKind.SIGN_IN_FAILED, EventKind.CONSENT_REVOKED):
        event = Event(kind, house.clock(), None, None, facts, {"device": "Quill Notes"})
        house.means.database.write_now(journal.record, number_of(house, ADA), event)
    shown = entries(house.signed_in().open(PATH, **{"accept-language": "de"}).text)
    told = {entry for entry in shown if "Quill Notes" in entry}
    assert told == {
        "Sie haben den Zugriff der verbundenen App Quill Notes beendet",
        "Falsches Passwort: Quill Notes",
    }
