"""Settings > Activity as a file for a spreadsheet: what happened, who did it, and why; a line for each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.follow import events_before, named_operators
from signedin.rules.event import Recorded
from signedin.web.door import Ask, Door, respond
from signedin.web.event_view import KINDS, operators_in

MOST_LINES = 10_000
"""Entries in one file, the newest of all."""
AT_ONCE = 1_000
COLUMNS = ("at", "event", "about", "by", "who", "reason", "place", "ip_address")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@get("/settings/activity.csv")
async def activity_csv(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The newest entries, or those of one kind, as CSV (RFC 4180); addresses are masked here too (R11)."""
    presence = door.signed_in(request)
    kinds = KINDS.get(request.query_params.get("kind", ""), frozenset())
    found, before = list[Recorded](), None
    while len(found) < MOST_LINES:
        part = await events_before(door.means, presence.account_id, before, AT_ONCE, kinds)
        found += part
        if len(part) < AT_ONCE:
            break
        before = part[-1].number
    names = await named_operators(door.means, operators_in([each.event for each in found]))
    named = ("content-disposition", 'attachment; filename="activity.csv"')
    return respond(table(found, names), media_type="text/csv", headers=[named])


def table(found: Iterable[Recorded], operators: Mapping[str, str]) -> str:
    """The entries as lines; moments are UTC, and the names of events those of the API.

    No field is one that a spreadsheet would take for a formula: names come from elsewhere.
    """
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(COLUMNS)
    for recorded in found:
        lines.writerow([_harmless(text) for text in _line(recorded, operators)])
    return written.getvalue()


def _line(recorded: Recorded, operators: Mapping[str, str]) -> tuple[str, ...]:
    event = recorded.event
    facts, personal = event.facts, event.personal
    who = operators.get(str(facts.get("operator")), str(facts.get("service", "")))
    about = personal.get("name") or personal.get("device") or ""
    return (
        event.at.isoformat().replace("+00:00", "Z"), event.kind.value, str(about), str(facts.get("by", "")), who,
        str(personal.get("reason", "")), str(personal.get("place") or ""), str(personal.get("masked_ip") or ""),
    )  # fmt: skip


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
