"""The checks of an authorization request, small ones by name, in the order in which they are made.

Each reads some of the parameters and gives what of `Wanted` they mean, or refuses by the code of the RFC.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from signedin.rules.authorization import LONGEST, LONGEST_OF_ALL, Asking, Prompt, Wanted
from signedin.rules.client import GrantType
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.pkce import METHOD, is_challenge
from signedin.rules.scope import OF_PEOPLE, SENTENCES

_LONGER = {"id_token_hint": 8_000, "claims": 8_000}
MOST_RESOURCES = 10


def judge(asking: Asking) -> Wanted:
    """What the client wants, every check passed in order.

    Raises:
        OAuthRefused: by the code of the RFC.
    """
    found: dict[str, Any] = {}
    for check in CHECKS:
        found |= check(asking)
    return Wanted(asking.client.id, asking.get("redirect_uri"), own_resources=asking.own_resources, **found)


def _sizes(asking: Asking) -> dict[str, Any]:
    """Nothing is longer than anybody needs."""
    said = asking.parameters.said
    long = [name for name, value in said.items() if len(value) > _LONGER.get(name, LONGEST)]
    if long or sum(map(len, said.values())) > LONGEST_OF_ALL:
        raise OAuthRefused(
            "invalid_request", f"The parameter {long[0]} is too long." if long else "This is too long."
        )
    return {}


def _once(asking: Asking) -> dict[str, Any]:
    """Nothing came twice (RFC 6749, section 3.1)."""
    for name in sorted(asking.parameters.repeated):
        raise OAuthRefused("invalid_request", f"The parameter {name} came more than once.")
    return {}


def _no_objects(asking: Asking) -> dict[str, Any]:
    """No request object, by value or from elsewhere: what would be in it can be pushed (OpenID Connect, section 6)."""
    if asking.get("request"):
        raise OAuthRefused(
            "request_not_supported", "Request objects are not taken; push the request instead."
        )
    if asking.get("request_uri"):
        raise OAuthRefused("request_uri_not_supported", "Only a request_uri that was pushed here is taken.")
    if asking.get("registration"):
        raise OAuthRefused("registration_not_supported", "Clients do not register themselves in a request.")
    return {}


def _pushed(asking: Asking) -> dict[str, Any]:
    """Who has to push its requests does (RFC 9126, section 5)."""
    if asking.client.needs_pushed and not asking.is_pushed:
        raise OAuthRefused("invalid_request", "This client has to push its requests.")
    return {}


def _grant_type(asking: Asking) -> dict[str, Any]:
    """The client is registered for codes."""
    if GrantType.CODE not in asking.client.grant_types:
        raise OAuthRefused(
            "unauthorized_client", "This client is not registered for the authorization code grant."
        )
    return {}


def _response_type(asking: Asking) -> dict[str, Any]:
    """`code` alone: nothing that would put a token into an address (RFC 9700, section 2.1.2)."""
    if not (kind := asking.get("response_type")):
        raise OAuthRefused("invalid_request", "The parameter response_type is missing.")
    if kind != "code":
        raise OAuthRefused("unsupported_response_type", "The only response_type is code.")
    return {}


def _response_mode(asking: Asking) -> dict[str, Any]:
    """`query` alone."""
    if asking.get("response_mode") not in {"", "query"}:
        raise OAuthRefused("invalid_request", "The only response_mode is query.")
    return {}


def _scope(asking: Asking) -> dict[str, Any]:
    """What is known of the scopes and the client may ask for; names that mean nothing here are ignored."""
    asked = dict.fromkeys(asking.get("scope").split(" "))
    known = tuple(name for name in asked if name in SENTENCES)
    more = [name for name in known if name not in OF_PEOPLE or name not in asking.client.scopes]
    if more:
        raise OAuthRefused("invalid_scope", f"This client may not ask for the scope {more[0]}.")
    if not known:
        raise OAuthRefused("invalid_scope", "The parameter scope names nothing that is known here.")
    may_stay = GrantType.REFRESH in asking.client.grant_types
    return {"scopes": tuple(name for name in known if may_stay or name != "offline_access")}


def _pkce(asking: Asking) -> dict[str, Any]:
    """A challenge by S256; only who keeps a secret may be registered to do without, and sends a nonce then."""
    challenge, method = asking.get("code_challenge"), asking.get("code_challenge_method")
    if not challenge and not method:
        is_let_off = asking.client.is_confidential and not asking.client.needs_pkce
        if is_let_off and asking.get("nonce") and "openid" in asking.get("scope").split(" "):
            return {"challenge": ""}
        raise OAuthRefused("invalid_request", "The parameter code_challenge is missing.")
    if method != METHOD:
        raise OAuthRefused("invalid_request", "The only code_challenge_method is S256.")
    if not is_challenge(challenge):
        raise OAuthRefused("invalid_request", "The code_challenge has to be 43 characters of base64url.")
    return {"challenge": challenge}


def _resource(asking: Asking) -> dict[str, Any]:
    """Resource servers that the client's tokens may be for, each by its absolute address (RFC 8707, section 2).

    The issuer is this service itself: a token for it opens what one opens that names none.
    """
    asked = tuple(dict.fromkeys(asking.get("resource").split()))
    if len(asked) > MOST_RESOURCES:
        raise OAuthRefused("invalid_target", "There are too many resources.")
    for each in asked:
        if not is_resource(each) or each not in {*asking.client.resources, *asking.own_resources}:
            raise OAuthRefused("invalid_target", "A resource is not one that this client is registered for.")
    return {"resources": asked}


def _prompt(asking: Asking) -> dict[str, Any]:
    """Words that are known; `none` by itself."""
    words = asking.get("prompt").split()
    known = {each.value: each for each in Prompt}
    if not set(words) <= known.keys():
        raise OAuthRefused("invalid_request", "A word of prompt is not known here.")
    prompt = frozenset(known[word] for word in words)
    if Prompt.NONE in prompt and len(prompt) > 1:
        raise OAuthRefused("invalid_request", "The prompt none stands by itself.")
    return {"prompt": prompt}


def _max_age(asking: Asking) -> dict[str, Any]:
    """Whole seconds."""
    text = asking.get("max_age")
    if text and not (text.isascii() and text.isdigit() and len(text) <= len("9999999999")):
        raise OAuthRefused("invalid_request", "The max_age has to be a number of seconds.")
    return {"max_age": timedelta(seconds=min(int(text), 10**9)) if text else None}


def _key(asking: Asking) -> dict[str, Any]:
    """The thumbprint of the key that the code will be bound to (RFC 9449, section 10)."""
    thumbprint = asking.get("dpop_jkt")
    if thumbprint and not is_challenge(thumbprint):
        raise OAuthRefused("invalid_request", "The dpop_jkt has to be 43 characters of base64url.")
    return {"key_thumbprint": thumbprint}


def _as_said(asking: Asking) -> dict[str, Any]:
    """What is passed on as it was said; `display`, `acr_values` and `claims` are wishes that change nothing here."""
    names = ("state", "nonce", "id_token_hint", "login_hint", "ui_locales")
    return {name: asking.get(name) for name in names}


CHECKS: tuple[Callable[[Asking], dict[str, Any]], ...] = (
    _sizes,
    _once,
    _no_objects,
    _pushed,
    _grant_type,
    _response_type,
    _response_mode,
    _scope,
    _pkce,
    _resource,
    _prompt,
    _max_age,
    _key,
    _as_said,
)
"""Every check there is; each gives what it has read, or refuses."""


def is_resource(text: str) -> bool:
    """Whether it can be the address of a resource server: absolute, and without a fragment.

    >>> is_resource("https://api.example.org/v1"), is_resource("/v1"), is_resource("https://api.example.org/#x")
    (True, False, False)
    """
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and "#" not in text and text.isprintable()
