"""What was looked at to know whether an installation is well: what was found, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

VERDICTS = ("bad", "look", "good")
"""What cannot stay like that, what is worth a look, and what is as it should be."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `good`, worth a `look`, or `bad`."""

    subject: str
    verdict: str
    sentence: str
    what_to_do: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Examined:
    """All that was found at one moment."""

    at: datetime
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> str:
        """The verdict on the whole: that of what is worst."""
        found = {each.verdict for each in self.findings}
        return next((verdict for verdict in VERDICTS if verdict in found), "good")


def worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """What is bad before what is worth a look, and that before what is well; otherwise as it was found.

    >>> found = [Finding("disk", "good", ""), Finding("mail", "look", ""), Finding("clock", "bad", "")]
    >>> [each.subject for each in worst_first(found)]
    ['clock', 'mail', 'disk']
    """
    return tuple(sorted(findings, key=lambda each: VERDICTS.index(each.verdict)))
