"""What an operator did, as the record of all of them has it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from signedin.rules.account import AccountId
from signedin.rules.event import Event


class Place(NamedTuple):
    """Where a deed stands in the record."""

    at: datetime
    account_id: int
    number: int


class Done(NamedTuple):
    """One deed: whose account it was done to, who did it, and what the journal says."""

    place: Place
    account_id: AccountId
    called: str
    operator: AccountId | None
    operator_called: str
    event: Event


class DeedPage(NamedTuple):
    """So many deeds, and before which place the next page begins; it can have few, or none, and still go on."""

    done: list[Done]
    more: Place | None
