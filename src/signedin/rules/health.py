"""What was looked at to know whether an installation is well: what was found, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from signedin.rules.wording import in_context

VERDICTS = ("bad", "look", "good")
"""What cannot stay like that, what is worth a look, and what is as it should be."""
LOOKED_AT = "what was looked at"
SUBJECTS = (
    in_context("what was looked at", "SQLite"), in_context("what was looked at", "clock"),
    in_context("what was looked at", "connecting"), in_context("what was looked at", "database"),
    in_context("what was looked at", "disk"), in_context("what was looked at", "keyring"),
    in_context("what was looked at", "leases"), in_context("what was looked at", "mail"),
    in_context("what was looked at", "place file"), in_context("what was looked at", "proxies"),
    in_context("what was looked at", "rights"), in_context("what was looked at", "sign-outs"),
    in_context("what was looked at", "standby"), in_context("what was looked at", "sweep"),
    in_context("what was looked at", "system"), in_context("what was looked at", "time zones"),
    in_context("what was looked at", "writing"),
)  # fmt: skip
"""What findings are about, as programs read it; people read it in their language (`LOOKED_AT`)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `good`, worth a `look`, or `bad`.

    `sentence` and `what_to_do` are plain English as they are, and said in a reader's language by `Speech.say`.
    """

    subject: str
    verdict: str
    sentence: str
    what_to_do: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For programs, in English."""
        return {
            "subject": self.subject, "verdict": self.verdict,
            "sentence": str(self.sentence), "what_to_do": str(self.what_to_do),
        }  # fmt: skip


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
