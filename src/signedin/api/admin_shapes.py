"""What operators are answered, as shapes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from signedin.api.shapes import AccountNumber, Count, Cursor, Id
from signedin.rules.account import AccountState
from signedin.rules.bulk_job import State
from signedin.rules.event import EventKind
from signedin.rules.operator import Role
from signedin.rules.session import AppType


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


class MeantRows(Struct):
    """What is meant by an ending for many: all that meets every condition, and began no later than `until`."""

    until: datetime
    app_types: list[AppType]
    client_id: str | None
    unused_since: datetime | None
    begun_before: datetime | None
    network: str | None
    everyone: bool
    access_keys: bool
    own_session: bool


class HowMany(Struct):
    """How much that is: of how many people, and of each app type."""

    people: Count
    sessions: Count
    consents: Count
    access_keys: Count
    web: Count
    admin: Count
    sync: Count
    mobile: Count
    oauth: Count


class MeantRow(Struct):
    """One of the rows that would end; `what` is its device or connected app."""

    id: Id
    account_id: AccountNumber
    name: str
    app_type: AppType
    what: str
    masked_ip: str | None
    last_activity_at: datetime | None


class EndingPreview(Struct):
    """What would end, as far as it is counted; `preview` begins it when it is complete, and counts on before."""

    which: MeantRows
    would_end: HowMany
    is_complete: bool
    sample: list[MeantRow]
    preview: str


class Entry(Struct):
    """An entry of an account's history."""

    account_id: AccountNumber
    number: Count


class BulkEnding(Struct):
    """An ending for many; `ended` is over in every process, `entry` is where its beginning stands."""

    id: str
    which: MeantRows
    reason: str
    state: State
    would_end: HowMany
    ended: HowMany
    percent: Count
    begun_at: datetime
    moved_at: datetime
    finished_at: datetime | None
    operator_id: str | None
    entry: Entry


class BulkEndings(Struct):
    """A page of endings for many, the newest first."""

    items: list[BulkEnding]
    next_cursor: Cursor | None
