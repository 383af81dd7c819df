"""Writes docs/guide-coverage.md and docs/security-coverage.md: each sentence that is promised, and its tests.

The sentences stand in docs/requirements.toml and docs/security.toml. A test shows R9 when its name says so
(test_r9_...) or its marker does (@pytest.mark.guide("R9")), and a number of the security checklist by its
marker (@pytest.mark.security("7.2.4")); both also on its class or, as pytestmark, on its file.

python tools/coverage_table.py            writes them
python tools/coverage_table.py --check    only says whether they are true
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PROMISES = DOCS / "requirements.toml"
DEMANDS = DOCS / "security.toml"
BY_MARKER_ALONE = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Table:
    """One page: where its sentences stand, which marker names them, and how the page begins."""

    page: Path
    source: Path
    marker: str
    column: str
    top: str
    in_a_name: re.Pattern[str] = BY_MARKER_ALONE


GUIDE = Table(
    page=DOCS / "guide-coverage.md",
    source=PROMISES,
    marker="guide",
    column="promise",
    in_a_name=re.compile(r"(?<![a-z0-9])([rd][1-9]\d?)(?![a-z0-9])"),
    top="""# The guide, and the tests that show it

Written by `make docs` from [requirements.toml](requirements.toml) and the names and markers of the tests; do not edit.

{shown} of {all} promises are shown by {tests} tests; {later} come later; {open} have no test of their own yet{which}.
""",
)
SECURITY = Table(
    page=DOCS / "security-coverage.md",
    source=DEMANDS,
    marker="security",
    column="demand",
    top="""# The security checklist, and the tests that show it

Written by `make docs` from [security.toml](security.toml) and the markers of the tests; do not edit.

{shown} of {all} demands are shown by {tests} tests; {later} come later; {open} have no test of their own yet{which}.
A demand without a test is open, not passed.
""",
)


def main() -> None:
    for table in (GUIDE, SECURITY):
        page = text(table)
        if "--check" not in sys.argv:
            table.page.write_text(page)
        elif not table.page.exists() or table.page.read_text() != page:
            raise SystemExit(f"{table.page.relative_to(ROOT)} is stale: make docs")


def text(table: Table) -> str:
    """The whole page, as it should be now."""
    told = tomllib.loads(table.source.read_text())
    sentences, chapters = told[f"{table.column}s"], told["chapters"]
    shown_by = tests_by_number(table, sentences)
    later = {number: when for when, numbers in told["later"].items() for number in numbers}
    lines = [summary(table, sentences, shown_by, later)]
    for number, sentence in sentences.items():
        if number in chapters:
            lines += ["", f"## {chapters[number]}", "", f"| | {table.column} | shown by |", "|---|---|---|"]
        proof = "<br>".join(shown_by[number]) or later.get(number, "-")
        lines.append(f"| {number} | {sentence} | {proof} |")
    return "\n".join(lines) + "\n"


def summary(
    table: Table, sentences: dict[str, str], shown_by: dict[str, list[str]], later: dict[str, str]
) -> str:
    shown = [number for number in sentences if shown_by[number]]
    missing = [number for number in sentences if not shown_by[number] and number not in later]
    return table.top.format(
        shown=len(shown),
        all=len(sentences),
        tests=len({test for tests in shown_by.values() for test in tests}),
        later=len(set(later) - set(shown)),
        open=len(missing),
        which=f": {', '.join(missing)}" if missing else "",
    ).rstrip("\n")


def tests_by_number(table: Table, sentences: dict[str, str]) -> dict[str, list[str]]:
    """`tests/rules/test_location.py: the last octet is hidden`, for each number."""
    shown_by = defaultdict(list)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for name, numbers in tests_of(table, ast.parse(file.read_text())):
            for number in numbers:
                if number not in sentences:
                    where = f"{file.relative_to(ROOT)}: {name}"
                    raise SystemExit(f"{where} names {number}, which is not in {table.source.name}")
                shown_by[number].append(f"`{file.relative_to(ROOT / 'tests')}` {sentence_of(name)}")
    return shown_by


def tests_of(table: Table, tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    of_file = marked(
        table,
        (node.value for node in tree.body if isinstance(node, ast.Assign) and sets_pytestmark(node)),
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                inner.__dict__.setdefault("of_class", marked(table, node.decorator_list))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            by_name = {found.upper() for found in table.in_a_name.findall(node.name.replace("_", " "))}
            own = marked(table, node.decorator_list)
            yield node.name, sorted(of_file | node.__dict__.get("of_class", set()) | own | by_name)


def sets_pytestmark(node: ast.Assign) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets)


def marked(table: Table, expressions: Iterator[ast.expr] | list[ast.expr]) -> set[str]:
    """The numbers in every guide("R9", "D6"), or security("7.2.4"), among the expressions."""
    calls = (
        node for expression in expressions for node in ast.walk(expression) if isinstance(node, ast.Call)
    )
    named = (
        call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == table.marker
    )
    return {str(arg.value) for call in named for arg in call.args if isinstance(arg, ast.Constant)}


def sentence_of(name: str) -> str:
    words = name.removeprefix("test_")
    return re.sub(r"^((?:[rdt]?\d+_)+)", "", words).replace("_", " ")


if __name__ == "__main__":
    main()
