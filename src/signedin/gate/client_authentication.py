"""A client shows that it is itself: by a secret, by a key of its own, or, where it can keep neither, by its name.

Every refusal reads alike, whatever was wrong; the log says more. RFC 6749, section 2.3; RFC 7523 for signed assertions.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any
from urllib.parse import unquote_plus

import structlog

from signedin.actions.find_client import find_client
from signedin.actions.means import Means
from signedin.actions.read_statement import read_statement
from signedin.actions.use_once import use_once
from signedin.rules.client import Authentication, Client
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.secret import Kind, digest_of
from signedin.rules.sent import Headers
from signedin.rules.statement import CLOCKS_DIFFER, is_in_time, moment_of, object_in

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LASTS = timedelta(minutes=5)
TOKEN_ENDPOINT = "/oauth/token"  # noqa: S105  # where tokens are asked for
LONGEST_ID, LONGEST_JTI = 200, 255
_TYPES = frozenset({"", "jwt", "client-authentication+jwt"})
_NOBODYS = bytes(32)
"""What is compared where there is no secret, so that it takes as long."""
log = structlog.get_logger("signedin.security")


class ClientRefused(OAuthRefused):
    """It is not shown which client asks. `guess` is a secret that is nobody's, to be counted (security SM-9)."""

    def __init__(self, *, by_header: bool, guess: str = "") -> None:
        challenge = (("www-authenticate", 'Basic realm="Signedin", charset="UTF-8"'),) if by_header else ()
        super().__init__(
            "invalid_client", "The client is not known, is disabled, or has not shown that it is itself.",
            status=401, headers=challenge,
        )  # fmt: skip
        self.guess = guess


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a client has shown: who it says it is, how it shows it, and the secret or the assertion."""

    client_id: str
    method: Authentication
    proof: str = field(default="", repr=False)


async def authenticated_client(
    means: Means, headers: Headers, form: Mapping[str, str], now: datetime, *, issuer: str
) -> Client:
    """The client that asks, by the one method that it is registered with, and by no other.

    Raises:
        OAuthRefused: `invalid_request` where it shows itself in two ways; `invalid_client` (401) for everything else.
        Unavailable, DatabaseProblem: it cannot be known.
    """
    shown = _shown(headers, form)
    client = await find_client(means, shown.client_id)
    why = "unknown" if client is None else _why_not(client, shown)
    is_by_secret = shown.method in {Authentication.BASIC, Authentication.POST}
    if is_by_secret and not _is_one_of(shown.proof, client.secrets if client else ()):
        raise _refused(shown, why or "wrong secret", guess=shown.proof)
    if client is None or why:
        raise _refused(shown, why)
    if shown.method is Authentication.KEY and (
        wrong := await _why_not_believed(means, client, shown, now, issuer)
    ):
        raise _refused(shown, wrong)
    return client


async def client_at_once(means: Means, authorization: bytes) -> Client | None:
    """The client whose id and secret stand in a Basic header, where they are right; of what is not, nothing is said or logged.

    Raises:
        ClientRefused: the header cannot be read.
        Unavailable, DatabaseProblem: it cannot be known.
    """
    scheme, _, text = authorization.decode("latin-1").partition(" ")
    if scheme.lower() != "basic":
        return None
    shown = _in_header(text)
    client = await find_client(means, shown.client_id)
    if client is None or not _is_one_of(shown.proof, client.secrets) or _why_not(client, shown):
        return None
    return client


def _why_not(client: Client, shown: _Shown) -> str:
    if client.is_disabled:
        return "disabled"
    return "" if client.authentication is shown.method else f"shown by {shown.method}"


def _shown(headers: Headers, form: Mapping[str, str]) -> _Shown:
    """What came, if it came in one way (RFC 6749, section 2.3: no more than one method)."""
    lines = [value.decode("latin-1") for name, value in headers if name == b"authorization"]
    basic = [line.partition(" ")[2] for line in lines if line.partition(" ")[0].lower() == "basic"]
    has_assertion = "client_assertion" in form or "client_assertion_type" in form
    ways = [bool(basic), "client_secret" in form, has_assertion]
    if sum(ways) > 1 or len(basic) > 1 or (basic and len(lines) > 1):
        raise OAuthRefused("invalid_request", "A client authenticates in one way at a time.")
    said = form.get("client_id", "")
    if basic:
        shown = _in_header(basic[0])
        if said and said != shown.client_id:
            raise OAuthRefused("invalid_request", "client_id is not that of the Authorization header.")
        return shown
    if has_assertion:
        return _asserted(form)
    if not said or len(said) > LONGEST_ID or not said.isprintable():
        raise ClientRefused(by_header=False)
    secret = form.get("client_secret")
    return _Shown(said, Authentication.NONE if secret is None else Authentication.POST, secret or "")


def _in_header(text: str) -> _Shown:
    """Id and secret of a Basic header, each encoded as in a form before (RFC 6749, section 2.3.1)."""
    try:
        name, colon, secret = b64decode(text.strip(), validate=True).decode("utf-8").partition(":")
        client_id, proof = (unquote_plus(part, errors="strict") for part in (name, secret))
    except ValueError:
        raise ClientRefused(by_header=True) from None
    if not colon or not client_id or len(client_id) > LONGEST_ID or not client_id.isprintable():
        raise ClientRefused(by_header=True)
    return _Shown(client_id, Authentication.BASIC, proof)


def _asserted(form: Mapping[str, str]) -> _Shown:
    """Who signed an assertion, by its own word; whether it is believed is asked later (RFC 7521, section 4.2)."""
    assertion = form.get("client_assertion", "")
    if form.get("client_assertion_type") != ASSERTION_TYPE or not assertion:
        raise ClientRefused(by_header=False)
    parts = assertion.split(".")
    claims = object_in(parts[1]) if len(parts) == 3 else None
    name = (claims or {}).get("sub")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_ID or not name.isprintable():
        raise ClientRefused(by_header=False)
    if form.get("client_id", name) != name:
        raise OAuthRefused("invalid_request", "client_id is not that of the assertion.")
    return _Shown(name, Authentication.KEY, assertion)


async def _why_not_believed(means: Means, client: Client, shown: _Shown, now: datetime, issuer: str) -> str:
    """Why an assertion proves nothing, or nothing; its id counts once (RFC 7523, section 3; attack 23)."""
    statement = read_statement(shown.proof, client.keys)
    if statement is None:
        return "not signed by a key of this client"
    claims = statement.claims
    if wrong := _why_not_meant(claims, statement.typ, client, now, issuer):
        return wrong
    # kept for as long as it could be shown again, whatever its end says of fractions of a second
    until = now + ASSERTION_LASTS + CLOCKS_DIFFER
    is_first = await use_once(means, "client_assertion", client.id, claims["jti"], until)
    return "" if is_first else "its jti was used before"


def _why_not_meant(claims: Mapping[str, Any], typ: str, client: Client, now: datetime, issuer: str) -> str:
    jti, until, audience = claims.get("jti"), moment_of(dict(claims), "exp"), claims.get("aud")
    checks = (
        (typ in _TYPES, "it is another kind of statement"),
        (claims.get("iss") == client.id == claims.get("sub"), "iss and sub have to be the client's id"),
        (_is_for(audience, issuer), "aud has to be the issuer or the token endpoint, and nobody else"),
        (not client.needs_pushed or audience == issuer, "aud has to be the issuer, as text"),
        (is_in_time(dict(claims), now), "it is not valid now"),
        (until is not None and until <= now + ASSERTION_LASTS, "it may last five minutes at most"),
        (isinstance(jti, str) and 0 < len(jti) <= LONGEST_JTI, "it needs a jti"),
    )
    return next((why for holds, why in checks if not holds), "")


def _is_for(audience: object, issuer: str) -> bool:
    """Whether it is meant for us alone: one that is also for others could have been taken from them.

    A client that has to push its requests names the issuer and nothing else (FAPI 2.0 Security Profile, 5.3.2.1).
    """
    [only] = audience if isinstance(audience, list) and len(audience) == 1 else [audience]
    return isinstance(only, str) and only in {issuer, f"{issuer}{TOKEN_ENDPOINT}"}


def _is_one_of(secret: str, digests: tuple[bytes, ...]) -> bool:
    """Whether it is a secret of the client; it takes the same time for every wrong one."""
    hashed = digest_of(secret, {Kind.CLS})
    found = False
    for each in digests or (_NOBODYS,):
        found |= compare_digest(hashed or bytes(31), each)
    return found


def _refused(shown: _Shown, why: str, guess: str = "") -> ClientRefused:
    log.warning("client not authenticated", client=shown.client_id[:60], method=shown.method.value, why=why)
    return ClientRefused(by_header=shown.method is Authentication.BASIC, guess=guess)
