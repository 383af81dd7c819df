"""What the consent page says: who asks, what it may do in plain words, for how long, and where one ends it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from signedin.rules.authorization import Wanted
from signedin.rules.client import Client
from signedin.rules.consent import Consent
from signedin.rules.scope import MORE, NEEDED, in_words
from signedin.rules.speech import Speech


@dataclass(frozen=True, slots=True)
class CanView:
    """One thing that the client could do: `is_needed` where it cannot be left out, else it can be unticked.

    `is_new` where the person has allowed this client something before, and not this, or has taken it back.
    """

    scope: str
    sentence: str
    more: str
    is_strong: bool
    is_needed: bool
    is_ticked: bool
    is_new: bool


@dataclass(frozen=True, slots=True)
class AskView:
    """Everything the page shows of a request; `can` is empty for one's own applications, which are not asked about."""

    name: str
    monogram: str
    logo: str | None
    description: str
    registered: str
    is_verified: bool
    is_first_party: bool
    can: tuple[CanView, ...]
    may_stay: bool
    lasts: str
    redirect_uri: str
    resources: tuple[str, ...]
    signed_resources: tuple[str, ...]

    @property
    def has_new(self) -> bool:
        """Whether more is asked for than was allowed before."""
        return any(can.is_new for can in self.can)


def ask_view(
    client: Client, wanted: Wanted, speech: Speech, consent: Consent | None, ticked: Collection[str] | None = None
) -> AskView:  # fmt: skip
    """The request for the template; `consent` is what the person has allowed this client so far, where that is in force.

    Ticked by itself is what was allowed so far, and at the first time all of it: what somebody has taken back comes
    back by their own hand alone (10.7.3).
    """
    before: Collection[str] = wanted.scopes if consent is None else consent.allowed
    ticked = before if ticked is None else ticked
    can = (
        () if client.is_first_party else tuple(_can(scope, ticked, before, speech) for scope in wanted.scopes)
    )
    return AskView(
        name=client.name, monogram=client.name[:2], logo=client.logo, description=client.description,
        registered=speech.long_day(client.made_at), is_verified=client.is_verified,
        is_first_party=client.is_first_party, can=can, may_stay="offline_access" in wanted.scopes,
        lasts=speech.span(client.idle), redirect_uri=wanted.redirect_uri, resources=wanted.others_resources,
        signed_resources=tuple(each for each in wanted.resources if each in client.signed_resources),
    )  # fmt: skip


def _can(scope: str, ticked: Collection[str], before: Collection[str], speech: Speech) -> CanView:
    [(sentence, is_strong)] = in_words((scope,))
    more = speech.say(MORE[scope]) if scope in MORE else ""
    is_needed = scope in NEEDED
    is_new = scope not in before and not is_needed
    return CanView(
        scope, speech.say(sentence), more, is_strong, is_needed, is_needed or scope in ticked, is_new
    )
