"""Applications that act for people: what each has registered, and what it may do with that (OAuth, OpenID Connect)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from signedin.rules.session import AppType


class ClientKind(StrEnum):
    """Whose application it is (D13): others' ask for consent, one's own begin sessions, services are nobody's."""

    THIRD_PARTY = "third_party"
    FIRST_PARTY = "first_party"
    SERVICE = "service"


class GrantType(StrEnum):
    """The ways to tokens that there are; implicit, password and hybrid are not (RFC 9700, section 2.1.2 and 2.4)."""

    CODE = "authorization_code"
    REFRESH = "refresh_token"
    DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
    CLIENT = "client_credentials"


class Authentication(StrEnum):
    """How a client shows at the token endpoint that it is itself; `none` is for those that can keep no secret."""

    NONE = "none"
    BASIC = "client_secret_basic"
    POST = "client_secret_post"
    KEY = "private_key_jwt"


@dataclass(frozen=True, slots=True)
class Client:
    """An application as it was registered.

    `id` is public. `name` and `description` are others' words, tidied (R29). `idle` is after how long without use its
    consents end (D8). `resources` are the addresses its tokens may be for (RFC 8707), beside this service. `keys` is
    its JWK set, public keys alone. `signed_resources` are those of `resources` that read signed access tokens by
    themselves, and so hear of an ending up to five minutes late (RFC 9068, D24). `lasts` is how long a refresh token lives at most, however often it is used.
    `back_channel_uri` is where it hears of sign-outs, and `needs_sid` whether each has to name the browser's session.
    """

    id: str
    name: str
    kind: ClientKind
    authentication: Authentication
    grant_types: frozenset[GrantType]
    scopes: frozenset[str]
    made_at: datetime
    description: str = ""
    app_type: AppType = AppType.OAUTH
    redirect_uris: tuple[str, ...] = ()
    logout_uris: tuple[str, ...] = ()
    back_channel_uri: str = ""
    needs_sid: bool = False
    resources: tuple[str, ...] = ()
    signed_resources: tuple[str, ...] = ()
    keys: tuple[dict[str, Any], ...] = ()
    idle: timedelta = timedelta(days=30)
    lasts: timedelta = timedelta(days=365)
    is_verified: bool = False
    is_native: bool = False
    needs_pkce: bool = True
    needs_pushed: bool = False
    needs_dpop: bool = False
    is_pairwise: bool = True
    signs_with: str = "RS256"
    logo: str | None = None
    disabled_at: datetime | None = None
    secrets: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def is_first_party(self) -> bool:
        """Whether it is one's own: it begins sessions, and asks for no consent (D13, R25)."""
        return self.kind is ClientKind.FIRST_PARTY

    @property
    def is_confidential(self) -> bool:
        """Whether it can keep a secret, and so has to show that it is itself (RFC 6749, section 2.1)."""
        return self.authentication is not Authentication.NONE

    @property
    def is_disabled(self) -> bool:
        """Whether it is refused on every path, and all that it has been given."""
        return self.disabled_at is not None
