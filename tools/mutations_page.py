"""What came of mutmut's mutants, file by file, kept in docs/evidence/mutants.json and told in docs/evidence/mutants.md."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "docs" / "evidence" / "mutants.json"
PAGE = KEPT.with_suffix(".md")
HEAD = """# Mutants

Written by `make mutants`: each function of `oauth/` and `rules/grant.py` was changed by one small step after the other, with [mutmut](../decisions/0022-mutants-by-mutmut.md), and one of the tests that reach the function had to turn red.
What nobody noticed stands below with why it is no fault, as `tools/survivors.toml` has it.

{noticed} of {mutants} that were tried were noticed, {share:.1f} %{untried}.

| file | mutants | noticed | survived | reached by no test | not tried | when, and at which revision |
|---|---|---|---|---|---|---|
"""


class Survivor(msgspec.Struct, frozen=True):
    """A step that nobody noticed: the line or lines that it is about, before and after, and why that is no fault."""

    function: str
    fate: str
    was: str
    becomes: str
    why: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What came of the mutants of one file: of how many, when and where, and which survived."""

    module: str
    mutants: int
    when: str
    survivors: list[Survivor]
    untried: int = 0
    """Where it was stopped before, how many are beside those of which something came."""

    @property
    def unreached(self) -> int:
        """How many no test reaches."""
        return sum(each.fate == "no tests" for each in self.survivors)


def kept() -> dict[str, Outcome]:
    """What is known from the last runs, by module."""
    known = msgspec.json.decode(KEPT.read_bytes(), type=list[Outcome]) if KEPT.exists() else []
    return {each.module: each for each in known}


def keep(outcomes: Iterable[Outcome]) -> None:
    """Put these in the place of what was known of their modules, and write the page anew."""
    known = kept() | {each.module: each for each in outcomes}
    in_order = [known[name] for name in sorted(known)]
    KEPT.write_bytes(msgspec.json.format(msgspec.json.encode(in_order), indent=1) + b"\n")
    PAGE.write_text(page(in_order))


def share(outcomes: Iterable[Outcome]) -> tuple[int, int]:
    """How many were noticed, of how many."""
    them = list(outcomes)
    mutants = sum(each.mutants for each in them)
    return mutants - sum(len(each.survivors) for each in them), mutants


def page(outcomes: list[Outcome]) -> str:
    """The page."""
    noticed, mutants = share(outcomes)
    untried = sum(each.untried for each in outcomes)
    stopped = f"; {untried} were not tried, for the run was stopped before" if untried else ""
    lines = HEAD.format(
        noticed=noticed, mutants=mutants, share=100 * noticed / max(mutants, 1), untried=stopped
    ).splitlines()
    for each in outcomes:
        file, left = f"{each.module.removeprefix('signedin.').replace('.', '/')}.py", len(each.survivors)
        numbers = (each.mutants, each.mutants - left, left - each.unreached, each.unreached, each.untried)
        lines.append(f"| `{file}` | {' | '.join(map(str, numbers))} | {each.when} |")
    lines += ["", "## Survivors"]
    survivors = [one for each in outcomes for one in each.survivors]
    for function, alike in groupby(survivors, key=lambda each: each.function):
        lines += ["", f"### `{function.removeprefix('signedin.')}`"]
        for why, same in groupby(sorted(alike, key=lambda each: each.why), key=lambda each: each.why):
            lines += ["", why or "**Not explained.**", "", "```diff", *shown(same), "```"]
    return "\n".join(lines) + "\n"


def shown(alike: Iterable[Survivor]) -> list[str]:
    """Each text once with everything that it became."""
    lines = []
    for was, ones in groupby(alike, key=lambda each: each.was):
        lines += [f"- {line}" for line in was.splitlines()]
        lines += [f"+ {line}" for each in ones for line in each.becomes.splitlines() or ["(nothing)"]]
    return lines
