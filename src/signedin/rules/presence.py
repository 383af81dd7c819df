"""Who is asking, how they came, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from signedin.rules.account import AccountId
from signedin.rules.session import AppType, SessionId


class Presence(NamedTuple):
    """Somebody who is signed in, as the gate recognised them by the credential of this request.

    `current_id` is the row of that credential in the session list (R18), or `None` when the one who asks
    has no row of its own (D3). `expires_soon` says that this use must be on disk before the answer (D28).
    `scopes` is `None` for a session, which may do whatever its person may; a key may do what they name and no more,
    has no app type, and is named by `key_id`. An access token names its client, the resource servers that it is for
    (none: this service) and the key that has to be shown with it; `current_id` is that of the session of one's own
    app, and `key_id` the consent that another's token goes with: it is nobody's current row (D3). `is_for_us` says
    whether this service is what it is for, or among that. `subject` is by what name another's client knows the
    person, where that is not the number of the account.
    `networks` are lists of networks that an organisation lets its people come from: from one of each.
    A named tuple, because one is made for every request and it is made in a third of the time.
    """

    account_id: AccountId
    current_id: SessionId | None
    app_type: AppType | None
    authenticated_at: datetime
    may_manage_sessions: bool = True
    expires_soon: bool = False
    scopes: frozenset[str] | None = None
    key_id: str | None = None
    client_id: str | None = None
    audience: tuple[str, ...] = ()
    key_thumbprint: str = ""
    is_for_us: bool = True
    subject: str = ""
    networks: tuple[tuple[str, ...], ...] = ()

    @property
    def used_id(self) -> str:
        """The row of the list or the key that a request of theirs uses."""
        return self.current_id or self.key_id or ""

    @property
    def told_as(self) -> str:
        """As what the account is told to whoever holds this: by its number, or by a name that no other client knows."""
        return self.subject or str(self.account_id)


class Service(NamedTuple):
    """An app that Signedin serves, as the gate recognised it by its service key: nobody's account.

    `app_types` are those of the sessions that it may begin and check, fixed when the key was issued (D31).
    """

    key_id: str
    name: str
    scopes: frozenset[str]
    app_types: frozenset[AppType]


@dataclass(frozen=True, slots=True)
class Absence:
    """Nobody: why what came with the request signs nobody in.

    Of an ended session it is known when it ended, and after how long without use it would have (D10). `over` is a row
    that a rule of an organisation has just ended: it waits to be buried.
    """

    reason: str
    ended_at: datetime | None = None
    idle: timedelta | None = None
    over: tuple[AccountId, str] | None = None
