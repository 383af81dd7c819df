"""`/oauth/introspect`: what a token says, for whoever it is for (RFC 7662)."""

from __future__ import annotations

from litestar import post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.introspect import introspect
from signedin.gate.client_authentication import authenticated_client
from signedin.gate.keep import Kept
from signedin.oauth.arriving import Ask, arrived, needed, told
from signedin.oauth.form import form_of
from signedin.rules.oauth_refusal import OAuthRefused

PATH = "/oauth/introspect"


@post(PATH, status_code=200)
async def introspection(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """What it says; exactly `{"active": false}` for what is dead, unknown or none of the caller's business."""
    arrival, headers = arrived(request), request.scope["headers"]
    form, now, issuer = await form_of(request), arrival.now, kept.base_url
    caller = await authenticated_client(kept.means, headers, form, now, issuer=issuer)
    if not caller.is_confidential:
        raise OAuthRefused("invalid_client", "Only a client that keeps a secret may ask.", status=401)
    return told(await introspect(kept.means, caller, needed(form, "token"), issuer, now))


ROUTES = [introspection]
