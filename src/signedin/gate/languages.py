"""The languages there are, their texts, and which of them a request asks for (R89)."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LOCALES = Path(__file__).parent.parent / "locale"
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch"}
"""Each language by its tag, with its own name for itself; docs/translating.md says how to add one."""
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
ENGLISH = "en"


def language_of(chosen: str, accepted: str) -> str:
    """The language to answer in: the one chosen here, else what the browser asks for, else English.

    >>> language_of("", "fr-CH, de-AT;q=0.9, en;q=0.8"), language_of("en", "de"), language_of("", "de;q=0")
    ('de', 'en', 'en')
    """
    if chosen in LANGUAGES:
        return chosen
    asked = sorted(_asked(accepted), key=lambda each: -each[0])
    return next((lang for weight, lang in asked if weight > 0 and lang in LANGUAGES), ENGLISH)


def direction_of(lang: str) -> str:
    """Which way the language runs: `ltr` or `rtl`."""
    return "rtl" if lang in RIGHT_TO_LEFT else "ltr"


def texts_in(lang: str) -> gettext.NullTranslations:
    """The texts of a language; English ones, which the code is written in, need no catalogue."""
    return _read(LOCALES, lang)


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of that name, or `None` where there is none (D14)."""
    try:
        return ZoneInfo(name) if name and name.isascii() and len(name) <= 64 else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _asked(accepted: str) -> list[tuple[float, str]]:
    """What Accept-Language asks for, each with its weight (RFC 9110, section 12.5.4)."""
    found = []
    for part in accepted[:500].split(",")[:20]:
        tag, _, quality = part.partition(";")
        name, _, number = quality.strip().partition("=")
        try:
            weight = float(number) if name.strip().lower() == "q" else 1.0
        except ValueError:
            weight = 0.0
        found.append((weight, tag.strip().partition("-")[0].lower()))
    return found


@cache
def _read(folder: Path, lang: str) -> gettext.NullTranslations:
    return gettext.translation("signedin", folder, [lang], fallback=True)
