"""Signedin and npm oidc-provider on names of their own over TLS, with one person, as a client and a person meet them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from apps import decide_on_all
from browser.authority import Authority
from client.shops import until
from foreign.programs import node
from people import ADA, Browser, House, Secured, ToLoopback, done_apart, running
from ports import free_ports
from signedin.actions.register_client import register_client
from signedin.rules.client import Authentication, Client, ClientKind, GrantType
from signedin.rules.registration import USUAL

OURS, THEIRS, APP = "account.test", "reference.test", "app.test"
BACK, BYE = f"https://{APP}/callback", f"https://{APP}/bye"
LOOPBACK = (ip_network("127.0.0.0/8"),)
GRANTS = (GrantType.CODE, GrantType.REFRESH, GrantType.DEVICE)


@dataclass(frozen=True)
class Wish:
    """What an application wants to be registered with, whichever server it is: where a sign-in and a sign-out lead
    back to, where it hears of sign-outs, how it shows itself, and whether it runs on a person's own machine."""

    back: str = BACK
    bye: tuple[str, ...] = (BYE,)
    hears: str = ""
    auth: str = "client_secret_basic"
    keys: tuple[dict, ...] = ()
    is_native: bool = False


@dataclass(frozen=True)
class Registered:
    """What it got; the secret is empty where it keeps none."""

    id: str
    secret: str


class Now:
    """The real time: a foreign client has no other clock."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Ours:
    """Signedin."""

    house: House
    issuer: str
    apache_is_told: str = ""

    @cached_property
    def web(self) -> Registered:
        """A web application that keeps a secret."""
        return self.registers(Wish())

    def registers(self, wish: Wish) -> Registered:
        """Register an application, as `signedin client add` does."""
        wanted = Client(
            "", "Foreign", ClientKind.THIRD_PARTY, Authentication(wish.auth), frozenset(GRANTS), USUAL,
            self.house.clock(), redirect_uris=(wish.back,), logout_uris=wish.bye, back_channel_uri=wish.hears,
            keys=wish.keys, is_native=wish.is_native,
        )  # fmt: skip
        made = done_apart(register_client(self.house.means, wanted, self.house.clock()))
        return Registered(made.client.id, made.secret)

    def person(self) -> Browser:
        return self.house.signed_in()

    def goes(self, person: Browser, address: str) -> str:
        """Where the person is led in the end, who says yes on the way."""
        where = address.removeprefix(self.issuer)
        while True:
            answer = person.open(where)
            if answer.status_code == 200:
                answer = decide_on_all(person, answer)
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
    # offline_access is granted only where consent is asked for (OpenID Connect Core 1.0, section 11).
    apache_is_told: str = "OIDCAuthRequestParams prompt=consent\n"

    @cached_property
    def web(self) -> Registered:
        return self.registers(Wish())

    def registers(self, wish: Wish) -> Registered:
        """The same, by its own registration (OpenID Connect Dynamic Client Registration 1.0)."""
        said = {
            "redirect_uris": [wish.back], "post_logout_redirect_uris": [*wish.bye], "grant_types": [*GRANTS],
            "token_endpoint_auth_method": wish.auth, "response_types": ["code"],
            "application_type": "native" if wish.is_native else "web",
        }  # fmt: skip
        said |= {"jwks": {"keys": [*wish.keys]}} if wish.keys else {}
        said |= {"backchannel_logout_uri": wish.hears} if wish.hears else {}
        with self.person() as somebody:
            made = somebody.post(f"{self.issuer}/reg", json=said).raise_for_status().json()
        return Registered(made["client_id"], made.get("client_secret", ""))

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
        inputs = [
            dict(re.findall(r'(\w+)="([^"]*)"', each)) for each in re.findall(r"<input[^>]*>", page.text)
        ]
        fields = {each["name"]: html.unescape(each.get("value", "")) for each in inputs if "name" in each}
        fields |= {name: ADA for name in ("login", "password") if name in fields}
        if "logout" in page.text:
            fields |= {"logout": "yes"}
        return person.post(urljoin(str(page.url), html.unescape(form[1])), data=fields)


def visitor(authority: Authority, address: str = "") -> httpx.Client:
    """Somebody's browser at an application."""
    transport = ToLoopback(verify=authority.vouch_for(APP).trusted)
    return httpx.Client(transport=transport, timeout=30, base_url=address)


@contextmanager
def ours(authority: Authority, folder: Path) -> Iterator[Ours]:
    at = authority.vouch_for(OURS)
    with running(folder, Now(), at, sweeps=False, private_receivers=LOOPBACK) as house:
        house.somebody()
        yield Ours(house, house.base_url)


@contextmanager
def theirs(authority: Authority, trusted: Path) -> Iterator[Theirs]:
    [port] = free_ports(1)
    secured = authority.vouch_for(THEIRS)
    told = {"issuer": f"https://{THEIRS}:{port}", "port": port, "pem": str(secured.certificate)}
    with node("reference.mjs", trusted, json.dumps(told)):
        server = Theirs(told["issuer"], secured)
        until(lambda: _listens(server))
        yield server


def _listens(server: Theirs) -> bool:
    try:
        with server.person() as somebody:
            return somebody.get(f"{server.issuer}/.well-known/openid-configuration").is_success
    except httpx.TransportError:
        return False
