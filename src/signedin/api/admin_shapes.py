"""What operators are answered, as shapes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from signedin.api.shapes import AccountNumber, Count, Cursor, Id
from signedin.rules.account import AccountState
from signedin.rules.event import EventKind
from signedin.rules.operator import Role


class FoundAccount(Struct):
    """An account that an operator has found, and how much is signed in to it."""

    id: AccountNumber
    email: str | None
    name: str
    state: AccountState
    created_at: datetime
    sessions: Count
    consents: Count
    access_keys: Count


class SeenAccount(FoundAccount):
    """An account as operators see it; `role` is its owner's, where they are an operator too."""

    role: Role | None


class NamedClient(Struct):
    """A connected app that is called so."""

    client_id: str
    name: str


class FoundAccounts(Struct):
    """A page of accounts that were found; `masked_ip` is what was looked for where that was an address."""

    items: list[FoundAccount]
    clients: list[NamedClient]
    masked_ip: str | None
    next_cursor: Cursor | None


class EndedFor(Struct):
    """What an operator has ended; `already_ended` of what was chosen had ended before."""

    sessions_ended: Count
    consents_ended: Count
    access_keys_ended: Count
    access_keys_kept: Count
    already_ended: Count


class FullAddresses(Struct):
    """The full addresses of a row, where they are kept."""

    id: Id
    last_used_from: str | None
    signed_in_from: str | None


class Appointed(Struct):
    """An operator; `organisation_id` is the one whose members alone they see and help, `null` for everybody."""

    id: AccountNumber
    email: str | None
    name: str
    role: Role
    state: AccountState
    organisation_id: str | None


class Operators(Struct):
    """All operators, by address."""

    items: list[Appointed]


class Done(Struct):
    """What an operator did: the entry `number` of that account's history; `operator_id` is nobody's where an app did it."""

    at: datetime
    account_id: AccountNumber
    number: Count
    operator_id: str | None
    kind: EventKind
    subject: str | None
    facts: dict[str, Any]
    personal: dict[str, Any]


class Deeds(Struct):
    """A page of the record of what operators did, the newest first."""

    items: list[Done]
    next_cursor: Cursor | None
