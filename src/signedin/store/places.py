"""Where an address is (an MMDB file): GeoLite2 or GeoIP2 City, DB-IP City Lite, IPinfo Lite."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache, partial
from math import isfinite
from pathlib import Path
from typing import Any, TypeGuard

import maxminddb

from signedin.rules.location import (
    LOCAL,
    UNKNOWN,
    Location,
    LocationKind,
    is_local_address,
    normalise_address,
)
from signedin.rules.regions import region_code
from signedin.rules.wording import Wording, worded

BROKEN = (
    *(maxminddb.InvalidDatabaseError, RecursionError, OSError, ValueError, TypeError, LookupError),
    *(ArithmeticError, AttributeError, MemoryError, struct.error),
)
"""What reading a damaged file may raise."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """What the licence of a place file asks to be said on pages that show places."""

    text: str
    url: str


_ATTRIBUTIONS = {
    "DBIP-": Attribution("IP geolocation by DB-IP", "https://db-ip.com"),
    "GeoLite2-": Attribution("Includes GeoLite2 data created by MaxMind", "https://www.maxmind.com"),
    "ipinfo": Attribution("IP address data powered by IPinfo", "https://ipinfo.io"),
}


@dataclass(frozen=True, slots=True)
class _Opened:
    """What was found at the path at one moment: a file that can be read, or the problem with it."""

    stamp: tuple[int, int, int] | None = None
    find: Callable[[str], Location] | None = None
    database_type: str = ""
    built_at: datetime | None = None
    problem: str | None = None


@dataclass
class Places:
    """Places by address, from a file that may be missing, broken or replaced while it is in use.

    Trouble with the file is told by `problem` and makes places unknown; it never stops a request. Whether the
    file is another one by now is seen before each use (one stat).
    """

    path: Path | None = None
    _opened: _Opened = field(default_factory=_Opened, repr=False)

    def locate(self, address: str) -> Location:
        """Where this address is; local ones are never looked up (R7, D25)."""
        known = normalise_address(address)
        if known is None:
            return UNKNOWN
        if is_local_address(known):
            return LOCAL
        return self._look_up(self._current(), known)

    @property
    def problem(self) -> str | None:
        """One sentence about what is wrong with the file, or `None`. No file named is no problem."""
        return self._current().problem

    @property
    def attribution(self) -> Attribution | None:
        """What must be said on pages that show places, by the kind of file."""
        kind = self._current().database_type
        return next((said for start, said in _ATTRIBUTIONS.items() if kind.startswith(start)), None)

    def age_days(self, now: datetime) -> int | None:
        """Whole days since the file was built, if it can be read."""
        built_at = self._current().built_at
        return None if built_at is None else max(0, (now - built_at).days)

    def describe(self) -> dict[str, str | None]:
        """What `signedin geo status` shows."""
        opened = self._current()
        attribution = self.attribution
        return {
            "path": str(self.path) if self.path else None,
            "database_type": opened.database_type or None,
            "built_at": opened.built_at.isoformat() if opened.built_at else None,
            "attribution": attribution.text if attribution else None,
            "problem": opened.problem,
        }

    def _look_up(self, opened: _Opened, address: str) -> Location:
        if opened.find is None:
            return UNKNOWN
        try:
            return opened.find(address)
        except BROKEN:
            self._opened = _Opened(opened.stamp, problem=_damaged(self.path))
            return UNKNOWN

    def _current(self) -> _Opened:
        opened = self._opened
        if self.path is not None:
            stamp = _stamp(self.path)
            if stamp is None or stamp != opened.stamp:
                self._opened = opened = _open(self.path, stamp)
        return opened


def open_places(path: Path) -> maxminddb.Reader:
    """Opens a place file so that no damage to it can end the process.

    Mapping it would (a cut file is a bus error), and so would the reader in C (flipped bytes made it crash):
    hence plain reads by the reader in Python, and the answers are kept.

    Raises: one of `BROKEN`.
    """
    return maxminddb.open_database(path, maxminddb.MODE_FILE)


def location_in(record: Mapping[str, Any]) -> Location:
    """The place a record tells of, in any of the three shapes; what is missing or odd is left out."""
    country = _country(record)
    city = _text(_name(record.get("city")))
    region = _region(record, country or "")
    if not (city or region or country):
        return UNKNOWN
    latitude, longitude = _spot(record)
    town = re.sub(r"\s*\([^)]*\)$", "", city)  # DB-IP adds the quarter: "Berlin (Mitte)"
    return Location(town or None, region, country, latitude, longitude, LocationKind.KNOWN)


def _country(record: Mapping[str, Any]) -> str | None:
    found = record.get("country")
    code = found.get("iso_code") if isinstance(found, dict) else record.get("country_code", found)
    return code if isinstance(code, str) and re.fullmatch(r"[A-Z]{2}", code) else None


def _region(record: Mapping[str, Any], country: str) -> str | None:
    """The region's code: the database's own, else by its name (D26), else the name."""
    subdivisions = record.get("subdivisions")
    found = subdivisions[0] if isinstance(subdivisions, list) and subdivisions else record.get("region")
    code = found.get("iso_code") if isinstance(found, dict) else None
    name = _text(_name(found))
    return _text(code) or region_code(country, name) or name or None


def _spot(record: Mapping[str, Any]) -> tuple[float | None, float | None]:
    found = record.get("location")
    place = found if isinstance(found, dict) else record
    latitude, longitude = place.get("latitude"), place.get("longitude")
    if _is_degree(latitude, 90) and _is_degree(longitude, 180):
        return float(latitude), float(longitude)
    return None, None


def _is_degree(found: object, greatest: int) -> TypeGuard[float]:
    return isinstance(found, int | float) and isfinite(found) and abs(found) <= greatest


def _name(found: object) -> object:
    names = found.get("names") if isinstance(found, dict) else found
    return names.get("en") if isinstance(names, dict) else names


def _text(found: object) -> str:
    return "".join(c for c in found if c.isprintable()).strip()[:80] if isinstance(found, str) else ""


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _open(path: Path, stamp: tuple[int, int, int] | None) -> _Opened:
    if stamp is None:
        return _Opened(problem=worded("{file} is missing or cannot be read.", file=_named(path)))
    try:
        reader = open_places(path)
        built_at = datetime.fromtimestamp(reader.metadata().build_epoch, UTC)
        database_type = str(reader.metadata().database_type)
        find = lru_cache(maxsize=4096)(partial(_find, reader))
        find("203.0.113.1")
    except PermissionError:
        return _Opened(stamp, problem=worded("{file} may not be read by this user.", file=_named(path)))
    except BROKEN:
        return _Opened(stamp, problem=_damaged(path))
    return _Opened(stamp, find, database_type, built_at)


def _find(reader: maxminddb.Reader, address: str) -> Location:
    if ":" in address and reader.metadata().ip_version == 4:
        return UNKNOWN
    record = reader.get(address)
    return location_in(record) if isinstance(record, dict) else UNKNOWN


def _damaged(path: Path | None) -> str:
    return worded("{file} is damaged or is no MMDB file.", file=_named(path))


def _named(path: Path | None) -> Wording:
    return worded("The place file {path}", path=path)
