"""Networks as operators ask for them: as far as addresses are kept in the open, and no further (R9, R10, D22).

Of an IPv4 address the last part is sealed, of an IPv6 address all but the first 48 bits: nobody, and no operator,
can ask for less than that.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from signedin.rules.errors import InvalidInput
from signedin.rules.location import HIDDEN, mask_address
from signedin.rules.wording import marked as _
from signedin.rules.wording import worded

_MOST_PARTS = 256
_SIX_TO_FOUR = IPv6Network("2002::/16")
_MASKED = re.compile(
    r"((?:\d{1,3}\.){2}\d{1,3}|[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){2})[.:](?:•••|\*{1,3}|x{1,3})?", re.IGNORECASE
)
LONGEST_NETWORK = 60


def network_named(text: str) -> str:
    """The network that is meant, in one spelling.

    >>> network_named("203.0.113.77/24"), network_named("203.0.113.•••"), network_named("2001:DB8::/32")
    ('203.0.113.0/24', '203.0.113.0/24', '2001:db8::/32')

    Raises:
        InvalidInput: it is none, or finer than what is kept in the open.
    """
    text = text.strip()
    try:
        network = _masked(text) or ip_network(
            text[:LONGEST_NETWORK] if "/" in text else f"{ip_address(text)}", strict=False
        )
    except ValueError:
        raise InvalidInput(
            _("This is no network."),
            field="network",
            hint=_("Write it like 203.0.113.0/24 or 2001:db8:85a3::/48."),
        ) from None
    _refuse_too_fine(network)
    least = 8 if network.version == 4 else 16
    if network.prefixlen < least or _parts(network) > _MOST_PARTS:
        raise InvalidInput(
            _("This network is too wide."), field="network",
            hint=_("Write it as a /8 or finer, in IPv6 as a /16, /32 or /40 and finer."),
        )  # fmt: skip
    return str(network)


@lru_cache(maxsize=64)
def masks_of(network: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """How the addresses of a network are shown: whole masked addresses, and how others begin.

    >>> masks_of("203.0.113.0/24"), masks_of("203.0.0.0/16")
    ((frozenset({'203.0.113.•••'}), ()), (frozenset(), ('203.0.',)))
    """
    wide = ip_network(network)
    parts = [str(each.network_address) for each in wide.subnets(new_prefix=_step(wide))]
    if _step(wide) == (24 if wide.version == 4 else 48):
        return frozenset(map(mask_address, parts)), ()
    return frozenset(), tuple(_beginning(each, _step(wide)) for each in parts)


def _masked(text: str) -> IPv4Network | IPv6Network | None:
    """What the masked form of an address stands for."""
    found = _MASKED.fullmatch(text)
    if found is None:
        return None
    return ip_network(f"{found[1]}.0/24" if "." in found[1] else f"{found[1]}::/48")


def _refuse_too_fine(network: IPv4Network | IPv6Network) -> None:
    finest = 24 if network.version == 4 else 48
    if isinstance(network, IPv6Network) and network.subnet_of(_SIX_TO_FOUR):
        finest = 32  # spells an IPv4 address, of which less is shown
    if network.prefixlen > finest:
        wider = network.supernet(new_prefix=finest)
        raise InvalidInput(
            _("Only the first part of an address is kept in the open; a finer network cannot be asked for."),
            field="network", hint=worded("If the whole network is meant, write {network}.", network=wider),
        )  # fmt: skip


def _step(network: IPv4Network | IPv6Network) -> int:
    """Up to where the parts reach that are shown one by one."""
    unit = 8 if network.version == 4 else 16
    return -(-network.prefixlen // unit) * unit


def _parts(network: IPv4Network | IPv6Network) -> int:
    return 1 << (_step(network) - network.prefixlen)


def _beginning(address: str, step: int) -> str:
    """How an address of that part is shown at its beginning."""
    shown = mask_address(address).removesuffix(HIDDEN)
    mark, many = (".", step // 8) if "." in shown else (":", step // 16)
    return mark.join(shown.split(mark)[:many]) + mark
