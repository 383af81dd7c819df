"""An authorization request: what it says, who asks, and what is wanted once it was judged.

Who asks, and where the answer would lead, is judged before all else (`whose`): a request from nobody that is known
here, or for another address than the client's own, is answered with a page and never with a redirect.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from signedin.rules.client import Client
from signedin.rules.errors import Refused
from signedin.rules.redirect_uri import is_registered
from signedin.rules.wording import marked as _

KNOWN = frozenset({
    "response_type", "client_id", "redirect_uri", "scope", "state", "response_mode", "nonce", "display", "prompt",
    "max_age", "ui_locales", "id_token_hint", "login_hint", "acr_values", "claims", "claims_locales", "request",
    "request_uri", "registration", "code_challenge", "code_challenge_method", "resource", "dpop_jkt",
})  # fmt: skip
"""What a request may say; everything else is ignored (RFC 6749, section 3.1)."""
MAY_REPEAT = "resource"
"""The one parameter that may come several times (RFC 8707, section 2); its values are kept with blanks between."""
LONGEST = 2_000
LONGEST_OF_ALL = 16_000
NO_CLIENT = _("there is no such client_id, or it is disabled")


class Prompt(StrEnum):
    """What the client wants the person to be asked, whether or not it would have to be (OpenID Connect, 3.1.2.1)."""

    NONE = "none"
    LOGIN = "login"
    CONSENT = "consent"
    SELECT_ACCOUNT = "select_account"


class AuthorizationRefused(Refused):
    """An authorization request that cannot be answered to anybody: its client or its redirect address is not known."""

    code = "authorization_refused"
    sentence = _("This app has sent you here with a request that cannot be answered.")
    hint = _("Go back to the app. If it happens again, tell whoever runs the app.")

    def __init__(self, why: str, client_id: str = "") -> None:
        super().__init__()
        self.why, self.client_id = why, client_id
        """For whoever runs the app: what the matter is, in our own words, which the page and the log say; and whom the
        request named as its client, in whatever words, which the log alone says."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a request said, as far as it is known here, and which of it came more than once."""

    said: Mapping[str, str]
    repeated: frozenset[str] = frozenset()

    def get(self, name: str) -> str:
        """The value, and nothing where there was none: without a value is as if it were not there (section 3.1)."""
        return self.said.get(name, "")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client wants of a person, once every check was passed.

    `own_resources` are the names of this service itself, which may be among the `resources`.
    """

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str = ""
    nonce: str = ""
    challenge: str = ""
    resources: tuple[str, ...] = ()
    prompt: frozenset[Prompt] = frozenset()
    max_age: timedelta | None = None
    key_thumbprint: str = ""
    id_token_hint: str = field(default="", repr=False)
    login_hint: str = ""
    ui_locales: str = ""
    own_resources: frozenset[str] = frozenset()

    @property
    def others_resources(self) -> tuple[str, ...]:
        """The resource servers that it is for beside this service."""
        return tuple(each for each in self.resources if each not in self.own_resources)


@dataclass(frozen=True, slots=True)
class Asking:
    """A request before the checks: what it said, by which client, and how it came."""

    parameters: Parameters
    client: Client
    is_pushed: bool = False
    own_resources: frozenset[str] = frozenset()

    def get(self, name: str) -> str:
        """What it said."""
        return self.parameters.get(name)


def gathered(pairs: Iterable[tuple[str, str]], known: Collection[str] = KNOWN) -> Parameters:
    """The parameters of a request, from its query or its form, as far as they are known there.

    >>> gathered([("scope", "openid"), ("scope", "email"), ("x", "1"), ("state", "")]).repeated
    frozenset({'scope'})
    """
    said: dict[str, str] = {}
    repeated = set()
    for name, value in pairs:
        if name not in known or not value:
            continue
        if name in said and name == MAY_REPEAT:
            said[name] += f" {value}"
        elif name in said:
            repeated.add(name)
        else:
            said[name] = value
    return Parameters(said, frozenset(repeated))


def whose(parameters: Parameters, client: Client | None) -> tuple[Client, str]:
    """Who asks, and where the answer leads.

    Raises:
        AuthorizationRefused: no client that is known and enabled, or not exactly its address (RFC 6749, 3.1.2.4).
    """
    named, uri = parameters.get("client_id"), parameters.get("redirect_uri")
    if {"client_id", "redirect_uri"} & parameters.repeated:
        raise AuthorizationRefused(_("client_id or redirect_uri came twice"), named)
    if client is None or client.is_disabled or client.id != named:
        raise AuthorizationRefused(NO_CLIENT, named)
    if not is_registered(uri, client.redirect_uris):
        raise AuthorizationRefused(_("this redirect_uri is not registered for this client_id"), named)
    return client, uri
