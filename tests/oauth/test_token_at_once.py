"""The token endpoint in front of the framework: the same tokens and the same refusals as behind it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from given import a_client, a_sync_app, given
from oauth.test_token import asked, basic, redeemed, refreshed
from people import done_apart
from signedin.oauth import token, token_at_once
from signedin.oauth.form import LARGEST
from signedin.rules.client import Authentication
from signedin.rules.errors import Unavailable
from signedin.rules.oauth_refusal import OAuthRefused

NOT_PLAIN = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
"""A form all the same, which only the framework reads."""
MADE_ANEW = {"access_token", "refresh_token", "id_token"}


@pytest.fixture
def ways(house, monkeypatch):
    """By which way each question was answered."""
    taken = []
    for name, module in (("at once", token_at_once), ("behind", token)):

        async def noted(*words, _name=name, _ask=module.exchanged):
            taken.append(_name)
            return await _ask(*words)

        monkeypatch.setattr(module, "exchanged", noted)
    return taken


def told(answer):
    """An answer without what differs each time."""
    said = {name: name if name in MADE_ANEW else value for name, value in answer.json().items()}
    return answer.status_code, said, {*answer.headers}


@pytest.mark.guide("R34")
@pytest.mark.parametrize("more", [{}, NOT_PLAIN], ids=("at once", "behind"))
def test_codes_and_refresh_tokens_bring_tokens_by_both_ways(house, program, ways, more):
    third, own = given(house), given(house, a_sync_app(house))
    for it in (third, own):
        said = redeemed(program, it, headers=more)
        assert said.status_code == 200, said.text
        again = refreshed(program, it.client, said.json()["refresh_token"], headers=more)
        assert told(again) == told(said)
        once_more = refreshed(program, it.client, said.json()["refresh_token"], headers=more).json()
        assert once_more["refresh_token"] == again.json()["refresh_token"]
    assert {*ways} == {"behind" if more else "at once"}


@pytest.mark.security("15.3.7", "attack-9")
def test_both_ways_refuse_the_same_by_the_same_words(house, program, clock, ways, log_lines):
    it = given(house, a_client(house, authentication=Authentication.BASIC))
    headers = basic(house, it.client)
    first = redeemed(program, it, headers=headers, client_id="").json()
    refreshed(program, it.client, first["refresh_token"], headers=headers)
    clock.move(seconds=11)
    wrong = (
        {"grant_type": "password"}, {"grant_type": "refresh_token"}, {"scope": "openid"}, {"grant_type": "refresh_token", "refresh_token": "x"},
        {"grant_type": "refresh_token", "refresh_token": it.code}, {"grant_type": "client_credentials"},
        {"grant_type": "authorization_code", "code": "x", "redirect_uri": "x" * 40_000},
    )  # fmt: skip
    for form in wrong:
        for more in (headers, {}, {"authorization": "Basic !"}):
            plain, behind = (asked(program, headers=more | kind, **form) for kind in ({}, NOT_PLAIN))
            assert plain.status_code in {400, 401, 413}
            assert told(plain) == told(behind), form
    noted = [
        (line["error"], line.get("path")) for line in log_lines() if line["event"] == "a client was refused"
    ]
    assert noted[::2] == noted[1::2]
    reused = refreshed(program, it.client, first["refresh_token"], headers=headers)
    assert (reused.status_code, reused.json()["error"]) == (400, "invalid_grant")
    assert reused.json()["error_description"].endswith("reused.")


@pytest.mark.security("16.5.1")
@pytest.mark.parametrize("more", [{}, NOT_PLAIN], ids=("at once", "behind"))
def test_a_bug_is_told_in_the_words_of_the_protocol_and_nothing_is_begun_twice(
    house, program, monkeypatch, log_lines, more
):
    asked_for = []

    async def broken(*_):
        asked_for.append("tokens")
        raise KeyError("nobody may read this")

    for module in (token_at_once, token):
        monkeypatch.setattr(module, "exchanged", broken)
    answer = asked(program, headers=more, grant_type="refresh_token")
    assert (answer.status_code, answer.json()["error"]) == (500, "server_error")
    assert (asked_for, "nobody" in answer.text) == (["tokens"], False)
    assert [line["event"] for line in log_lines()].count("a request failed") == 1


@pytest.mark.security("3.4.2")
def test_an_app_in_a_browser_may_read_what_is_answered_at_once(house, program, ways):
    it = given(house)
    origin = {"origin": it.client.redirect_uris[0].removesuffix("/callback")}
    answer = redeemed(program, it, headers=origin)
    assert answer.headers["access-control-allow-origin"] == origin["origin"]
    assert (answer.headers["vary"], ways) == ("origin", ["at once"])


@pytest.mark.guide("R31", "D15")
def test_a_refresh_is_a_use_of_what_was_allowed_and_no_use_of_a_cookie_that_comes_along(house, ways, clock):
    browser, it, recent = house.signed_in(), given(house), house.means.recent
    said, own = redeemed(browser.http, it).json(), browser.current()["id"]
    clock.move(minutes=5)
    assert refreshed(browser.http, it.client, said["refresh_token"]).status_code == 200
    assert recent.latest(it.grant.account_id, it.grant.row_id) == clock()
    assert recent.latest(it.grant.account_id, own) != clock()
    browser.open("/settings/sessions")
    assert recent.latest(it.grant.account_id, own) == clock()
    assert {*ways} == {"at once"}


# What stands behind, and what comes of it, are made up from here on, so that each thing is handed on as it came.
HEADERS = [(b"content-type", b"application/x-www-form-urlencoded"), (b"accept", b"*/*")]
MEANS, ISSUER = object(), "https://id.example.org"


@pytest.fixture
def put(monkeypatch):
    """A function that puts a question: by which way it was answered, what was read behind, and what was sent."""

    async def exchanged(means, issuer, arrival, headers, form):
        assert (means, issuer, arrival.is_quiet, headers) == (MEANS, ISSUER, True, HEADERS)
        if form == {"grant_type": "later"}:
            raise Unavailable
        return {"form": form, "name": "Zoë"}

    monkeypatch.setattr(token_at_once, "exchanged", exchanged)

    def put(body=b"grant_type=x", headers=HEADERS, **changed):
        ways, read, sent = [], [], []
        sent_body = {} if body is None else {"body": body, "more_body": False}
        waiting = [{"type": "http.request"} | sent_body | changed.pop("piece", {})]
        waiting.append({"type": "http.disconnect"})
        scope = {"type": "http", "method": "POST", "path": "/oauth/token", "headers": headers} | changed
        scope["signedin"] = SimpleNamespace(is_quiet=False)

        async def receive():
            return waiting.pop(0)

        async def send(message):
            sent.append(message)

        async def app(*words):
            assert (words[0], words[2]) == (scope, send)
            assert scope["signedin"].is_quiet is False
            ways.append("behind")
            read.extend([await words[1](), await words[1]()])

        async def refuse(*words):
            assert words[:3] == (scope, receive, send)
            ways.append(type(words[3]))

        done_apart(token_at_once.TokenAtOnce(app, MEANS, ISSUER, refuse)(scope, receive, send))
        return ways, read, sent

    return put


@pytest.mark.security("14.3.2")
def test_what_is_plain_is_answered_as_it_was_asked_and_kept_by_nobody(put):
    ways, read, [begun, told] = put(b"grant_type=x&scope=a+b")
    assert (ways, read) == ([], [])
    assert told["type"] == "http.response.body"
    assert json.loads(told["body"]) == {"form": {"grant_type": "x", "scope": "a b"}, "name": "Zoë"}
    assert (begun["type"], begun["status"]) == ("http.response.start", 200)
    assert sorted(begun["headers"]) == [
        (b"cache-control", b"no-store"), (b"content-length", b"%d" % len(told["body"])),
        (b"content-type", b"application/json"), (b"pragma", b"no-cache"),
    ]  # fmt: skip


@pytest.mark.security("15.3.7")
def test_what_is_refused_is_refused_where_it_came_in_and_nothing_is_sent_beside(put):
    for body, kind in ((b"grant_type=later", Unavailable), (b"a=1&a=2", OAuthRefused)):
        assert put(body) == ([kind], [], [])


@pytest.mark.security("15.3.7")
@pytest.mark.parametrize(
    "changed",
    [
        {"type": "websocket"}, {"path": "/oauth/token/"}, {"method": "GET"}, {"headers": HEADERS[1:]}, {"headers": [HEADERS[0], *HEADERS]},
        {"headers": [(b"content-type", b"application/json")]}, {"piece": {"more_body": True}}, {"piece": {"type": "http.disconnect"}},
        {"body": b"a=" + b"b" * (LARGEST - 1)},
    ],
    ids=(
        "a websocket", "another path", "another method", "no kind", "two kinds", "another kind", "in pieces", "gone", "too large",
    ),
)  # fmt: skip
def test_what_is_no_plain_form_goes_by_with_all_that_was_read(put, changed):
    ways, [first, second], sent = put(**dict(changed))
    assert (ways, sent) == (["behind"], [])
    assert first == {
        "type": "http.request", "body": changed.get("body", b"grant_type=x"), "more_body": False,
    } | changed.get("piece", {})  # fmt: skip
    assert second == {"type": "http.disconnect"}


@pytest.mark.security("15.3.7")
def test_a_form_may_be_as_large_as_any_and_an_empty_one_is_one_too(put):
    largest = b"a=" + b"%41" * ((LARGEST - 2) // 3) + b"A" * ((LARGEST - 2) % 3)
    assert len(largest) == LARGEST
    assert b"AAAA" in put(largest)[2][1]["body"]
    for empty in (b"", None):
        assert json.loads(put(empty)[2][1]["body"])["form"] == {}
