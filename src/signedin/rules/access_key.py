"""A key for scripts; not in the session list, and so out of reach of Logout All Devices (R26, R60)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from signedin.rules import errors
from signedin.rules import scope as scopes
from signedin.rules.account import AccountId, tidy_name
from signedin.rules.activity import DayLevels
from signedin.rules.session import AppType, Origin
from signedin.rules.wording import marked as _

LONGEST_NAME = 80
MOST_KEYS = 100
"""As many as one account may have at a time: a list that nobody can read is looked through by nobody."""


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A personal access key as its list shows it: the secret itself was shown once.

    `last_at` is `None` while it was never used; `last_from` is where its last use came from.
    """

    id: str
    account_id: AccountId
    name: str
    scopes: tuple[str, ...]
    issued_at: datetime
    last_four: str
    expires_at: datetime | None = None
    last_at: datetime | None = None
    last_from: Origin | None = None
    days: DayLevels = field(default_factory=DayLevels)


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """A key of an app that Signedin serves: it belongs to the installation and to nobody's account (D31)."""

    id: str
    name: str
    scopes: tuple[str, ...]
    app_types: tuple[AppType, ...]
    issued_at: datetime
    last_four: str
    expires_at: datetime | None = None
    last_at: datetime | None = None
    last_from: Origin | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants a new key to be."""

    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None = None


def judge(wish: Wish, allowed: Collection[str], now: datetime) -> Wish:
    """The wish as it may be granted: a tidy name, each scope once and in the order people are told them.

    Raises:
        InvalidInput: no name, no scope, one that such a key never holds (D11), or an end that is past.
    """
    name = tidy_name(wish.name)
    if not name or len(name) > LONGEST_NAME:
        raise errors.InvalidInput(_("A name of up to 80 characters is needed."), field="name")
    if not wish.scopes:
        raise errors.InvalidInput(_("Choose at least one thing that the key may do."), field="scopes")
    if not set(wish.scopes) <= set(allowed):
        raise errors.InvalidInput(_("A key of this kind cannot be allowed that."), field="scopes")
    if wish.expires_at is not None and wish.expires_at <= now:
        raise errors.InvalidInput(_("The end of the key has to be in the future."), field="expires_at")
    return Wish(name, tuple(each for each in scopes.SENTENCES if each in wish.scopes), wish.expires_at)
