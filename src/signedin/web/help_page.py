"""The guide for the person, and how their data is kept."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.list_sessions import account_of
from signedin.rules.account import Account
from signedin.web.door import Ask, Door, arrival_of


@get("/help/active-sessions")
async def help_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The guide to Active Sessions, open to everybody."""
    return door.page(request, "help_active_sessions.html", account=await _reader_account(request, door))


@get("/privacy")
async def privacy_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Encryption and privacy: what is kept, how, and for how long."""
    return door.page(request, "privacy.html", account=await _reader_account(request, door))


async def _reader_account(request: Ask, door: Door) -> Account | None:
    presence = arrival_of(request).presence
    return await account_of(door.means, presence) if presence else None
