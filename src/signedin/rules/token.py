"""Access tokens: what one opens, for whom, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token of a grant. `audience` are the resource servers that it is for; empty means this service (RFC 8707).

    `key_thumbprint` is that of the key that has to be shown with it, where it is bound to one (RFC 9449).
    """

    grant_id: str
    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    made_at: datetime
    until: datetime
    key_thumbprint: str = ""
