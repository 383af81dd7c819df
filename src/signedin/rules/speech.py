"""How moments, flags and endings are said: in the reader's language and time zone (R13, R14, D14)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from gettext import NullTranslations

from signedin.rules.session import Session
from signedin.rules.suspicion import Flag, FlagKind


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is said."""
    return text


DAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
MONTHS = (
    _("January"), _("February"), _("March"), _("April"), _("May"), _("June"), _("July"), _("August"),
    _("September"), _("October"), _("November"), _("December"),
)  # fmt: skip
SHORT_MONTHS = (
    _("Jan"), _("Feb"), _("Mar"), _("Apr"), _("May "), _("Jun"), _("Jul"), _("Aug"), _("Sep"), _("Oct"),
    _("Nov"), _("Dec"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Speech:
    """What a reader needs to be told a time: the moment it is, their zone and their language."""

    now: datetime
    zone: tzinfo = UTC
    texts: NullTranslations = field(default_factory=NullTranslations)

    @classmethod
    def plain(cls, now: datetime) -> Speech:
        """English and UTC, for programs."""
        return cls(now)

    def say(self, text: str, **facts: object) -> str:
        """A text in the reader's language, with its facts filled in."""
        said = self.texts.gettext(text)
        return said.format(**facts) if facts else said

    def count(self, one: str, many: str, number: int, **facts: object) -> str:
        """A text that counts something."""
        return self.texts.ngettext(one, many, number).format(n=number, **facts)

    def local(self, at: datetime) -> datetime:
        """The moment on the reader's clock."""
        return at.astimezone(self.zone)

    def ago(self, at: datetime) -> str:
        """Say "Active now", "5 minutes ago", "2 hours ago", "yesterday", "3 days ago", from 30 days on a date.

        Minutes and hours come first when they are few; "yesterday" is the reader's calendar day (D14).
        """
        span = self.now - at
        if span < timedelta(minutes=1):
            return self.say("Active now")
        if span < timedelta(hours=1):
            return self.count("{n} minute ago", "{n} minutes ago", int(span.total_seconds() // 60))
        days = (self.local(self.now).date() - self.local(at).date()).days
        if span < timedelta(hours=6) or days <= 0:
            return self.count("{n} hour ago", "{n} hours ago", int(span.total_seconds() // 3600))
        if days == 1:
            return self.say("yesterday")
        if span < timedelta(days=30):
            return self.count("{n} day ago", "{n} days ago", days)
        return self.day(at)

    def until(self, at: datetime) -> str:
        """Say "in 2 days", for what ends soon: from a day on, by the reader's calendar like `ago`."""
        left = at - self.now
        if left < timedelta(hours=1):
            return self.say("within the hour")
        if left < timedelta(days=1):
            return self.count("in {n} hour", "in {n} hours", int(left.total_seconds() // 3600))
        days = (self.local(at).date() - self.local(self.now).date()).days
        return self.count("in {n} day", "in {n} days", days)

    def day(self, at: datetime) -> str:
        """Say "3 Nov", with the year only when it is not this year."""
        local = self.local(at)
        said = f"{local.day} {self.say(SHORT_MONTHS[local.month - 1]).strip()}"
        return said if local.year == self.local(self.now).year else f"{said} {local.year}"

    def long_day(self, at: datetime) -> str:
        """Say "23 November"."""
        local = self.local(at)
        said = self.say("{day} {month}", day=local.day, month=self.say(MONTHS[local.month - 1]))
        return said if local.year == self.local(self.now).year else f"{said} {local.year}"

    def exact(self, at: datetime) -> str:
        """Say "Monday 23 November 2026, 14:20"."""
        local = self.local(at)
        return self.say(
            "{weekday} {day} {month} {year}, {time}",
            weekday=self.say(DAYS[local.weekday()]), day=local.day, month=self.say(MONTHS[local.month - 1]),
            year=local.year, time=f"{local:%H:%M}",
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

    def at(self, now: datetime) -> Speech:
        """The same reader at another moment."""
        return replace(self, now=now)


_NAMES = {
    FlagKind.UNFAMILIAR_LOCATION: _("Unfamiliar location"),
    FlagKind.NEW_DEVICE: _("New device"),
    FlagKind.UNUSED: _("Unused for {n} days"),
}


def flag_name(flag: Flag, speech: Speech) -> str:
    """The name of a flag: "Unfamiliar location"."""
    days = (speech.now - flag.at).days
    return speech.say(_NAMES[flag.kind]).format(n=days)


def flag_sentence(flag: Flag, row: object, speech: Speech) -> str:
    """Why the row is worth a look, harmless explanations included."""
    if not isinstance(row, Session):
        return ""
    if flag.kind is FlagKind.UNUSED:
        return speech.say(
            "Last used on {last}. It expires by itself on {end}. If you no longer use it, revoke it now.",
            last=speech.long_day(row.last_at), end=speech.long_day(row.expires_at),
        )  # fmt: skip
    if flag.kind is FlagKind.NEW_DEVICE:
        return _new_device(flag, row, speech)
    return _unfamiliar(flag, row, speech)


def _new_device(flag: Flag, row: Session, speech: Speech) -> str:
    kinds = {"tablet": _("this tablet"), "phone": _("this phone"), "laptop": _("this browser")}
    what = speech.say(kinds.get(row.device.kind.value, _("this device")))
    said = speech.say(
        "First sign-in from {what}, {when} at {time}, with your password.", what=what,
        when=_day_said(row, speech), time=f"{speech.local(row.began_at):%H:%M}",
    )  # fmt: skip
    if flag.noticed and flag.noticed.place_is_familiar:
        said += " " + speech.say("The place is one you often use.")
    return said


def _day_said(row: Session, speech: Speech) -> str:
    days = (speech.local(speech.now).date() - speech.local(row.began_at).date()).days
    if days == 0:
        return speech.say("today")
    return speech.say("yesterday") if days == 1 else speech.say("on {day}", day=speech.long_day(row.began_at))


def _unfamiliar(flag: Flag, row: Session, speech: Speech) -> str:
    place = row.began_from.location
    said = speech.say("Nobody has used your account from {place} before.", place=place.city or place.label)
    noticed = flag.noticed
    if noticed and noticed.earlier_place and noticed.earlier_at and noticed.distance_km:
        hours = int((row.began_at - noticed.earlier_at).total_seconds() // 3600)
        said += " " + _earlier(hours, noticed.earlier_place, _rounded(noticed.distance_km), speech)
    return said + " " + speech.say("A VPN can look like this too.")


def _earlier(hours: int, place: str, kilometres: str, speech: Speech) -> str:
    if hours < 1:
        return speech.say(
            "Less than an hour earlier you were active in {place}, {km} km away.", place=place, km=kilometres
        )
    if hours < 48:
        return speech.count(
            "{n} hour earlier you were active in {place}, {km} km away.",
            "{n} hours earlier you were active in {place}, {km} km away.", hours, place=place, km=kilometres,
        )  # fmt: skip
    return speech.count(
        "{n} day earlier you were active in {place}, {km} km away.",
        "{n} days earlier you were active in {place}, {km} km away.", hours // 24, place=place, km=kilometres,
    )  # fmt: skip


def _rounded(kilometres: int) -> str:
    step = 1000 if kilometres >= 10_000 else 100 if kilometres >= 1000 else 10
    return f"{max(step, round(kilometres / step) * step):,}"
