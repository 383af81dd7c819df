"""`/oauth/userinfo`: what a client may know of the person who signed in (OpenID Connect Core, section 5.3)."""

from __future__ import annotations

from datetime import datetime

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.authenticate_key import note_key
from signedin.actions.authenticate_token import authenticate_token
from signedin.actions.note_use import write_first
from signedin.actions.tell_userinfo import tell_userinfo
from signedin.gate.dpop import proved_key
from signedin.gate.keep import Kept
from signedin.oauth.arriving import Ask, arrived, told
from signedin.oauth.form import form_of
from signedin.rules.errors import NotSignedIn
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.policy import OutsideNetworks, admits
from signedin.rules.presence import Absence, Presence
from signedin.rules.statement import ALGORITHMS

PATH = "/oauth/userinfo"


@get(PATH)
async def userinfo(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """The claims that the token's scopes open."""
    return await _answered(request, kept, *_sent(request))


@post(PATH, status_code=200)
async def userinfo_form(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """The same; the token may also come in a form (RFC 6750, section 2.2), but in one place only."""
    scheme, token = _sent(request)
    if request.headers.get("content-type"):
        given = (await form_of(request)).get("access_token", "")
        if given and token:
            raise OAuthRefused("invalid_request", "The access token came twice.")
        token = token or given
    return await _answered(request, kept, scheme, token)


ROUTES = [userinfo, userinfo_form]


async def _answered(request: Ask, kept: Kept, scheme: str, token: str) -> ASGIResponse:
    arrival, means = arrived(request), kept.means
    if not token:
        raise _challenged("invalid_token", "An access token is needed.", says_error=False)
    presence = await authenticate_token(means, token, arrival.now)
    if isinstance(presence, Absence):
        raise _challenged("invalid_token", f"The access token opens nothing: {presence.reason}.")
    await _refuse_another_key(request, kept, presence, scheme, token, arrival.now)
    if not admits(presence.networks, arrival.address):
        raise _challenged("invalid_token", f"The access token opens nothing: {OutsideNetworks.code}.")
    if not presence.is_for_us:
        raise _challenged("invalid_token", "The access token is for another resource server.")
    if "openid" not in (presence.scopes or ()):
        raise _challenged("insufficient_scope", "The scope openid is needed.", status=403, scope="openid")
    try:
        said = await tell_userinfo(means, presence)
    except NotSignedIn:
        raise _challenged("invalid_token", "The access token opens nothing.") from None
    note_key(means, presence, arrival.address, arrival.now)
    if presence.expires_soon:
        await write_first(
            means.recent, means.database, means.keyring, means.places, presence.account_id, presence.used_id
        )
    return told(said)


def _sent(request: Ask) -> tuple[str, str]:
    """The scheme and the token of the Authorization header; a token in the address is never looked at."""
    lines = [value.decode("latin-1") for name, value in request.scope["headers"] if name == b"authorization"]
    if len(lines) > 1:
        raise OAuthRefused("invalid_request", "The Authorization header came twice.")
    scheme, _, token = (lines or [""])[0].partition(" ")
    return (scheme.lower(), token.strip()) if scheme.lower() in {"bearer", "dpop"} else ("", "")


async def _refuse_another_key(
    request: Ask, kept: Kept, presence: Presence, scheme: str, token: str, now: datetime
) -> None:
    """Refuse a bound token without the proof of its key, and a proof's scheme for one that is bound to none (RFC 9449, 7)."""
    if (scheme == "dpop") != bool(presence.key_thumbprint):
        raise _challenged("invalid_token", "The access token is not shown as it was bound.")
    if not presence.key_thumbprint:
        return
    headers, url = request.scope["headers"], kept.base_url + PATH
    try:
        key = await proved_key(kept.means, headers, request.method, url, now, access_token=token)
    except OAuthRefused as refusal:
        raise _challenged(refusal.error, refusal.description, headers=refusal.headers) from None
    if key != presence.key_thumbprint:
        raise _challenged("invalid_token", "The access token is bound to another key.")


def _challenged(
    error: str, description: str, *, status: int = 401, scope: str = "", says_error: bool = True,
    headers: tuple[tuple[str, str], ...] = (),
) -> OAuthRefused:  # fmt: skip
    """The refusal with what `WWW-Authenticate` says of it, for either scheme (RFC 6750, section 3; RFC 9449, 7.1)."""
    said = f'error="{error}", error_description="{description}"' if says_error else ""
    said += f', scope="{scope}"' if scope else ""
    algorithms = f'algs="{" ".join(ALGORITHMS)}"'
    bearer = ("www-authenticate", f"Bearer {said}".strip() if said else 'Bearer realm="Signedin"')
    dpop = ("www-authenticate", "DPoP " + ", ".join(filter(None, [said, algorithms])))
    return OAuthRefused(error, description, status=status, headers=(bearer, dpop, *headers))
