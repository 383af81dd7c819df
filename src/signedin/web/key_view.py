"""An access key as a person reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from signedin.rules.access_key import AccessKey
from signedin.rules.location import HIDDEN
from signedin.rules.scope import PERSONAL, SENTENCES, in_words
from signedin.rules.speech import Speech
from signedin.rules.wording import marked as _
from signedin.web.row_view import TimeView
from signedin.web.strip import Strip, strip

SOON = timedelta(days=7)
LIFETIMES: dict[str, str] = {
    "30": _("In 30 days"),
    "90": _("In 90 days"),
    "365": _("In 1 year"),
    "never": _("Never"),
}
"""How long a new key may last, by the value of its choice."""


@dataclass(frozen=True, slots=True)
class KeyView:
    """Everything the template shows of a key."""

    id: str
    name: str
    hint: str
    scopes: tuple[tuple[str, bool], ...]
    issued: TimeView
    last: TimeView | None
    place: str
    prefix: str
    is_hidden: bool
    expires: TimeView | None
    expires_said: str
    is_soon: bool
    is_over: bool
    strip: Strip


def key_view(key: AccessKey, speech: Speech) -> KeyView:
    """The key for the template."""
    masked = speech.address(key.last_from.masked_ip) if key.last_from else ""
    is_over = key.expires_at is not None and key.expires_at <= speech.now
    is_soon = key.expires_at is not None and not is_over and key.expires_at - speech.now <= SOON
    return KeyView(
        id=key.id, name=key.name, hint=f"sgn_key_…{key.last_four}",
        scopes=tuple((speech.say(text), strong) for text, strong in in_words(key.scopes)),
        issued=TimeView(speech.day(key.issued_at), speech.exact(key.issued_at), speech.machine(key.issued_at)),
        last=_last(key, speech), place=speech.place(key.last_from.location) if key.last_from else "",
        prefix=masked.removesuffix(HIDDEN), is_hidden=masked.endswith(HIDDEN), expires=_end(key, speech),
        expires_said=speech.until(key.expires_at) if is_soon and key.expires_at else "",
        is_soon=is_soon, is_over=is_over, strip=strip(key.days, key.issued_at, speech.now, speech),
    )  # fmt: skip


def choices(chosen: tuple[str, ...], speech: Speech) -> list[tuple[str, str, bool]]:
    """What a new key may be allowed: the scope, its sentence, and whether it is ticked."""
    return [(scope, speech.say(SENTENCES[scope]), scope in chosen) for scope in PERSONAL]


def _last(key: AccessKey, speech: Speech) -> TimeView | None:
    at = key.last_at
    return None if at is None else TimeView(speech.ago(at), speech.exact(at), speech.machine(at))


def _end(key: AccessKey, speech: Speech) -> TimeView | None:
    at = key.expires_at
    return None if at is None else TimeView(speech.day(at), speech.exact(at), speech.machine(at))
