"""What is told of a call beside its code, where the code stands: who may make it, what goes in, out and wrong.

`server/openapi.py` makes the description of the whole API of it; `tests/api` holds it true.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from signedin.api.paging import LARGEST_PAGE
from signedin.rules.errors import Refused
from signedin.rules.event import EventKind
from signedin.rules.feed import LARGEST_NUMBER
from signedin.rules.history import KINDS
from signedin.rules.session import AppType
from signedin.rules.session_list import LONGEST_WORDS, Sort

CALL = "call"
"""Under this name a route's `opt` holds its `Call`."""


class Caller(StrEnum):
    """Who may make a call: a person, by a session or by a key with the scope; a session alone; an app; anybody.

    `OPERATOR` is an operator by an Admin session, or an app by a service key with the scope, where there is one.
    `CHECKED` is whoever is asked about: a session, by the cookie of another host too, or a key that holds what the
    question names.
    """

    PERSON = "person"
    SESSION = "session"
    SERVICE = "service"
    OPERATOR = "operator"
    ANYBODY = "anybody"
    CHECKED = "checked"


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it is described.

    `takes` and `gives` are the shapes of body and answer; no `gives` is a 204, and text is told by its media type.
    `also_status` is that of the same answer where nothing new was made. `refuses` are the refusals beyond those that every call of its kind can meet. `leads_to` names the calls that
    take an id of this answer: (which call, as which of its parameters, where it stands in the answer).
    """

    by: Caller
    scope: str = ""
    query: tuple[str, ...] = ()
    takes: Any = None
    gives: Any = None
    status: int = 200
    also_status: int | None = None
    refuses: tuple[type[Refused], ...] = ()
    headers: tuple[str, ...] = ()
    leads_to: tuple[tuple[str, str, str], ...] = ()
    media_type: str = "application/json"


def described(call: Call) -> dict[str, Any]:
    """The `opt` of a route with this call."""
    return {CALL: call}


def _text(sentence: str, **schema: Any) -> dict[str, Any]:
    return {"description": sentence, "schema": {"type": "string", **schema}}


HISTORY_KINDS = ("all", *KINDS, *(each.value for each in EventKind))
"""What of a history can be asked for: all, a filter of the page, or events of one name."""

QUERY: dict[str, dict[str, Any]] = {
    "type": _text("Only rows of this app type.", enum=["all", *(each.value for each in AppType)], default="all"),
    "kind": _text(
        "Only what a filter of Settings > Activity shows (`in`, `ended`, `fail`, `consent`, `key`), or only events of this name.",
        enum=list(HISTORY_KINDS), default="all",
    ),
    "q": _text("Only what shows these words; of accounts what begins with them.", maxLength=LONGEST_WORDS, examples=["firefox"]),
    "sort": _text("The order.", enum=[each.value for each in Sort], default=Sort.RECENT.value),
    "cursor": _text("Where the page begins: `next_cursor` of the one before.", maxLength=500),
    "limit": {
        "description": "How many items at most.",
        "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE},
    },
    "except": _text("`current`: the session that asks stays.", enum=["current"]),
    "client": _text("Only accounts that use this connected app, by its client id.", maxLength=LONGEST_WORDS),
    "email": _text("Only the account that this address signs in to.", maxLength=254),
    "reason": _text("Stands in the history of the account.", maxLength=500),
    "after": {
        "description": "The number of the last ending that is known.", "required": True,
        "schema": {"type": "integer", "minimum": 0, "maximum": LARGEST_NUMBER},
    },
    "app_type": _text(
        "The app types that are let in, with commas between.", default="web",
        pattern="^(?:web|admin|sync|mobile)(?:,(?:web|admin|sync|mobile))*$",
    ),
    "scope": _text("What a key has to hold; a session passes without.", examples=["sessions:read"]),
    "resource": _text(
        "With a scope: for which resource. A token has to be for it; an access key, which is for none, is refused.",
        format="uri",
    ),
    "host": _text("Another host, as `SIGNEDIN_APP_HOSTS` lists it: a session is shown by that host's own cookie there."),
}  # fmt: skip
"""Every parameter of a query there is, by its name, which means the same in every call."""

PATH: dict[str, dict[str, Any]] = {
    "row_id": _text("The id of an item of the list.", minLength=1, pattern="^[0-9A-Za-z]+$"),
    "account_id": _text(
        "The number of the account, or `outside:` and the app's own id of it.",
        pattern="^(?:[0-9]{1,18}|outside:[0-9A-Za-z_.@-]{1,200})$", examples=["outside:anna"],
    ),
    "person_id": _text("The number of the account.", pattern="^[0-9]{1,18}$"),
    "organisation_id": _text("The number of the organisation.", pattern="^[0-9]{1,18}$"),
    "app_type": _text(
        "The app type that a rule is for, or `all`.", enum=["all", *(each.value for each in AppType)], examples=["all"]
    ),
    "ending_id": _text("The id of an ending for many.", pattern="^[0-9a-f]{24}$"),
}  # fmt: skip
"""Every parameter of a path there is."""


@dataclass(frozen=True, slots=True)
class Described:
    """A call with where it is made and what its first sentence says, for what is not a route of the framework."""

    method: str
    path: str
    call: Call
    told: str
    name: str
    parameters: tuple[dict[str, Any], ...] = field(default=())
