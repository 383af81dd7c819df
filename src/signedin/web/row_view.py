"""A row of the list as a person reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from signedin.rules.consent import Consent
from signedin.rules.device import DeviceKind
from signedin.rules.location import HIDDEN
from signedin.rules.reasons import flag_name, flag_sentence
from signedin.rules.scope import NEEDED, in_words
from signedin.rules.session import AppType, Session, SessionType
from signedin.rules.session_list import Row, SessionList, location_of, place_key
from signedin.rules.speech import Speech
from signedin.rules.suspicion import FlagKind
from signedin.rules.wording import marked as _
from signedin.web.strip import Strip, strip

SOON = timedelta(days=3)
APP_LABELS = {
    AppType.WEB: _("Web"),
    AppType.ADMIN: _("Admin"),
    AppType.SYNC: _("Sync"),
    AppType.MOBILE: _("Mobile"),
    AppType.OAUTH: _("OAuth"),
}
TYPE_LABELS = {
    SessionType.WEB_SESSION: _("Web session"),
    SessionType.ADMIN_SESSION: _("Admin session"),
    SessionType.SYNC_SESSION: _("Sync session"),
    SessionType.MOBILE_SESSION: _("Mobile session"),
    SessionType.OAUTH_CONSENT: _("OAuth consent"),
}


@dataclass(frozen=True, slots=True)
class TimeView:
    """A moment as it is shown: short, exact, and for machines."""

    text: str
    exact: str
    machine: str


@dataclass(frozen=True, slots=True)
class FlagView:
    """A flag under its row."""

    name: str
    sentence: str
    keep: bool


@dataclass(frozen=True, slots=True)
class KeepView:
    """A scope that a connected app has, and whether it could do without."""

    scope: str
    sentence: str
    is_needed: bool


@dataclass(frozen=True, slots=True)
class RowView:
    """Everything the template shows of a row."""

    id: str
    name: str
    full_name: str
    app_type: str
    app_label: str
    type_label: str
    icon: str
    logo: str | None
    monogram: str
    is_current: bool
    is_consent: bool
    began: TimeView
    place: str
    place_key: str
    has_origin: bool
    prefix: str
    is_hidden: bool
    strip: Strip
    last: TimeView | None
    is_now: bool
    expires: TimeView
    expires_soon: str
    flags: tuple[FlagView, ...]
    has_unfamiliar_place: bool
    details: tuple[tuple[str, str], ...]
    description: str
    scopes: tuple[tuple[str, bool], ...]
    signed_resources: tuple[str, ...]
    keeps: tuple[KeepView, ...]


def name_of(row: Row, speech: Speech) -> str:
    """What the row is called: the device, or the connected app."""
    return row.client_name if isinstance(row, Consent) else speech.device(row.device.name)


def full_name(row: Row, speech: Speech) -> str:
    """What a button that acts on the row says it acts on: "Chrome on macOS, San Francisco, CA, US"."""
    return speech.joined(part for part in (name_of(row, speech), _place(row, speech)) if part)


def row_view(listed: SessionList, row: Row, speech: Speech) -> RowView:
    """The row for the template."""
    is_consent, began_at = isinstance(row, Consent), _began(row)
    name, place = name_of(row, speech), _place(row, speech)
    masked = speech.address(row.last_from.masked_ip) if row.last_from else ""
    last_at = row.last_at
    soon = row.expires_at - speech.now <= SOON
    flags = listed.flags.get(row.id, ())
    return RowView(
        id=row.id, name=name, full_name=full_name(row, speech),
        app_type=row.app_type.value, app_label=speech.say(APP_LABELS[row.app_type]),
        type_label=speech.say(TYPE_LABELS[row.session_type]), icon=_icon(row),
        logo=row.logo if isinstance(row, Consent) else None, monogram=name[:2],
        is_current=row.id == listed.current_id, is_consent=is_consent, began=_time(began_at, speech.day(began_at), speech),
        place=place, place_key=place_key(row), has_origin=row.last_from is not None,
        prefix=masked.removesuffix(HIDDEN), is_hidden=masked.endswith(HIDDEN),
        strip=strip(row.days, began_at, last_at or began_at, speech),
        last=_time(last_at, speech.ago(last_at), speech) if last_at else None,
        is_now=last_at is not None and speech.now - last_at < timedelta(minutes=1),
        expires=_time(row.expires_at, speech.day(row.expires_at), speech),
        expires_soon=speech.until(row.expires_at) if soon else "",
        flags=tuple(
            FlagView(flag_name(flag, speech), flag_sentence(flag, row, speech), flag.kind is FlagKind.UNUSED)
            for flag in flags
        ),
        has_unfamiliar_place=any(flag.kind is FlagKind.UNFAMILIAR_LOCATION for flag in flags),
        details=_details(row, speech),
        description=row.client_description if isinstance(row, Consent) else "",
        scopes=tuple((speech.say(text), strong) for text, strong in in_words(row.allowed)) if isinstance(row, Consent) else (),
        signed_resources=row.signed_resources,
        keeps=_keeps(row, speech),
    )  # fmt: skip


def displayed(row: Row, speech: Speech) -> str:
    """The words that the row shows, for search: nothing hidden can be found (D22)."""
    shown = [name_of(row, speech)]
    shown += [speech.say(APP_LABELS[row.app_type]), speech.say(TYPE_LABELS[row.session_type])]
    if row.last_from is not None:
        shown += [speech.place(location_of(row)), speech.address(row.last_from.masked_ip)]
    if isinstance(row, Consent):
        shown.append(row.client_description)
    return " ".join(shown)


def _keeps(row: Row, speech: Speech) -> tuple[KeepView, ...]:
    """What can be taken back from a connected app; nothing, where it could do without none of it."""
    if not isinstance(row, Consent) or NEEDED.issuperset(row.allowed):
        return ()
    said = zip(row.allowed, in_words(row.allowed), strict=True)
    return tuple(KeepView(scope, speech.say(text), scope in NEEDED) for scope, (text, _) in said)


def _place(row: Row, speech: Speech) -> str:
    return speech.place(location_of(row)) if row.last_from else ""


def _began(row: Row) -> datetime:
    return row.consented_at if isinstance(row, Consent) else row.began_at


def _time(at: datetime, text: str, speech: Speech) -> TimeView:
    return TimeView(text, speech.exact(at), speech.machine(at))


def _icon(row: Row) -> str:
    if isinstance(row, Consent):
        return "app"
    by_type = {AppType.SYNC: "sync", AppType.ADMIN: "admin"}
    by_kind = {DeviceKind.PHONE: "phone", DeviceKind.TABLET: "tablet"}
    return by_type.get(row.app_type) or by_kind.get(row.device.kind, "laptop")


def _details(row: Row, speech: Speech) -> tuple[tuple[str, str], ...]:
    last = speech.exact(row.last_at) if row.last_at else speech.say("Never used")
    ends = speech.say("{when}, unless it is used before", when=speech.exact(row.expires_at))
    kind = (speech.say("Session type"), speech.say(TYPE_LABELS[row.session_type]))
    tail = [(speech.say("Last activity"), last), (speech.say("Expires"), ends)]
    if isinstance(row, Consent):
        head = [kind, (speech.say("Consented at"), speech.exact(row.consented_at))]
        if row.changed_at:
            head.append((speech.say("Permissions changed"), speech.exact(row.changed_at)))
        if row.tokens > 1:
            head.append((speech.say("Access given"), speech.count("{n} time", "{n} times", row.tokens)))
        return (*head, *tail, (speech.say("Reference"), row.id))
    return _session_details(row, speech, kind, tail)


def _session_details(
    row: Session, speech: Speech, kind: tuple[str, str], tail: list[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    how = began = speech.exact(row.began_at)
    if "password" in row.factors:  # not where an app has vouched: nothing was proved here
        how = speech.say("{when}, with password", when=began)
    found = [kind, (speech.say("Signed in"), how)]
    found.append((speech.say("Place of sign-in"), speech.place(row.began_from.location)))
    found.append(tail[0])
    if row.last_device is not None and row.last_device.name != row.device.name:
        found.append((speech.say("Last used with"), speech.device(row.last_device.name)))
    found += tail[1:]
    if row.is_shared_computer:
        found.append((speech.say("Computer"), speech.say("Public or shared: ends after an hour without use")))
    if row.device.software:
        found.append((speech.say("Software"), speech.device(row.device.software)))
    return (*found, (speech.say("Reference"), row.id))
