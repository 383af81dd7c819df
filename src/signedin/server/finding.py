"""Looking at one thing, so that what cannot be looked at is itself found, and hides nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from signedin.rules.errors import Refused
from signedin.rules.health import Finding
from signedin.rules.wording import Wording, begun, worded
from signedin.rules.wording import marked as _
from signedin.store.keyring import KeyringProblem

_A_PATH = r"(?<![\w./:<])/[^\s,;:'\"()]*\w"
_A_FILE = worded("a file")
IN_THE_SHELL = _("Run `signedin doctor` in the shell of the server: it says what to do, and with which file.")


def without_paths(found: Finding, files: Mapping[Path, Wording]) -> Finding:
    """The same for who has no shell of the machine: its files are called by what they are.

    >>> file = "/srv/my data/a.db"
    >>> what = worded("Run: chmod -R go= {files}", files=f"'{file}'")
    >>> found = Finding("rights", "look", worded("{files} may be read by others.", files=file), what)
    >>> found = without_paths(found, {Path(file): worded("the database")})
    >>> print(found.sentence, found.what_to_do)
    The database may be read by others. Run `signedin doctor` in the shell of the server: it says what to do, and with which file.
    """
    calling = _Calling(files)
    what = IN_THE_SHELL if calling.by_name(found.what_to_do) != found.what_to_do else found.what_to_do
    return replace(found, sentence=_begun(calling.by_name(found.sentence)), what_to_do=what)


def _begun(sentence: str) -> str:
    if isinstance(sentence, Wording):
        return Wording(sentence.pattern, sentence.many, sentence.number, sentence.facts, is_begun=True)
    return begun(sentence)


class _Calling:
    """Calls files by their names; a path that has none is a file."""

    def __init__(self, files: Mapping[Path, Wording]) -> None:
        spelled = {text: name for path, name in files.items() for text in (str(path.absolute()), str(path))}
        self._names = {text: name for text, name in spelled.items() if len(text) > 1}
        longest_first = sorted(self._names, key=len, reverse=True)
        whole = (rf"(?<![\w./-]){re.escape(text)}(?![\w/])" for text in longest_first)
        self._path = re.compile("|".join([*whole, _A_PATH]))

    def by_name(self, text: str) -> str:
        """A text in which no path is left; a name is said in the reader's language, also within a fact."""
        if not isinstance(text, Wording):
            return self._in_plain(text)
        facts = {
            name: self.by_name(fact if isinstance(fact, str) else str(fact))
            if isinstance(fact, str | Path)
            else fact
            for name, fact in text.facts.items()
        }
        called = Wording(text.pattern, text.many, text.number, facts, is_begun=text.is_begun)
        named_twice = (name for name in self._names.values() if called.lower() == f"{name} {name}".lower())
        return next(named_twice, called)

    def _in_plain(self, text: str) -> str:
        pattern, facts, end = "", dict[str, object](), 0
        for path in self._path.finditer(text):
            facts[f"file{len(facts)}"] = self._names.get(path[0], _A_FILE)
            pattern += f"{_escaped(text[end : path.start()])}{{file{len(facts) - 1}}}"
            end = path.end()
        return Wording(pattern + _escaped(text[end:]), "", 0, facts) if facts else text


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def looked(subject: str, look: Callable[[], Finding]) -> Finding:
    """Look; what cannot be looked at is itself a finding."""
    try:
        return look()
    except Refused as refusal:
        return Finding(subject, "bad", refusal.sentence, refusal.hint)
    except KeyringProblem as problem:
        return Finding("keyring", "bad", problem.sentence, _("Nobody stays signed in without the right one."))
    except OSError as error:
        told, file = error.strerror or type(error).__name__, error.filename
        sentence = (
            worded("{file}: {problem}.", file=str(file), problem=told)
            if file
            else worded("{problem}.", problem=told)
        )
        return Finding(subject, "bad", sentence, _("Check that it exists, its owner and its rights."))
