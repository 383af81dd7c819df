"""`/oauth/par`: a client pushes its authorization request in the back, where nobody can change it (RFC 9126)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from litestar import Request, post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.judge_request import wanted_by
from signedin.actions.keep_question import PUSHED_LASTS, Question, push
from signedin.gate.arrival import Arrival
from signedin.gate.client_authentication import authenticated_client
from signedin.gate.dpop import invalid, proved_key
from signedin.gate.keep import Kept
from signedin.oauth.form import form_of
from signedin.rules.authorization import AuthorizationRefused, Parameters, gathered, whose
from signedin.rules.oauth_refusal import OAuthRefused

PATH = "/oauth/par"
NO_STORE = ("cache-control", "no-store")


@post(PATH, status_code=201)
async def push_request(request: Request[Any, Any, Any], kept: NamedDependency[Kept]) -> ASGIResponse:
    """Judge the request as it would be judged later, keep it, and name it; the name is good once, for 90 seconds.

    The code will be bound to the key of a DPoP proof that comes along, as by `dpop_jkt` (RFC 9449, section 10.1).
    """
    arrival: Arrival = request.scope["signedin"]  # type: ignore[typeddict-item]  # put there by gate/middleware.py
    form, now = await form_of(request), arrival.now
    client = await authenticated_client(kept.means, request.scope["headers"], form, now, issuer=kept.base_url)
    if "request_uri" in form:
        raise OAuthRefused("invalid_request", "A pushed request cannot name another one.")
    said = gathered((form | {"client_id": form.get("client_id", client.id)}).items())
    try:
        whose(said, client)
    except AuthorizationRefused as refusal:
        raise OAuthRefused("invalid_request", f"{refusal.why.capitalize()}.") from None
    said = _bound(
        said, await proved_key(kept.means, request.scope["headers"], "POST", kept.base_url + PATH, now)
    )
    wanted_by(Question(said, now, is_pushed=True), client, kept.base_url)
    request_uri = await push(kept.means, said, now)
    told = {"request_uri": request_uri, "expires_in": int(PUSHED_LASTS.total_seconds())}
    return ASGIResponse(
        body=json.dumps(told), status_code=201, media_type="application/json", headers=[NO_STORE]
    )


def _bound(said: Parameters, key: str) -> Parameters:
    """The request with the key that was proved; one that names another is refused."""
    if not key:
        return said
    if said.get("dpop_jkt") not in {"", key}:
        raise invalid("dpop_jkt is another key than that of the DPoP proof.")
    return replace(said, said={**said.said, "dpop_jkt": key})


ROUTES = [push_request]
