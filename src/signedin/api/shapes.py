"""What programs are answered, as shapes: the description of the API is made of them, and tests hold answers to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from signedin.rules.account import AccountState
from signedin.rules.event import EventKind
from signedin.rules.session import AppType, SessionType
from signedin.rules.suspicion import FlagKind

Id = Annotated[str, Meta(description="Opaque.", pattern="^[0-9A-Za-z]+$")]
AccountNumber = Annotated[
    str, Meta(description="The number of an account, as text.", pattern="^[0-9]{1,19}$")
]
Cursor = Annotated[str, Meta(description="Where the next page begins; opaque.")]
Count = Annotated[int, Meta(ge=0)]
Scopes = Annotated[list[str], Meta(description="What it may do.")]
Secret = Annotated[str, Meta(description="Shown in this answer and nowhere else.", pattern="^sgn_[a-z]{3}_")]


class Problem(Struct):
    """An RFC 9457 problem: `code` is stable, `title` is for people, `detail` says what to do next."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    reason: str | UnsetType = UNSET
    field: str | UnsetType = UNSET
    role: str | UnsetType = UNSET


class Flag(Struct):
    """Why a row is worth a look."""

    kind: FlagKind
    sentence: str


class Row(Struct):
    """A session or a consent; `client_name` to `scopes` are a consent's, `device` to `started_at` a session's.

    `last_device` is of the last use, as far as that was told. At `signed_resources` what a consent or an own app was given can go on for five minutes.
    """

    id: Id
    session_type: SessionType
    app_type: AppType
    current: bool
    last_activity_at: datetime | None
    expires_at: datetime | None
    activity: Annotated[list[Annotated[int, Meta(ge=0, le=4)]], Meta(min_length=30, max_length=30)]
    flags: list[Flag]
    location: str | UnsetType = UNSET
    masked_ip: str | UnsetType = UNSET
    device: str | UnsetType = UNSET
    last_device: str | UnsetType | None = UNSET
    started_at: datetime | UnsetType = UNSET
    client_name: str | UnsetType = UNSET
    client_description: str | UnsetType = UNSET
    consented_at: datetime | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    signed_resources: list[str] | UnsetType = UNSET


class Counts(Struct):
    """How many rows there are of each app type."""

    all: Count
    web: Count
    admin: Count
    sync: Count
    mobile: Count
    oauth: Count


class Rows(Struct):
    """A page of the session list; `counts` are of the whole of it."""

    items: list[Row]
    counts: Counts
    next_cursor: Cursor | None


class Ended(Struct):
    """What Logout All Devices has ended, and how many access keys live on."""

    sessions_ended: Count
    consents_ended: Count
    access_keys_kept: Count


class UsedFrom(Struct):
    """Where a key was last used from, the address masked."""

    location: str
    masked_ip: str


class Key(Struct):
    """A personal access key; of its secret only what tells it from others."""

    id: Id
    name: str
    scopes: Scopes
    hint: str
    issued_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_from: UsedFrom | None


class IssuedKey(Key):
    """A key that was just issued, with its secret."""

    token: Secret


class Keys(Struct):
    """A page of access keys, the newest first."""

    items: list[Key]
    next_cursor: Cursor | None


class Own(Struct):
    """Who the caller is; `id` is the account's number, and to others' apps their `sub`."""

    id: Annotated[str, Meta(description="Never changes.", pattern="^[0-9a-f]{1,40}$")]
    email: str
    name: str
    created_at: datetime


class Happened(Struct):
    """One event of an account's history; `personal` is what can be erased of it."""

    number: Count
    kind: EventKind
    at: datetime
    subject: str | None
    by: str | None
    facts: dict[str, Any]
    personal: dict[str, Any]


class History(Struct):
    """A page of an account's history, the newest first."""

    items: list[Happened]
    next_cursor: Cursor | None


class Account(Struct):
    """An account; `outside_ids` are those by which the app that asks knows it."""

    id: AccountNumber
    email: str | None
    name: str
    state: AccountState
    created_at: datetime
    outside_ids: list[str]


class Accounts(Struct):
    """A page of accounts, in the order of their numbers."""

    items: list[Account]
    next_cursor: Cursor | None


class BegunSession(Struct):
    """The session that an app has begun."""

    id: Id
    session_type: SessionType
    app_type: AppType
    device: str
    location: str
    masked_ip: str
    started_at: datetime
    expires_at: datetime


class Begun(Struct):
    """A session that an app has begun for somebody it signed in, with its token."""

    account_id: AccountNumber
    token: Secret
    known_browser: str | None
    session: BegunSession


class Ticket(Struct):
    """What brings the person of an app's session to our pages, once and within a minute: `url` is where to send them."""

    ticket: Secret
    url: str
    expires_at: datetime
