"""Looking at one thing, so that what cannot be looked at is itself found, and hides nothing else."""

from __future__ import annotations

from collections.abc import Callable

from signedin.rules.errors import Refused
from signedin.rules.health import Finding
from signedin.store.keyring import KeyringProblem


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
