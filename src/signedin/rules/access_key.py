"""A key for scripts; not in the session list, and so out of reach of Logout All Devices (R26, R60)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from signedin.rules.account import AccountId


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A personal access key as its list shows it: the secret itself was shown once."""

    id: str
    account_id: AccountId
    name: str
    scopes: tuple[str, ...]
    issued_at: datetime
    last_four: str
    expires_at: datetime | None = None
    last_at: datetime | None = None
