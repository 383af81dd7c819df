"""A person who can sign in, and what their account says about how it may be used."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

AccountId = NewType("AccountId", int)
"""63 random bits; leads every key of every table, and so is what an account is sharded by."""

OrganisationId = NewType("OrganisationId", int)

LONGEST_EMAIL = 254
LONGEST_NAME = 120
LONGEST_SUBJECT = 200
LONGEST_REASON = 500
OUTSIDE = "outside:"
"""What an app writes before its own id of somebody, where ours could stand too."""
# The dotted form of RFC 5321 without quotes: what mail programs write and mail servers take. Beyond ASCII every
# letter is allowed before the @ (RFC 6531); a host is kept in its ASCII form.
_LOCAL = re.compile(r"[^\s()<>\[\]:;@\\,\".]{1,64}(?:\.[^\s()<>\[\]:;@\\,\".]{1,64}){0,32}")
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-)){0,32}")


class AccountState(StrEnum):
    """Whether anything of the account may be used: disabled means dead on every path."""

    ACTIVE = "active"
    DISABLED = "disabled"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class OutsideId:
    """How an app that Signedin serves knows one of its people: the subject means nothing to any other app (D31)."""

    service: str
    subject: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account. `epoch` is the number in its history at which all devices were last logged out (D23).

    `email` is empty where only an app knows the person. No app begins sessions for whoever `is_operator`.
    """

    id: AccountId
    email: str
    name: str
    state: AccountState
    created_at: datetime
    epoch: int = 0
    organisation_id: OrganisationId | None = None
    zone: str | None = None
    locale: str | None = None
    is_demo: bool = False
    is_operator: bool = False

    @property
    def initials(self) -> str:
        """Up to two letters for the badge in the bar: "IH" for Ines Halloran; none of who has neither name nor address."""
        words = self.called.split()
        return "".join(word[0] for word in words[:1] + words[1:][-1:]).upper()

    @property
    def called(self) -> str:
        """The name, or the address of who has none; empty for who has neither: people that an app has brought."""
        return self.name.strip() or self.email


def normalise_email(text: str) -> str | None:
    """The address in the form accounts are found by, or `None` when it cannot be one.

    The whole address is compared without regard to case, as people expect.

    >>> normalise_email(" Ada@Example.ORG ")
    'ada@example.org'
    >>> normalise_email("nobody") is None
    True
    """
    email = unicodedata.normalize("NFC", text).strip().lower()
    local, _, host = email.rpartition("@")
    if len(email) > LONGEST_EMAIL or not _LOCAL.fullmatch(local) or not local.isprintable():
        return None
    try:
        host = host.encode("idna").decode()
    except UnicodeError:
        return None
    return f"{local}@{host}" if _HOST.fullmatch(host) else None


def account_named(text: str, service: str) -> AccountId | OutsideId | None:
    """The account that an app names, by our number or by its own id for it; `None` for what can be neither.

    >>> account_named("7", "shop"), account_named("outside:anna", "shop")
    (7, OutsideId(service='shop', subject='anna'))
    >>> account_named("outside:", "shop") is None
    True
    """
    if text.startswith(OUTSIDE):
        subject = text.removeprefix(OUTSIDE)
        # What was no UTF-8 has become U+FFFD: two ids would be one there.
        is_one = 0 < len(subject) <= LONGEST_SUBJECT and subject.isprintable() and "\ufffd" not in subject
        return OutsideId(service, subject) if is_one else None
    is_number = text.isascii() and text.isdigit() and len(text) <= 19
    return AccountId(int(text)) if is_number and int(text) < 2**63 else None


def tidy_name(text: str) -> str:
    """The name as it may be shown: one line, no control or direction-changing characters, bounded."""
    kept = "".join(ch for ch in unicodedata.normalize("NFC", text) if unicodedata.category(ch)[0] != "C")
    return " ".join(kept.split())[:LONGEST_NAME]
