"""Why a session is worth a look, said to its owner: the name of a flag and its sentences (R76)."""

from __future__ import annotations

from signedin.rules.session import Session
from signedin.rules.speech import Speech
from signedin.rules.suspicion import Flag, FlagKind
from signedin.rules.wording import marked as _


def flag_name(flag: Flag, speech: Speech) -> str:
    """The name of a flag: "Unfamiliar location"."""
    if flag.kind is FlagKind.UNUSED:
        return speech.count("Unused for {n} day", "Unused for {n} days", (speech.now - flag.at).days)
    names = {FlagKind.NEW_DEVICE: _("New device"), FlagKind.UNFAMILIAR_LOCATION: _("Unfamiliar location")}
    return speech.say(names[flag.kind])


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
    # Translators: these follow "First sign-in from"
    kinds = {"tablet": _("this tablet"), "phone": _("this phone"), "laptop": _("this browser")}
    otherwise = _("this device")
    what = speech.say(kinds.get(row.device.kind.value, otherwise))
    when, time = _day_said(row, speech), speech.clock(row.began_at)
    if row.factors:
        said = speech.say(
            "First sign-in from {what}, {when} at {time}, with your password.",
            what=what,
            when=when,
            time=time,
        )
    else:
        said = speech.say(
            "First sign-in from {what}, {when} at {time}, by an app that vouched for you.",
            what=what, when=when, time=time,
        )  # fmt: skip
    if flag.noticed and flag.noticed.place_is_familiar:
        said += " " + speech.say("The place is one you often use.")
    return said


def _day_said(row: Session, speech: Speech) -> str:
    days = speech.days_since(row.began_at)
    if days == 0:
        return speech.say("today")
    return speech.say("yesterday") if days == 1 else speech.say("on {day}", day=speech.long_day(row.began_at))


def _unfamiliar(flag: Flag, row: Session, speech: Speech) -> str:
    place = row.began_from.location
    said = speech.say("Nobody has used your account from {place} before.", place=place.city or place.label)
    noticed = flag.noticed
    if noticed and noticed.earlier_place and noticed.earlier_at and noticed.distance_km:
        hours = int((row.began_at - noticed.earlier_at).total_seconds() // 3600)
        said += " " + _earlier(hours, noticed.earlier_place, _rounded(noticed.distance_km, speech), speech)
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


def _rounded(kilometres: int, speech: Speech) -> str:
    step = 1000 if kilometres >= 10_000 else 100 if kilometres >= 1000 else 10
    return speech.number(max(step, round(kilometres / step) * step))
