"""Signing in as an app on a phone does: by the system's browser, with tokens that are bound to a key of this device.

RFC 8252 (a claimed https address or a private scheme leads back), RFC 7636 (PKCE), RFC 9207 (`iss`), RFC 9449 (DPoP).
Where a phone has a keystore, this has a file: whoever copies the tokens alone can do nothing with them.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

SCOPE = "openid profile sessions:read offline_access"
SOON = 60


class NotSignedIn(Exception):
    """Nobody was signed in, and why."""


class SignedOut(Exception):
    """The session is over; `reason` is the service's code: `revoked`, `logged_out_everywhere` ..."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class Store:
    """What an app keeps in the phone's keystore: here a file for its owner alone, written whole or not at all."""

    def __init__(self, file):
        self.file = file

    def read(self):
        return json.loads(self.file.read_text()) if self.file.exists() else {}

    def write(self, **known):
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self.file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123  # only open() takes a descriptor
            json.dump(self.read() | known, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.file)


class DeviceKey:
    """The key of this device: made once, never sent anywhere, and shown to be here with every request."""

    def __init__(self, store):
        if "key" not in store.read():
            store.write(key=ECKey.generate_key("P-256").as_dict(private=True))
        self._key = ECKey.import_key(store.read()["key"])

    @property
    def thumbprint(self):
        return self._key.thumbprint()

    def proof(self, method, url, token=None, nonce=None):
        """That the key is here, for this one request (RFC 9449, section 4.2)."""
        claims = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url, "iat": int(time.time())}
        claims |= {"ath": _digest(token)} if token else {}
        claims |= {"nonce": nonce} if nonce else {}
        head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self._key.as_dict(private=False)}
        return jwt.encode(head, claims, self._key, algorithms=["ES256"])


class App:
    """One app on one phone: signed in or not."""

    def __init__(self, http, issuer, client_id, redirect_uri, store):
        self.told = http.get(f"{issuer}/.well-known/openid-configuration").raise_for_status().json()
        if self.told["issuer"] != issuer:
            raise NotSignedIn("What answers there calls itself by another name.")
        self.http, self.issuer, self.client_id, self.redirect_uri = http, issuer, client_id, redirect_uri
        self.store, self.key = store, DeviceKey(store)
        self._asked, self._access, self._until, self._nonce = None, "", 0.0, None

    @property
    def is_signed_in(self):
        return bool(self.store.read().get("refresh_token"))

    def question(self):
        """The address to open in the system's browser; never in a web view of the app's own (RFC 8252, section 8.12)."""
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        self._asked = state, verifier
        return self.told["authorization_endpoint"] + "?" + urlencode({
            "response_type": "code", "client_id": self.client_id, "redirect_uri": self.redirect_uri, "scope": SCOPE,
            "state": state, "code_challenge": _digest(verifier), "code_challenge_method": "S256",
            "dpop_jkt": self.key.thumbprint,
        })  # fmt: skip

    def answer(self, address):
        """Take the address that the system has handed to the app, and be signed in by what it holds."""
        (state, verifier), self._asked = self._asked or ("", ""), None
        where, _, query = address.partition("?")
        told = {name: values[0] for name, values in parse_qs(query).items()}
        if (
            where != self.redirect_uri
            or not state
            or not compare_digest(told.get("state", "").encode(), state.encode())
        ):
            raise NotSignedIn("This was not asked for by this app.")
        if told.get("iss") != self.issuer:
            raise NotSignedIn("Another service has answered.")
        if "code" not in told:
            raise NotSignedIn(told.get("error_description") or told.get("error") or "There is no code.")
        given = self._post(
            "token_endpoint", grant_type="authorization_code", code=told["code"], redirect_uri=self.redirect_uri,
            code_verifier=verifier,
        )  # fmt: skip
        if given.status_code != 200:
            raise NotSignedIn(given.json().get("error_description", "The code was not taken."))
        self._begin(given.json())

    def get(self, url):
        """What a program says to whoever is signed in here; SignedOut once that is over."""
        for is_last in (False, True):
            token = self._token()
            shown = {
                "authorization": f"DPoP {token}",
                "dpop": self.key.proof("GET", urlsplit(url)._replace(query="").geturl(), token),
            }
            answer = self.http.get(url, headers=shown)
            if answer.status_code != 401:
                return answer.raise_for_status().json()
            reason = answer.json().get("reason") or _why(answer)
            if is_last or reason not in {"unknown", "expired_overall"}:
                self._end()
                raise SignedOut(reason)
            self._until = 0.0
        return None

    def sign_out(self):
        """Give back what was given: the row is gone from the list with that."""
        if self.is_signed_in:
            self._post("revocation_endpoint", token=self.store.read()["refresh_token"])
        self._end()

    def _token(self):
        if time.monotonic() > self._until - SOON:
            if not self.is_signed_in:
                raise SignedOut("logged_out")
            given = self._post(
                "token_endpoint", grant_type="refresh_token", refresh_token=self.store.read()["refresh_token"]
            )
            if given.status_code in {400, 401}:
                self._end()
                raise SignedOut(_why(given))
            self._begin(given.raise_for_status().json())
        return self._access

    def _begin(self, tokens):
        if tokens["token_type"] != "DPoP":  # noqa: S105  # it is how the token is shown
            raise NotSignedIn("The tokens are bound to no key.")
        self.store.write(refresh_token=tokens["refresh_token"])  # first it is kept, then it is used
        self._access, self._until = tokens["access_token"], time.monotonic() + tokens["expires_in"]

    def _end(self):
        self.store.write(refresh_token=None)
        self._access, self._until = "", 0.0

    def _post(self, endpoint, **fields):
        """A form with a proof; where the service wants a nonce in it, once more with that (RFC 9449, section 8)."""
        url = self.told[endpoint]
        answer = None
        for _ in range(2):
            proof = self.key.proof("POST", url, nonce=self._nonce)
            answer = self.http.post(
                url, data={"client_id": self.client_id, **fields}, headers={"dpop": proof}
            )
            self._nonce = answer.headers.get("dpop-nonce", self._nonce)
            if answer.status_code != 400 or answer.json().get("error") != "use_dpop_nonce":
                break
        return answer


def _digest(text):
    return urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()


def _why(answer):
    """The reason code, with which a refusal's description ends."""
    found = re.search(r"(?:has ended|opens nothing): (\w+)\.$", answer.json().get("error_description", ""))
    return found[1] if found else "unknown"
