"""
"San Francisco, CA, US" and "192.168.1.•••".

A place as people say it, and an address as it may be shown.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from math import asin, cos, radians, sin, sqrt

from signedin.rules.wording import marked as _

HIDDEN = "\u2022" * 3
UNKNOWN_ADDRESS = _("Unknown")
COUNTRIES_WITH_REGIONS = frozenset({"AU", "BR", "CA", "IN", "MX", "US"})
"""Where people name the region with the city (D26); `regions.py` has its codes."""

_EARTH_KM = 6371.0088
_LONGEST_ADDRESS = 100
_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]*)\](?::\d{1,5})?|(?P<v4>[0-9.]+):\d{1,5}")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_LOCAL: tuple[IPv4Network | IPv6Network, ...] = tuple(
    ip_network(network)
    for network in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fe80::/10",
        "fc00::/7",
    )
)
"""Listed one by one: Python's `is_private` also holds the documentation ranges, which are places."""


class LocationKind(StrEnum):
    """Whether a place is known, is the local network, or cannot be known (D25)."""

    KNOWN = "known"
    LOCAL = "local"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Location:
    """A place on earth, as far as it is known. `country` is ISO 3166-1 alpha-2, degrees are decimal."""

    city: str | None = None
    region: str | None = None
    country: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    kind: LocationKind = LocationKind.KNOWN

    @property
    def label(self) -> str:
        """The place in full (R7). The region stands where people use it (D26).

        >>> Location("San Francisco", "CA", "US").label, Location("Dublin", "L", "IE").label
        ('San Francisco, CA, US', 'Dublin, IE')
        >>> LOCAL.label, UNKNOWN.label
        ('Local network', 'Unknown location')
        """
        return self._said(self.city, self._region_said, self.country)

    @property
    def short(self) -> str:
        """City and country only.

        >>> Location("San Francisco", "CA", "US").short
        'San Francisco, US'
        """
        return self._said(self.city, self.country)

    @property
    def place_key(self) -> str:
        """What is equal for equal places, in links, groups and the places an account is used to.

        >>> Location("São Paulo", "SP", "BR").place_key, Location("Dublin", "L", "IE").place_key
        ('sao-paulo-sp-br', 'dublin-ie')
        >>> LOCAL.place_key, UNKNOWN.place_key
        ('local', 'unknown')
        """
        if self.kind is not LocationKind.KNOWN:
            return self.kind.value
        return _slug(" ".join(part for part in (self.city, self._region_said, self.country) if part))

    @property
    def _region_said(self) -> str | None:
        return self.region if self.country in COUNTRIES_WITH_REGIONS else None

    def _said(self, *parts: str | None) -> str:
        if self.kind is LocationKind.LOCAL:
            return _("Local network")
        known = ", ".join(part for part in parts if part)
        return known if known and self.kind is LocationKind.KNOWN else _("Unknown location")


LOCAL = Location(kind=LocationKind.LOCAL)
UNKNOWN = Location(kind=LocationKind.UNKNOWN)


def mask_address(address: str) -> str:
    """The address as it may be shown (R9, R10, D6): IPv4 without its last octet, IPv6 as its /48.

    >>> mask_address("192.168.1.77"), mask_address("192.168.1.7")
    ('192.168.1.•••', '192.168.1.•••')
    >>> mask_address("2001:db8:85a3:8d3:1319:8a2e:370:7348"), mask_address("::ffff:192.168.1.7")
    ('2001:db8:85a3:•••', '192.168.1.•••')
    >>> mask_address("nonsense")
    'Unknown'
    """
    parsed = _parsed(address)
    if parsed is None:
        return UNKNOWN_ADDRESS
    if isinstance(parsed, IPv4Address):
        return f"{str(parsed).rpartition('.')[0]}.{HIDDEN}"
    # A 6to4 address spells a whole IPv4 address in its first 48 bits, so less of it may be shown. The other
    # ways to embed one put its last octet behind the first 48 bits (RFC 6052, RFC 4380, RFC 5214).
    shown = 2 if parsed in _SIX_TO_FOUR else 3
    groups = [f"{int(group, 16):x}" for group in parsed.exploded.split(":")[:shown]]
    return ":".join([*groups, HIDDEN])


def normalise_address(text: str) -> str | None:
    """The one way to write this address, or `None` when it is none.

    Zone ids, brackets and ports are dropped, an IPv4-mapped address is the IPv4 one.

    >>> normalise_address("[2001:DB8::0001%eth0]:443"), normalise_address("::ffff:203.0.113.9")
    ('2001:db8::1', '203.0.113.9')
    """
    parsed = _parsed(text)
    return None if parsed is None else str(parsed)


def is_local_address(address: str) -> bool:
    """Whether it belongs to a private network, this machine, or a carrier's inner network (R7, D25).

    >>> is_local_address("192.168.1.7"), is_local_address("203.0.113.9")
    (True, False)
    """
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in _LOCAL)


def distance_km(one: Location, other: Location) -> float | None:
    """The way over ground between two places (haversine), or `None` where either has no spot on the map.

    >>> lisbon = Location("Lisbon", None, "PT", 38.72, -9.14)
    >>> round(distance_km(Location("Berlin", None, "DE", 52.52, 13.41), lisbon))
    2313
    """
    here, there = _spot(one), _spot(other)
    if here is None or there is None:
        return None
    (latitude, longitude), (other_latitude, other_longitude) = here, there
    half = sin((other_latitude - latitude) / 2) ** 2
    half += cos(latitude) * cos(other_latitude) * sin((other_longitude - longitude) / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(min(1.0, half)))


def _spot(location: Location) -> tuple[float, float] | None:
    if location.latitude is None or location.longitude is None:
        return None
    return radians(location.latitude), radians(location.longitude)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    if len(text) > _LONGEST_ADDRESS:
        return None
    text = text.strip()
    if match := _WITH_PORT.fullmatch(text):
        text = match["v6"] if match["v6"] is not None else match["v4"]
    try:
        parsed = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        return parsed.ipv4_mapped
    return parsed


def _slug(text: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return "-".join(re.findall(r"\w+", plain)) or "unknown"
