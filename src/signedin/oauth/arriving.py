"""A client's request as it arrived, and how it is answered: in JSON that nobody keeps (RFC 6749, section 5.1)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from litestar import Request
from litestar.response.base import ASGIResponse

from signedin.actions.sign_in import Visit
from signedin.gate.arrival import Arrival
from signedin.gate.user_agent import read_device, ruleset, what_it_said
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.sent import Headers

Ask = Request[Any, Any, Any]
NO_STORE = (("cache-control", "no-store"), ("pragma", "no-cache"))


def arrived(ask: Ask) -> Arrival:
    """What the gate saw of it; a cookie that came along is nobody's activity here (D15)."""
    arrival: Arrival = ask.scope["signedin"]  # type: ignore[typeddict-item]  # put there by gate/middleware.py
    arrival.is_quiet = True
    return arrival


def visit_of(ask: Ask) -> Visit:
    """Where a client's program is and what it calls itself: the device of a session that begins with this (R22)."""
    return visit_by(arrived(ask), ask.scope["headers"])


def visit_by(arrival: Arrival, headers: Headers) -> Visit:
    """The same of a request's headers as they came; of those that came twice, the first counts."""
    said: dict[str, str] = {}
    for name, value in headers:
        said.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    agent = said.get("user-agent", "")
    return Visit(arrival.address, what_it_said(agent, said), read_device(agent, said), ruleset())


def needed(form: dict[str, str], name: str) -> str:
    """A parameter that has to be there.

    Raises:
        OAuthRefused: it is not.
    """
    if not form.get(name):
        raise OAuthRefused("invalid_request", f"The parameter {name} is missing.")
    return form[name]


def told(value: Any, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> ASGIResponse:
    """An answer that nobody keeps."""
    body = json.dumps(value, ensure_ascii=False)
    return ASGIResponse(
        body=body, status_code=status, media_type="application/json", headers=[*NO_STORE, *headers]
    )
