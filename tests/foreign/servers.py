"""Signedin and npm oidc-provider on names of their own over TLS, with one person, as a client and a person meet them."""

from __future__ import annotations

import html
import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from apps import decide
from browser.authority import Authority
from client.shops import until
from clients.proxies import free_ports
from foreign.programs import node
from given import a_client
from people import ADA, Browser, House, Secured, ToLoopback, running
from signedin.rules.client import Authentication, Client, GrantType
from signedin.rules.secret import Kind, digest, make_token
from signedin.store import clients

OURS, THEIRS, APP = "account.test", "reference.test", "app.test"
BACK, BYE = f"https://{APP}/callback", f"https://{APP}/bye"
GRANTS = (GrantType.CODE.value, GrantType.REFRESH.value, GrantType.DEVICE.value)


class Now:
    """The real time: a foreign client has no other clock."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Ours:
    """Signedin."""

    house: House
    issuer: str
    secret: str

    def person(self) -> Browser:
        return self.house.signed_in()

    def goes(self, person: Browser, address: str) -> str:
        """Where the person is led in the end, who says yes on the way."""
        where = address.removeprefix(self.issuer)
        while True:
            answer = person.open(where)
            if answer.status_code == 200:
                answer = decide(person, answer)
            where = answer.headers["location"]
            if not where.startswith("/"):
                return where

    def leaves(self, person: Browser, address: str) -> str:
        page = person.open(address.removeprefix(self.issuer))
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        fields = {name: html.unescape(value) for name, value in fields.items()}
        answer = person.http.post("/oauth/logout", data=fields, headers=person.own())
        return answer.headers["location"]

    def types(self, person: Browser, device: dict) -> None:
        person.send("/device", {"user_code": device["user_code"]}, page="/device")
        ticks = dict.fromkeys(("openid", "email", "offline_access"), "1")
        fields = {"user_code": device["user_code"], "decision": "allow", **ticks}
        assert "Go on at the device" in person.send("/device/decide", fields, page="/device").text


@dataclass
class Theirs:
    """oidc-provider, whose own forms take anybody."""

    issuer: str
    secured: Secured
    secret: str

    def person(self) -> httpx.Client:
        return httpx.Client(transport=ToLoopback(verify=self.secured.trusted), timeout=30)

    def goes(self, person: httpx.Client, address: str) -> str:
        """The same: each form is sent as it stands, with a name where one is asked for."""
        answer = person.get(address)
        while True:
            if answer.is_redirect:
                where = urljoin(str(answer.url), answer.headers["location"])
                if urlsplit(where).hostname != THEIRS:
                    return where
                answer = person.get(where)
            else:
                answer = self._send(person, answer)

    leaves = goes

    def types(self, person: httpx.Client, device: dict) -> None:
        answer = person.get(device["verification_uri_complete"])
        while "<form" in answer.text or answer.is_redirect:
            if answer.is_redirect:
                answer = person.get(urljoin(str(answer.url), answer.headers["location"]))
            else:
                answer = self._send(person, answer)

    @staticmethod
    def _send(person: httpx.Client, page: httpx.Response) -> httpx.Response:
        assert page.status_code == 200, page.text
        form = re.search(r'<form[^>]* action="([^"]+)"', page.text)
        assert form, page.text
        inputs = [dict(re.findall(r'(\w+)="([^"]*)"', each)) for each in re.findall(r"<input[^>]*>", page.text)]
        fields = {each["name"]: html.unescape(each.get("value", "")) for each in inputs if "name" in each}
        fields |= {name: ADA for name in ("login", "password") if name in fields}
        if "logout" in page.text:
            fields |= {"logout": "yes"}
        return person.post(urljoin(str(page.url), html.unescape(form[1])), data=fields)


@contextmanager
def ours(authority: Authority, folder: Path) -> Iterator[Ours]:
    with running(folder, Now(), authority.vouch_for(OURS), sweeps=False) as house:
        house.somebody()
        client = a_client(
            house, id="web", authentication=Authentication.BASIC, redirect_uris=(BACK,), logout_uris=(BYE,),
            is_pairwise=False,
        )  # fmt: skip
        yield Ours(house, house.base_url, _secret_of(house, client))


def _secret_of(house: House, client: Client) -> str:
    secret = make_token(Kind.CLS, 0, house.means.keyring.way_keys)
    house.means.database.write_now(clients.change, replace(client, secrets=(digest(secret),)))
    return secret


@contextmanager
def theirs(authority: Authority, trusted: Path) -> Iterator[Theirs]:
    [port] = free_ports(1)
    secret = secrets.token_urlsafe(32)
    secured = authority.vouch_for(THEIRS)
    client = {
        "client_id": "web", "client_secret": secret, "redirect_uris": [BACK], "post_logout_redirect_uris": [BYE],
        "grant_types": list(GRANTS), "response_types": ["code"],
    }  # fmt: skip
    told = {
        "issuer": f"https://{THEIRS}:{port}", "port": port, "pem": str(secured.certificate), "clients": [client],
    }  # fmt: skip
    with node("reference.mjs", trusted, json.dumps(told)):
        server = Theirs(told["issuer"], secured, secret)
        until(lambda: _listens(server))
        yield server


def _listens(server: Theirs) -> bool:
    try:
        with server.person() as somebody:
            return somebody.get(f"{server.issuer}/.well-known/openid-configuration").is_success
    except httpx.TransportError:
        return False
