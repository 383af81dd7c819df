"""Every trick with a redirect address, at the real endpoints: a page for the person, and never a way to that address."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from apps import PUBLIC, a_client, our_own, registered, request_of, told
from people import ADA, Clock, running
from rules.test_redirect_uri import APP, AROUND_LOOPBACK, LOOPBACK, TRICKS
from signedin.store.asked import asked

pytestmark = [
    pytest.mark.xdist_group("redirect tricks"),
    pytest.mark.security("10.4.1", "B2", "attack-12", "attack-13"),
]
STRANGERS = {
    "nobody": "nobody",
    "an empty name": "",
    "another spelling": "PORTER",
    "a blank after": "porter ",
    "a NUL after": "porter\0",
    "the name twice": "porter,porter",
    "a letter that looks like another": "роrter",
    "far too long": "porter" * 400,
    "a path": "../porter",
    "markup": "<script>alert(1)</script>",
    "a statement of SQL": "porter' OR '1'='1",
}
"""Names that are no client's."""
TWICE = {
    "the right one first": (APP, "https://evil.example/"),
    "the right one last": ("https://evil.example/", APP),
    "the right one twice": (APP, APP),
}

LEADS_AWAY = re.compile(
    r'(?:href|src|action|content)="(?:(?!mailto:)[a-zA-Z][a-zA-Z0-9+.-]*:|//|\\\\)(?!/?$)'
)
"""A link, a form or a picture of another site; the page's own address is told to the switch of languages alone."""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running(tmp_path_factory.mktemp("tricks"), Clock()) as house:
        house.somebody(ADA)
        house.porter = registered(house, a_client(redirect_uris=(APP,), **PUBLIC))
        house.sync = registered(house, our_own(redirect_uris=(LOOPBACK,)))
        house.ada = house.signed_in()
        yield house


def waiting(house):
    return house.means.database.read_now(
        lambda conn: conn.execute(sa.select(sa.func.count()).select_from(asked)).scalar()
    )


def assert_a_page(house, query):
    """By link and by form: a page that says so, leads nowhere else, and keeps nothing."""
    before = waiting(house)
    form = {"content-type": "application/x-www-form-urlencoded"}
    for answer in (
        house.ada.open(f"/oauth/authorize?{query}"),
        house.ada.http.post("/oauth/authorize", content=query, headers=form),
    ):
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert "refresh" not in answer.headers
        assert "authorization_refused" in answer.text
        assert not LEADS_AWAY.search(answer.text)
        assert "http-equiv" not in answer.text
    assert waiting(house) == before


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_a_trick_gets_a_page_and_is_not_pushed_either(house, trick):
    said = request_of(house.porter, redirect_uri=trick)
    assert_a_page(house, urlencode(said))
    pushed = house.browser().http.post("/oauth/par", data=said)
    assert (pushed.status_code, pushed.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("trick", AROUND_LOOPBACK.values(), ids=AROUND_LOOPBACK)
def test_a_trick_around_ones_own_machine_gets_a_page(house, trick):
    assert_a_page(house, urlencode(request_of(house.sync, redirect_uri=trick)))


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
def test_an_unknown_client_gets_a_page_however_right_the_rest_is(house, stranger):
    assert_a_page(house, urlencode(request_of(house.porter, client_id=stranger)))


@pytest.mark.parametrize("both", TWICE.values(), ids=TWICE)
def test_an_address_or_a_client_that_came_twice_is_none(house, both):
    rest = urlencode(request_of(house.porter, redirect_uri=None))
    assert_a_page(house, rest + "".join(f"&{urlencode({'redirect_uri': each})}" for each in both))
    named = urlencode(request_of(house.porter, client_id=None))
    assert_a_page(house, f"{named}&client_id=porter&client_id=sync")


@pytest.mark.parametrize("name", ["state", "nonce", "scope", "login_hint", "resource", "code_challenge"])
def test_what_no_database_could_keep_gets_a_page(house, name):
    assert_a_page(house, urlencode(request_of(house.porter, **{name: "a\0b"})))
    leaving = house.ada.http.get("/oauth/end_session", params={"state": "a\0b"})
    assert leaving.status_code == 400


def test_no_address_is_no_address_even_where_one_alone_is_registered(house):
    assert_a_page(house, urlencode(request_of(house.porter, redirect_uri=None)))


def test_what_was_registered_is_answered_there_so_the_pages_above_say_something(house):
    for client, back in ((house.porter, APP), (house.sync, "http://127.0.0.1:51004/back")):
        wrong = request_of(client, redirect_uri=back, response_type="token")
        answer = house.ada.open(f"/oauth/authorize?{urlencode(wrong)}")
        assert answer.headers["location"].partition("?")[0] == back
        assert told(answer)["error"] == "unsupported_response_type"


def test_there_are_enough_of_them():
    assert len(TRICKS) + len(AROUND_LOOPBACK) + len(STRANGERS) + len(TWICE) > 100
