"""Apache with mod_auth_openidc, really started, at Signedin and at the reference: it guards pages, and an API."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

import httpx
import pytest

from client.shops import until
from fences import beginning
from foreign.apache import HOST, apache, there_is
from foreign.servers import BYE, Registered, Wish, visitor
from ports import free_ports

pytestmark = pytest.mark.xdist_group("apache")


@dataclass(frozen=True)
class Guard:
    """Apache at its address, and what it was registered as."""

    address: str
    known: Registered

    def info(self, here: httpx.Client) -> dict:
        """What it knows of its visitor."""
        return here.get("/back?info=json").raise_for_status().json()


@pytest.fixture
def guard(server, authority, reached):
    there_is()
    [port] = free_ports(1)
    address = f"https://{HOST}:{port}"
    wish = Wish(back=f"{address}/back", bye=(f"{address}/bye/",), hears=f"{address}/back?logout=backchannel")
    known = server.registers(wish)
    told = as_the_page_shows(server, known, address) + server.apache_is_told
    with apache(port, server.issuer, known, authority.vouch_for(HOST), reached, told):
        yield Guard(address, known)


def as_the_page_shows(server, known, address):
    """The lines of docs/connect-an-app.md, for this server and this address."""
    told = beginning("docs/connect-an-app.md", "OIDCProviderMetadataURL")
    instead = {
        "https://account.example.org": server.issuer, "https://app.example.org": address, "ClientID ID": f"ClientID {known.id}",
        "ClientSecret SECRET": f"ClientSecret {known.secret}",
    }  # fmt: skip
    for shown, meant in instead.items():
        assert told.count(shown) == 1, shown
        told = told.replace(shown, meant)
    return told


@pytest.fixture
def here(guard, authority):
    with visitor(authority, guard.address) as browser:
        yield browser


def signed_in(server, person, here):
    """Ask for a guarded page, be sent away, sign in, and come back to it."""
    back = server.goes(person, here.get("/").headers["location"])
    led = here.get(back)
    page = here.get(led.headers["location"])
    assert (page.status_code, page.text) == (200, "let in")
    return page.headers["person"]


def test_it_signs_in_refreshes_and_logs_out(server, guard, here, document, authority):
    """mod_auth_openidc: discovery, sign-in, refresh, userinfo, introspection, revocation, logout."""
    person = server.person()
    sub = signed_in(server, person, here)
    first = guard.info(here)
    assert first["id_token"]["sub"] == first["userinfo"]["sub"] == sub
    asked = {"refresh": f"{guard.address}/", "access_token": first["access_token"]}
    assert here.get("/back", params=asked).headers["location"] == f"{guard.address}/"
    second = guard.info(here)
    for name in ("access_token", "refresh_token"):
        assert second[name] != first[name]

    with visitor(authority, guard.address) as program:
        bearer = {"authorization": f"Bearer {second['access_token']}"}
        assert program.get("/api/", headers=bearer).text == "let in"
        assert program.get("/api/", headers={"authorization": "Bearer nonsense"}).status_code == 401
        led = here.get("/back", params={"logout": f"{guard.address}/bye/"})
        assert here.get("/").status_code == 302
        assert program.get("/api/", headers=bearer).status_code == 401  # given back, when its person left

    assert led.headers["location"].startswith(document["end_session_endpoint"])
    assert server.leaves(person, led.headers["location"]).startswith(f"{guard.address}/bye/")


@pytest.mark.guide("R49")
def test_it_hears_that_somebody_has_logged_out_elsewhere(server, guard, here, document):
    """mod_auth_openidc: back-channel logout."""
    person = server.person()
    signed_in(server, person, here)
    by_another = {"client_id": server.web.id, "post_logout_redirect_uri": BYE}
    led = server.leaves(person, f"{document['end_session_endpoint']}?{urlencode(by_another)}")
    assert led.startswith(BYE)
    until(lambda: here.get("/").status_code == 302)
