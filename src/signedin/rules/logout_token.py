"""What a client is told of a sign-out, and how often it is tried (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

TYP = "logout+jwt"
LASTS = timedelta(minutes=2)
EVENT = "http://schemas.openid.net/event/backchannel-logout"
GIVEN_UP_AFTER = 15
"""Attempts, a day and a half in all; a client that was not there for so long has to ask for itself."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=6)


def logout_token(
    issuer: str, client_id: str, subject: str, sid: str, jti: str, now: datetime
) -> dict[str, Any]:
    """The claims of a logout token (section 2.4): whose sessions, and which one where it is known; never a nonce."""
    told = {
        "iss": issuer, "aud": client_id, "sub": subject, "iat": int(now.timestamp()),
        "exp": int((now + LASTS).timestamp()), "jti": jti, "events": {EVENT: {}},
    }  # fmt: skip
    return told | ({"sid": sid} if sid else {})


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts in vain: each time twice as long.

    >>> str(pause_after(1)), str(pause_after(2)), str(pause_after(14))
    ('0:00:10', '0:00:20', '6:00:00')
    """
    return min(_FIRST_PAUSE * (1 << min(attempts - 1, 20)), _LONGEST_PAUSE)
