"""Right requests for the routes of OAuth, each about something of Ada's that lives and was made for that request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from apps import asked_page, authorize, hidden, request_of
from given import CALLBACK, EVERY, VERIFIER, a_client, a_code, a_grant, redeemed
from given import Given as Allowed
from signedin.rules.client import Authentication, GrantType
from signedin.rules.registration import Picture
from signedin.rules.secret import Kind, digest, make_token
from signedin.store import clients, logos

BY_CLIENTS = frozenset({
    "/oauth/authorize", "/oauth/consent", "/oauth/par", "/oauth/token", "/oauth/introspect", "/oauth/revoke",
    "/oauth/userinfo", "/oauth/device_authorization", "/device", "/device/decide",
    "/settings/sessions/{row_id}/scopes", "/logos/{name}", "/oauth/end_session", "/oauth/logout",
})  # fmt: skip
"""The routes whose right requests are made here."""
FROM_PAGES = frozenset({
    "/oauth/consent", "/oauth/logout", "/device", "/device/decide", "/settings/sessions/{row_id}/scopes",
})  # fmt: skip
"""Of those, the forms of our own pages."""
PICTURE = Picture("image/png", b"\x89PNG\r\n\x1a\n" + bytes(24))
GRANTS = frozenset({GrantType.CODE, GrantType.REFRESH, GrantType.DEVICE})


@dataclass(frozen=True)
class Target:
    """What a request is about: the id in its path, its form, and who alone may send it."""

    row_id: str = ""
    form: dict[str, str] | None = None


class ForClients:
    """Clients, what Ada has allowed them, and what they ask for."""

    def __init__(self, house):
        self.house, self.numbers = house, count(1)
        self.logo = house.means.database.write_now(logos.keep, PICTURE)

    def client(self, **values) -> Any:
        """One more application, which nobody has allowed anything yet."""
        return a_client(self.house, id=f"client{next(self.numbers)}", grant_types=GRANTS, **values)

    def keeping(self, **values) -> tuple[Any, str]:
        """The same, and the secret by which it shows in a form that it is itself."""
        secret = make_token(Kind.CLS, 0, self.house.means.keyring.way_keys)
        client = self.client(authentication=Authentication.POST, **values)
        client = replace(client, secrets=(digest(secret),))
        self.house.means.database.write_now(clients.change, client)
        return client, secret

    def allowed(self, client=None, **values) -> Allowed:
        """A client that somebody (Ada) has allowed something, and its code."""
        client = client or self.client()
        grant = a_grant(self.house, client, **values)
        return Allowed(client, grant, a_code(self.house, grant))

    def tokens(self, client=None, scopes=tuple(EVERY), **values):
        """The tokens that a client got."""
        asked = {"key_thumbprint": values.pop("key_thumbprint", "")}
        return redeemed(self.house, self.allowed(client, scopes=scopes, **values), **asked)

    def device(self):
        """What a device is told that asks to be signed in."""
        browser = self.house.browser("Box/1.0", f"198.52.{next(self.numbers) % 250}.7")
        answer = browser.http.post("/oauth/device_authorization", data={"client_id": self.client().id})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def target(self, path, adas) -> Target:
        """Something that lives, for one request; `adas` is the browser that alone may go on with what it began."""
        match path:
            case "/settings/sessions/{row_id}/scopes":
                return Target(
                    self.allowed(scopes=("openid", "email", "profile")).grant.row_id, {"email": "1"}
                )
            case "/logos/{name}":
                return Target(self.logo)
            case "/device":
                return Target(form={"user_code": self.device()["user_code"]})
            case "/device/decide":
                code = self.device()["user_code"]
                assert adas.send("/device", {"user_code": code}, page="/device").status_code == 200
                return Target(form={"user_code": code, "decision": "allow", "openid": "1"})
            case "/oauth/consent":
                page = asked_page(adas, authorize(self.client()))
                return Target(form={"asked": hidden(page)["asked"], "decision": "allow"})
        return Target(form=self.sent_by_a_client(path))

    def sent_by_a_client(self, path) -> dict[str, str]:
        """The form that a client sends there by itself."""
        match path:
            case "/oauth/authorize" | "/oauth/par":
                return request_of(self.client())
            case "/oauth/device_authorization" | "/oauth/end_session":
                return {"client_id": self.client().id}
            case "/oauth/token":
                it = self.allowed()
                return {
                    "grant_type": "authorization_code", "client_id": it.client.id, "code": it.code,
                    "redirect_uri": CALLBACK, "code_verifier": VERIFIER,
                }  # fmt: skip
            case "/oauth/revoke":
                tokens = self.tokens()
                return {"client_id": tokens.grant.client_id, "token": tokens.refresh_token}
            case "/oauth/introspect":
                client, secret = self.keeping()
                token = self.tokens(client).access_token
                return {"client_id": client.id, "client_secret": secret, "token": token}
        return {}

    def asked(self, browser, how, target):
        """The request, from whoever it is."""
        method, path = how[0], how[1].replace("{row_id}", target.row_id).replace("{name}", target.row_id)
        if method == "GET":
            return browser.http.get(path, params=target.form or {})
        if how[1] in FROM_PAGES:
            return browser.send(path, target.form, page="/privacy")
        return browser.http.request(method, path, data=target.form or {})
