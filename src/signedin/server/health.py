"""Whether the server lives and can serve."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.follow import latest_number
from signedin.rules.account import AccountId
from signedin.rules.errors import Refused
from signedin.web.door import Door, respond


@get("/health/live")
async def live() -> ASGIResponse:
    """200 while the process runs."""
    return respond("live\n", media_type="text/plain")


@get("/health/ready")
async def ready(door: NamedDependency[Door]) -> ASGIResponse:
    """200 once a session can be checked."""
    try:
        await latest_number(door.means, AccountId(0))
    except Refused as refusal:
        return respond(f"not ready: {refusal.sentence}\n", 503, media_type="text/plain")
    return respond("ready\n", media_type="text/plain")
