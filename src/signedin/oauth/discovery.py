"""What there is, for clients that ask: OpenID Connect Discovery 1.0 and RFC 8414, one document at both addresses.

An endpoint is named when the application has a route for it, and what belongs to it with it: nothing is promised that
is not there.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.gate.languages import LANGUAGES
from signedin.oauth.public import FOR_ANYBODY
from signedin.rules.claims import OF_SCOPES
from signedin.rules.client import Authentication, GrantType
from signedin.rules.pkce import METHOD
from signedin.rules.scope import OF_PEOPLE
from signedin.rules.signing import OURS
from signedin.rules.statement import ALGORITHMS

ENDPOINTS = {
    "authorization_endpoint": "/oauth/authorize",
    "token_endpoint": "/oauth/token",
    "userinfo_endpoint": "/oauth/userinfo",
    "jwks_uri": "/oauth/jwks",
    "revocation_endpoint": "/oauth/revoke",
    "introspection_endpoint": "/oauth/introspect",
    "pushed_authorization_request_endpoint": "/oauth/par",
    "device_authorization_endpoint": "/oauth/device_authorization",
    "end_session_endpoint": "/oauth/end_session",
    "op_policy_uri": "/privacy",
}
_METHODS = [each.value for each in Authentication]
_SHOWN = [each for each in _METHODS if each != Authentication.NONE]
"""How clients show that they are themselves where it is not enough to say so."""


def _proved(endpoint: str, methods: list[str]) -> dict[str, Any]:
    return {
        f"{endpoint}_endpoint_auth_methods_supported": methods,
        f"{endpoint}_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
    }


BELONGS_TO: dict[str, dict[str, Any]] = {
    "/oauth/authorize": {
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": [METHOD],
        "authorization_response_iss_parameter_supported": True,
        "scopes_supported": list(OF_PEOPLE),
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "acr_values_supported": ["aal1"],
        "ui_locales_supported": list(LANGUAGES),
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    },
    "/oauth/token": {
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": list(OURS),
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "sid", "at_hash",
            *(claim for scope in ("profile", "email") for claim in OF_SCOPES[scope]),
        ],
        "claim_types_supported": ["normal"],
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        **_proved("token", _METHODS),
    },
    "/oauth/end_session": {"backchannel_logout_supported": True, "backchannel_logout_session_supported": True},
    "/oauth/par": {"require_pushed_authorization_requests": False},
    "/oauth/revoke": _proved("revocation", _METHODS),
    "/oauth/introspect": _proved("introspection", _SHOWN),
}  # fmt: skip
"""What is said of an endpoint beside its address."""
_GRANTS = {
    "/oauth/authorize": (GrantType.CODE,),
    "/oauth/token": (GrantType.REFRESH, GrantType.CLIENT),
    "/oauth/device_authorization": (GrantType.DEVICE,),
}


@dataclass(frozen=True, slots=True)
class Discovery:
    """The document of an installation, put together once."""

    issuer: str
    paths: Collection[str]
    text: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Write it."""
        object.__setattr__(self, "text", json.dumps(metadata(self.issuer, self.paths), indent=1))


def metadata(issuer: str, paths: Collection[str]) -> dict[str, Any]:
    """What is told of an installation that answers at these paths."""
    told: dict[str, Any] = {"issuer": issuer}
    told |= {name: f"{issuer}{path}" for name, path in ENDPOINTS.items() if path in paths}
    for path, more in BELONGS_TO.items():
        told |= more if path in paths else {}
    ways = [grant.value for path, grants in _GRANTS.items() if path in paths for grant in grants]
    return told | ({"grant_types_supported": ways} if ways else {})


@get("/.well-known/openid-configuration")
async def openid_configuration(discovery: NamedDependency[Discovery]) -> ASGIResponse:
    """What there is (OpenID Connect Discovery 1.0, section 4)."""
    return _told(discovery)


@get("/.well-known/oauth-authorization-server")
async def oauth_authorization_server(discovery: NamedDependency[Discovery]) -> ASGIResponse:
    """The same (RFC 8414, section 3)."""
    return _told(discovery)


def _told(discovery: Discovery) -> ASGIResponse:
    return ASGIResponse(body=discovery.text, media_type="application/json", headers=FOR_ANYBODY)


ROUTES = [openid_configuration, oauth_authorization_server]
