"""Applications that act for the people of the tests: what they have registered, and what they ask for."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from signedin.rules.client import Authentication, Client, ClientKind, GrantType
from signedin.rules.pkce import challenge_of
from signedin.rules.session import AppType
from signedin.store import clients

BACK = "https://app.example.org/callback"
VERIFIER = "a-verifier-that-is-long-enough-to-be-one-0123456789"
PUBLIC = {"authentication": Authentication.NONE}


def a_client(**changed):
    """Somebody else's web application, which keeps a secret."""
    kept = {
        "id": "porter", "name": "Porter", "kind": ClientKind.THIRD_PARTY, "authentication": Authentication.BASIC,
        "grant_types": frozenset({GrantType.CODE, GrantType.REFRESH}),
        "scopes": frozenset({"openid", "email", "profile", "offline_access", "sessions:read", "sessions:manage"}),
        "made_at": datetime(2026, 8, 28, tzinfo=UTC), "description": "Ends sessions when a contract ends.",
        "redirect_uris": (BACK,), "is_verified": True,
    }  # fmt: skip
    return Client(**(kept | changed))


def our_own(**changed):
    """One's own desktop program, which keeps no secret and waits on the machine itself."""
    kept = {
        "id": "sync", "name": "Example Sync", "kind": ClientKind.FIRST_PARTY, "app_type": AppType.SYNC,
        "redirect_uris": ("http://127.0.0.1/callback",), "is_native": True, **PUBLIC,
    }  # fmt: skip
    return a_client(**(kept | changed))


def registered(house, client=None, **changed):
    """The client, as the house knows it."""
    client = client or a_client(**changed)
    house.means.database.write_now(clients.add, client)
    return client


def request_of(client, **changed):
    """A right request; `None` leaves a parameter out."""
    said = {
        "response_type": "code", "client_id": client.id, "redirect_uri": (*client.redirect_uris, "")[0],
        "scope": "openid email", "state": "af0ifjsldkj", "nonce": "n-0S6_WzA2Mj",
        "code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256",
    }  # fmt: skip
    return {name: value for name, value in (said | changed).items() if value is not None}


def authorize(client, **changed):
    """The address that a client sends a browser to."""
    return f"/oauth/authorize?{urlencode(request_of(client, **changed))}"


def told(answer, client=None):
    """What the client is told by the redirect of an answer."""
    assert answer.status_code == 303, answer.text
    where, _, query = answer.headers["location"].partition("?")
    if client is not None:
        assert where == client.redirect_uris[0]
    return dict(parse_qsl(query, strict_parsing=True))


def path_of(answer):
    """Where an answer sends to, on our own host."""
    parts = urlsplit(answer.headers["location"])
    assert not parts.netloc, answer.headers["location"]
    return answer.headers["location"]


def main_of(page):
    """What a page says, without its foot, where the way back to the same address stands for who changes the language."""
    return page.text.partition("<main")[2].partition("</main>")[0]


def hidden(page):
    """The fields that the decision's form brings back by itself."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))


def boxes(page):
    """What can be unticked, and whether it is ticked."""
    return {
        name: bool(ticked)
        for name, ticked in re.findall(r'id="can-\d+" name="([^"]+)" value="1"( checked)?', page.text)
    }


def asked_page(browser, where):
    """Follow our own redirects to the page that asks."""
    answer = browser.open(where)
    while answer.status_code == 303:
        answer = browser.open(path_of(answer))
    assert answer.status_code == 200, answer.text
    return answer


def decide(browser, page, decision="allow", **fields):
    """Press a button of the page, with what is ticked there."""
    sent = hidden(page) | dict.fromkeys((name for name, is_on in boxes(page).items() if is_on), "1")
    sent |= {"decision": decision} | fields
    return browser.http.post(
        "/oauth/consent", data={k: v for k, v in sent.items() if v is not None}, headers=browser.own()
    )


def agreed(browser, page, **fields):
    """Allow all that the page asks about, also what was not allowed so far."""
    return decide(browser, page, **(dict.fromkeys(boxes(page), "1") | fields))


def consented(browser, client, **changed):
    """Ask, allow, and what the client is told."""
    return told(decide(browser, asked_page(browser, authorize(client, **changed))), client)
