"""Languages that nobody speaks: every text of the catalogue changed so that what was left out shows.

In `qps` each text is [wrapped, accented and forty per cent longer]; in `he` it is written with Hebrew letters, so
that it runs from right to left. Names, places and codes keep their letters, because they are no texts.
"""

from __future__ import annotations

import re
from pathlib import Path

from signedin.gate import languages
from tools import catalogues

PSEUDO, RIGHT_TO_LEFT = "qps", "he"
SMALL = "abcdefghijklmnopqrstuvwxyz"
ACCENTED = str.maketrans(SMALL + SMALL.upper(), "áƀćđéƒǵħíĵķłɱñóƥɋřšťúṽŵẋýž" + "ÁƁĆĐÉƑǴĦÍĴĶŁⱮÑÓƤɊŘŠŤÚṼŴẊÝŽ")
HEBREW = str.maketrans(SMALL + SMALL.upper(), "אבגדהוזחטיכלמנסעפצקרשתאבגד" * 2)
KEPT = re.compile(r"(%\(\w+\)s|\{\w+\}|<[^>]*>)")


def speak_them(monkeypatch, folder: Path) -> None:
    """Make both languages ones that the server speaks, from catalogues of their own under `folder`."""
    for lang in (PSEUDO, RIGHT_TO_LEFT):
        monkeypatch.setitem(languages.LANGUAGES, lang, lang)
        compile_for(lang, folder)
    for path in languages.LOCALES.glob("*/LC_MESSAGES/signedin.mo"):
        copy = folder / path.relative_to(languages.LOCALES)
        copy.parent.mkdir(parents=True)
        copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(languages, "LOCALES", folder)


def compile_for(lang: str, folder: Path) -> None:
    """Write the catalogue of one of them."""
    catalogue = catalogues.collected()
    for message in catalogue:
        if message.id:
            change = accented if lang == PSEUDO else mirrored
            ids = message.id if message.pluralizable else [message.id]
            said = tuple(change(text) for text in ids)
            message.string = said if message.pluralizable else said[0]
    file = folder / lang / "LC_MESSAGES" / "signedin.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(catalogues.compiled(catalogue))


def accented(text: str) -> str:
    """
    The text as `qps` has it.

    >>> accented("Used on %(day)s")
    '[Úšéđ óñ %(day)s éé]'
    """
    if not has_words(text):
        return text
    said = changed(text, ACCENTED)
    longer = " ".join(["éééééé"] * (len(text) // 15) + ["é" * (len(text) * 2 // 5 % 6)]).strip()
    return f"[{said} {longer}]" if longer else f"[{said}]"


def mirrored(text: str) -> str:
    """The text as `he` has it."""
    return changed(text, HEBREW)


def changed(text: str, letters: dict[int, int]) -> str:
    """A text with other letters, its placeholders and tags untouched."""
    parts = KEPT.split(text)
    return "".join(part if at % 2 else part.translate(letters) for at, part in enumerate(parts))


def has_words(text: str) -> bool:
    """Whether there is anything to read besides placeholders and tags."""
    return any(ch.isalpha() for ch in KEPT.sub("", text))
