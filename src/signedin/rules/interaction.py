"""What a person still has to do before a client is answered: sign in, prove again, decide; or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from signedin.rules.authorization import Prompt, Wanted
from signedin.rules.authorization_answer import host_of, is_assured
from signedin.rules.client import Client
from signedin.rules.consent import Consent
from signedin.rules.errors import Refused
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.wording import marked as _


class AskedAnew(Refused):
    """What a decision was asked for beside has ended before it came: the person sees the question as it is now."""

    code = "asked_anew"
    sentence = _("What you have allowed this app has changed meanwhile.")
    hint = _("Look at it once more, and decide. Nothing was changed.")


class Step(Enum):
    """What comes next."""

    SIGN_IN = auto()
    DECIDE = auto()
    ANSWER = auto()


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand with whoever is at the browser.

    `proved_at` is when they last showed who they are, and `None` where nobody is signed in. `is_meant` is false when
    the client has named somebody else by an ID token of theirs.
    """

    proved_at: datetime | None
    is_meant: bool
    consent: Consent | None


def next_step(wanted: Wanted, client: Client, standing: Standing, asked_at: datetime, now: datetime) -> Step:
    """What comes next for a request that came at `asked_at`.

    Raises:
        OAuthRefused: login_required, consent_required or interaction_required, where nothing may be asked (OpenID
            Connect, 3.1.2.6); login_required where somebody else is meant than is signed in.
    """
    may_ask = Prompt.NONE not in wanted.prompt
    if standing.proved_at is None:
        return _unless(Step.SIGN_IN, may_ask, "login_required", "Nobody is signed in.")
    if not standing.is_meant:
        raise OAuthRefused("login_required", "Somebody else is signed in than the id_token_hint names.")
    if needs_proof(wanted, standing.proved_at, asked_at, now):
        return _unless(Step.DECIDE, may_ask, "login_required", "The sign-in is older than max_age allows.")
    if needs_consent(wanted, client, standing.consent):
        return _unless(
            Step.DECIDE, may_ask, "consent_required", "The person has not allowed all of this yet."
        )
    if needs_a_word(wanted, client, standing.proved_at, asked_at):
        return _unless(
            Step.DECIDE, may_ask, "interaction_required", "The person has to be asked for this client."
        )
    return Step.ANSWER


def needs_proof(wanted: Wanted, proved_at: datetime, asked_at: datetime, now: datetime) -> bool:
    """Whether the person has to show again who they are: not where they have, since the request came."""
    if proved_at >= asked_at and now > asked_at:
        return False
    is_old = wanted.max_age is not None and now - proved_at > wanted.max_age
    return is_old or Prompt.LOGIN in wanted.prompt


def needs_consent(wanted: Wanted, client: Client, consent: Consent | None) -> bool:
    """Whether there is something to allow: for others' applications, unless a consent in force covers all of it."""
    if client.is_first_party:
        return False
    host = host_of(wanted.redirect_uri)
    is_covered = consent is not None and consent.covers(
        wanted.scopes, host, wanted.resources, wanted.own_resources
    )
    return Prompt.CONSENT in wanted.prompt or not is_covered


def needs_a_word(wanted: Wanted, client: Client, proved_at: datetime, asked_at: datetime) -> bool:
    """Whether nothing goes on by itself: another account may be chosen, or any app of the machine may be asking.

    An app that keeps no secret and is answered on the machine itself may be another than it says (RFC 8252, 8.6).
    One's own goes on where the person has just signed in for it.
    """
    is_anybody = not client.is_confidential and not is_assured(wanted.redirect_uri)
    has_just_signed_in = proved_at >= asked_at
    may_choose = Prompt.SELECT_ACCOUNT in wanted.prompt and not has_just_signed_in
    return may_choose or (is_anybody and not (client.is_first_party and has_just_signed_in))


def _unless(step: Step, may_ask: bool, error: str, description: str) -> Step:
    if not may_ask:
        raise OAuthRefused(error, description)
    return step
