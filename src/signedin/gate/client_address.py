"""Whose request it is: the client's address, through the configured trusted proxies and no others (R12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from signedin.rules.location import normalise_address
from signedin.rules.sent import Headers

Networks = Sequence[IPv4Network | IPv6Network]

FORWARDED_FOR = b"x-forwarded-for"
LONGEST_KEPT = 200
"""A chain of a few proxies; a longer one is read anew each time, so that nobody fills the memory."""
LONGEST_ADDRESS = 100
"""An IPv6 address with brackets, a zone and a port; what is longer is no address."""


def client_address(peer: str | None, headers: Headers, trusted: Networks) -> str:
    """The address the request really came from, as text; a forged X-Forwarded-For changes nothing.

    From the right, each hop is believed as long as the one who reported it is a trusted proxy.
    """
    address, parsed = _read(peer or "")
    for hop in reversed(_forwarded(headers) if trusted else ()):
        if not _is_within(parsed, trusted):
            break
        reported, reported_as = _read(hop)
        if reported_as is None:
            break
        address, parsed = reported, reported_as
    return address


def reader(trusted: Networks, most: int = 4096) -> Callable[[str | None, bytes], str]:
    """`client_address` for these proxies, kept for those who came lately: a hot path reads the same few again.

    It is asked with X-Forwarded-For as one line, which is what `forwarded_line` makes of headers.
    """

    def anew(peer: str | None, line: bytes) -> str:
        return client_address(peer, [(FORWARDED_FOR, line)], trusted)

    kept = lru_cache(most)(anew)

    def read(peer: str | None, line: bytes) -> str:
        return kept(peer, line) if len(line) <= LONGEST_KEPT else anew(peer, line)

    return read


def forwarded_line(headers: Headers) -> bytes:
    """All that X-Forwarded-For says, in one line: several headers of that name mean the same as one with commas."""
    return b",".join([value for key, value in headers if key == FORWARDED_FOR])


def _read(text: str) -> tuple[str, IPv4Address | IPv6Address | None]:
    """An address as it is written, and as a number."""
    return _read_once(text) if len(text) <= LONGEST_ADDRESS else ("", None)


@lru_cache(maxsize=4096)
def _read_once(text: str) -> tuple[str, IPv4Address | IPv6Address | None]:
    """Kept, because the same few proxies and people are read at every request and reading takes its time."""
    normalised = normalise_address(text)
    return (normalised, ip_address(normalised)) if normalised else ("", None)


def _is_within(parsed: IPv4Address | IPv6Address | None, trusted: Networks) -> bool:
    return parsed is not None and any(
        parsed.version == network.version and parsed in network for network in trusted
    )


def _forwarded(headers: Headers) -> list[str]:
    lines = [value.decode("latin-1") for key, value in headers if key == FORWARDED_FOR]
    return [hop for hop in (each.strip(" \t") for each in ",".join(lines).split(",")) if hop][-32:]
