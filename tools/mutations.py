"""Changes the source by one small step after the other, with mutmut, and expects a test to turn red each time.

What is changed and what is run stands in pyproject.toml, [tool.mutmut]: function bodies of src/signedin/oauth/ and of
src/signedin/rules/grant.py, each with the tests that reach the function, the quickest first, until one fails. What
nobody notices is explained in tools/survivors.toml, and the explanation holds as long as nobody notices it.

Each run happens in a copy of the project. There the decorators of endpoints are applied behind their functions, for
mutmut leaves alone whatever is decorated (docs/decisions/0022).

python tools/mutations.py               everything, and docs/evidence/mutants.md is written
python tools/mutations.py form token    only functions with these words in their names, as in oauth.form.read_form
"""

from __future__ import annotations

import argparse
import ast
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tools" / "survivors.toml"
EVIDENCE = ROOT / "docs" / "evidence" / "mutants.md"
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", "var", "mutants", "__pycache__", ".*_cache", ".hypothesis", "test-output", "node_modules"
)
GOAL = 85
"""So many of a hundred have to be noticed (issue 5)."""
HEAD = """# Mutants

Written by `make mutants`: each function of `oauth/` and `rules/grant.py` was changed by one small step after the other, with [mutmut](../decisions/0022-mutants-by-mutmut.md), and one of the tests that reach the function had to turn red.
What nobody noticed stands below with why it is no fault, as `tools/survivors.toml` has it.

{when}: {result}.

| file | mutants | noticed | survived | reached by no test |
|---|---|---|---|---|
"""
NOTICED = "killed"
"""What hangs, or is found dead, was noticed by no test: it has to be explained like a survivor."""
_NAMED = re.compile(r"    (?P<name>\S+): (?P<fate>[\w ]+)")
_FUNCTION = re.compile(r"(?P<module>.+)\.x(?:_|ǁ(?P<owner>.+)ǁ)(?P<function>.+)__mutmut_(?P<number>\d+)")


class Explained(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Steps that nobody can notice, or whose being noticed is worth no test: in `function`, `was` becomes one of those."""

    function: str
    was: str
    becomes: list[str]
    why: str


class Mutant(msgspec.Struct, frozen=True):
    """One step: where, by which number mutmut knows it, and what came of it."""

    name: str
    fate: str

    @property
    def function(self) -> str:
        """As `signedin.oauth.form.read_form`."""
        found = _FUNCTION.fullmatch(self.name)
        assert found, self.name
        return ".".join(filter(None, [found["module"], found["owner"], found["function"]]))

    @property
    def module(self) -> str:
        """As `signedin.oauth.form`."""
        found = _FUNCTION.fullmatch(self.name)
        assert found, self.name
        return found["module"]

    @property
    def number(self) -> int:
        return int(self.name.rpartition("_")[2])


class Survivor(msgspec.Struct, frozen=True):
    """A step that nobody noticed: the line or lines that it is about, before and after, and why that is no fault."""

    mutant: Mutant
    was: str
    becomes: str
    why: str


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*")
    parser.add_argument("--jobs", type=int, default=2)
    said = parser.parse_args()
    explained = explained_of(TABLE)
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder) / "signedin")
        mutants = fates(copy, said.jobs, said.words)
        survivors = [seen(copy, each, explained) for each in mutants if each.fate != NOTICED]
    if not said.words:
        EVIDENCE.write_text(evidence(mutants, survivors))
    share = 100 * (len(mutants) - len(survivors)) / len(mutants)
    print(f"{len(mutants) - len(survivors)} of {len(mutants)} were noticed, {share:.1f} %.")
    complaints = [*unexplained(survivors), *outdated(explained, survivors, mutants)]
    complaints += [f"Fewer than {GOAL} of a hundred were noticed."] if share < GOAL else []
    if complaints:
        raise SystemExit("\n".join(complaints))


def explained_of(table: Path) -> list[Explained]:
    """The table, read and typed."""
    return msgspec.convert(tomllib.loads(table.read_text()).get("survivor", []), list[Explained])


def copied(copy: Path) -> Path:
    """The project, with decorators of endpoints behind their functions."""
    shutil.copytree(ROOT, copy, ignore=LEFT_BEHIND)
    for file in (copy / "src/signedin/oauth").glob("*.py"):
        file.write_text(decorated_behind(file.read_text()))
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


def fates(copy: Path, jobs: int, words: list[str]) -> list[Mutant]:
    """What came of every mutant, or of those whose names hold one of the words."""
    command = ["run", "--max-children", str(jobs), *(f"*{word.replace('.', '*')}*" for word in words)]
    if subprocess.run([mutmut(), *command], cwd=copy, check=False).returncode:
        raise SystemExit("mutmut could not run: its own words stand above.")
    listed = asked(copy, "results", "--all", "true").splitlines()
    named = [Mutant(found["name"], found["fate"]) for found in map(_NAMED.fullmatch, listed) if found]
    tried = [each for each in named if each.fate != "not checked"]
    if not words and tried != named:
        raise SystemExit("mutmut has not tried every mutant.")
    return sorted(tried, key=lambda each: (each.module, each.function, each.number))


def asked(copy: Path, *command: str) -> str:
    return subprocess.run([mutmut(), *command], cwd=copy, check=True, capture_output=True, text=True).stdout


def mutmut() -> str:
    return str(Path(sys.executable).with_name("mutmut"))


def seen(copy: Path, mutant: Mutant, explained: Iterable[Explained]) -> Survivor:
    """The survivor, as it is shown."""
    lines = asked(copy, "show", mutant.name).splitlines()
    was, becomes = (
        "\n".join(
            line[1:].strip() for line in lines if line.startswith(sign) and not line.startswith(sign * 3)
        )
        for sign in "-+"
    )
    about = (each for each in explained if (each.function, each.was.strip()) == (mutant.function, was))
    why = next((each.why for each in about if becomes in map(str.strip, each.becomes)), "")
    return Survivor(mutant, was, becomes, why)


def unexplained(survivors: Iterable[Survivor]) -> list[str]:
    """What has still to be read."""
    return [
        f"Nobody noticed, and it is not explained in {TABLE.name}: {each.mutant.name} ({each.mutant.fate})\n"
        f"  - {each.was}\n  + {each.becomes}"
        for each in survivors
        if not each.why
    ]


def outdated(
    explained: Iterable[Explained], survivors: Iterable[Survivor], mutants: Iterable[Mutant]
) -> list[str]:
    """Explanations of what was noticed or is made no more, among the functions that were tried."""
    tried = {each.function for each in mutants}
    lived = {(each.mutant.function, each.was, each.becomes) for each in survivors}
    return [
        f"{TABLE.name} explains what does not survive, in {each.function}:\n  - {each.was}\n  + {becomes}"
        for each in explained
        for becomes in each.becomes
        if each.function in tried and (each.function, each.was.strip(), becomes.strip()) not in lived
    ]


def evidence(mutants: list[Mutant], survivors: list[Survivor]) -> str:
    """The page."""
    where = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    noticed, tried = len(mutants) - len(survivors), len(mutants)
    lines = HEAD.format(
        when=f"{datetime.now(UTC):%Y-%m-%d}, revision {revision()}, {where}",
        result=f"{noticed} of {tried} noticed, {100 * noticed / tried:.1f} %",
    ).splitlines()
    for module, ones in groupby(mutants, key=lambda each: each.module):
        counts = Counter(each.fate for each in ones)
        file = f"{module.removeprefix('signedin.').replace('.', '/')}.py"
        unreached = counts["no tests"]
        left = counts.total() - counts[NOTICED] - unreached
        lines.append(f"| `{file}` | {counts.total()} | {counts[NOTICED]} | {left} | {unreached} |")
    lines += ["", "## Survivors"]
    for function, alike in groupby(survivors, key=lambda each: each.mutant.function):
        lines += ["", f"### `{function.removeprefix('signedin.')}`"]
        for why, same in groupby(sorted(alike, key=lambda each: each.why), key=lambda each: each.why):
            lines += ["", why or "**Not explained.**", "", "```diff", *shown(list(same)), "```"]
    return "\n".join(lines) + "\n"


def shown(alike: list[Survivor]) -> list[str]:
    """Each text once with everything that it may become."""
    lines = []
    for was, ones in groupby(alike, key=lambda each: each.was):
        lines += [f"- {line}" for line in was.splitlines()]
        lines += [f"+ {line}" for each in ones for line in each.becomes.splitlines() or ["(nothing)"]]
    return lines


def revision() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return ended.stdout.strip() or "(none yet)"


if __name__ == "__main__":
    main()
