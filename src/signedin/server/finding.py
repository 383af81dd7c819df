"""Looking at one thing, so that what cannot be looked at is itself found, and hides nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from signedin.rules.errors import Refused
from signedin.rules.health import Finding
from signedin.store.keyring import KeyringProblem

_A_PATH = re.compile(r"(?<![\w./:<])/[^\s,;:'\"()]*\w")
IN_THE_SHELL = "Run `signedin doctor` in the shell of the server: it says what to do, and with which file."


def without_paths(found: Finding, files: Mapping[Path, str]) -> Finding:
    """The same for who has no shell of the machine: its files are called by what they are.

    >>> found = Finding("rights", "look", "/srv/my data/a.db may be read by others.", "chmod go= '/srv/my data/a.db'")
    >>> found = without_paths(found, {Path("/srv/my data/a.db"): "the database"})
    >>> print(found.sentence, found.what_to_do)
    The database may be read by others. Run `signedin doctor` in the shell of the server: it says what to do, and with which file.
    """
    what = found.what_to_do
    is_for_the_shell = _called(what, files) != what
    said = _called(found.sentence, files)
    return replace(
        found, sentence=said[:1].upper() + said[1:], what_to_do=IN_THE_SHELL if is_for_the_shell else what
    )


def _called(text: str, files: Mapping[Path, str]) -> str:
    called = {spelled: name for path, name in files.items() for spelled in (str(path.absolute()), str(path))}
    for spelled in sorted((each for each in called if len(each) > 1 and "/" in each), key=len, reverse=True):
        name = called[spelled]
        text = re.sub(rf"(?i)({name}) {name}", r"\1", text.replace(spelled, name))
    return _A_PATH.sub("a file", text)


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
