"""How moments, numbers, devices and places are said: in the reader's language and time zone (R13, R14, D14)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from gettext import NullTranslations
from unicodedata import bidirectional

from signedin.rules.device import ON, UNKNOWN_DEVICE
from signedin.rules.location import LOCAL, UNKNOWN, UNKNOWN_ADDRESS, Location
from signedin.rules.wording import Wording, begun, in_context
from signedin.rules.wording import marked as _

DAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
# Translators: a month always follows or precedes its day here: "23 November"
MONTHS = (
    _("January"), _("February"), _("March"), _("April"), _("May"), _("June"), _("July"), _("August"),
    _("September"), _("October"), _("November"), _("December"),
)  # fmt: skip
SHORT_MONTHS = (
    in_context("short month", "Jan"), in_context("short month", "Feb"), in_context("short month", "Mar"),
    in_context("short month", "Apr"), in_context("short month", "May"), in_context("short month", "Jun"),
    in_context("short month", "Jul"), in_context("short month", "Aug"), in_context("short month", "Sep"),
    in_context("short month", "Oct"), in_context("short month", "Nov"), in_context("short month", "Dec"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Speech:
    """What a reader needs to be told a time: the moment it is, their zone and their language."""

    now: datetime
    zone: tzinfo = UTC
    texts: NullTranslations = field(default_factory=NullTranslations)
    is_right_to_left: bool = False

    @classmethod
    def plain(cls, now: datetime) -> Speech:
        """English and UTC, for programs."""
        return cls(now)

    def at(self, now: datetime) -> Speech:
        """The same reader at another moment."""
        return replace(self, now=now)

    def say(self, text: str, **facts: object) -> str:
        """A text in the reader's language, with its facts filled in."""
        if isinstance(text, Wording):
            return begun(self._say_worded(text)) if text.is_begun else self._say_worded(text)
        said = self.texts.gettext(text) if text else ""
        return said.format(**self._apart(facts)) if facts else said

    def _say_worded(self, text: Wording) -> str:
        facts = {
            name: self.say(fact) if isinstance(fact, Wording) else fact for name, fact in text.facts.items()
        }
        if text.many:
            return self.count(text.pattern, text.many, text.number, **facts)
        return self.say(text.pattern, **facts)

    def say_in(self, context: str, text: str, **facts: object) -> str:
        """A text whose English word has another meaning elsewhere."""
        said = self.texts.pgettext(context, text)
        return said.format(**self._apart(facts)) if facts else said

    def count(self, one: str, many: str, number: int, **facts: object) -> str:
        """A text that counts something; its number is `{n}`."""
        said = self.texts.ngettext(one, many, number)
        return said.format(**self._apart({**facts, "n": self.number(number)}))

    def number(self, number: int) -> str:
        """Say "12,400"."""
        plain = f"{number:,}"
        return plain.replace(",", self.say_in("between thousands", ",")) if "," in plain else plain

    def joined(self, parts: Iterable[str]) -> str:
        """Several things in a row: "Chrome on macOS, San Francisco, CA, US"."""
        return self.between.join(self.apart(part) for part in parts)

    @property
    def between(self) -> str:
        """What stands between the parts of a list: ", "."""
        return self.say_in("between the parts of a list", ", ")

    def apart(self, fact: str) -> str:
        """A name in Latin letters for a text that runs from right to left: kept from mixing with what follows.

        It stands between LEFT-TO-RIGHT ISOLATE and POP DIRECTIONAL ISOLATE (Unicode Annex 9), which nobody sees.
        """
        if not self.is_right_to_left or {bidirectional(ch) for ch in fact} & {"R", "AL"}:
            return fact
        return f"\u2066{fact}\u2069" if any(ch.isalpha() for ch in fact) else fact

    def _apart(self, facts: dict[str, object]) -> dict[str, object]:
        if not self.is_right_to_left:
            return facts
        return {name: self.apart(str(fact)) for name, fact in facts.items()}

    def device(self, name: str) -> str:
        """The name of a device as `device_name` made it; only what stands between its names is translated."""
        if name == UNKNOWN_DEVICE:
            return self.say(name)
        program, on, system = name.rpartition(ON)
        return self.say("{program} on {system}", program=program, system=system) if on else name

    def place(self, location: Location | str) -> str:
        """A place, or the label of one; cities and codes are names and stay as they are."""
        label = location if isinstance(location, str) else location.label
        return self.say(label) if label in {LOCAL.label, UNKNOWN.label} else label

    def address(self, masked: str) -> str:
        """A masked address, which is data unless it says that there is none."""
        return self.say(masked) if masked == UNKNOWN_ADDRESS else masked

    def local(self, at: datetime) -> datetime:
        """The moment on the reader's clock."""
        return at.astimezone(self.zone)

    def clock(self, at: datetime) -> str:
        """Say "14:20"."""
        local = self.local(at)
        return self.say_in("time of day", "{hour}:{minute}", hour=f"{local:%H}", minute=f"{local:%M}")

    def ago(self, at: datetime) -> str:
        """Say "Active now", "5 minutes ago", "2 hours ago", "yesterday", "3 days ago", from 30 days on a date.

        Minutes and hours come first when they are few; "yesterday" is the reader's calendar day (D14).
        """
        span = self.now - at
        if span < timedelta(minutes=1):
            return self.say("Active now")
        if span < timedelta(hours=1):
            return self.count("{n} minute ago", "{n} minutes ago", int(span.total_seconds() // 60))
        days = self.days_since(at)
        if span < timedelta(hours=6) or days <= 0:
            return self.count("{n} hour ago", "{n} hours ago", int(span.total_seconds() // 3600))
        if days == 1:
            return self.say("yesterday")
        return self.count("{n} day ago", "{n} days ago", days) if days < 30 else self.day(at)

    def days_since(self, at: datetime) -> int:
        """How many midnights of the reader's lie between."""
        return (self.local(self.now).date() - self.local(at).date()).days

    def until(self, at: datetime) -> str:
        """Say "in 2 days", for what ends soon: from a day on, by the reader's calendar like `ago`."""
        left = at - self.now
        if left < timedelta(hours=1):
            return self.say("within the hour")
        if left < timedelta(days=1):
            return self.count("in {n} hour", "in {n} hours", int(left.total_seconds() // 3600))
        days = (self.local(at).date() - self.local(self.now).date()).days
        return self.count("in {n} day", "in {n} days", days)

    def span(self, span: timedelta) -> str:
        """Say "30 days", as it follows "after" or "for"."""
        if span >= timedelta(days=1):
            return self.count("{n} day", "{n} days", span.days)
        if span >= timedelta(hours=1):
            return self.count("{n} hour", "{n} hours", int(span.total_seconds() // 3600))
        if span >= timedelta(minutes=1):
            return self.count("{n} minute", "{n} minutes", int(span.total_seconds() // 60))
        return self.count("{n} second", "{n} seconds", int(span.total_seconds()))

    def day(self, at: datetime) -> str:
        """Say "3 Nov", with the year only when it is not this year."""
        local = self.local(at)
        facts = {"day": local.day, "month": self.say_in("short month", SHORT_MONTHS[local.month - 1])}
        if local.year == self.local(self.now).year:
            return self.say_in("short date", "{day} {month}", **facts)
        return self.say_in("short date", "{day} {month} {year}", **facts, year=local.year)

    def long_day(self, at: datetime) -> str:
        """Say "23 November", with the year only when it is not this year."""
        local = self.local(at)
        facts = {"day": local.day, "month": self.say(MONTHS[local.month - 1])}
        if local.year == self.local(self.now).year:
            return self.say("{day} {month}", **facts)
        return self.say("{day} {month} {year}", **facts, year=local.year)

    def exact(self, at: datetime) -> str:
        """Say "Monday 23 November 2026, 14:20"."""
        local = self.local(at)
        return self.say(
            "{weekday} {day} {month} {year}, {time}",
            weekday=self.say(DAYS[local.weekday()]), day=local.day, month=self.say(MONTHS[local.month - 1]),
            year=local.year, time=self.clock(at),
        )  # fmt: skip

    def machine(self, at: datetime) -> str:
        """ISO 8601 in UTC, for `datetime` attributes (R13)."""
        return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

    def zone_label(self) -> str:
        """Say "UTC−8": how far the reader's clock is from UTC."""
        offset = self.local(self.now).utcoffset() or timedelta(0)
        minutes = int(offset.total_seconds() // 60)
        if not minutes:
            return "UTC"
        sign, minutes = ("+" if minutes > 0 else "\u2212"), abs(minutes)
        return f"UTC{sign}{minutes // 60}" + (f":{minutes % 60:02}" if minutes % 60 else "")
