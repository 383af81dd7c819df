"""What every door is given: the means of the actions, the names of our cookies, our own address."""

from __future__ import annotations

from dataclasses import dataclass

from signedin.actions.means import Means
from signedin.rules.sent import CookieNames


@dataclass(frozen=True, slots=True)
class Kept:
    """The same for every request."""

    means: Means
    names: CookieNames
    base_url: str
