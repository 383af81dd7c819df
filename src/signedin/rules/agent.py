"""What a request calls the program that sent it: its User-Agent, as far as anything is read in it.

It is whatever somebody chose to send. Read alike by the service and by client libraries in other apps, so that what is
not read is neither carried nor kept.
"""

from __future__ import annotations

from functools import lru_cache

LONGEST_AGENT = 500
"""What is longer is not read. A report of a thousand uses with agents of that length still is of a size that is taken."""
_NEVER_IN_ONE = frozenset('"\\')
"""What no browser says, and what would make a report twice as long as it looks."""


def plain_agent(said: str) -> str:
    r"""The agent, or nothing when it is missing, too long, or of other characters than those of agents.

    On the path of every request: of those that were met lately it is a look-up, and each is kept once.

    >>> plain_agent("curl/8.5.0"), plain_agent("curl\x1b[2J"), plain_agent("x" * 501)
    ('curl/8.5.0', '', '')
    """
    return _plain(said) if len(said) <= LONGEST_AGENT else ""


@lru_cache(maxsize=2048)
def _plain(said: str) -> str:
    return said if said.isascii() and said.isprintable() and _NEVER_IN_ONE.isdisjoint(said) else ""
