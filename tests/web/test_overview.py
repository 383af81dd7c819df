"""The overview above the list: what it says about everything, whatever the list is filtered by."""

from __future__ import annotations

import re
from html import unescape

import pytest

from people import ADELAIDE, BERLIN, FIREFOX_ON_WINDOWS, SAFARI_ON_IPHONE

PAGE = "/settings/sessions"


def words(browser, path=PAGE):
    """The page as text, tags left out."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", browser.open(path).text)).split())


def link_of_look(browser, path=PAGE):
    return re.search(r'<ul class="look">\s*<li><a href="([^"]+)"', browser.open(path).text)[1]


@pytest.mark.guide("D25")
def test_a_newcomer_alone_on_the_local_network_is_told_that_nothing_is_missing(house):
    laptop = house.signed_in(address="127.0.0.1")
    page = words(laptop)
    assert "1 session on your local network" in page
    assert "Nothing to look at. Only this browser is signed in." in page
    assert "No place to show yet" in page
    assert "Nothing else is signed in" in page
    assert 'role="search"' not in page
    assert '<ul class="places"' not in laptop.open(PAGE).text


@pytest.mark.guide("D25")
def test_sessions_on_the_local_network_only_are_said_to_be_there(house):
    laptop = house.signed_in(address="192.168.1.7")
    phone = house.signed_in(SAFARI_ON_IPHONE, "10.0.0.4")
    laptop.send(f"{PAGE}/{phone.current()['id']}/recognize", page=PAGE)
    page = words(laptop)
    assert "2 sessions on your local network" in page
    assert "All of them are on this machine, or on the network it is in." in page


def test_one_who_is_alone_somewhere_is_told_where(house):
    page = house.signed_in().open(PAGE).text
    assert 'aria-label="Map: your only session is in San Francisco, US."' in page


def test_the_map_says_which_places_it_shows_and_that_the_local_network_is_none(house):
    laptop = house.signed_in()
    house.signed_in(SAFARI_ON_IPHONE, BERLIN)
    house.signed_in(FIREFOX_ON_WINDOWS, "192.168.1.7")
    assert (
        'aria-label="Map of 2 places where your sessions are. The local network has no place on it. '
        'The list of places follows."'
    ) in laptop.open(PAGE).text


def test_a_row_lights_the_pin_of_its_place(house):
    laptop = house.signed_in()
    house.signed_in(SAFARI_ON_IPHONE, BERLIN)
    page = laptop.open(PAGE).text
    berlin = re.search(r'data-filter-link="place-berlin-de" data-place="(\d+)"', page)[1]
    row = next(
        part for part in page.split("<li ") if "Safari on iOS" in part and part.startswith('class="row')
    )
    assert f'data-place="{berlin}"' in row
    assert f'data-place="{berlin}"><g>' in page


@pytest.mark.guide("R76")
def test_a_look_leads_to_its_row_also_when_a_filter_hides_it(house):
    laptop = house.signed_in()
    stranger = house.signed_in(FIREFOX_ON_WINDOWS, ADELAIDE).current()["id"]
    assert link_of_look(laptop) == f"#s-{stranger}"
    assert link_of_look(laptop, f"{PAGE}?type=sync") == f"{PAGE}#s-{stranger}"


@pytest.mark.guide("R83")
def test_no_match_names_the_filter_and_the_words_and_offers_to_widen(house):
    laptop = house.signed_in()
    house.signed_in(SAFARI_ON_IPHONE, BERLIN)
    page = words(laptop, f"{PAGE}?type=admin&q=berlin")
    assert "No Admin session matches “berlin”" in page
    assert "1 session of another type does: Safari on iOS, Berlin, DE." in page
    assert "0 of 2 shown" in page
    assert f'href="{PAGE}?q=berlin" data-filter-link="type-all">Search all types' in (
        laptop.open(f"{PAGE}?type=admin&q=berlin").text
    )


def test_searching_and_refreshing_keep_the_place_and_the_order(house):
    page = house.signed_in().open(f"{PAGE}?place=berlin-de&sort=idle&q=safari").text
    for form in ('<form class="refresh"', '<form class="find"'):
        fields = page.split(form)[1].split("</form>")[0]
        assert 'name="place" value="berlin-de"' in fields
        assert 'name="sort" value="idle"' in fields
        assert fields.count('name="q"') == 1


@pytest.mark.guide("D15")
def test_an_open_page_that_asks_what_a_new_session_is_called_is_not_in_use(house):
    laptop = house.signed_in()
    phone = house.signed_in(SAFARI_ON_IPHONE, BERLIN)
    before = laptop.current()["last_activity_at"]
    house.clock.move(minutes=30)
    path = f"{PAGE}/{phone.current()['id']}/revoke"
    asked = laptop.open(path, **{"signedin-partial": "1", "signedin-automatic": "1"})
    assert 'data-named="Safari on iOS, Berlin, DE"' in asked.text
    row = next(item for item in phone.sessions() if not item["current"])
    assert row["last_activity_at"] == before


def test_the_attribution_stands_on_pages_that_show_places_and_no_others(house, monkeypatch):
    said = type("Said", (), {"text": "IP geolocation by DB-IP", "url": "https://db-ip.com"})()
    monkeypatch.setattr(type(house.means.places), "attribution", property(lambda _: said))
    laptop = house.signed_in()
    phone = house.signed_in(SAFARI_ON_IPHONE, BERLIN).current()["id"]
    for path in (PAGE, f"{PAGE}/{phone}/revoke"):
        assert said.text in laptop.open(path).text
    assert said.text in house.browser().open("/sign-in").text
    for path in ("/help/active-sessions", "/privacy", f"{PAGE}/logout-all"):
        assert said.text not in laptop.open(path).text


@pytest.mark.parametrize(
    ("path", "wrong", "fields"),
    [
        (
            "/register",
            "password",
            {"name": "Grace", "email": "grace@example.org", "password": "aaaaaaaaaaaaaaaaaa"},
        ),
        (
            "/register",
            "email",
            {"name": "Grace", "email": "nobody", "password": "four unrelated words make it"},
        ),
        (
            "/register",
            "name",
            {"name": "", "email": "grace@example.org", "password": "four unrelated words make it"},
        ),
    ],
)
def test_the_field_that_was_wrong_has_the_focus_and_says_why(house, path, wrong, fields):
    answer = house.browser().send(path, fields, page=path).text
    field = re.search(rf'<input id="{wrong}"[^>]*>', answer)[0]
    assert 'aria-invalid="true"' in field
    assert "autofocus" in field
    assert re.search(r'aria-describedby="notice\b', field)
    assert 'id="notice" role="alert"' in answer
    assert answer.count('aria-invalid="true"') == 1
