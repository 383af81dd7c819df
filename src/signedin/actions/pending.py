"""A sign-in that waits for its person to say which sessions end for it: proved already, and good for some minutes, once.

What is known of it goes through the person's page and comes back, readable by nobody else.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from signedin.actions.means import Means
from signedin.rules import errors
from signedin.rules.account import AccountId
from signedin.rules.moments import from_micros, to_micros
from signedin.rules.policy import OutsideNetworks, TooManySessions
from signedin.rules.session import AppType

LASTS = timedelta(minutes=10)
LONGEST = 1_000
_PURPOSE, _NOBODY = "pending", 0


@dataclass(frozen=True, slots=True)
class Pending:
    """Whose sign-in it is, what was proved when, for which application, with which ticks, and until when it is good."""

    account_id: AccountId
    first_proof: int
    app_type: AppType
    remember: bool
    shared: bool
    until: datetime


def to_go_on(
    means: Means, refusal: OutsideNetworks | TooManySessions, proved: Pending
) -> OutsideNetworks | TooManySessions:
    """The refusal, with what the person's page needs to go on where it may ask."""
    if isinstance(refusal, TooManySessions) and refusal.may_ask:
        refusal.pending = pend(means, proved)
    return refusal


def pend(means: Means, pending: Pending) -> str:
    """The text that the person's page carries."""
    said = [
        pending.account_id, pending.first_proof, pending.app_type.value, pending.remember, pending.shared,
        to_micros(pending.until), secrets.token_hex(8),
    ]  # fmt: skip
    return urlsafe_b64encode(means.keyring.encrypt(_PURPOSE, _NOBODY, json.dumps(said).encode())).decode()


def read_pending(means: Means, text: str, now: datetime) -> Pending:
    """What waits by that text.

    Raises:
        LinkExpired: it is not ours, or too old: one signs in anew.
    """
    try:
        opened = means.keyring.decrypt(_PURPOSE, _NOBODY, urlsafe_b64decode(text[:LONGEST].encode()))
    except ValueError:
        opened = None
    if opened is None:
        raise spent()
    account_id, first_proof, app_type, remember, shared, until, _nonce = json.loads(opened)
    if now >= from_micros(until):
        raise spent()
    return Pending(
        AccountId(account_id), first_proof, AppType(app_type), remember, shared, from_micros(until)
    )


def spent() -> errors.LinkExpired:
    """How it is refused when it is over, or was used."""
    return errors.LinkExpired(hint=errors.NotSignedIn.hint)
