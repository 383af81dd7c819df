"""A form that a client sends: each parameter once, none of it longer than is ever needed."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request

from signedin.gate.arrival import Arrival
from signedin.rules.oauth_refusal import OAuthRefused

LARGEST = 32_768
MOST = 60
LONGEST_NAME, LONGEST_VALUE = 100, 16_000
KIND = "application/x-www-form-urlencoded"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_OFTEN = "resource"
"""The one parameter that may come several times (RFC 8707, section 2): its values with blanks between, as none has one."""
Ask = Request[Any, Any, Any]


async def form_of(request: Ask) -> dict[str, str]:
    """The parameters of a form; one without a value counts as left out (RFC 6749, section 3.1).

    Raises:
        OAuthRefused: it is no such form, a parameter came twice, or it is too large.
    """
    kind, _, more = request.headers.get("content-type", "").partition(";")
    charset = more.lower().replace(" ", "").replace('"', "")
    if kind.strip().lower() != KIND or charset not in {"", "charset=utf-8"}:
        raise OAuthRefused("invalid_request", f"The body has to be {KIND} in UTF-8.")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise _too_large()
    return read_form(body)


def read_form(body: bytes) -> dict[str, str]:
    """The same of what was sent.

    Raises:
        OAuthRefused: as above.

    >>> read_form(b"scope=&resource=https://a.test/&resource=https://b.test/")
    {'resource': 'https://a.test/ https://b.test/'}
    """
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST, errors="strict")
    except ValueError:
        raise OAuthRefused("invalid_request", "The body cannot be read as a form.") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        _refuse_strange(name, value)
        if name in found and name != _OFTEN:
            raise OAuthRefused("invalid_request", f"The parameter {name} came twice.")
        found[name] = f"{found[name]} {value}".strip() if name in found else value
    return {name: value for name, value in found.items() if value}


def _refuse_strange(name: str, value: str) -> None:
    if len(name) > LONGEST_NAME or len(value) > LONGEST_VALUE:
        raise _too_large()
    if not name.isprintable() or _CONTROL.search(value):
        raise OAuthRefused("invalid_request", "A parameter holds a control character.")


def _too_large() -> OAuthRefused:
    return OAuthRefused(
        "invalid_request", "What was sent is larger than any request needs to be.", status=413
    )


def now_of(request: Ask) -> datetime:
    """The one moment that everything in this request happens at."""
    arrival: Arrival = request.scope["signedin"]  # type: ignore[typeddict-item]  # put there by gate/middleware.py
    return arrival.now
