"""The check is answered as the description of the API says, and described as it is answered."""

from __future__ import annotations

import json

import msgspec
import pytest

from client.shops import service_key
from people import ADA, Clock, done_apart
from routes import still
from signedin.actions.issue_key import issue_key_for
from signedin.api import feed_shapes
from signedin.api.examples import STREAMS
from signedin.gate.check_query import FIELDS
from signedin.rules.access_key import Wish
from signedin.server.app import calls
from signedin.server.openapi import description

pytestmark = pytest.mark.xdist_group("check call")
CHECK = "/v1/check"
FILES = "https://files.example.org"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with still(tmp_path_factory.mktemp("check"), Clock()) as house:
        house.somebody(ADA)
        yield house


@pytest.fixture(scope="module")
def told():
    return description(calls())


def asked(house, query="", **headers):
    return house.browser().http.get(
        CHECK + query, headers={n.replace("_", "-"): v for n, v in headers.items()}
    )


@pytest.mark.guide("D12")
@pytest.mark.security("8.2.1", "10.3.1", "attack-17")
def test_a_check_that_names_a_resource_refuses_every_key_for_a_key_is_for_none(house):
    made = done_apart(issue_key_for(house.means, ADA, Wish("backup", ("account:read",)), house.clock()))
    bearer = {"authorization": f"Bearer {made.token}"}
    assert asked(house, "?scope=account:read", **bearer).status_code == 200
    for resource in (FILES, house.base_url):
        for scope in ("account:read", "sessions:read"):
            for key in ({}, {"signedin_key": service_key(house)}):
                answer = asked(house, f"?scope={scope}&resource={resource}", **bearer, **key)
                assert (answer.status_code, answer.json()["reason"]) == (401, "wrong_kind")
                assert "signedin-account" not in answer.headers
    cookie = {"cookie": f"signedin={house.signed_in().secret}"}
    assert asked(house, f"?scope=account:read&resource={FILES}", **cookie).status_code == 200, (
        "a session passes"
    )


def test_what_it_reads_and_answers_is_described(told, house):
    check = told["paths"][CHECK]["get"]
    named = {(each["in"], each["name"]) for each in check["parameters"]}
    assert {name for place, name in named if place == "query"} == set(FIELDS)
    assert {name for place, name in named if place == "header"} == {
        "Signedin-Key", "Signedin-Address", "Signedin-Quiet",
    }  # fmt: skip
    answer = asked(house, cookie=f"signedin={house.signed_in().secret}", signedin_key=service_key(house))
    said = {name for name in answer.headers if name.startswith("signedin-")}
    assert said == {name.lower() for name in check["responses"]["200"]["headers"]}
    assert set(check["responses"]["200"]["headers"]) <= set(told["components"]["headers"])
    by_cookie = [told["components"]["securitySchemes"][name] for way in check["security"] for name in way]
    names = {each["name"] for each in by_cookie if each["type"] == "apiKey"}
    assert names == {"__Host-signedin", "__Host-signedin-host"}


def test_it_is_refused_with_the_codes_that_are_described_and_no_others(told):
    responses = told["paths"][CHECK]["get"]["responses"]
    codes = {
        status: set(each["$ref"].rpartition("/")[2].split("-"))
        for status, each in responses.items()
        if "$ref" in each
    }
    assert codes == {
        "400": {"bad_request"}, "401": {"not_signed_in"}, "403": {"insufficient_permission", "service_key_refused"},
        "422": {"invalid_input", "unknown_field"}, "503": {"unavailable"},
    }  # fmt: skip


def test_a_client_library_whose_key_may_not_ask_is_told_the_code_that_is_described(house):
    answer = asked(house, cookie="signedin=x", signedin_key=service_key(house, "accounts:read"))
    assert (answer.status_code, answer.json()["code"]) == (403, "service_key_refused")


@pytest.mark.parametrize("path", ["/v1/feed", "/v1/sessions/events"])
def test_a_stream_has_an_example_of_how_it_begins(told, path):
    ((kind, content),) = told["paths"][path]["get"]["responses"]["200"]["content"].items()
    assert content["example"] == STREAMS[kind]


def test_the_examples_of_streams_are_what_they_show():
    first, second = map(json.loads, STREAMS["application/x-ndjson"].splitlines())
    assert (first, set(second)) == ({}, {"lineage", "endings"})
    assert msgspec.convert(second["endings"], list[feed_shapes.Told])
    _, hello, ended, comment, rest = STREAMS["text/event-stream"].split("\n\n")
    assert (comment[0], rest) == (":", "")
    for event, name, fields in ((hello, "hello", {"number"}), (ended, "session-ended", {"id", "number"})):
        lines = dict(line.split(": ", 1) for line in event.splitlines())
        assert (lines["event"], set(json.loads(lines["data"]))) == (name, fields)
        assert json.loads(lines["data"])["number"] == int(lines["id"])
