"""The description of the API is true: of every route, with examples that are what they show."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from people import ADA, Clock
from routes import every_route, still
from signedin.api import examples, shapes
from signedin.api.call import CALL, Caller
from signedin.rules.scope import SENTENCES
from signedin.server.app import calls
from signedin.server.openapi import description

pytestmark = pytest.mark.xdist_group("described")
COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with still(tmp_path_factory.mktemp("described"), Clock()) as house:
        house.somebody(ADA)
        yield house


def operations(document):
    return {
        (method.upper(), path): told for path, of in document["paths"].items() for method, told in of.items()
    }


def test_the_committed_description_is_that_of_the_routes():
    assert json.loads(COMMITTED.read_text()) == description(calls()), "to write it anew: make docs"


def test_every_reference_leads_to_something_and_no_two_shapes_have_one_name():
    """Of two shapes with one name both are named by their modules, and what refers to them leads nowhere."""
    told = description(calls())
    parts = told["components"]
    names = {f"#/components/{kind}/{name}" for kind, of in parts.items() for name in of}
    assert set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(told))) <= names
    assert [name for name in parts["schemas"] if "." in name] == []


def test_every_route_for_programs_is_described_and_nothing_else(house):
    routes = {each for each in every_route(house) if each[1].startswith("/v1/")}
    served = house.browser().open("/openapi.json").json()
    assert set(operations(served)) == routes | {("GET", "/v1/check")}
    assert served["servers"] == [{"url": house.server.settings.base_url}]
    assert served["openapi"] == "3.1.0"


def test_every_call_says_who_may_make_it_with_which_scope():
    for route in calls():
        call = route.opt[CALL]
        assert not call.scope or call.scope in SENTENCES
        if call.by is not Caller.OPERATOR:  # what only owners do needs no scope, because no key does it
            assert bool(call.scope) == (call.by in (Caller.PERSON, Caller.SERVICE)), route


@pytest.mark.parametrize("shape", examples.EXAMPLES, ids=str)
def test_every_example_is_what_it_shows(shape):
    shown = examples.EXAMPLES[shape]
    read = msgspec.convert(shown | {"token": "sgn_key_"} if "token" in shown else shown, shape)
    assert shape is examples.Findings or set(shown) <= {
        each.name for each in msgspec.structs.fields(type(read))
    }


def test_every_refusal_has_an_example_that_is_a_problem():
    found = description(calls())["components"]["examples"]
    for code, example in found.items():
        assert msgspec.convert(example["value"], shapes.Problem, strict=True).code == code
    named = {
        code for told in operations(description(calls())).values() for answer in told["responses"].values()
        for code in answer.get("$ref", "").rpartition("/")[2].split("-") if code
    }  # fmt: skip
    assert named <= set(found)


def test_answers_have_the_fields_that_are_described_and_no_others(house):
    browser = house.signed_in()
    session = browser.sessions()[0]
    optional = {"client_name", "client_description", "consented_at", "scopes", "signed_resources"}
    assert set(session) == {each.name for each in msgspec.structs.fields(shapes.Row)} - optional
    for path, shape in {"/v1/account": shapes.Own, "/v1/activity": shapes.History, "/v1/access-keys": shapes.Keys,
                        "/v1/sessions": shapes.Rows}.items():  # fmt: skip
        told = browser.open(path).json()
        assert set(told) == {each.name for each in msgspec.structs.fields(shape)}
        assert msgspec.convert(told, shape)
    event = browser.open("/v1/activity").json()["items"][0]
    assert set(event) == {each.name for each in msgspec.structs.fields(shapes.Happened)}


def test_people_can_read_it_signed_in_or_not(house):
    for browser in (house.browser(), house.signed_in()):
        page = browser.open("/docs")
        assert page.status_code == 200
        assert "/v1/accounts/{account_id}/sessions" in page.text
        assert "session_already_ended" in page.text


def test_the_methods_of_a_path_are_all_told(house):
    http = house.browser().http
    for method, path in operations(description(calls())):
        if path != "/v1/check":
            answer = http.options(
                path.replace("{row_id}", "x")
                .replace("{account_id}", "1")
                .replace("{person_id}", "1")
                .replace("{ending_id}", "0" * 24)
            )
            assert answer.status_code == 204, path
            assert method in answer.headers["allow"], path
            assert answer.content == b""
