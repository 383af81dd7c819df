"""A client's form as it was sent."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from litestar import Request

from signedin.rules.oauth_refusal import OAuthRefused


async def form_of(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The fields; each at most once."""
    pairs = parse_qsl((await request.body()).decode("latin-1"), keep_blank_values=True, max_num_fields=100)
    if len(dict(pairs)) != len(pairs):
        raise OAuthRefused("invalid_request", "A parameter came more than once.")
    return dict(pairs)
