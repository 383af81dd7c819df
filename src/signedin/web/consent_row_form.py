"""Taking something back from a connected app, in the details of its row."""

from __future__ import annotations

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.actions.narrow_consent import narrow_consent
from signedin.web.door import Ask, Door, now_of, see_other


@post("/settings/sessions/{row_id:str}/scopes")
async def narrow_form(request: Ask, door: NamedDependency[Door], row_id: FromPath[str]) -> ASGIResponse:
    """Leave it what is still ticked, at once, and back to the list."""
    presence = door.signed_in(request)
    fields = await door.form(request)
    consent = await narrow_consent(door.means, presence, row_id, fields, now_of(request))
    notice = door.notice_cookie({"kind": "narrowed", "name": consent.client_name})
    return see_other("/settings/sessions", cookies=[notice])
