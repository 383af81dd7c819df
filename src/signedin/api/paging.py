"""Pages of a list for programs: how long one is, and the sealed cursor that says where the next begins."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest

from signedin.actions.means import Means
from signedin.actions.seal import seal
from signedin.api.asking import Ask
from signedin.rules import errors

LARGEST_PAGE = 200


def limit_of(ask: Ask, usual: int) -> int:
    """How many items are asked for.

    Raises:
        InvalidInput: it is no number from 1 to `LARGEST_PAGE`.
    """
    text = ask.query_params.get("limit", str(usual))
    is_number = text.isascii() and text.isdigit() and len(text) <= 3
    if not (is_number and 1 <= int(text) <= LARGEST_PAGE):
        raise errors.InvalidInput(f"The limit is a number from 1 to {LARGEST_PAGE}.", field="limit")
    return int(text)


def cursor(means: Means, purpose: str, place: str) -> str:
    """What leads to the page after that place of a list; opaque, and only good for that list."""
    return urlsafe_b64encode(place.encode()).decode() + "." + seal(means, purpose, place)


def place_of(means: Means, purpose: str, ask: Ask) -> str | None:
    """The place after which the page that is asked for begins, or `None` for the first page.

    Raises:
        InvalidInput: the cursor was not given out here, or for another list.
    """
    said = ask.query_params.get("cursor")
    if said is None:
        return None
    body, _, mark = said[:500].rpartition(".")
    try:
        place = urlsafe_b64decode(body.encode()).decode()
    except ValueError:
        place = ""
    if not place or not compare_digest(seal(means, purpose, place).encode(), mark.encode()):
        raise errors.InvalidInput("This cursor was not given out here.", field="cursor")
    return place
