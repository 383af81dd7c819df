"""What the consent page says: who asks, what it may do in plain words, for how long, and where one ends it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from signedin.rules.authorization import Wanted
from signedin.rules.client import Client
from signedin.rules.scope import MORE, NEEDED, in_words
from signedin.rules.speech import Speech


@dataclass(frozen=True, slots=True)
class CanView:
    """One thing that the client could do: `is_needed` where it cannot be left out, else it can be unticked."""

    scope: str
    sentence: str
    more: str
    is_strong: bool
    is_needed: bool
    is_ticked: bool


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


def ask_view(client: Client, wanted: Wanted, ticked: Collection[str], speech: Speech) -> AskView:
    """The request for the template."""
    can = () if client.is_first_party else tuple(_can(scope, ticked, speech) for scope in wanted.scopes)
    return AskView(
        name=client.name, monogram=client.name[:2], logo=client.logo, description=client.description,
        registered=speech.long_day(client.made_at), is_verified=client.is_verified,
        is_first_party=client.is_first_party, can=can, may_stay="offline_access" in wanted.scopes,
        lasts=speech.span(client.idle), redirect_uri=wanted.redirect_uri, resources=wanted.resources,
    )  # fmt: skip


def _can(scope: str, ticked: Collection[str], speech: Speech) -> CanView:
    [(sentence, is_strong)] = in_words((scope,))
    more = speech.say(MORE[scope]) if scope in MORE else ""
    is_needed = scope in NEEDED
    return CanView(scope, speech.say(sentence), more, is_strong, is_needed, is_needed or scope in ticked)
