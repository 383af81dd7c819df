"""Pages of a list for programs: how long one is, and the sealed cursor that says where the next begins."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from hmac import compare_digest
from typing import TypeVar

from signedin.actions.means import Means
from signedin.actions.seal import seal
from signedin.api.asking import Ask
from signedin.rules import errors

LARGEST_PAGE = 200
T = TypeVar("T")


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


def of_question(purpose: str, *asked: str) -> str:
    """The purpose of cursors that are good for one question alone: whose list, with which filters, in which order."""
    return json.dumps([purpose, *asked])


def cursor(means: Means, purpose: str, place: str) -> str:
    """What leads to the page after that place of a list; opaque, and only good for that purpose."""
    return urlsafe_b64encode(place.encode()).decode() + "." + seal(means, purpose, place)


def place_of(means: Means, purpose: str, ask: Ask) -> str | None:
    """The place after which the page that is asked for begins, or `None` for the first page.

    Raises:
        InvalidInput: the cursor was not given out here, or for another list or other filters.
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
        raise errors.InvalidInput(
            "This cursor was not given out for this list with these filters.", field="cursor",
            hint="Ask with the filters that it was given out for, or begin without a cursor.",
        )  # fmt: skip
    return place


def page_of(
    means: Means, purpose: str, ask: Ask, rows: Sequence[T], order: Callable[[T], tuple[float | str, ...]]
) -> tuple[Sequence[T], str | None]:
    """The rows after the cursor, wherever its own row is by now, and the cursor of the next page.

    Raises:
        InvalidInput: limit or cursor are none.
    """
    place, limit = place_of(means, purpose, ask), limit_of(ask, 100)
    rest = rows if place is None else [row for row in rows if order(row) > tuple(json.loads(place))]
    page = rest[:limit]
    if len(rest) <= limit:
        return page, None
    return page, cursor(means, purpose, json.dumps(order(page[-1])))
