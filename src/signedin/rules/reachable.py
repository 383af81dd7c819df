"""Which addresses a server may call by itself: the open internet's, and those that its operator has named (attack 14)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Networks = Iterable[IPv4Network | IPv6Network]
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as NAT64 writes them (RFC 6052)."""
_ALSO_WALLED = (IPv4Network("192.0.0.0/24"), IPv6Network("64:ff9b:1::/48"))
"""What older Pythons take for the open internet; a cloud answers at 192.0.0.192 about its own machines."""


def may_be_called(address: str, named: Networks) -> bool:
    """Whether an address that a name led to may be called.

    What holds an IPv4 address within itself is judged by that one.

    >>> may_be_called("93.184.216.34", ()), may_be_called("169.254.169.254", ()), may_be_called("::ffff:10.0.0.1", ())
    (True, False, False)
    >>> may_be_called("10.0.0.1", [IPv4Network("10.0.0.0/8")])
    True
    """
    try:
        meant = _meant(ip_address(address))
    except ValueError:
        return False
    if any(meant in network for network in named):
        return True
    return meant.is_global and not meant.is_multicast and not any(meant in each for each in _ALSO_WALLED)


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address
