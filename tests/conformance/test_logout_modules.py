"""What the modules of the OpenID Foundation's plans for RP-Initiated and Back-Channel Logout look for, each by its name.

No address that a browser is led to ends a session here (R45), so the person presses a button where a module says that
somebody is logged out.
"""

from __future__ import annotations

from functools import partial
from html import unescape
from ipaddress import ip_network
from types import SimpleNamespace

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from apps import authorize, consented, hidden, told
from conformance.conftest import Provider, header
from people import ADA, Clock, running, wait_until
from post.receivers import receiving
from proofs import b64
from signedin.post.calling import Caller
from signedin.rules.logout_token import EVENT
from signedin.server import jobs

pytestmark = pytest.mark.xdist_group("logout modules")
OUT = "https://app.example.org/post_logout_redirect"
STATE = "s" * 120 + " /+&=é"
NOBODY_SIGNED_IN = {"login_required", "interaction_required", "account_selection_required"}


@pytest.fixture(scope="module")
def op(tmp_path_factory):
    """The server, and a receiver of logouts on this machine that it may call and whose certificate it believes."""
    folder, here = tmp_path_factory.mktemp("op"), (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    with receiving() as site, pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "Caller", partial(Caller, trusted=site.trusted))
        with running(folder, Clock(), private_receivers=here) as house:
            house.somebody(ADA)
            op = Provider(house)
            op.site, op.leaver = site, op.keeping(needs_pkce=False, logout_uris=(OUT,))
            op.hearing = op.keeping(
                needs_pkce=False, logout_uris=(OUT,), needs_sid=True, back_channel_uri=f"{site.origin}/200"
            )
            for client, _ in (op.leaver, op.hearing):
                consented(op.ada, client)
            yield op


def signed_in(op, keeping=None):
    """Somebody who has signed in at a client by a browser of their own, and the ID token that the client has of it."""
    client, secret = keeping or op.leaver
    browser = op.house.signed_in()
    form = op.form(code=told(browser.open(authorize(client)), client)["code"])
    tokens = op.at("/oauth/token", form, op.basic(client, secret)).json()
    return SimpleNamespace(browser=browser, client=client, id_token=tokens["id_token"])


def led(person, **changed):
    """Where they see themselves when the client has led them here."""
    said = {"id_token_hint": person.id_token, "post_logout_redirect_uri": OUT, "state": STATE} | changed
    said = {name: value for name, value in said.items() if value is not None}
    return person.browser.http.get(
        "/oauth/end_session", params=said, headers={"sec-fetch-site": "cross-site"}
    )


def left(person, page):
    """They press the button of the page, and are nobody here any more; returns where they are led."""
    fields = {name: unescape(value) for name, value in hidden(page).items()}
    answer = person.browser.http.post("/oauth/logout", data=fields, headers=person.browser.own())
    assert answer.status_code == 303, answer.text
    silent = told(person.browser.open(authorize(person.client, prompt="none")), person.client)
    assert silent["error"] in NOBODY_SIGNED_IN
    return answer


def refused(person, page):
    """A page that says that this cannot be answered, which leads nowhere and has ended nothing."""
    assert (page.status_code, "location" in page.headers) == (400, False)
    assert OUT not in page.text
    assert "code" in told(person.browser.open(authorize(person.client, prompt="none")), person.client)


def test_discovery(op):
    """oidcc-rp-initiated-logout-discovery-endpoint-verification: `end_session_endpoint` is named."""
    assert op.metadata()["end_session_endpoint"] == f"{op.issuer}/oauth/end_session"


def test_logout(op):
    """oidcc-rp-initiated-logout: back to the registered address with the long `state` as it was, and nobody is signed in."""
    person = signed_in(op)
    where = left(person, led(person)).headers["location"]
    assert where.startswith(f"{OUT}?state=")
    assert told(SimpleNamespace(status_code=303, headers={"location": where})) == {"state": STATE}


def test_without_state(op):
    """oidcc-rp-initiated-logout-no-state: the same, and no `state` comes back."""
    person = signed_in(op)
    assert left(person, led(person, state=None)).headers["location"] == OUT


@pytest.mark.parametrize(
    "left_out",
    [
        pytest.param(("post_logout_redirect_uri",), id="no address"),
        pytest.param(("post_logout_redirect_uri", "id_token_hint"), id="only state"),
        pytest.param(("post_logout_redirect_uri", "id_token_hint", "state"), id="nothing"),
    ],
)
def test_without_an_address(op, left_out):
    """oidcc-rp-initiated-logout-no-post-logout-redirect-uri, oidcc-rp-initiated-logout-only-state, oidcc-rp-initiated-logout-no-params: logged out, and told so by a page of ours."""
    person = signed_in(op)
    answer = left(person, led(person, **dict.fromkeys(left_out)))
    assert answer.headers["location"] == "/sign-in"
    assert "logged out" in person.browser.open("/sign-in").text


def test_without_a_hint(op):
    """oidcc-rp-initiated-logout-no-id-token-hint: an address of nobody's leads nowhere."""
    person = signed_in(op)
    refused(person, led(person, id_token_hint=None))


def test_another_address(op):
    """oidcc-rp-initiated-logout-bad-post-logout-redirect-uri: one that is not registered leads nowhere."""
    person = signed_in(op)
    refused(person, led(person, post_logout_redirect_uri="https://app.example.org/another"))


def test_a_query_more(op):
    """oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri: the address with `?foo=bar` is another one."""
    person = signed_in(op)
    refused(person, led(person, post_logout_redirect_uri=f"{OUT}?foo=bar"))


def test_a_hint_by_another_key(op):
    """oidcc-rp-initiated-logout-bad-id-token-hint: the same claims, signed by the client, are no hint."""
    person = signed_in(op)
    forged = jwt.encode(header(person.id_token), op.claims(person.id_token), RSAKey.generate_key(2048))
    refused(person, led(person, id_token_hint=forged))


def test_a_hint_without_a_signature(op):
    """oidcc-rp-initiated-logout-modified-id-token-hint: the same claims under `alg: none` are no hint."""
    person = signed_in(op)
    claims = person.id_token.split(".")[1]
    refused(person, led(person, id_token_hint=".".join([b64(b'{"alg":"none"}'), claims, ""])))


def test_back_channel_discovery(op):
    """oidcc-backchannel-logout-discovery-endpoint-verification: that clients are told, and of which session, is said."""
    said = op.metadata()
    assert said["backchannel_logout_supported"] is said["backchannel_logout_session_supported"] is True
    assert said["end_session_endpoint"]


def test_back_channel_logout(op, clock):
    """oidcc-backchannel-rp-initiated-logout: a signed logout token of that session comes at the client's server, and nothing else."""
    person = signed_in(op, op.hearing)
    assert told(left(person, led(person, state="1"))) == {"state": "1"}
    wait_until(lambda: op.site.heard)
    [(path, token)], before = op.site.heard, op.claims(person.id_token)
    claims = op.claims(token)
    assert path == "/200"
    assert (header(token)["alg"], header(token)["typ"]) == ("RS256", "logout+jwt")
    assert (claims["iss"], claims["aud"]) == (op.issuer, person.client.id)
    assert (claims["sub"], claims["sid"]) == (before["sub"], before["sid"])
    assert claims["iat"] <= clock().timestamp() < claims["exp"] <= claims["iat"] + 120
    assert claims["events"] == {EVENT: {}}
    assert claims["jti"]
    assert "nonce" not in claims
