"""Holds the house: imports run downstairs, things stay short, the map is true."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import subprocess
import sys

import pytest

from tools import map as the_map

HOUSE = the_map.HOUSE
ROOT = HOUSE.parents[1]
FILES = sorted(HOUSE.rglob("*.py"))
TREES = {file: ast.parse(file.read_text(), filename=str(file)) for file in FILES}

DOORS = {"web", "api", "oauth", "post"}
MAY_IMPORT = {
    "rules": set(),
    "client": {"rules"},
    "store": {"rules"},
    "actions": {"store", "rules"},
    "gate": {"actions", "rules"},
    **{door: {"gate", "actions", "rules"} for door in DOORS},
    "server": DOORS | {"gate", "actions", "store", "rules", "client"},
    "adapters": {"client", "rules"},
    "middleware.py": {"adapters"},
    "testing.py": {"client", "rules"},
    "__init__.py": set(),
}
OPEN_THE_STORE = {"gate/check.py"}
DRAWERS = {
    "utils",
    "util",
    "helpers",
    "common",
    "base",
    "core",
    "misc",
    "manager",
    "service",
    "handler",
    "processor",
    "impl",
}
LONGEST_FUNCTION, LONGEST_FILE = 40, 250
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def dotted(file):
    parts = file.relative_to(HOUSE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_imports_run_downstairs():
    breaches = {}
    for file in FILES:
        wanted = {name.split(".")[1] for name in imports(file) if name.startswith("signedin.")}
        too_high = wanted - allowed(file) - {"__version__"}
        if too_high:
            breaches[known_as(file)] = sorted(too_high)
    assert not breaches


def test_rules_and_client_import_nothing_from_outside():
    for file in light():
        outside = {name.split(".")[0] for name in imports(file)} - {"signedin"} - sys.stdlib_module_names
        assert not outside, known_as(file)


def test_rules_and_client_work_where_nothing_is_installed():
    program = (
        f"import sys; sys.path.insert(0, {str(HOUSE.parent)!r}); import {', '.join(map(dotted, light()))}"
    )
    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True)


def test_functions_and_files_are_short():
    lengths = {known_as(file): len(file.read_text().splitlines()) for file in FILES}
    assert not {file: length for file, length in lengths.items() if length > LONGEST_FILE}
    lengths = {
        (known_as(file), f.name): f.end_lineno - f.lineno + 1 for file in house() for f in functions(file)
    }
    assert not {f: length for f, length in lengths.items() if length > LONGEST_FUNCTION}, "a noun is missing"


def test_every_module_and_every_public_function_says_what_it_is():
    silent = [known_as(file) for file in FILES if not ast.get_docstring(TREES[file])]
    for file in house():
        public = [f for f in TREES[file].body if isinstance(f, FUNCTION) and not f.name.startswith("_")]
        silent += [f"{known_as(file)}: {f.name}" for f in public if not ast.get_docstring(f)]
    assert not silent


def test_nothing_happens_at_import():
    happens = []
    for file in house():
        for node in TREES[file].body:
            calls = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
            if calls or isinstance(node, ast.For | ast.While | ast.With):
                happens.append(f"{known_as(file)}:{node.lineno}")
    assert not happens


def test_there_are_no_drawers():
    assert not [known_as(file) for file in FILES if DRAWERS & set(file.stem.split("_"))]


def test_whatever_is_about_postgresql_alone_is_among_what_make_runs_on_it():
    said = re.search(
        r"^ON_BOTH := \$\(addprefix tests/,(.+)\)$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    run = [ROOT / "tests" / each for each in said[1].split()]
    about_it = [
        file for file in (ROOT / "tests").rglob("test_*.py") if "only_on_postgres(" in file.read_text()
    ]
    about_it.remove(ROOT / "tests" / "test_house.py")
    assert about_it
    for file in about_it:
        assert any(file.is_relative_to(each) for each in run), f"nobody runs {file} on PostgreSQL"


def test_the_map_is_true():
    is_true = the_map.MAP.read_text() == the_map.text()
    assert is_true, "docs/map.md is stale: make docs"


@pytest.mark.parametrize("name", [dotted(file) for file in FILES if ">>> " in file.read_text()])
def test_the_examples_in_docstrings_are_true(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def allowed(file):
    room = file.relative_to(HOUSE).parts[0]
    return MAY_IMPORT[room] | {room} | ({"store"} if known_as(file) in OPEN_THE_STORE else set())


def imports(file):
    for node in ast.walk(TREES[file]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out from the front door"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions(file):
    return (node for node in ast.walk(TREES[file]) if isinstance(node, FUNCTION))


def light():
    return [
        file
        for file in FILES
        if file.relative_to(HOUSE).parts[0] in {"rules", "client", "testing.py", "middleware.py"}
    ]


def house():
    """Without the migrations, which Alembic writes and runs in its own way."""
    return [file for file in FILES if "migrations" not in file.parts]


def known_as(file):
    return str(file.relative_to(HOUSE))
