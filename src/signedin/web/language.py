"""The reader of a page: which language they asked for, and which time zone they live in."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import Environment

from signedin.rules.presence import Absence
from signedin.rules.speech import Speech

LOCALES = Path(__file__).parent.parent / "locale"
LANGUAGES = ("en", "de")
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
ZONE_COOKIE = "signedin_zone"
LANGUAGE_COOKIE = "signedin_language"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: language, writing direction, and how times are said to them."""

    lang: str
    speech: Speech
    zone_name: str

    @property
    def dir(self) -> str:
        """Which way the language runs."""
        return "rtl" if self.lang in RIGHT_TO_LEFT else "ltr"

    def install(self, environment: Environment) -> None:
        """Let the templates speak the reader's language."""
        environment.install_gettext_translations(  # type: ignore[attr-defined]  # added by jinja2.ext.i18n
            self.speech.texts, newstyle=True
        )


def reader_of(accept_language: str, cookies: Mapping[str, str], now: datetime) -> Reader:
    """The reader, from what the browser says; an unknown zone is UTC, and said to be (D14)."""
    lang = _chosen(cookies.get(LANGUAGE_COOKIE, ""), accept_language)
    name = unquote(cookies.get(ZONE_COOKIE, ""))[:64]
    zone = _zone(name)
    speech = Speech(now, zone or UTC, _texts(lang))
    return Reader(lang, speech, name if zone else "UTC")


def ended_notice(absence: Absence) -> dict[str, Any] | None:
    """Why the browser's session ended, for the holder of the dead secret alone (D10)."""
    if absence.reason in ("missing", "malformed", "unknown", "wrong_kind"):
        return None
    return {"kind": absence.reason, "ended_at": absence.ended_at, "idle": absence.idle}


def _chosen(asked: str, accepted: str) -> str:
    if asked in LANGUAGES:
        return asked
    ranked = []
    for position, part in enumerate(accepted[:500].split(",")[:20]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        ranked.append((-weight, position, tag.partition("-")[0].lower()))
    return next((lang for weight, _, lang in sorted(ranked) if weight < 0 and lang in LANGUAGES), "en")


@cache
def _texts(lang: str) -> gettext.NullTranslations:
    return gettext.translation("signedin", LOCALES, [lang], fallback=True)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name and name.isascii() else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
