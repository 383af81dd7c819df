"""`/admin/overview`: how much is signed in and what happened on each of 30 days; the same to take along as CSV and JSON."""

from __future__ import annotations

import json

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.see_overview import see_overview
from signedin.rules.overview_told import overview_item, overview_table
from signedin.web.admin_page import frame
from signedin.web.door import OPERATORS_HOME, Ask, Door, now_of, respond
from signedin.web.overview_view import overview_view

PATH = f"{OPERATORS_HOME}/overview"


@get(PATH)
async def overview_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The numbers with their small pictures, and the map."""
    seen = await see_overview(door.means, door.signed_in(request), now_of(request))
    view = overview_view(seen, door.reader(request).speech)
    return door.page(request, "admin_overview.html", view=view, **await frame(request, door))


@get(f"{PATH}.csv")
async def overview_csv(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The numbers for a spreadsheet."""
    seen = await see_overview(door.means, door.signed_in(request), now_of(request))
    return _file(overview_table(seen), "csv", "text/csv; charset=utf-8; header=present", request)


@get(f"{PATH}.json")
async def overview_json(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The numbers for programs."""
    seen = await see_overview(door.means, door.signed_in(request), now_of(request))
    text = json.dumps(overview_item(seen), ensure_ascii=False, indent=2) + "\n"
    return _file(text, "json", "application/json", request)


ROUTES = [overview_page, overview_csv, overview_json]


def _file(text: str, kind: str, media_type: str, request: Ask) -> ASGIResponse:
    name = f'attachment; filename="signedin-overview-{now_of(request):%Y-%m-%d}.{kind}"'
    return respond(text, media_type=media_type, headers=[("content-disposition", name)])
