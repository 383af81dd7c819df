"""One real server for each module of these tests, somebody who is signed in, and clients that have their consent."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64decode
from dataclasses import replace
from itertools import count

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from apps import (
    BACK,
    PUBLIC,
    VERIFIER,
    a_client,
    agreed,
    asked_page,
    authorize,
    consented,
    our_own,
    path_of,
    registered,
    told,
)  # fmt: skip
from people import ADA, Clock, running
from signedin.rules.client import Authentication, GrantType
from signedin.rules.secret import Kind, digest, make_token

SCOPES = "openid email profile offline_access sessions:read"
GRANTS = frozenset({GrantType.CODE, GrantType.REFRESH, GrantType.DEVICE})
FILES = "https://files.example.org"


@pytest.fixture(scope="module")
def op(tmp_path_factory):
    with running(tmp_path_factory.mktemp("op"), Clock()) as house:
        house.somebody(ADA)
        yield Provider(house)


@pytest.fixture
def clock(op):
    return op.house.clock


class Provider:
    """The server as a client meets it: `porter` keeps a secret and needs no PKCE, `pocket` is public."""

    def __init__(self, house):
        self.house, self.issuer, self.numbers = house, house.base_url, count(1)
        self.ada, self.http = house.signed_in(), house.browser("Client/1.0", "192.0.2.30").http
        more = {"grant_types": GRANTS, "resources": (FILES, "https://mail.example.org")}
        self.porter, self.secret = self.keeping(id="porter", needs_pkce=False, **more)
        self.pocket = registered(house, a_client(id="pocket", **PUBLIC, **more))
        self.sync = registered(house, our_own(grant_types=GRANTS))
        for client in (self.porter, self.pocket):
            consented(self.ada, client, scope=SCOPES)

    def keeping(self, way=Authentication.BASIC, **values):
        """A client that keeps a secret, and the secret."""
        secret = make_token(Kind.CLS, 0, self.house.means.keyring.way_keys)
        values = {"id": f"client{next(self.numbers)}"} | values
        client = a_client(authentication=way, secrets=(digest(secret),), **values)
        return registered(self.house, client), secret

    def another(self):
        """One more client like `porter`, for what ends its consent; and how it shows that it is itself."""
        client, secret = self.keeping(needs_pkce=False)
        consented(self.ada, client)
        return client, self.basic(client, secret)

    def basic(self, client=None, secret=None):
        """How a client with a secret shows that it is itself."""
        said = f"{(client or self.porter).id}:{secret or self.secret}".encode()
        return {"authorization": f"Basic {b64encode(said).decode()}"}

    def ask(self, client=None, browser=None, **changed):
        """The browser goes where the client sends it."""
        return (browser or self.ada).open(authorize(client or self.porter, **changed))

    def told(self, client=None, **changed):
        """What the client is told by that."""
        return told(self.ask(client, **changed), client or self.porter)

    def code(self, client=None, **changed):
        """A code, for which the person says yes where they are asked."""
        answer = self.ask(client, **changed)
        if answer.headers["location"].startswith("/"):
            answer = agreed(self.ada, asked_page(self.ada, path_of(answer)))
        return told(answer, client or self.porter)["code"]

    def form(self, client=None, code=None, **asked):
        """The form for a code."""
        return {
            "grant_type": "authorization_code", "code": code or self.code(client, **asked), "redirect_uri": BACK,
            "code_verifier": VERIFIER,
        }  # fmt: skip

    def token(self, form, headers=None, client=None):
        """What the token endpoint answers."""
        if client is not None and not client.is_confidential:
            return self.http.post("/oauth/token", data={"client_id": client.id} | form, headers=headers or {})
        return self.http.post("/oauth/token", data=form, headers=self.basic() | (headers or {}))

    def tokens(self, client=None, *, headers=None, more=None, **asked):
        """Tokens for a new code."""
        answer = self.token(self.form(client, **asked) | (more or {}), headers, client)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refresh(self, token, client=None, headers=None, **more):
        return self.token({"grant_type": "refresh_token", "refresh_token": token} | more, headers, client)

    def at(self, path, form, headers=None):
        """What an endpoint for `porter` answers."""
        return self.http.post(path, data=form, headers=self.basic() if headers is None else headers)

    def introspected(self, token):
        return self.at("/oauth/introspect", {"token": token}).json()

    def userinfo(self, token, method="GET", **more):
        return self.http.request(
            method, "/oauth/userinfo", headers={"authorization": f"Bearer {token}"}, **more
        )

    def metadata(self):
        return self.http.get("/.well-known/openid-configuration").json()

    def claims(self, text, algorithm="RS256"):
        """The claims of a statement whose signature is right by the published keys."""
        keys = KeySet.import_key_set(self.http.get("/oauth/jwks").json())
        return jwt.decode(text, keys, algorithms=[algorithm]).claims

    def change(self, client, **values):
        """Register it anew in this or that."""
        from signedin.store import clients

        self.house.means.database.write_now(clients.change, replace(client, **values))


def header(text):
    """The header of a statement."""
    first = text.split(".")[0]
    return json.loads(urlsafe_b64decode(first + "=" * (-len(first) % 4)))


def error(answer):
    """Status and error of an answer in JSON."""
    return answer.status_code, answer.json()["error"]
