"""What a case found: figures, the ratios between them, and what is to be said about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

QUIET_ENOUGH = 0.05
"""How much of the machine other programs may use before a figure by the clock on the wall is doubted."""


@dataclass(frozen=True)
class Figure:
    """One thing that was measured, once a round."""

    name: str
    unit: str
    values: tuple[float, ...]
    is_rate: bool = False
    """Whether more is better, as with requests a second."""

    @property
    def median(self) -> float:
        """The middle of all rounds."""
        return median(self.values)

    @property
    def best(self) -> float:
        """The best round: noise only ever slows things down."""
        return max(self.values) if self.is_rate else min(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """The least and the most."""
        return min(self.values), max(self.values)

    def as_dict(self) -> dict[str, Any]:
        """For the JSON file."""
        return {
            "name": self.name, "unit": self.unit, "median": _short(self.median), "best": _short(self.best),
            "spread": [_short(value) for value in self.spread], "rounds": len(self.values),
        }  # fmt: skip


@dataclass(frozen=True)
class Ratio:
    """One figure in terms of another, round by round, and the goal if there is one."""

    name: str
    values: tuple[float, ...]
    at_most: float | None = None
    at_least: float | None = None
    of_bests: float | None = None
    """The best round of the one by the best round of the other: what is left when noise is taken away."""

    @property
    def median(self) -> float:
        """The middle of all rounds: what counts against the goal."""
        return median(self.values)

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met, or `None` without one."""
        if self.at_most is not None:
            return self.median <= self.at_most
        return self.median >= self.at_least if self.at_least is not None else None

    @property
    def goal(self) -> str:
        """The goal as it is written."""
        if self.at_most is not None:
            return f"at most {self.at_most:g}"
        return f"at least {self.at_least:g}" if self.at_least is not None else ""

    def as_dict(self) -> dict[str, Any]:
        """For the JSON file."""
        return {
            "name": self.name, "median": _short(self.median),
            "of_bests": self.of_bests and _short(self.of_bests),
            "goal": self.goal, "met": self.is_met, "spread": [_short(min(self.values)), _short(max(self.values))], "rounds": len(self.values),
        }  # fmt: skip


@dataclass
class Case:
    """Everything that one case found."""

    name: str
    title: str
    figures: list[Figure] = field(default_factory=list)
    ratios: list[Ratio] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    profile: str = ""
    seconds: float = 0.0
    neighbours: float | None = None
    """How much of the machine other programs used meanwhile, from 0 to 1."""
    minds_neighbours: bool = True
    """Whether that disturbs it: not what is counted, or timed in processor time."""

    @property
    def is_disturbed(self) -> bool:
        """Whether other programs may have made the figures what they are."""
        return self.minds_neighbours and self.neighbours is not None and self.neighbours > QUIET_ENOUGH

    def figure(self, name: str, unit: str, values: Sequence[float], *, is_rate: bool = False) -> None:
        """Add a figure."""
        self.figures.append(Figure(name, unit, tuple(values), is_rate))

    def ratio(
        self, name: str, above: Sequence[float], below: Sequence[float],
        *, at_most: float | None = None, at_least: float | None = None, are_rates: bool = False,
    ) -> None:  # fmt: skip
        """Add a ratio of two series that were measured in the same rounds."""
        values = tuple(a / b for a, b in zip(above, below, strict=True))
        best = max if are_rates else min
        self.ratios.append(Ratio(name, values, at_most, at_least, best(above) / best(below)))

    def goal(
        self, name: str, value: float, *, at_most: float | None = None, at_least: float | None = None
    ) -> None:
        """Add a value that was measured once and has a goal."""
        self.ratios.append(Ratio(name, (value,), at_most, at_least))

    @property
    def is_missed(self) -> bool:
        """Whether a goal was missed, so that a profile is due."""
        return any(ratio.is_met is False for ratio in self.ratios)

    def as_dict(self) -> dict[str, Any]:
        """For the JSON file."""
        return {
            "name": self.name, "title": self.title, "seconds": round(self.seconds, 1),
            "other_programs": self.neighbours and _short(self.neighbours), "disturbed": self.is_disturbed,
            "ratios": [ratio.as_dict() for ratio in self.ratios],
            "figures": [figure.as_dict() for figure in self.figures],
            "facts": self.facts, "notes": self.notes, "profile": self.profile,
        }  # fmt: skip


def percentile(values: Sequence[float], percent: int) -> float:
    """A percentile of many values; of a handful, the greatest."""
    return quantiles(values, n=100)[percent - 1] if len(values) >= 100 else max(values)


def _short(value: float) -> float:
    return float(f"{value:.4g}")
