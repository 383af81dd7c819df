"""Changes the source by one small step after the other, with mutmut, and expects a test to turn red each time.

What is changed and what is run stands in pyproject.toml, [tool.mutmut]: function bodies of src/signedin/oauth/ and of
src/signedin/rules/grant.py, each with the tests that reach the function, the quickest first, until one fails. What
nobody notices is explained in tools/survivors.toml, and the explanation holds as long as nobody notices it.

Each run happens in a copy of the project. There the decorators of endpoints are applied behind their functions, for
mutmut leaves alone whatever is decorated (docs/decisions/0022).

python -m tools.mutations                    every file; docs/evidence/mutants.md is written
python -m tools.mutations oauth.form grant   only the files whose modules end so; their rows of the page are written
"""

from __future__ import annotations

import argparse
import platform
import re
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime
from fnmatch import fnmatch
from itertools import groupby
from pathlib import Path

import msgspec

from tools import mutations_page
from tools.mutations_copy import REVISION, copied
from tools.mutations_page import Outcome, Survivor

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tools" / "survivors.toml"
GOAL = 85
"""So many of a hundred have to be noticed."""
NOTICED = "killed"
"""What hangs, or is found dead, was noticed by no test: it has to be explained like a survivor."""
NOT_YET = "not checked"
_NAMED = re.compile(r"    (?P<name>\S+): (?P<fate>[\w ]+)")
_FUNCTION = re.compile(r"(?P<module>.+)\.x(?:_|ǁ(?P<owner>.+)ǁ)(?P<function>.+)__mutmut_(?P<number>\d+)")


class Explained(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Steps that nobody can notice, or whose being noticed is worth no test: in `function`, `was` becomes one of those."""

    function: str
    was: str
    becomes: list[str]
    why: str


class Mutant(msgspec.Struct, frozen=True):
    """One step, by mutmut's name for it, and what came of it."""

    name: str
    fate: str

    @property
    def module(self) -> str:
        """As `signedin.oauth.form`."""
        return self.name.rpartition(".x")[0]

    @property
    def function(self) -> str:
        """As `signedin.oauth.form.read_form`."""
        found = _FUNCTION.fullmatch(self.name)
        assert found, self.name
        return ".".join(filter(None, found.group("module", "owner", "function")))

    @property
    def number(self) -> int:
        """The how many-th of its function."""
        return int(self.name.rpartition("_")[2])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--copy", type=Path)
    parser.add_argument("--minutes", type=float, default=24 * 60.0)
    said = parser.parse_args()
    explained = explained_of(TABLE)
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(said.copy or Path(folder) / "signedin")
        outcomes = tried(copy, said.jobs, said.modules, explained, said.minutes)
    mutations_page.keep(outcomes)
    noticed, mutants = mutations_page.share(outcomes)
    print(f"{noticed} of {mutants} were noticed, {100 * noticed / mutants:.1f} %.")
    complaints = [*unexplained(outcomes), *outdated(explained, outcomes), *unfinished(outcomes)]
    complaints += [f"Fewer than {GOAL} of a hundred were noticed."] if 100 * noticed < GOAL * mutants else []
    if complaints:
        raise SystemExit("\n".join(complaints))


def explained_of(table: Path) -> list[Explained]:
    """The table, read and typed."""
    return msgspec.convert(tomllib.loads(table.read_text()).get("survivor", []), list[Explained])


def tried(
    copy: Path, jobs: int, modules: list[str], explained: list[Explained], minutes: float
) -> list[Outcome]:
    """What came of every mutant of all files, or of those whose modules end so."""
    mutants = mutants_of(copy, modules) if (copy / "mutants").exists() else []
    chosen = [each.name for each in mutants if each.fate == NOT_YET] if mutants else patterns_of(modules)
    if chosen and minutes:
        run(copy, ["--max-children", str(jobs), *chosen], minutes)
        mutants = mutants_of(copy, modules)
    mutants.sort(key=lambda each: (each.module, each.function, each.number))
    outcomes = []
    for module, ones in groupby(mutants, key=lambda each: each.module):
        them = list(ones)
        untried = sum(each.fate == NOT_YET for each in them)
        survivors = [seen(copy, each, explained) for each in them if each.fate not in {NOTICED, NOT_YET}]
        outcomes.append(Outcome(module, len(them) - untried, when(copy), survivors, untried))
    return outcomes


def run(copy: Path, words: list[str], minutes: float) -> None:
    """Let mutmut try, so long at most: what it has found by then is kept in the copy."""
    with subprocess.Popen([mutmut(), "run", *words], cwd=copy) as running:
        try:
            ended = running.wait(timeout=60 * minutes)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGINT)
            ended = running.wait()
    if ended:
        raise SystemExit("mutmut could not run: its own words stand above.")


def patterns_of(modules: list[str]) -> list[str]:
    """What is tried, by name: mutmut runs the tests of what is named by their ids first, unchanged.

    Of an id that pytest does not find again it would say otherwise that a test had turned red.
    """
    return [f"*{module.replace('/', '.').removesuffix('.py')}.x*" for module in modules] or ["*"]


def mutants_of(copy: Path, modules: list[str]) -> list[Mutant]:
    """What mutmut knows of its mutants, in those modules."""
    listed = answer(copy, "results", "--all", "true").splitlines()
    named = [Mutant(found["name"], found["fate"]) for found in map(_NAMED.fullmatch, listed) if found]
    patterns = patterns_of(modules)
    return [each for each in named if any(fnmatch(each.name, pattern) for pattern in patterns)]


def answer(copy: Path, *command: str) -> str:
    return subprocess.run([mutmut(), *command], cwd=copy, check=True, capture_output=True, text=True).stdout


def mutmut() -> str:
    return str(Path(sys.executable).with_name("mutmut"))


def when(copy: Path) -> str:
    of = (copy / REVISION).read_text()
    return f"{datetime.now(UTC):%Y-%m-%d}, {of}, Python {platform.python_version()}"


def seen(copy: Path, mutant: Mutant, explained: Iterable[Explained]) -> Survivor:
    """The survivor, as it is shown, with its explanation."""
    lines = answer(copy, "show", mutant.name).splitlines()
    was, becomes = (
        "\n".join(
            line[1:].strip() for line in lines if line.startswith(sign) and not line.startswith(sign * 3)
        )
        for sign in "-+"
    )
    about = (each for each in explained if (each.function, each.was.strip()) == (mutant.function, was))
    why = next((each.why for each in about if becomes in map(str.strip, each.becomes)), "")
    return Survivor(mutant.function, mutant.fate, was, becomes, why)


def unexplained(outcomes: Iterable[Outcome]) -> list[str]:
    """What has still to be read."""
    return [
        f"Nobody noticed ({each.fate}), and it is not explained in {TABLE.name}: {each.function}\n"
        f"  - {each.was}\n  + {each.becomes}"
        for outcome in outcomes
        for each in outcome.survivors
        if not each.why
    ]


def unfinished(outcomes: Iterable[Outcome]) -> list[str]:
    """Files of which not everything was tried."""
    return [f"In {each.module} {each.untried} were not tried." for each in outcomes if each.untried]


def outdated(explained: Iterable[Explained], outcomes: Iterable[Outcome]) -> list[str]:
    """Explanations of what was noticed or is made no more, among the files that were tried as a whole."""
    survivors = {each.module: each.survivors for each in outcomes if not each.untried}
    lived = {(each.function, each.was, each.becomes) for ones in survivors.values() for each in ones}
    return [
        f"{TABLE.name} explains what does not survive, in {each.function}:\n  - {each.was}\n  + {becomes}"
        for each in explained
        for becomes in each.becomes
        if any(each.function.startswith(f"{module}.") for module in survivors)
        and (each.function, each.was.strip(), becomes.strip()) not in lived
    ]


if __name__ == "__main__":
    main()
