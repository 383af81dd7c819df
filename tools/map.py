"""Writes docs/map.md: every module of the house with the first line of its docstring.

python tools/map.py            writes it
python tools/map.py --check    only says whether it is true
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOUSE = ROOT / "src" / "signedin"
MAP = ROOT / "docs" / "map.md"
ROOMS = ("rules", "store", "actions", "gate", "oauth", "api", "web", "post", "server", "client", "adapters")

TOP = """# The map of the house

Written by `make docs` from the first line of each module; do not edit.

> Rules decide, actions do, the store remembers, the gate recognises, the doors ask.

Imports run downstairs: `server -> web | api | oauth | post -> gate -> actions -> store -> rules`.
"""


def main() -> None:
    if "--check" not in sys.argv:
        MAP.write_text(text())
    elif not MAP.exists() or MAP.read_text() != text():
        raise SystemExit("docs/map.md is stale: make docs")


def text() -> str:
    """The whole page, as it should be now."""
    parts = [TOP, table(file for file in sorted(HOUSE.glob("*.py")))]
    for room in ROOMS:
        if (HOUSE / room).is_dir():
            parts.append(f"\n## {room}\n\n{first_line(HOUSE / room / '__init__.py')}\n")
            parts.append(table(modules(HOUSE / room)))
    return "\n".join(part.rstrip("\n") for part in parts) + "\n"


def modules(room: Path) -> Iterator[Path]:
    """The modules of a room, without its front door and the migrations."""
    for file in sorted(room.rglob("*.py")):
        if file.name != "__init__.py" and "migrations" not in file.parts:
            yield file


def table(files: Iterator[Path]) -> str:
    rows = [
        f"| `{file.relative_to(HOUSE)}` | {first_line(file).replace('|', chr(92) + '|')} |" for file in files
    ]
    return "\n".join(["", "| module | what it is |", "|---|---|", *rows]) if rows else ""


def first_line(file: Path) -> str:
    """What a module says it is; a sentence that runs on is taken to its paragraph's end."""
    said = ast.get_docstring(ast.parse(file.read_text())) or "(says nothing about itself)"
    return " ".join(said.split("\n\n")[0].split())


if __name__ == "__main__":
    main()
