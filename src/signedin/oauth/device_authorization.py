"""`/oauth/device_authorization`: a device without a browser asks to be signed in by another one (RFC 8628)."""

from __future__ import annotations

from litestar import post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.begin_device import begin_device
from signedin.actions.exchange import Asking
from signedin.gate.client_authentication import authenticated_client
from signedin.gate.keep import Kept
from signedin.oauth.arriving import Ask, arrived, told, visit_of
from signedin.oauth.form import form_of
from signedin.rules.client import GrantType
from signedin.rules.oauth_refusal import OAuthRefused


@post("/oauth/device_authorization", status_code=200)
async def device_authorization(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """A code for the device, one for its person, and where to type it (section 3.2)."""
    arrival, headers = arrived(request), request.scope["headers"]
    form, now, issuer = await form_of(request), arrival.now, kept.base_url
    client = await authenticated_client(kept.means, headers, form, now, issuer=issuer)
    if GrantType.DEVICE not in client.grant_types:
        raise OAuthRefused("unauthorized_client", "This client is not registered for device codes.")
    scopes, resources = (tuple(form.get(name, "").split()) for name in ("scope", "resource"))
    begun = await begin_device(kept.means, Asking(client, visit_of(request), issuer, scopes, resources), now)
    where = f"{issuer}/device"
    return told({
        "device_code": begun.device_code, "user_code": begun.user_code, "verification_uri": where,
        "verification_uri_complete": f"{where}?user_code={begun.user_code}", "expires_in": begun.expires_in,
        "interval": begun.interval,
    })  # fmt: skip


ROUTES = [device_authorization]
