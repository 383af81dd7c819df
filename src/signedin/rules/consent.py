"""What an account allowed a client, and when."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from signedin.rules.account import AccountId
from signedin.rules.activity import DayLevels
from signedin.rules.scope import NEEDED
from signedin.rules.session import AppType, Origin, SessionId, SessionType

LONGEST_CLIENT_NAME = 80
LONGEST_CLIENT_DESCRIPTION = 240


@dataclass(frozen=True, slots=True)
class Consent:
    """One account's consent to one client: a row of the session list (R24, R32).

    `consented_at` is the first consent still in force, `changed_at` the last change of its scopes (R30);
    `last_at` is `None` while no token of the client was used: "Never used" (R31). `hosts` are those that it was given
    at, by the redirect addresses, and `resources` what it was given for beside this service: it is no consent to others.
    `tokens` is how many times access was given, on as many devices or on one again (R32). Of its client: `registered` are
    the scopes that it may have now, `None` where that is not known; `signed_resources` are those of `resources` that read
    signed tokens by themselves, where what was given can go on for up to five minutes after the end (D24). `overall_until` and
    `rule_idle` are what a rule of an organisation sets, where it is stricter than `idle`.
    """

    id: SessionId
    account_id: AccountId
    client_id: str
    client_name: str
    client_description: str
    consented_at: datetime
    scopes: tuple[str, ...]
    idle: timedelta
    first_proof: int
    days: DayLevels
    last_at: datetime | None = None
    last_from: Origin | None = None
    changed_at: datetime | None = None
    tokens: int = 0
    is_verified: bool = False
    logo: str | None = None
    doubt: timedelta = timedelta(0)
    hosts: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    registered: frozenset[str] | None = None
    signed_resources: tuple[str, ...] = ()
    rule_idle: timedelta | None = None
    overall_until: datetime | None = None

    app_type = AppType.OAUTH
    session_type = SessionType.OAUTH_CONSENT

    @property
    def expires_at(self) -> datetime:
        """When it ends by itself, unless it is used before (D8); by the rule of an organisation perhaps earlier."""
        until = (self.last_at or self.consented_at) + min(self.idle, self.rule_idle or self.idle)
        return until if self.overall_until is None else min(until, self.overall_until)

    @property
    def allowed(self) -> tuple[str, ...]:
        """What the client may really do: of the scopes that it was given those that it is still registered for."""
        return tuple(scope for scope in self.scopes if self.registered is None or scope in self.registered)

    def is_alive_at(self, now: datetime) -> bool:
        """Whether it has not ended by itself, given the benefit of the doubt (D28)."""
        return now < self.expires_at + self.doubt

    @property
    def own_idle(self) -> timedelta:
        """The idle period that it began with."""
        return self.idle

    def within(self, idle: timedelta, overall: timedelta | None) -> Consent:
        """The consent as a rule lets it live: never longer than it would by itself."""
        until = None if overall is None else self.consented_at + overall
        return replace(self, rule_idle=idle if idle < self.idle else None, overall_until=until)

    def is_over_by_rule_at(self, now: datetime) -> bool:
        """Whether a rule has ended it, which would have lived on by its own limit."""
        return not self.is_alive_at(now) and self.expires_at < (self.last_at or self.consented_at) + self.idle

    def covers(self, scopes: Collection[str], host: str, resources: Collection[str]) -> bool:
        """Whether all of that was allowed before, for an answer at that very host (attack 31)."""
        return {*scopes} <= {*self.scopes} and host in self.hosts and {*resources} <= {*self.resources}

    def decided(
        self, asked: Collection[str], chosen: Collection[str], host: str, resources: Collection[str], now: datetime
    ) -> Consent:  # fmt: skip
        """The consent after a decision about what was asked for: it keeps its date, and notes a change (R30)."""
        left = [scope for scope in self.scopes if scope not in asked or scope in chosen]
        scopes = tuple(dict.fromkeys([*left, *chosen]))
        return replace(
            self, scopes=scopes, changed_at=now if {*scopes} != {*self.scopes} else self.changed_at,
            hosts=tuple(dict.fromkeys([*self.hosts, host])),
            resources=tuple(dict.fromkeys([*self.resources, *resources])),
        )  # fmt: skip

    def narrowed(self, keep: Collection[str], now: datetime) -> Consent:
        """The consent with fewer scopes; what it cannot do without stays (10.7.3)."""
        scopes = tuple(scope for scope in self.scopes if scope in keep or scope in NEEDED)
        return self if scopes == self.scopes else replace(self, scopes=scopes, changed_at=now)


def tidy_client_text(text: str, longest: int) -> str:
    r"""A client's text as it may be shown: bounded, without control and direction-changing characters (R29).

    >>> tidy_client_text("Tide\u202ewater\n Calendar", 80)
    'Tidewater Calendar'
    """
    kept = "".join(" " if ch in "\n\t\r" else ch for ch in text)
    kept = "".join(ch for ch in unicodedata.normalize("NFC", kept) if unicodedata.category(ch)[0] != "C")
    return " ".join(kept.split())[:longest]
