"""What an app needs of OpenID Connect: to ask, to take what comes back, and to believe none of it unseen.

OpenID Connect Core 1.0 and Back-Channel Logout 1.0, RFC 7636 (PKCE), RFC 9207 (`iss`), RFC 7009 (giving tokens
back). Signatures are joserfc's.
"""

from __future__ import annotations

import re
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from urllib.parse import quote_plus, urlencode

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

ALGORITHMS = ["RS256", "ES256"]
SIGNED_OUT = "http://schemas.openid.net/event/backchannel-logout"
SLACK = 60
"""Seconds by which two clocks may differ."""


class NotConnected(Exception):
    """What came back is not what was asked for, or the person said no; the sentence says which."""


class AccessGone(Exception):
    """The access that a token gave is over; `reason` is the service's code: `revoked`, `expired_idle` ..."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Asked:
    """What was sent along with a question and has to fit the answer; it stays on this server."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    is_popup: bool = False


@dataclass
class Tokens:
    """What the app holds for a person: shown to the service, and to nobody else."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    until: float
    scopes: tuple[str, ...]


class Provider:
    """The service that people sign in at, as its discovery document tells of it."""

    def __init__(self, http, issuer, client_id, client_secret, redirect_uri):
        self.http, self.issuer, self.client_id, self.redirect_uri = http, issuer, client_id, redirect_uri
        self._auth = (quote_plus(client_id), quote_plus(client_secret))
        self._told, self._keys = None, None

    @property
    def told(self):
        """The document, read once."""
        if self._told is None:
            told = self.http.get(f"{self.issuer}/.well-known/openid-configuration").raise_for_status().json()
            if told["issuer"] != self.issuer:
                raise NotConnected("The service calls itself by another name.")
            self._told = told
        return self._told

    def question(self, asked, scope):
        """Where to send the browser."""
        challenge = urlsafe_b64encode(sha256(asked.verifier.encode()).digest()).rstrip(b"=").decode()
        return self.told["authorization_endpoint"] + "?" + urlencode({
            "response_type": "code", "client_id": self.client_id, "redirect_uri": self.redirect_uri, "scope": scope,
            "state": asked.state, "nonce": asked.nonce, "code_challenge": challenge, "code_challenge_method": "S256",
        })  # fmt: skip

    def answered(self, asked, query):
        """Who has connected, and the tokens, for what the browser has brought back."""
        if not compare_digest(query.get("state", "").encode(), asked.state.encode()):
            raise NotConnected("This was not asked for from here.")
        if query.get("iss") != self.issuer:
            raise NotConnected("Another service has answered.")
        if "code" not in query:
            raise NotConnected(query.get("error_description") or query.get("error") or "There is no code.")
        given = self._post(
            "token_endpoint", grant_type="authorization_code", code=query["code"], redirect_uri=self.redirect_uri,
            code_verifier=asked.verifier,
        )  # fmt: skip
        if given.status_code != 200:
            raise NotConnected(given.json().get("error_description", "The code was not taken."))
        claims = self.verified(given.json()["id_token"], given.json()["access_token"], asked.nonce)
        return claims, tokens_in(given.json())

    def verified(self, id_token, access_token, nonce, now=None):
        """The claims of an ID token that is the service's own, for this app, for this sign-in, and fresh (section 3.1.3.7)."""
        now = now or time.time()
        token = self._decoded(id_token)
        claims = token.claims
        expected = urlsafe_b64encode(sha256(access_token.encode()).digest()[:16]).rstrip(b"=").decode()
        holds = {
            "typ": token.header.get("typ", "JWT") == "JWT",
            "iss": claims.get("iss") == self.issuer,
            "aud": claims.get("aud") in (self.client_id, [self.client_id]),
            "azp": claims.get("azp", self.client_id) == self.client_id,
            "exp": is_number(claims.get("exp")) and now < claims["exp"] + SLACK,
            "iat": is_number(claims.get("iat")) and claims["iat"] < now + SLACK,
            "nonce": claims.get("nonce") == nonce,
            "at_hash": claims.get("at_hash") == expected,
            "sub": bool(claims.get("sub")) and isinstance(claims["sub"], str),
        }
        wrong = [name for name, is_right in holds.items() if not is_right]
        if wrong:
            raise NotConnected(f"The ID token does not fit: {', '.join(wrong)}.")
        return claims

    def signed_out(self, logout_token, now=None):
        """The claims of a logout token that is the service's own and for this app (Back-Channel Logout 1.0, section 2.6)."""
        now = now or time.time()
        token = self._decoded(logout_token, "The logout token")
        claims, events = token.claims, token.claims.get("events")
        holds = {
            "typ": token.header.get("typ") == "logout+jwt",
            "iss": claims.get("iss") == self.issuer,
            "aud": claims.get("aud") in (self.client_id, [self.client_id]),
            "exp": is_number(claims.get("exp")) and now < claims["exp"] + SLACK,
            "iat": is_number(claims.get("iat")) and claims["iat"] < now + SLACK,
            "jti": bool(claims.get("jti")) and isinstance(claims["jti"], str),
            "events": isinstance(events, dict) and isinstance(events.get(SIGNED_OUT), dict),
            "nonce": "nonce" not in claims,
            "sub or sid": bool(claims.get("sub") or claims.get("sid")),
        }
        wrong = [name for name, is_right in holds.items() if not is_right]
        if wrong:
            raise NotConnected(f"The logout token does not fit: {', '.join(wrong)}.")
        return claims

    def refreshed(self, tokens):
        """New tokens for old ones, or the reason why there are none any more."""
        if not tokens.refresh:
            raise AccessGone("expired_overall")
        given = self._post("token_endpoint", grant_type="refresh_token", refresh_token=tokens.refresh)
        if given.status_code in {400, 401}:
            found = re.search(r"has ended: (\w+)\.$", given.json().get("error_description", ""))
            raise AccessGone(found[1] if found else "unknown")
        return tokens_in(given.raise_for_status().json())

    def given_back(self, tokens):
        """Give the tokens back, when the person does not want the app any more; what they allowed, only they take back."""
        self._post("revocation_endpoint", token=tokens.refresh or tokens.access)

    def _post(self, endpoint, **fields):
        return self.http.post(self.told[endpoint], data=fields, auth=self._auth)

    def _decoded(self, signed, what="The ID token"):
        for is_last in (False, True):
            if self._keys is None:
                self._keys = KeySet.import_key_set(
                    self.http.get(self.told["jwks_uri"]).raise_for_status().json()
                )
            try:
                return jwt.decode(signed, self._keys, algorithms=ALGORITHMS)
            except InvalidKeyIdError:  # a key that is newer than those known here: read them again, once
                self._keys = None
                if is_last:
                    raise NotConnected(f"{what} is signed by nobody who is known.") from None
            except (JoseError, ValueError):
                raise NotConnected(f"{what} is not signed by the service.") from None
        return None


def tokens_in(given):
    """The tokens of an answer."""
    return Tokens(
        given["access_token"], given.get("refresh_token"), time.monotonic() + given["expires_in"],
        tuple(given["scope"].split()),
    )  # fmt: skip


def is_number(value):
    """A number of seconds, and no other thing that compares like one."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def why_refused(answer):
    """The reason code of a 401: in a problem of /v1, or at the end of what /oauth/userinfo says."""
    try:
        told = answer.json()
    except ValueError:
        return "unknown"
    found = re.search(r"opens nothing: (\w+)\.$", told.get("error_description", ""))
    return told.get("reason") or (found[1] if found else "unknown")
