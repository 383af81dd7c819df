"""Every error that a client can be told of stands on the page that the log names."""

from __future__ import annotations

import ast
from pathlib import Path

from signedin.gate.record import EXPLAINED
from signedin.oauth.refusing import PAGE
from signedin.rules.authorization import NO_CLIENT, AuthorizationRefused

ROOT = Path(__file__).resolve().parents[2]


def told():
    """The first word of every refusal in the sources, and of whatever stands for one in a table."""
    for file in (ROOT / "src/signedin").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "OAuthRefused" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield first.value


def test_every_error_has_its_section():
    page = (ROOT / PAGE).read_text().splitlines()
    errors = {*told(), "temporarily_unavailable", "server_error", "invalid_client", AuthorizationRefused.code}
    assert len(errors) > 8
    assert {f"### {error}" for error in errors} <= {*page}


def reasons():
    """Every cause for which nobody is led back to an app."""
    for file in (ROOT / "src/signedin").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "AuthorizationRefused":
                said = [each.value for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant)]
                yield from (
                    each for each in said if isinstance(each, str) and " " in each and "{" not in each
                )


def test_why_nobody_is_led_back_to_an_app_stands_on_the_page_that_the_log_names():
    page = (ROOT / PAGE).read_text()
    assert f"{PAGE}#{AuthorizationRefused.code}" == EXPLAINED
    section = page.partition("### authorization_refused\n")[2].partition("\n### ")[0].replace("'", "’")
    found = {*reasons(), NO_CLIENT}
    assert len(found) > 8
    for why in found:
        assert why.removeprefix("the id_token_hint is ").removesuffix(" than client_id") in section, why
