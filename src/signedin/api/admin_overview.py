"""The whole for operators: `/v1/admin/overview`, as JSON and as CSV, and `/v1/admin/health`."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.see_health import Examiner, see_health
from signedin.actions.see_overview import see_overview
from signedin.api import overview_shapes
from signedin.api.answering import json_answer, refuse_unknown
from signedin.api.asking import Ask, arrival_of, operator_asks
from signedin.api.call import Call, Caller, described
from signedin.api.session_items import moment
from signedin.gate.keep import Kept
from signedin.rules.operator import Deed
from signedin.rules.overview_told import overview_item, overview_table

_CSV = "text/csv"
_OVERVIEW = Call(Caller.OPERATOR, "admin:read", gives=overview_shapes.Overview)
_TABLE = Call(Caller.OPERATOR, "admin:read", media_type=_CSV)
_HEALTH = Call(Caller.OPERATOR, "admin:read", gives=overview_shapes.Health)


@get("/v1/admin/overview", opt=described(_OVERVIEW))
async def overview(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """How much is signed in and what happened on each of 30 days, as it was last counted."""
    asking = await operator_asks(request, kept, Deed.SEE)
    refuse_unknown(request, set())
    return json_answer(overview_item(await see_overview(kept.means, asking, arrival_of(request).now)))


@get("/v1/admin/overview.csv", opt=described(_TABLE))
async def overview_csv(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """The same for a spreadsheet: a line for each number of each day."""
    asking = await operator_asks(request, kept, Deed.SEE)
    refuse_unknown(request, set())
    table = overview_table(await see_overview(kept.means, asking, arrival_of(request).now))
    return ASGIResponse(body=table, media_type=f"{_CSV}; charset=utf-8; header=present")


@get("/v1/admin/health", opt=described(_HEALTH))
async def health(
    request: Ask, kept: NamedDependency[Kept], examiner: NamedDependency[Examiner]
) -> ASGIResponse:
    """What `signedin doctor` finds, with what to do; looked at once a minute at most."""
    asking = await operator_asks(request, kept, Deed.SEE)
    refuse_unknown(request, set())
    examined = await see_health(kept.means, asking, examiner, arrival_of(request).now)
    return json_answer({
        "examined_at": moment(examined.at), "verdict": examined.worst,
        "findings": [each.as_dict() for each in examined.findings],
    })  # fmt: skip


ROUTES = [overview, overview_csv, health]
