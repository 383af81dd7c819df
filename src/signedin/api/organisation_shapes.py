"""What operators are answered about organisations and rules, as shapes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from signedin.api.shapes import AccountNumber, Count, Cursor
from signedin.rules.account import AccountState
from signedin.rules.policy import TooMany

Number = Annotated[str, Meta(description="The number of an organisation, as text.", pattern="^[0-9]{1,19}$")]
RuleType = Annotated[str, Meta(description="An app type, or `all`.", pattern="^[a-z]+$")]
Because = Annotated[
    list[str], Meta(description="The organisations that want it; none: the installation does.")
]


class Organisation(Struct):
    """What accounts are grouped under."""

    id: Number
    name: str
    created_at: datetime


class CountedOrganisation(Organisation):
    """An organisation, and how many accounts belong to it; they are counted up to a thousand."""

    members: Count
    has_more_members: bool


class Organisations(Struct):
    """A page of the organisations, by name."""

    items: list[CountedOrganisation]
    next_cursor: Cursor | None


class RuleSaid(Struct):
    """What an organisation wants for one app type; `null` is no wish. Spans are whole seconds."""

    app_type: RuleType
    idle_seconds: Count | None
    overall_seconds: Count | None
    most: Count | None
    too_many: TooMany
    read_only: bool
    networks: list[str]
    shortest_password: Count | None


class OneOrganisation(Organisation):
    """An organisation with its rules."""

    rules: list[RuleSaid]


class Member(Struct):
    """An account that belongs to an organisation."""

    id: AccountNumber
    email: str | None
    name: str
    state: AccountState


class Members(Struct):
    """A page of the members, by their numbers."""

    items: list[Member]
    next_cursor: Cursor | None


class RuledNumber(Struct):
    """A number in force, and who wants it; `null` where there is no limit."""

    value: Count | None
    because: Because


class RuledFlag(Struct):
    """Whether it is in force, and who wants it."""

    value: bool
    because: Because


class RuledNetworks(Struct):
    """Networks to come from, and who wants that."""

    value: list[str]
    because: Because


class RuleInForce(Struct):
    """What applies to an account for one app type: the strictest of all, each with who wants it."""

    app_type: RuleType
    too_many: TooMany
    too_many_because: Because
    idle_seconds: RuledNumber
    overall_seconds: RuledNumber
    most: RuledNumber
    read_only: RuledFlag
    networks: list[RuledNetworks]
    shortest_password: RuledNumber


class RulesOfAccount(Struct):
    """The organisations of an account, and what is in force."""

    organisations: list[Organisation]
    in_force: list[RuleInForce]
