"""Writes docs/settings.md, docs/errors.md and docs/openapi.json from where settings, refusals and calls are defined.

python tools/reference.py            writes them
python tools/reference.py --check    only says whether they are true
"""

from __future__ import annotations

import inspect
import json
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from signedin import rules
from signedin.gate.answers import status_of
from signedin.rules import errors, oauth_refusal
from signedin.server import geo, listening
from signedin.server.app import calls
from signedin.server.openapi import description
from signedin.server.refusals import OWN
from signedin.server.settings import Settings, knobs

DOCS = Path(__file__).resolve().parent.parent / "docs"
SAID_BY = [import_module(found.name) for found in iter_modules(rules.__path__, f"{rules.__name__}.")]
TOLD_BY = (geo, listening)


def main() -> None:
    pages = {"settings.md": settings_page(), "errors.md": errors_page(), "openapi.json": openapi()}
    for name, text in pages.items():
        page = DOCS / name
        if "--check" not in sys.argv:
            page.write_text(text)
        elif not page.exists() or page.read_text() != text:
            raise SystemExit(f"docs/{name} is stale: make docs")


def openapi() -> str:
    """The description of the API, as it should be now."""
    return json.dumps(description(calls()), indent=1, ensure_ascii=False) + "\n"


def settings_page() -> str:
    """The page of settings, as it should be now."""
    lines = [
        "# Settings",
        "",
        "Written by `make docs` from `src/signedin/server/settings.py`; do not edit.",
        "",
        "Each is read from the environment, or from `signedin.toml` without the prefix and in lower case.",
        "For a secret, add `_FILE` to the name and give the path of a file that holds it.",
        "`signedin settings` prints the values in force and where each came from.",
        "",
        "| setting | default | what it does |",
        "|---|---|---|",
    ]
    lines += [
        f"| `{name}` | {f'`{default}`' if default else 'not set'} | {sentence} |"
        for name, sentence, default, _ in knobs(Settings())
    ]
    return "\n".join(lines) + "\n"


def errors_page() -> str:
    """The page of error codes, as it should be now."""
    lines = [
        "# Errors",
        "",
        "Written by `make docs` from where the refusals are defined; do not edit.",
        "",
        "Programs get them as `application/problem+json` (RFC 9457) with `code`, people as a page with the sentence.",
        "Whatever was refused changed nothing.",
        "A more exact sentence may stand in the place of the usual one.",
        "Clients of OAuth and OpenID Connect get the RFC's own errors instead: [connecting an app](connect-an-app.md).",
        "",
        "| code | status | sentence | what to do |",
        "|---|---|---|---|",
        *(
            f"| `{kind.code}` | {_status(kind)} | {kind.sentence} | {kind.hint} |"
            for kind in sorted(_said_by_rules(), key=lambda kind: kind.code)
        ),
        "",
        "What the server answers by itself, where no rule was asked:",
        "",
        "| code | status | sentence | what to do |",
        "|---|---|---|---|",
        *(f"| `{code}` | {status} | {sentence} | {hint} |" for status, (code, sentence, hint) in OWN.items()),
        "",
        "What only the command line says, on standard error, with status 1:",
        "",
        "| code | sentence | what to do |",
        "|---|---|---|",
        *(
            f"| `{kind.code}` | {kind.sentence} | {kind.hint} |"
            for room in TOLD_BY
            for kind in refusals(room)
        ),
    ]
    return "\n".join(lines) + "\n"


def refusals(module: ModuleType) -> list[type[errors.Refused]]:
    """The refusals that a module defines, by their codes."""
    found = [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, errors.Refused)
        and kind is not errors.Refused
        and kind.__module__ == module.__name__
    ]
    return sorted(found, key=lambda kind: kind.code)


def _said_by_rules() -> list[type[errors.Refused]]:
    """What only a rule refuses: a code that the server has too is explained once, with the server's."""
    own = {code for code, _, _ in OWN.values()}
    return [kind for room in SAID_BY for kind in refusals(room) if kind.code not in own]


def _status(kind: type[errors.Refused]) -> int:
    """What is usual: a refusal of a client has the status that goes with its own error."""
    return 400 if issubclass(kind, oauth_refusal.OAuthRefused) else status_of(kind.__new__(kind))


if __name__ == "__main__":
    main()
