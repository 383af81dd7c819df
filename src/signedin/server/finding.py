"""One thing that the doctor has looked at: what it found, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from signedin.rules.errors import Refused
from signedin.store.keyring import KeyringProblem


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


def looked(subject: str, look: Callable[[], Finding]) -> Finding:
    """Look; what cannot be looked at is itself a finding."""
    try:
        return look()
    except Refused as refusal:
        return Finding(subject, "bad", refusal.sentence, refusal.hint)
    except KeyringProblem as problem:
        return Finding("keyring", "bad", str(problem), "Nobody stays signed in without the right one.")
    except OSError as error:
        what = "Check that it exists, its owner and its rights."
        return Finding(subject, "bad", f"{error.filename}: {error.strerror}.", what)
