"""Writes docs/settings.md and docs/errors.md from where the settings and the refusals are defined.

python tools/reference.py            writes them
python tools/reference.py --check    only says whether they are true
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

from signedin.gate.answers import status_of
from signedin.rules import errors
from signedin.server.settings import Settings, knobs

DOCS = Path(__file__).resolve().parent.parent / "docs"


def main() -> None:
    for name, text in (("settings.md", settings_page()), ("errors.md", errors_page())):
        page = DOCS / name
        if "--check" not in sys.argv:
            page.write_text(text)
        elif not page.exists() or page.read_text() != text:
            raise SystemExit(f"docs/{name} is stale: make docs")


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
        "Written by `make docs` from `src/signedin/rules/errors.py`; do not edit.",
        "",
        "Programs get them as `application/problem+json` (RFC 9457) with `code`, people as a page with the sentence.",
        "Whatever was refused changed nothing.",
        "",
        "| code | status | sentence | what to do |",
        "|---|---|---|---|",
    ]
    kinds = [
        kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.Refused)
    ]
    for kind in sorted(kinds, key=lambda kind: kind.code):
        if kind is not errors.Refused:
            made = kind.__new__(kind)
            lines.append(f"| `{kind.code}` | {status_of(made)} | {kind.sentence} | {kind.hint} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
