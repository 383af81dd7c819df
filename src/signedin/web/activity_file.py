"""Settings > Activity as a file for a spreadsheet: what happened, who did it, and why; a line for each."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterable, Mapping
from functools import partial

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.follow import look_back
from signedin.rules.event import Recorded
from signedin.web.activity_page import FILE, asked_by
from signedin.web.door import Ask, Door, respond
from signedin.web.event_view import displayed

MOST_LINES = 10_000
"""Entries in one file, the newest of all."""
AT_ONCE = 1_000
COLUMNS = ("at", "event", "about", "by", "who", "reason", "place", "ip_address", "attempts")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@get(FILE)
async def activity_csv(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The newest entries as CSV (RFC 4180), as far as the page shows them; addresses are masked here too (R11).

    What shows certain words is looked for among the newest `MOST_LINES`.
    """
    presence, speech, asked = (
        door.signed_in(request),
        door.reader(request).speech,
        asked_by(request.query_params),
    )
    shows = partial(displayed, speech=speech)
    found, names, before = list[Recorded](), dict[str, str](), None
    for _ in range(MOST_LINES // AT_ONCE):
        part = await look_back(door.means, presence.account_id, asked, before, AT_ONCE, shows)
        found, names, before = [*found, *part.entries], names | {**part.operators}, part.go_on
        if before is None:
            break
    named = ("content-disposition", 'attachment; filename="activity.csv"')
    text = await asyncio.to_thread(table, found, names)  # of very many entries it takes its time
    return respond(text, media_type="text/csv", headers=[named])


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
    about = personal.get("name") or personal.get("device") or facts.get("name") or ""
    return (
        event.at.isoformat().replace("+00:00", "Z"), event.kind.value, str(about), str(facts.get("by", "")), who,
        str(personal.get("reason", "")), str(personal.get("place") or ""), str(personal.get("masked_ip") or ""),
        str(facts.get("attempts", "")),
    )  # fmt: skip


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
