"""Where the person is whose request an app got: as the outermost proxy of one's own saw it."""

from __future__ import annotations


def where(peer: str, forwarded_for: str, proxies: int) -> str:
    """The address, of a chain that `proxies` of one's own have reported to; never what the client says.

    >>> where("10.0.0.1", "6.6.6.6, 203.0.113.9", 1), where("203.0.113.9", "6.6.6.6", 0), where("10.0.0.1", "", 1)
    ('203.0.113.9', '203.0.113.9', '10.0.0.1')
    """
    if not proxies:
        return peer
    hops = [hop.strip() for hop in forwarded_for.split(",")] if forwarded_for else []
    return hops[-proxies] if len(hops) >= proxies else peer
