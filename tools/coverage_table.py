"""Writes docs/guide-coverage.md: each promise of docs/requirements.toml and the tests that show it.

A test shows R9 when its name says so (test_r9_...) or its marker does (@pytest.mark.guide("R9")), also on
its class or, as pytestmark, on its file.

python tools/coverage_table.py            writes it
python tools/coverage_table.py --check    only says whether it is true
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "guide-coverage.md"
PROMISES = ROOT / "docs" / "requirements.toml"
IN_A_NAME = re.compile(r"(?<![a-z0-9])([rd][1-9]\d?)(?![a-z0-9])")

TOP = """# The guide, and the tests that show it

Written by `make docs` from [requirements.toml](requirements.toml) and the names and markers of the tests; do not edit.

{shown} of {all} promises are shown by {tests} tests; {later} come later; {open} have no test of their own yet{which}.
"""


def main() -> None:
    page = text()
    if "--check" not in sys.argv:
        PAGE.write_text(page)
    elif not PAGE.exists() or PAGE.read_text() != page:
        raise SystemExit("docs/guide-coverage.md is stale: make docs")


def text() -> str:
    """The whole page, as it should be now."""
    told = tomllib.loads(PROMISES.read_text())
    promises, chapters = told["promises"], told["chapters"]
    shown_by = tests_by_promise(promises)
    later = {number: when for when, numbers in told["later"].items() for number in numbers}
    lines = [summary(promises, shown_by, later)]
    for number, sentence in promises.items():
        if number in chapters:
            lines += ["", f"## {chapters[number]}", "", "| | promise | shown by |", "|---|---|---|"]
        proof = "<br>".join(shown_by[number]) or later.get(number, "-")
        lines.append(f"| {number} | {sentence} | {proof} |")
    return "\n".join(lines) + "\n"


def summary(promises: dict[str, str], shown_by: dict[str, list[str]], later: dict[str, str]) -> str:
    shown = [number for number in promises if shown_by[number]]
    missing = [number for number in promises if not shown_by[number] and number not in later]
    return TOP.format(
        shown=len(shown),
        all=len(promises),
        tests=len({test for tests in shown_by.values() for test in tests}),
        later=len(set(later) - set(shown)),
        open=len(missing),
        which=f": {', '.join(missing)}" if missing else "",
    ).rstrip("\n")


def tests_by_promise(promises: dict[str, str]) -> dict[str, list[str]]:
    """`tests/rules/test_location.py: the last octet is hidden`, for each promise."""
    shown_by = defaultdict(list)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for name, numbers in tests_of(ast.parse(file.read_text())):
            for number in numbers:
                if number not in promises:
                    raise SystemExit(f"{file.relative_to(ROOT)}: {name} names {number}, which is no promise")
                shown_by[number].append(f"`{file.relative_to(ROOT / 'tests')}` {sentence_of(name)}")
    return shown_by


def tests_of(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    of_file = marked(
        node.value for node in tree.body if isinstance(node, ast.Assign) and sets_pytestmark(node)
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                inner.__dict__.setdefault("of_class", marked(node.decorator_list))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            by_name = {found.upper() for found in IN_A_NAME.findall(node.name.replace("_", " "))}
            numbers = of_file | node.__dict__.get("of_class", set()) | marked(node.decorator_list) | by_name
            yield node.name, sorted(numbers)


def sets_pytestmark(node: ast.Assign) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets)


def marked(expressions: Iterator[ast.expr] | list[ast.expr]) -> set[str]:
    """The numbers in every guide("R9", "D6") among the expressions."""
    calls = (
        node for expression in expressions for node in ast.walk(expression) if isinstance(node, ast.Call)
    )
    guides = (call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "guide")
    return {str(arg.value) for call in guides for arg in call.args if isinstance(arg, ast.Constant)}


def sentence_of(name: str) -> str:
    words = name.removeprefix("test_")
    return re.sub(r"^((?:[rd]\d+_)+)", "", words).replace("_", " ")


if __name__ == "__main__":
    main()
