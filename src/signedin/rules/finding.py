"""What operators look for an account by: what is displayed of it, from the beginning of a word on (D22)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from signedin.rules.account import LONGEST_EMAIL, Account, AccountId, account_named
from signedin.rules.errors import InvalidInput
from signedin.rules.location import HIDDEN, mask_address, normalise_address
from signedin.rules.secret import ID_LENGTH
from signedin.rules.session_list import LONGEST_WORDS, Counts
from signedin.rules.wording import marked as _

MOST_WORDS = 12
"""Words of a name by which it is found, also those that a hyphen or an apostrophe joins; each begins a term of its own."""
SHORTEST_REFERENCE = 6
"""Characters of a reference that are looked for: fewer begin the references of half the accounts."""
LAST = "\U0010ffff"
"""Stands after whatever begins alike."""
_PARTLY = re.compile(r"((?:\d{1,3}\.){3}|(?:[0-9a-f]{0,4}:){3})(?:•••|\*{1,3}|x{1,3})?", re.IGNORECASE)
_WORD = re.compile(r"[^\s\-\u2010\u2011'\u2019\u02bc]+")
_THREE = re.compile(r"\d{1,3}(?:\.\d{1,3}){2}")


@dataclass(frozen=True, slots=True)
class Sought:
    """What words mean: how an account begins to be called, its number, a reference, a masked address."""

    term: str
    account_id: AccountId | None = None
    reference: str = ""
    network: str = ""


class Place(NamedTuple):
    """Where a page of what was found ends: at that term of that account; there is no term where none was looked by."""

    term: str
    account_id: int

    def said(self) -> str:
        """As it is carried from page to page."""
        return f"{self.account_id} {self.term}"


class Hit(NamedTuple):
    """An account that was found, and how much is signed in to it."""

    account: Account
    counts: Counts


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found; `clients` are connected apps that are called so, by id and name."""

    hits: tuple[Hit, ...]
    clients: tuple[tuple[str, str], ...] = ()
    more: Place | None = None
    network: str = ""


def folded(text: str) -> str:
    """Text as it is compared: without regard to case, compatible forms and spaces.

    >>> folded("  Ines  HALLORAN ")
    'ines halloran'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def terms_of(email: str, name: str) -> frozenset[str]:
    """All that an account is found by from the beginning on: its address, and its name from each word on.

    >>> sorted(terms_of("ines@halloran.example", "Ines Halloran"))
    ['halloran ines', 'ines halloran', 'ines@halloran.example']
    >>> sorted(terms_of("", "Sean O'Brien-Smith"))
    ["brien-smith sean o'", "o'brien-smith sean", "sean o'brien-smith", "smith sean o'brien-"]
    """
    called = folded(name)
    begins = [word.start() for word in _WORD.finditer(called)][:MOST_WORDS]
    turned = (f"{called[at:]} {called[:at]}".strip() for at in begins)
    return frozenset(term[:LONGEST_EMAIL] for term in (folded(email), *turned) if term)


def sought(text: str) -> Sought:
    """What an operator means by what they typed; of a whole address only the part that is shown is looked for (D22).

    >>> sought("203.0.113.77").network, sought("203.0.113.").network, sought("12345").account_id
    ('203.0.113.•••', '203.0.113.•••', 12345)
    """
    words = text.strip()[:LONGEST_WORDS]
    term = folded(words)[:LONGEST_EMAIL]
    is_number = words.isascii() and words.isdigit() and len(words) <= 19 and int(words) < 2**63
    is_reference = SHORTEST_REFERENCE <= len(words) <= ID_LENGTH and words.isascii() and words.isalnum()
    return Sought(
        term, AccountId(int(words)) if is_number else None, words if is_reference else "", _network(words)
    )


def place_said(text: str | None) -> Place | None:
    """The place in what was carried from page to page, or `None` for the first page.

    Raises:
        InvalidInput: it was not made here.
    """
    if not text:
        return None
    number, space, term = text.partition(" ")
    account_id = account_named(number, "")
    if not isinstance(account_id, int) or not space or "\0" in term:
        raise InvalidInput(_("This page of the list does not exist."), field="after")
    return Place(term, account_id)


def _network(words: str) -> str:
    """The masked address that is meant, or nothing."""
    if normalise_address(words) is not None:
        return mask_address(words)
    if _THREE.fullmatch(words):
        words += "."
    partly = _PARTLY.fullmatch(words)
    return f"{partly[1].lower()}{HIDDEN}" if partly else ""
