"""`/oauth/token`: a code, a refresh token, a device code or a client itself for tokens (RFC 6749, section 3.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from litestar import post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.exchange import Asking, client_credentials, redeem_code, redeem_device_code, refresh
from signedin.actions.issue_tokens import Tokens
from signedin.actions.means import Means
from signedin.gate.arrival import Arrival
from signedin.gate.client_authentication import authenticated_client
from signedin.gate.dpop import proved_key
from signedin.gate.keep import Kept
from signedin.oauth.arriving import Ask, arrived, needed, told, visit_by
from signedin.oauth.form import form_of
from signedin.rules.client import Client, GrantType
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.sent import Headers

PATH = "/oauth/token"
Form = dict[str, str]


@post(PATH, status_code=200)
async def token(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """Tokens, where no plain form was sent (`token_at_once.py` answers those by the same steps)."""
    arrival, form = arrived(request), await form_of(request)
    return told(await exchanged(kept.means, kept.base_url, arrival, request.scope["headers"], form))


async def exchanged(
    means: Means, issuer: str, arrival: Arrival, headers: Headers, form: Form
) -> dict[str, Any]:
    """Tokens; who asks is known before anything is looked at, and nothing is used where anything is refused.

    Raises:
        OAuthRefused: by the code and sentence that the client is told.
        Unavailable, DatabaseProblem: it cannot be known, or it is not known whether it was done.
    """
    client = await authenticated_client(means, headers, form, arrival.now, issuer=issuer)
    exchange = _EXCHANGES[_grant_type(form, client)]
    key = await proved_key(means, headers, "POST", issuer + PATH, arrival.now)
    scopes, resources = (tuple(form.get(name, "").split()) for name in ("scope", "resource"))
    asking = Asking(client, visit_by(arrival, headers), issuer, scopes, resources, key)
    return _said(await exchange(means, asking, form, arrival.now))


ROUTES = [token]


async def _code(means: Means, asking: Asking, form: Form, now: datetime) -> Tokens:
    code, verifier = needed(form, "code"), form.get("code_verifier")
    return await redeem_code(means, asking, code, needed(form, "redirect_uri"), verifier, now)


async def _refresh(means: Means, asking: Asking, form: Form, now: datetime) -> Tokens:
    return await refresh(means, asking, needed(form, "refresh_token"), now)


async def _device(means: Means, asking: Asking, form: Form, now: datetime) -> Tokens:
    return await redeem_device_code(means, asking, needed(form, "device_code"), now)


async def _client(means: Means, asking: Asking, _: Form, now: datetime) -> Tokens:
    return await client_credentials(means, asking, now)


_EXCHANGES: dict[GrantType, Callable[[Means, Asking, Form, datetime], Awaitable[Tokens]]] = {
    GrantType.CODE: _code, GrantType.REFRESH: _refresh, GrantType.DEVICE: _device, GrantType.CLIENT: _client,
}  # fmt: skip


def _grant_type(form: Form, client: Client) -> GrantType:
    named = needed(form, "grant_type")
    if named not in {each.value for each in GrantType}:
        raise OAuthRefused("unsupported_grant_type", "There is no such grant_type here.")
    if GrantType(named) not in client.grant_types:
        raise OAuthRefused("unauthorized_client", "This client is not registered for that grant_type.")
    return GrantType(named)


def _said(tokens: Tokens) -> dict[str, Any]:
    said: dict[str, Any] = {
        "access_token": tokens.access_token, "token_type": "DPoP" if tokens.key_thumbprint else "Bearer",
        "expires_in": tokens.expires_in, "scope": tokens.scope,
    }  # fmt: skip
    also = {"refresh_token": tokens.refresh_token, "id_token": tokens.id_token}
    return said | {name: value for name, value in also.items() if value}
