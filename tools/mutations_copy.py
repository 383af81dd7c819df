"""The copy of the project that mutmut changes: made so that it can, and so that what is quick to notice is noticed first."""

from __future__ import annotations

import ast
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", "var", "mutants", "__pycache__", ".*_cache", ".hypothesis", "test-output", "node_modules"
)
QUICK_FIRST = """

@pytest.hookimpl(specname="pytest_collection_modifyitems", trylast=True)
def pytest_those_that_keep_nothing_first(items):
    items.sort(key=lambda item: "tmp_path_factory" in item.fixturenames)
"""
"""mutmut knows how long a test takes without what it needs, and starting a server takes longer than most tests."""
REVISION = "revision"
"""The file of a copy that says of what it is one."""


def copied(copy: Path) -> Path:
    """The project, with decorators of endpoints behind their functions; or what is there, if it is of this revision."""
    noted = copy / REVISION
    if copy.exists():
        if not noted.exists() or noted.read_text() != revision():
            raise SystemExit(f"What is in {copy} is not of this revision, so it cannot go on there.")
        return copy
    shutil.copytree(ROOT, copy, ignore=LEFT_BEHIND)
    for file in (copy / "src/signedin/oauth").glob("*.py"):
        file.write_text(decorated_behind(file.read_text()))
    with (copy / "tests/conftest.py").open("a") as tests:
        tests.write(QUICK_FIRST)
    noted.write_text(revision())
    return copy


def decorated_behind(source: str) -> str:
    """The same module, where functions are decorated by a statement of their own."""
    lines = source.splitlines()
    for function in reversed(ast.parse(source).body):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.decorator_list:
            applied = function.name
            for decorator in reversed(function.decorator_list):
                applied = f"{ast.unparse(decorator)}({applied})"
            lines.insert(function.end_lineno or 0, f"\n\n{function.name} = {applied}")
            del lines[function.decorator_list[0].lineno - 1 : function.lineno - 1]
    return "\n".join(lines) + "\n"


def revision() -> str:
    """The commit, for short, with a + where source or tests differ from it."""
    commit, changed = (
        subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
        for words in (["rev-parse", "--short", "HEAD"], ["status", "--porcelain", "--", "src", "tests"])
    )
    return commit + ("+" if changed else "") or "(none yet)"
