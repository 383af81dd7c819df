"""The overview as programs and spreadsheets read it: one shape for the console, the API and the command line."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from signedin.rules.overview import Overview

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = ("day", "measure", "part", "count")


def overview_item(overview: Overview) -> dict[str, Any]:
    """For programs: stable names, RFC 3339 times, `null` where nothing was counted."""
    organisation = overview.organisation
    return {
        "organisation_id": str(organisation.id) if organisation else None,
        "counted_at": f"{overview.counted_at:%Y-%m-%dT%H:%M:%SZ}" if overview.counted_at else None,
        "days": [day.isoformat() for day in overview.days],
        "series": [
            {"measure": each.measure.value, "part": each.part, "by_day": list(each.by_day)}
            for each in overview.series
        ],
        "places": [
            {
                "place": each.location.label, "latitude": each.location.latitude,
                "longitude": each.location.longitude, "count": each.count,
            }
            for each in overview.places
        ],
        "nodes": [
            {"node_id": each.node_id, "about": each.about, "endings_behind": each.behind}
            for each in overview.nodes
        ],
    }  # fmt: skip


def overview_table(overview: Overview) -> str:
    """For spreadsheets: CSV (RFC 4180) with a line for each number, `day,measure,part,count`; what was not counted is left out.

    The places are those of the last count, as the measure `places`.
    """
    written = StringIO()
    table = csv.writer(written)
    table.writerow(COLUMNS)
    for each in overview.series:
        for day, number in zip(overview.days, each.by_day, strict=True):
            if number is not None:
                table.writerow([day.isoformat(), each.measure.value, cell(each.part), number])
    for place in overview.places if overview.counted_at else ():
        table.writerow([overview.days[-1].isoformat(), "places", cell(place.location.label), place.count])
    return written.getvalue()


def cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula.

    >>> cell("=cmd|' /C calc'!A0"), cell("Lisbon, PT")
    ("'=cmd|' /C calc'!A0", 'Lisbon, PT')
    """
    return f"'{text}" if text.startswith(_FORMULAS) else text
