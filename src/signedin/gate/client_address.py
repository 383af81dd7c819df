"""Whose request it is: the client's address, through the configured trusted proxies and no others (R12)."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from signedin.gate.credentials import Headers
from signedin.rules.location import normalise_address

Networks = Sequence[IPv4Network | IPv6Network]


def client_address(peer: str | None, headers: Headers, trusted: Networks) -> str:
    """The address the request really came from, as text; a forged X-Forwarded-For changes nothing.

    From the right, each hop is believed as long as the one who reported it is a trusted proxy.
    """
    address = normalise_address(peer or "") or ""
    if not trusted or not is_trusted(address, trusted):
        return address
    for hop in reversed(_forwarded(headers)):
        reported = normalise_address(hop)
        if reported is None:
            return address
        address = reported
        if not is_trusted(address, trusted):
            return address
    return address


def is_trusted(address: str, trusted: Networks) -> bool:
    """Whether the address is one of a trusted proxy."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    return any(parsed.version == network.version and parsed in network for network in trusted)


def _forwarded(headers: Headers) -> list[str]:
    lines = [value.decode("latin-1") for key, value in headers if key == b"x-forwarded-for"]
    return [hop.strip() for hop in ",".join(lines).split(",") if hop.strip()][-32:]
