"""Introspection in front of the framework: the same answers as behind it, and nothing that is not plain is answered there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from given import SYNC_AGENT, a_client, a_service, a_sync_app, given
from oauth.test_token import FILES, asked, basic, redeemed
from people import BERLIN
from signedin.oauth import introspect, introspect_at_once
from signedin.rules.client import Authentication
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
    "change", [{"secrets": ()}, {"disabled_at": True}, {"authentication": Authentication.POST}], ids=str
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
