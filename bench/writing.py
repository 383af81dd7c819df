"""The results as they are kept: one page and one JSON file a run, and an index that says how to read them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import Case, Figure, Ratio
from bench.machine import ROOT

RESULTS = ROOT / "bench" / "results"


STEADY = 1.25
"""Up to this ratio of a fixed loop's times a machine has kept its pace."""


@dataclass
class Run:
    """One run of some or all cases."""

    date: str
    revision: str
    is_changed: bool
    size: str
    command: str
    machine: dict[str, Any]
    cases: list[Case] = field(default_factory=list)
    paces: list[float] = field(default_factory=list)
    """Nanoseconds for a turn of a fixed loop, before the first case and after each."""

    @property
    def name(self) -> str:
        """The name of its files."""
        return f"{self.date}-{self.revision}{'-changed' if self.is_changed else ''}-{self.size}"

    def as_dict(self) -> dict[str, Any]:
        """For the JSON file."""
        return {
            "date": self.date, "revision": self.revision, "changed": self.is_changed, "size": self.size,
            "command": self.command, "machine": self.machine,
            "pace_ns": [round(pace, 1) for pace in self.paces], "cases": [case.as_dict() for case in self.cases],
        }  # fmt: skip


def write(run: Run, folder: Path = RESULTS) -> Path:
    """Keep a run, and list it in the index; returns its page."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{run.name}.json").write_text(json.dumps(run.as_dict(), indent=1, ensure_ascii=False) + "\n")
    page = folder / f"{run.name}.md"
    page.write_text(page_of(run))
    (folder / "README.md").write_text(index_of(folder))
    return page


def page_of(run: Run) -> str:
    """The run as a page."""
    changed = " with changes that are not committed" if run.is_changed else ""
    machine = run.machine
    lines = [
        f"# {run.date}, revision {run.revision}{changed}, size {run.size}",
        "",
        f"`{run.command}`",
        "",
        f"- Python {machine['python']}, SQLite {machine['sqlite']}, {machine['system']} {machine['kernel']}",
        f"- {machine['cores']} cores of {machine['processor']}, {machine['memory_gb']} GB",
        "- " + ", ".join(f"{name} {version}" for name, version in machine["packages"].items()),
        _how_busy(run),
        "",
        "How to read this: [README](README.md).",
    ]
    for case in run.cases:
        lines += ["", *_case_lines(case)]
    return "\n".join(lines) + "\n"


def _how_busy(run: Run) -> str:
    load = ", ".join(f"{load:g}" for load in run.machine["load"])
    least, most = min(run.paces), max(run.paces)
    told = f"- load when it began: {load}; a fixed loop took {least:.0f} to {most:.0f} ns a turn between the cases"
    changed = "; **the machine changed its pace**, as one does that shares its host: what the clock told says little"
    return told + (changed if most > STEADY * least else "")


def _case_lines(case: Case) -> list[str]:
    lines = [f"## {case.name}: {case.title}", ""]
    if case.ratios:
        lines += _table(
            ("ratio", "median", "least to most", "of the bests", "goal", ""),
            (_ratio_row(ratio, case) for ratio in case.ratios),
        )
    if case.figures:
        lines += _table(("figure", "median", "best", "least to most", "unit"), map(_figure_row, case.figures))
    lines += [f"- {name}: {value}" for name, value in case.facts.items()]
    lines += [f"- {note}" for note in case.notes]
    lines.append(f"- {_circumstances(case)}")
    if case.profile:
        lines += [
            "",
            "Where the time goes (the profiler slows short functions most):",
            "",
            "```",
            case.profile,
            "```",
        ]
    return lines


def _circumstances(case: Case) -> str:
    took = f"took {case.seconds:.0f} s"
    if case.neighbours is None:
        return took
    said_of_them = f"{took}; other programs used {case.neighbours:.0%} of the machine meanwhile"
    return f"{said_of_them}: **disturbed**, these figures say little" if case.is_disturbed else said_of_them


def _table(head: Sequence[str], rows: Any) -> list[str]:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def _ratio_row(ratio: Ratio, case: Case) -> tuple[str, ...]:
    verdict = {True: "met", False: "**missed**", None: ""}[ratio.is_met]
    if verdict and case.is_disturbed:
        verdict += ", disturbed"
    bests = said(ratio.of_bests) if ratio.of_bests is not None else ""
    between = f"{said(min(ratio.values))} to {said(max(ratio.values))}" if len(ratio.values) > 1 else ""
    return ratio.name, said(ratio.median), between, bests, ratio.goal, verdict


def _figure_row(figure: Figure) -> tuple[str, ...]:
    if len(figure.values) == 1:
        return figure.name, said(figure.median), "", "", figure.unit
    least, most = figure.spread
    return figure.name, said(figure.median), said(figure.best), f"{said(least)} to {said(most)}", figure.unit


def said(value: float) -> str:
    """A number with three digits that mean something.

    >>> said(12345.6), said(12.34), said(1.9567), said(0.01234)
    ('12,346', '12.3', '1.96', '0.0123')
    """
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def index_of(folder: Path) -> str:
    """The index: how to read a result, and every run that is kept, latest first."""
    runs = [
        json.loads(file.read_text()) | {"file": file.stem}
        for file in sorted(folder.glob("*.json"), reverse=True)
    ]
    rows = []
    for run in runs:
        goals = [ratio for case in run["cases"] for ratio in case["ratios"] if ratio["met"] is not None]
        missed = [ratio["name"] for ratio in goals if not ratio["met"]]
        verdict = f"{len(goals) - len(missed)} of {len(goals)}"
        disturbed = ", ".join(case["name"] for case in run["cases"] if case["disturbed"])
        where = f"[{run['date']}]({run['file']}.md)"
        rows.append((where, run["revision"], run["size"], verdict, "; ".join(missed), disturbed))
    head = ("run", "revision", "size", "goals met", "missed", "disturbed")
    return HOW_TO_READ + "\n".join(_table(head, rows))


HOW_TO_READ = """# Results

Written by `make bench`, or `make bench SIZE=full`; one page and one JSON file a run.
What the ratios mean for somebody who runs Signedin stands in [docs/speed.md](../../docs/speed.md).

How to read a page:

- Only ratios are claims: two things that were measured in turn, in the same run, on the same machine, often on the same file.
- A ratio is taken in every round, and the *median* of the rounds counts against the goal; *least to most* says how far the rounds lie apart.
- *Of the bests* is the best round of the one by the best round of the other: noise only ever slows things down.
- `check` and `list` are timed in processor time, so that other programs on the machine count little; all else by the clock on the wall.
- A case that is timed by the clock on the wall is *disturbed* when other programs used more than a twentieth of the machine meanwhile: its figures say little, also where a goal is met.
- Figures in microseconds, milliseconds and requests a second are of that machine at that hour; they are there to take a ratio apart, not to be compared with another page.
- A missed goal stands there as missed, with a profile.

"""
