"""The reader of a page: which language they asked for, and which time zone they live in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote

from signedin.gate.languages import direction_of, language_of, texts_in, zone_of
from signedin.rules.speech import Speech

ZONE_COOKIE = "signedin_zone"
LANGUAGE_COOKIE = "signedin_language"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: language, and how times are said to them; made anew for every request.

    `zone_name` is empty where the zone is not known, and times are said in UTC (D14).
    """

    lang: str
    speech: Speech
    zone_name: str

    @property
    def dir(self) -> str:
        """Which way the language runs."""
        return direction_of(self.lang)


def reader_of(accept_language: str, cookies: Mapping[str, str], now: datetime) -> Reader:
    """The reader, from what the browser says; an unknown zone is UTC, and said to be (D14)."""
    lang = language_of(cookies.get(LANGUAGE_COOKIE, ""), accept_language)
    name = unquote(cookies.get(ZONE_COOKIE, ""))
    zone = zone_of(name)
    speech = Speech(now, zone or UTC, texts_in(lang), is_right_to_left=direction_of(lang) == "rtl")
    return Reader(lang, speech, name if zone else "")
