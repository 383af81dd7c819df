"""What makes a session look unfamiliar, said as a reason: "worth a look", never "suspicious"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from signedin.rules.consent import Consent
from signedin.rules.location import Location, LocationKind, distance_km
from signedin.rules.session import Noticed, Session, Sign

UNUSED_AFTER = timedelta(days=21)


class FlagKind(StrEnum):
    """Why a row is worth a look (design: three flags)."""

    UNFAMILIAR_LOCATION = "unfamiliar_location"
    NEW_DEVICE = "new_device"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason to look at a row, with what a sentence about it needs."""

    kind: FlagKind
    at: datetime
    noticed: Noticed | None = None


@dataclass(frozen=True, slots=True)
class SeenBefore:
    """What an account's earlier sign-ins tell a new one: places that are its own, and where it was last."""

    is_first_sign_in: bool
    is_known_browser: bool
    familiar_places: frozenset[str]
    last_location: Location | None = None
    last_at: datetime | None = None


def notice(location: Location, before: SeenBefore) -> tuple[Noticed, ...]:
    """What is to be noticed about a sign-in from `location`; an account's first sign-in raises nothing.

    A known browser raises no "new device" (D35). A place nobody knows, and the local network, are never
    unfamiliar: nothing can be said about them (R76).
    """
    if before.is_first_sign_in:
        return ()
    familiar = location.place_key in before.familiar_places
    noticed: list[Noticed] = []
    if location.kind is LocationKind.KNOWN and before.familiar_places and not familiar:
        noticed.append(_unfamiliar(location, before))
    if not before.is_known_browser:
        known = familiar and location.kind is LocationKind.KNOWN
        noticed.append(Noticed(Sign.NEW_DEVICE, place_is_familiar=known))
    return tuple(noticed)


def _unfamiliar(location: Location, before: SeenBefore) -> Noticed:
    last = before.last_location
    if last is None or last.kind is not LocationKind.KNOWN:
        return Noticed(Sign.UNFAMILIAR_LOCATION)
    return Noticed(
        Sign.UNFAMILIAR_LOCATION,
        earlier_place=last.city or last.label,
        earlier_at=before.last_at,
        distance_km=round(distance_km(location, last) or 0),
    )


def flags_of(row: Session | Consent, now: datetime) -> tuple[Flag, ...]:
    """The flags a row carries now; what the person has recognised is not raised again."""
    if isinstance(row, Consent):
        return ()
    flags = [_flag(noticed, row) for noticed in row.noticed if noticed.sign.value not in row.recognised]
    if now - row.last_at >= UNUSED_AFTER and not (row.recognised_at and row.recognised_at >= row.last_at):
        flags.append(Flag(FlagKind.UNUSED, row.last_at))
    return tuple(flags)


def _flag(noticed: Noticed, row: Session) -> Flag:
    return Flag(FlagKind(noticed.sign.value), row.began_at, noticed)


def worth_a_look(rows: Sequence[Session | Consent], now: datetime) -> dict[str, tuple[Flag, ...]]:
    """The flags of every row that has one, by the row's id."""
    flagged = ((row.id, flags_of(row, now)) for row in rows)
    return {row_id: flags for row_id, flags in flagged if flags}
