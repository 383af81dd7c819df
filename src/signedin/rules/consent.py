"""What an account allowed a client, and when."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from signedin.rules.account import AccountId
from signedin.rules.activity import DayLevels
from signedin.rules.scope import NEEDED
from signedin.rules.session import AppType, Origin, SessionId, SessionType

HERE = ""
"""This service itself, among the resource servers that something was allowed for."""
LONGEST_CLIENT_NAME = 80
LONGEST_CLIENT_DESCRIPTION = 240
_SHOWS_NOTHING = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\U00013441\U00013442\U00016fe4\U0001d159"
    + "".join(map(chr, [*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
)
"""Letters, marks and signs that leave no ink by themselves: fillers, blanks, selectors (Unicode's
Default_Ignorable_Code_Point and more); the rest of what shows nothing is of the category C, or white space."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One account's consent to one client: a row of the session list (R24, R32).

    `consented_at` is the first consent still in force, `changed_at` the last change of its scopes (R30);
    `last_at` is `None` while no token of the client was used: "Never used" (R31). `hosts` are those that it was given
    at, by the redirect addresses, and `resources` what it was given for beside this service: it is no consent to others.
    `scopes_for` says which scopes were allowed together with which of those, or with this service (`HERE`); `None` is
    of before that was kept.
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
    scopes_for: Mapping[str, tuple[str, ...]] | None = None
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

    def covers(
        self, scopes: Collection[str], host: str, resources: Collection[str], own: Collection[str] = ()
    ) -> bool:
        """Whether all of that was allowed together before, and answers went to this host before (attack 31)."""
        return host in self.hosts and {*scopes} <= self.allowed_together(resources, own)

    def allowed_together(self, resources: Collection[str], own: Collection[str] = ()) -> frozenset[str]:
        """The scopes that were allowed for each of these resource servers, or where there is none for this service.

        `own` are the names of this service among them.
        """
        known, ours, found = self._known, {HERE, *own}, {*self.scopes}
        for each in resources or (HERE,):
            found &= {scope for name in (ours if each in ours else {each}) for scope in known.get(name, ())}
        return frozenset(found)

    @property
    def _known(self) -> Mapping[str, tuple[str, ...]]:
        """What was allowed together; of before that was kept only where nothing was for another than this service."""
        if self.scopes_for is None:
            return {} if self.resources else {HERE: self.scopes}
        return self.scopes_for

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

    def decided(
        self, asked: Collection[str], chosen: Collection[str], host: str, resources: Collection[str], now: datetime
    ) -> Consent:  # fmt: skip
        """The consent after a decision about what was asked for: it keeps its date, and notes a change (R30)."""
        left = [scope for scope in self.scopes if scope not in asked or scope in chosen]
        scopes = tuple(dict.fromkeys([*left, *chosen]))
        together = dict(_only(left, self._known))
        for each in resources or (HERE,):
            together[each] = tuple(dict.fromkeys([*together.get(each, ()), *chosen]))
        return replace(
            self, scopes=scopes, changed_at=now if {*scopes} != {*self.scopes} else self.changed_at,
            hosts=tuple(dict.fromkeys([*self.hosts, host])),
            resources=tuple(dict.fromkeys([*self.resources, *resources])), scopes_for=together,
        )  # fmt: skip

    def narrowed(self, keep: Collection[str], now: datetime) -> Consent:
        """The consent with fewer scopes; what it cannot do without stays (10.7.3)."""
        scopes = tuple(scope for scope in self.scopes if scope in keep or scope in NEEDED)
        if scopes == self.scopes:
            return self
        return replace(self, scopes=scopes, changed_at=now, scopes_for=_only(scopes, self._known))


def _only(scopes: Collection[str], known: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    """What was allowed together, as far as it still is: what was taken back is nowhere."""
    left = {name: tuple(scope for scope in kept if scope in scopes) for name, kept in known.items()}
    return {name: kept for name, kept in left.items() if kept}


def tidy_client_text(text: str, longest: int) -> str:
    r"""A client's text as it may be shown: bounded, without control and direction-changing characters (R29).

    Nothing is left of one that would show nothing: of letters without ink, or of marks without a letter.

    >>> tidy_client_text("Tide\u202ewater\n Calendar", 80)
    'Tidewater Calendar'
    >>> tidy_client_text("\u3164 \u2800\u0301", 80)
    ''
    """
    kept = "".join(" " if ch in "\n\t\r\u2800" else ch for ch in text)
    kept = "".join(ch for ch in unicodedata.normalize("NFC", kept) if _is_shown(ch))
    tidy = " ".join(kept.split())[:longest].rstrip()
    return tidy if any(unicodedata.category(ch)[0] not in "MZ" for ch in tidy) else ""


def _is_shown(ch: str) -> bool:
    return ch not in _SHOWS_NOTHING and unicodedata.category(ch)[0] != "C"
