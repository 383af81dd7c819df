"""Every error that a client can be told of stands on the page that the log names."""

from __future__ import annotations

import ast
from pathlib import Path

from signedin.oauth.refusing import PAGE

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
    errors = {*told(), "temporarily_unavailable", "server_error", "invalid_client"}
    assert len(errors) > 8
    assert {f"### {error}" for error in errors} <= {*page}
