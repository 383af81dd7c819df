"""Tidewater Calendar as it is really started: it asks for consent, shows what it got, and says when that is over."""

from __future__ import annotations

import html
import re
from types import SimpleNamespace

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from apps import asked_page, decide
from client.shops import until
from connecting.programs import allowed_back, row_of, started, told_by
from examples.third_party.openid import Asked, NotConnected, Provider
from people import ADA
from ports import free_port
from signedin.rules.id_token import at_hash

pytestmark = pytest.mark.xdist_group("example third party")
SCOPES = ("openid", "profile", "email", "sessions:read", "offline_access")
NAMED = [word for scope in SCOPES for word in ("--scope", scope)]
APP = ("--redirect-uri", "http://127.0.0.1/callback", *NAMED)
RUNNER = "flask"


class Tidewater:
    """The app, and somebody's browser at it; `account` is the same browser at the account site."""

    def __init__(self, address):
        self.address = address

    def visitor(self):
        return httpx.Client(base_url=self.address, timeout=30)

    def connected(self, here, account, where="/connect", **fields):
        """Connect: there, the person's word, and back."""
        back = here.get(allowed_back(account, here.get(where).headers["location"], **fields))
        return here.get("/") if back.status_code == 303 else back


def started_as(server, folder, *words):
    client = told_by(server.place, *words)
    port = free_port()
    known = {
        "CLIENT_ID": client["client_id"], "CLIENT_SECRET": client["client_secret"],
        "SIGNEDIN_ADDRESS": server.place.base_url, "OWN_ADDRESS": f"http://127.0.0.1:{port}",
    }  # fmt: skip
    words = ("--app", "examples.third_party.tidewater:app", "run", "--port", port)
    return port, started(RUNNER, *words, folder=folder, **known)


@pytest.fixture(scope="module")
def tidewater(server, tmp_path_factory):
    words = (
        "client",
        "add",
        "--name",
        "Tidewater Calendar",
        "--description",
        "A shared calendar.",
        "--native",
        *APP,
    )
    port, running = started_as(server, tmp_path_factory.mktemp("tidewater"), *words)
    with running:
        until(lambda: listens(port))
        yield Tidewater(f"http://127.0.0.1:{port}")


def listens(port):
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", timeout=5).is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def ada(server):
    browser = server.signed_in()
    yield browser
    browser.log_out_all()


def words_of(page):
    return html.unescape(
        re.sub(r"\s+", " ", re.sub(r"<style.*?</style>|<[^>]+>", "", page.text, flags=re.DOTALL))
    )


@pytest.mark.guide("R24", "R26", "R33", "R34", "R42")
@pytest.mark.security("7.4.1", "10.4.9")
def test_it_asks_shows_what_it_got_and_is_refused_at_once_when_it_is_revoked(tidewater, ada):
    with tidewater.visitor() as here:
        page = tidewater.connected(here, ada)
        assert f"Connected as Ada ({ADA})" in words_of(page)
        assert "Tidewater Calendar" in page.text
        row = row_of(ada, "oauth")
        assert (row["client_name"], set(row["scopes"])) == ("Tidewater Calendar", set(SCOPES))
        assert ada.revoke(row["id"]).status_code == 303
        said = words_of(here.get("/"))
        assert (
            "Tidewater Calendar no longer has access to your account. You revoked it in Settings > Sessions. revoked"
            in said
        )
        assert ADA not in said
        assert "no longer has access" in words_of(here.get("/"))
        asked = here.get("/connect").headers["location"].removeprefix(ada.base_url)
        assert "wants to use your account" in asked_page(ada, asked).text
        assert "Connected as Ada" in words_of(tidewater.connected(here, ada))


@pytest.mark.guide("R32", "R58")
@pytest.mark.security("10.7.3")
def test_it_shows_less_where_less_was_allowed_and_hears_of_logout_all(tidewater, ada):
    with tidewater.visitor() as here:
        said = words_of(tidewater.connected(here, ada, email=None, profile=None, **{"sessions:read": None}))
        assert "Connected as somebody" in said
        assert "You have not allowed this app to see where you are signed in" in said
        ada.log_out_all()
        assert "You logged out all devices. logged_out_everywhere" in words_of(here.get("/"))
    ada.sign_in()


def test_disconnecting_there_gives_the_tokens_back_and_leaves_what_the_person_allowed(tidewater, ada):
    with tidewater.visitor() as here:
        tidewater.connected(here, ada)
        assert here.post("/disconnect", headers={"sec-fetch-site": "cross-site"}).status_code == 403
        assert row_of(ada, "oauth")
        assert here.post("/disconnect").status_code == 303
        assert "Connected as" not in words_of(here.get("/"))
        assert row_of(ada, "oauth")["client_name"] == "Tidewater Calendar"
        sent = here.get("/connect").headers["location"].removeprefix(ada.base_url)
        here.get(ada.open(sent).headers["location"])  # allowed before, so nothing is asked
        assert "Connected as Ada" in words_of(here.get("/"))


def test_what_comes_back_without_having_been_asked_for_changes_nothing(tidewater, ada):
    with tidewater.visitor() as here, tidewater.visitor() as eve:
        tidewater.connected(here, ada)
        code = {"code": "x", "state": "guessed", "iss": ada.base_url}
        here.get("/callback", params=code)
        assert "Connected as Ada" in words_of(here.get("/"))
        for wrong, why in (
            ({"state": "guessed"}, "This was not asked for from here"),
            ({"iss": "https://evil.example"}, "Another service has answered"),
            ({"code": "sgn_cod_x"}, "not connected"),
        ):
            state = httpx.URL(eve.get("/connect").headers["location"]).params["state"]
            eve.get("/callback", params={"code": "x", "state": state, "iss": ada.base_url} | wrong)
            assert why in words_of(eve.get("/"))


def test_who_says_no_is_told_so_there(tidewater, ada):
    with tidewater.visitor() as here:
        sent = here.get("/connect").headers["location"].removeprefix(ada.base_url)
        here.get(decide(ada, asked_page(ada, sent), "deny").headers["location"])
        assert "Your account was not connected. The person did not allow it." in words_of(here.get("/"))


@pytest.mark.guide("D13", "R25")
def test_the_same_app_as_one_of_your_own_is_a_session_and_asks_for_nothing(server, ada, tmp_path):
    words = (
        "app",
        "add",
        "--type",
        "web",
        "--name",
        "Shop",
        "--redirect-uri",
        "https://shop.example.org/callback",
        *NAMED,
    )
    client = told_by(server.place, *words)
    with httpx.Client(timeout=30) as http:
        own = "https://shop.example.org/callback"
        provider = Provider(http, server.place.base_url, client["client_id"], client["client_secret"], own)
        asked = Asked()
        answer = ada.open(provider.question(asked, " ".join(SCOPES)).removeprefix(ada.base_url))
        claims, tokens = provider.answered(asked, dict(httpx.URL(answer.headers["location"]).params))
        rows = [row for row in ada.sessions() if not row["current"]]
        assert [row["app_type"] for row in rows] == ["web"]
        assert claims["sub"].isdigit()
        tokens.until = 0
        assert provider.refreshed(tokens).refresh != tokens.refresh


NOW = 1_800_000_000
ACCESS, NONCE, CLIENT, ISSUER = "sgn_acc_x", "n", "porter", "https://account.test"
RIGHT = {
    "iss": ISSUER, "aud": CLIENT, "azp": CLIENT, "sub": "a person", "exp": NOW + 600, "iat": NOW, "nonce": NONCE,
    "at_hash": at_hash(ACCESS, "RS256"),
}  # fmt: skip


@pytest.fixture(scope="module")
def keys():
    return RSAKey.generate_key(2048, {"kid": "one"}), RSAKey.generate_key(2048, {"kid": "one"})


def provider_of(known):
    """One that knows these keys already."""
    provider = Provider(None, ISSUER, CLIENT, "secret", "https://app.test/callback")
    provider._told = {"jwks_uri": f"{ISSUER}/oauth/jwks"}
    keys = KeySet([known]).as_dict(private=False)
    provider.http = SimpleNamespace(
        get=lambda _: SimpleNamespace(raise_for_status=lambda: SimpleNamespace(json=lambda: keys))
    )
    return provider


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.test"}, {"aud": "another"}, {"aud": [CLIENT, "another"]}, {"azp": "another"}, {"exp": NOW - 61},
        {"exp": "tomorrow"}, {"exp": True}, {"iat": NOW + 61}, {"nonce": "another"}, {"nonce": None}, {"at_hash": None},
        {"at_hash": at_hash("another", "RS256")}, {"sub": ""}, {"sub": 7},
    ],
    ids=str,
)  # fmt: skip
def test_an_id_token_that_does_not_fit_connects_nobody(keys, changed):
    mine, _ = keys
    claims = {name: value for name, value in (RIGHT | changed).items() if value is not None}
    token = jwt.encode({"alg": "RS256", "kid": "one", "typ": "JWT"}, claims, mine)
    with pytest.raises(NotConnected):
        provider_of(mine).verified(token, ACCESS, NONCE, NOW)


def test_only_what_the_service_has_signed_as_an_id_token_counts(keys):
    mine, others = keys
    provider = provider_of(mine)
    right = jwt.encode({"alg": "RS256", "kid": "one", "typ": "JWT"}, RIGHT, mine)
    assert provider.verified(right, ACCESS, NONCE, NOW)["sub"] == "a person"
    head, body, signature = right.split(".")
    for wrong in (
        jwt.encode({"alg": "RS256", "kid": "one", "typ": "JWT"}, RIGHT, others),
        jwt.encode({"alg": "RS256", "kid": "two", "typ": "JWT"}, RIGHT, mine),
        jwt.encode({"alg": "RS256", "kid": "one", "typ": "at+jwt"}, RIGHT, mine),
        jwt.encode({"alg": "RS256", "kid": "one", "typ": "logout+jwt"}, RIGHT, mine),
        jwt.encode({"alg": "ES256", "kid": "one"}, RIGHT, ECKey.generate_key("P-256", {"kid": "one"})),
        jwt.encode({"alg": "HS256", "kid": "one"}, RIGHT, OctKey.generate_key(256)),

        f"{head}.{body}.", f"{head}.{body}.{signature[::-1]}", "", "a.b.c",
    ):  # fmt: skip
        with pytest.raises(NotConnected):
            provider_of(mine).verified(wrong, ACCESS, NONCE, NOW)
