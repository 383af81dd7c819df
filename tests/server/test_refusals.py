"""Every refusal has a code that stands on the page of errors, whoever refuses."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from people import running

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "errors.md").read_text()
LISTED = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running(tmp_path_factory.mktemp("house")) as house:
        yield house


def codes_in_the_source():
    """What is called `code` anywhere in the house: in a class, in a table's first column, in a problem."""
    from signedin.server.refusals import OWN

    found = {code for code, _, _ in OWN.values()}
    for file in (ROOT / "src" / "signedin").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Assign) and [getattr(t, "id", "") for t in node.targets] == ["code"]:
                found |= {node.value.value} if isinstance(node.value, ast.Constant) else set()
            if isinstance(node, ast.Dict):
                said = zip(node.keys, node.values, strict=True)
                found |= {
                    value.value
                    for key, value in said
                    if isinstance(key, ast.Constant)
                    and key.value == "code"
                    and isinstance(value, ast.Constant)
                }
    return found


def test_the_page_lists_every_code_that_stands_in_the_source_and_no_other():
    assert codes_in_the_source() == LISTED
    assert {
        "method_not_allowed",
        "too_large",
        "bad_request",
        "internal_error",
        "places_not_updated",
    } <= LISTED


ASKED = {
    "no such page": ("GET", "/nowhere", {}, 404, "not_found"),
    "another method": ("PUT", "/v1/sessions", {}, 405, "method_not_allowed"),
    "too much": ("POST", "/sign-in", {"data": {"email": "a" * 1_000_001}}, 413, "too_large"),
}


@pytest.mark.parametrize("what", ASKED)
@pytest.mark.parametrize("as_program", [True, False])
def test_what_the_server_refuses_by_itself_is_answered_with_a_listed_code(house, what, as_program):
    method, path, more, status, code = ASKED[what]
    headers = house.browser().own() | ({"signedin-partial": "1"} if as_program else {})
    answer = house.browser().http.request(method, path, headers=headers, **more)
    assert answer.status_code == status
    if as_program:
        assert answer.json()["code"] == code
        assert code in LISTED


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/sessions", {"GET", "HEAD"}),
        ("/v1/sessions/x", {"GET", "HEAD", "DELETE"}),
        ("/sign-out", {"POST"}),
    ],
)
def test_a_method_that_is_not_allowed_is_answered_with_those_that_are(house, path, allowed):
    answer = house.browser().http.request("PATCH", path, headers=house.browser().own())
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) - {"OPTIONS"} == allowed
