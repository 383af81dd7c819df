"""Where a sign-in comes from: what the server itself sees of a browser, for all pages that sign in."""

from __future__ import annotations

from signedin.actions.sign_in import Visit
from signedin.gate.user_agent import read_device, ruleset, what_it_said
from signedin.web.door import Ask, Door, arrival_of


def visit_of(request: Ask, door: Door) -> Visit:
    """Where a sign-in comes from, as the server sees it."""
    agent = request.headers.get("user-agent", "")
    arrival = arrival_of(request)
    device = read_device(agent, request.headers)
    reader, mark = door.reader(request), arrival.cookies.get(door.names.browser)
    return Visit(
        arrival.address,
        what_it_said(agent, request.headers),
        device,
        ruleset(),
        mark,
        arrival.recognised or arrival.elsewhere,
        reader.lang,
        reader.zone_name,
    )
