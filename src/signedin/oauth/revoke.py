"""`/oauth/revoke`: a client gives a token back (RFC 7009)."""

from __future__ import annotations

from litestar import post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.revoke_token import revoke_token
from signedin.gate.client_authentication import authenticated_client
from signedin.gate.keep import Kept
from signedin.oauth.arriving import NO_STORE, Ask, arrived, needed
from signedin.oauth.form import form_of


@post("/oauth/revoke", status_code=200)
async def revocation(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """200 once it is over everywhere, and the same for what was none of the client's (section 2.2); hints are not needed."""
    arrival, headers = arrived(request), request.scope["headers"]
    form = await form_of(request)
    client = await authenticated_client(kept.means, headers, form, arrival.now, issuer=kept.base_url)
    await revoke_token(kept.means, client, needed(form, "token"), arrival.now)
    return ASGIResponse(status_code=200, headers=list(NO_STORE))


ROUTES = [revocation]
