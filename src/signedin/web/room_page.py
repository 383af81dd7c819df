"""`/sign-in/room`: one session too many; the person says which of theirs end, and the sign-in goes on."""

from __future__ import annotations

from typing import Any

from litestar import post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.sign_in_after_room import sessions_in_the_way, sign_in_after_room
from signedin.rules import errors
from signedin.rules.policy import TooManySessions
from signedin.web.door import Ask, Door, arrival_of, now_of, own_path, see_other
from signedin.web.row_view import row_view
from signedin.web.visit import visit_of

CHOSEN = "row-"
"""Before the reference of a session in the name of its tick."""
MOST_TICKS = 1_010


async def room_page(request: Ask, door: Door, refusal: TooManySessions, wanted: str) -> ASGIResponse:
    """The sessions in the way, each with a tick; nothing has ended yet."""
    here = visit_of(request, door).signed_in
    listed = await sessions_in_the_way(door.means, refusal.pending, now_of(request), here)
    speech = door.reader(request).speech
    shown: dict[str, Any] = {
        "rows": [row_view(listed, row, speech) for row in listed.rows], "pending": refusal.pending, "next": wanted,
        "surplus": max(1, len(listed.rows) + 1 - refusal.most), "most": refusal.most,
    }  # fmt: skip
    return door.page(request, "room.html", refusal=refusal, **shown)


@post("/sign-in/room")
async def room_form(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """End what is ticked and sign in; where that is not enough, ask again."""
    fields = await door.form(request, or_from_before_sign_in=True, most=MOST_TICKS)
    wanted, pending = own_path(fields.get("next")), fields.get("pending", "")
    chosen = [name.removeprefix(CHOSEN) for name in fields if name.startswith(CHOSEN)]
    try:
        visit, now = visit_of(request, door), now_of(request)
        begun, ticks = await sign_in_after_room(door.means, pending, chosen, visit, now)
    except TooManySessions as refusal:
        return await room_page(request, door, refusal, wanted)
    except errors.SignInRefused:
        return see_other("/sign-in")
    arrival_of(request).is_quiet = True
    return see_other(wanted, cookies=door.begun_cookies(begun, ticks))
