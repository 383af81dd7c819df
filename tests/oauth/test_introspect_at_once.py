"""Introspection in front of the framework: the same answers as behind it, and nothing that is not plain is answered there."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from given import SYNC_AGENT, a_client, a_service, a_sync_app, given
from oauth.test_token import FILES, asked, basic, redeemed
from people import BERLIN, Clock, done_apart
from signedin.gate.client_authentication import ClientRefused
from signedin.gate.security_headers import always
from signedin.oauth import introspect, introspect_at_once
from signedin.oauth.form import LARGEST
from signedin.rules.client import Authentication
from signedin.rules.errors import Unavailable
from signedin.store import clients

WHERE = "/oauth/introspect"
NOT_PLAIN = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
"""A form all the same, which only the framework reads."""


@pytest.fixture
def ways(house, monkeypatch):
    """By which way each question was answered."""
    taken = []
    for name, module in (("at once", introspect_at_once), ("behind", introspect)):

        async def noted(*words, _name=name, _ask=module.introspect):
            told = await _ask(*words)
            taken.append(_name)
            return told

        monkeypatch.setattr(module, "introspect", noted)
    return taken


def both(program, headers, token):
    """The answers of both ways, without what differs by the moment."""
    return [asked(program, WHERE, headers | more, token=token) for more in ({}, NOT_PLAIN)]


@pytest.mark.security("10.4.10", "attack-24")
def test_both_ways_tell_the_same_of_every_token(house, program, clock, ways):
    files = basic(house, a_service(house))
    client = a_client(house, resources=(FILES,), authentication=Authentication.BASIC)
    own = basic(house, client)
    it = given(house, client, resources=(FILES,))
    said = redeemed(program, it, headers=own, client_id="").json()
    ours = given(house, a_sync_app(house, resources=(FILES,)), resources=(FILES,))
    sync = redeemed(house.browser(SYNC_AGENT, BERLIN).http, ours).json()
    tokens = [
        said["access_token"],
        said["refresh_token"],
        sync["access_token"],
        it.code,
        "sgn_acc_x",
        "x.y.z",
    ]
    for headers in (files, own):
        for token in tokens:
            plain, behind = both(program, headers, token)
            assert (plain.status_code, plain.json()) == (200, behind.json())
            assert plain.headers["cache-control"] == behind.headers["cache-control"] == "no-store"
            assert {*behind.headers} <= {*plain.headers}
    assert ways == ["at once", "behind"] * 2 * len(tokens)


@pytest.mark.guide("R49", "D24")
def test_what_has_ended_is_dead_at_the_next_question(house, program, clock, ways):
    files, browser = basic(house, a_service(house)), house.signed_in()
    it = given(house, a_client(house, resources=(FILES,)), resources=(FILES,))
    token = redeemed(program, it).json()["access_token"]
    assert asked(program, WHERE, files, token=token).json()["active"]
    browser.log_out_all()
    answer = asked(program, WHERE, files, token=token)
    assert (answer.content, ways) == (b'{"active": false}', ["at once"] * 2)


@pytest.mark.security("10.4.10")
@pytest.mark.parametrize(
    "change",
    [{"secrets": ()}, {"disabled_at": True}, {"authentication": Authentication.POST}],
    ids=("no secret", "disabled", "another way to show itself"),
)
def test_who_may_not_ask_any_more_is_refused_at_the_next_question(house, program, clock, change, log_lines):
    service = a_service(house)
    files = basic(house, service)
    assert asked(program, WHERE, files, token="sgn_acc_x").status_code == 200
    known = house.means.database.read_now(clients.find, service.id)
    change = {name: clock() if value is True else value for name, value in change.items()}
    house.means.database.write_now(clients.change, replace(known, **change))
    refused = asked(program, WHERE, files, token="sgn_acc_x")
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert [line["event"] for line in log_lines()].count("client not authenticated") == 1


@pytest.mark.security("15.3.7")
def test_what_comes_twice_or_from_a_page_of_a_browser_is_not_answered_at_once(house, program, ways):
    files = basic(house, a_service(house))
    assert (
        asked(program, WHERE, files | {"origin": "https://app.example.org"}, token="sgn_acc_x").status_code
        == 200
    )
    twice = program.post(
        WHERE,
        content="token=a&token=b",
        headers=files | {"content-type": "application/x-www-form-urlencoded"},
    )
    assert (twice.status_code, twice.json()["error"]) == (400, "invalid_request")
    none = asked(program, WHERE, files)
    assert (none.status_code, none.json()["error"]) == (400, "invalid_request")
    assert ways == ["behind"]


# What stands behind and who asks are made up from here on, so that each thing that is not plain is tried by itself.
HEADERS = [(b"content-type", b"application/x-www-form-urlencoded"), (b"authorization", b"Basic right")]
MEANS, ISSUER = object(), "https://id.example.org"


async def one_who_asks(means, authorization):
    """Who asks, by what stands in the header."""
    assert means is MEANS
    if authorization == b"Basic garbled":
        raise ClientRefused(by_header=True)
    return "files" if authorization == b"Basic right" else None


async def what_it_says(means, caller, token, issuer, now):
    """What a token says: all that was told with the question."""
    assert means is MEANS
    if token == "later":
        raise Unavailable
    return {"for": caller, "token": token, "iss": issuer, "at": now.isoformat(), "name": "Zoë"}


@pytest.fixture
def put(monkeypatch):
    """A function that puts a question: what was sent, and what came to the application behind, with all it reads."""
    monkeypatch.setattr(introspect_at_once, "client_at_once", one_who_asks)
    monkeypatch.setattr(introspect_at_once, "introspect", what_it_says)

    def put(body=b"token=t", headers=HEADERS, pieces=None, **changed):
        behind, sent = [], []
        waiting = list(pieces or [{"type": "http.request", "body": body, "more_body": False}])
        all_of_it = range(len(waiting))
        scope = {"type": "http", "method": "POST", "path": "/oauth/introspect", "headers": headers} | changed

        async def app(scope, receive, send):
            behind.append(scope)
            behind.extend([await receive() for _ in all_of_it])
            await send("from behind")

        async def receive():
            return waiting.pop(0)

        async def send(message):
            sent.append(message)

        hosts = SimpleNamespace(is_another=lambda host: host == "app.example.org")
        asked = introspect_at_once.IntrospectAtOnce(app, MEANS, ISSUER, Clock(), hosts, is_secure=True)
        done_apart(asked(scope, receive, send))
        if behind:
            assert sent == ["from behind"]
            assert behind.pop(0) is scope
            return behind
        return sent

    return put


@pytest.mark.security("10.4.10", "14.3.2")
def test_what_is_plain_is_answered_with_all_that_was_asked_and_kept_by_nobody(put):
    begun, told = put()
    assert told["type"] == "http.response.body"
    assert json.loads(told["body"]) == {
        "for": "files", "token": "t", "iss": ISSUER, "at": Clock()().isoformat(), "name": "Zoë",
    }  # fmt: skip
    assert "Zoë".encode() in told["body"]
    assert (begun["type"], begun["status"]) == ("http.response.start", 200)
    assert sorted(begun["headers"]) == sorted([
        (b"cache-control", b"no-store"), (b"content-length", b"%d" % len(told["body"])),
        (b"content-type", b"application/json"), (b"pragma", b"no-cache"), *always(is_secure=True),
    ])  # fmt: skip


def test_a_hint_may_stand_beside_the_token_and_the_form_may_be_as_large_as_any(put):
    assert len(put(b"token=t&token_type_hint=access_token")) == 2
    largest = b"token=" + b"%41" * ((LARGEST - 6) // 3) + b"A" * ((LARGEST - 6) % 3)
    assert len(largest) == LARGEST
    assert b"AAAA" in put(largest)[1]["body"]


@pytest.mark.parametrize(
    "changed", [{"type": "websocket"}, {"path": "/oauth/introspect/"}, {"method": "GET"}],
    ids=("a websocket", "another path", "another method"),
)  # fmt: skip
def test_another_question_goes_by_unread(put, changed):
    pieces = [{"type": "http.request", "body": b"token=t"}]
    assert put(pieces=list(pieces), **changed) == pieces


@pytest.mark.security("15.3.7")
@pytest.mark.parametrize(
    "headers",
    [
        HEADERS[:1], HEADERS[1:], [*HEADERS, (b"host", b"app.example.org")], [*HEADERS, (b"origin", b"https://app.example.org")], [*HEADERS, (b"accept", b"a"), (b"accept", b"b")],
        [HEADERS[0], (b"authorization", b"Basic wrong")], [HEADERS[0], (b"authorization", b"Basic garbled")],
        [(b"content-type", b"application/x-www-form-urlencoded; charset=utf-8"), HEADERS[1]],
    ],
    ids=(
        "who asks is not said", "no kind", "another host", "from a page", "a header twice", "a wrong secret", "a garbled header",
        "a kind with a charset",
    ),
)  # fmt: skip
def test_who_does_not_ask_plainly_is_answered_behind(put, headers):
    first, later = (
        {"type": "http.request", "body": b"token=t", "more_body": False},
        {"type": "http.disconnect"},
    )
    assert put(headers=headers, pieces=[first, later]) == [first, later]


@pytest.mark.security("15.3.7")
@pytest.mark.parametrize(
    "body",
    [
        b"", b"token=", b"token=t&token=t", b"token=t&client_id=files", b"token_type_hint=access_token", b"\xff", b"token=later",
        b"token=" + b"A" * 16_001, b"token=t" + b"&" * LARGEST,
    ],
    ids=(
        "nothing", "no token", "two tokens", "a parameter more", "a hint alone", "no text", "not known now", "a token too long",
        "a form too large",
    ),
)  # fmt: skip
def test_what_is_not_asked_plainly_is_answered_behind(put, body):
    first, later = {"type": "http.request", "body": body, "more_body": False}, {"type": "http.disconnect"}
    assert put(pieces=[first, later]) == [first, later]


def test_what_comes_in_pieces_or_not_at_all_is_read_behind_from_its_beginning(put):
    first, second = (
        {"type": "http.request", "body": b"token=t", "more_body": more} for more in (True, False)
    )
    assert put(pieces=[dict(first), second]) == [first, second]
    gone = {"type": "http.disconnect", "body": b"token=t"}
    assert put(pieces=[gone, second]) == [gone, second]
