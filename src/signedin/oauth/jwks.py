"""`/oauth/jwks`: the public keys that what we sign is verified with (RFC 7517)."""

from __future__ import annotations

import json

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.sign import jwk_set
from signedin.gate.keep import Kept
from signedin.oauth.form import Ask, now_of
from signedin.oauth.public import FOR_ANYBODY


@get("/oauth/jwks")
async def jwks(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """The set; a new key is in it for longer before it signs than anybody is told to remember this answer."""
    body = json.dumps(await jwk_set(kept.means, now_of(request)))
    return ASGIResponse(body=body, media_type="application/jwk-set+json", headers=FOR_ANYBODY)


ROUTES = [jwks]
