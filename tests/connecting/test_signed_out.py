"""Tidewater Calendar hears of sign-outs: by a logout token that it believes only when everything of it fits."""

from __future__ import annotations

import ssl

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from client.shops import until
from connecting.programs import started, told_by
from connecting.test_third_party import CLIENT, ISSUER, NAMED, NOW, RUNNER, Tidewater, provider_of, words_of
from examples.third_party.openid import SIGNED_OUT, NotConnected
from examples.third_party.tidewater import Calendar, Person, Visitor
from ports import free_port
from served import a_place_that_calls, served

pytestmark = [pytest.mark.xdist_group("example signed out"), pytest.mark.security("7.4.1")]
RIGHT = {
    "iss": ISSUER, "aud": CLIENT, "sub": "a person", "sid": "a session", "jti": "one", "iat": NOW, "exp": NOW + 120,
    "events": {SIGNED_OUT: {}},
}  # fmt: skip


@pytest.fixture(scope="module")
def key():
    return RSAKey.generate_key(2048, {"kid": "one"})


def logout_token(key, typ="logout+jwt", **changed):
    claims = {name: value for name, value in (RIGHT | changed).items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": "one", "typ": typ}, claims, key)


def test_a_logout_token_of_the_service_for_this_app_is_believed(key):
    assert provider_of(key).signed_out(logout_token(key), NOW)["sid"] == "a session"
    assert provider_of(key).signed_out(logout_token(key, sid=None), NOW)["sub"] == "a person"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.test"}, {"aud": "another"}, {"aud": [CLIENT, "another"]}, {"exp": NOW - 61}, {"exp": None},
        {"iat": NOW + 61}, {"iat": None}, {"jti": None}, {"jti": 7}, {"events": None}, {"events": {}},
        {"events": {"http://schemas.openid.net/event/another": {}}}, {"events": SIGNED_OUT}, {"nonce": "n"},
        {"sub": None, "sid": None}, {"typ": "JWT"}, {"typ": "at+jwt"},
    ],
    ids=str,
)  # fmt: skip
def test_one_that_does_not_fit_signs_nobody_out(key, changed):
    with pytest.raises(NotConnected):
        provider_of(key).signed_out(logout_token(key, **changed), NOW)


def test_one_that_somebody_else_has_signed_or_nobody_signs_nobody_out(key):
    head, body, _ = logout_token(key).split(".")
    for wrong in (
        logout_token(RSAKey.generate_key(2048, {"kid": "one"})), f"{head}.{body}.", "", "a.b.c",
    ):  # fmt: skip
        with pytest.raises(NotConnected):
            provider_of(key).signed_out(wrong, NOW)


def test_a_session_is_signed_out_in_its_browser_alone_and_a_person_everywhere():
    calendar = Calendar(None, None, is_secure=True)
    people = {"laptop": ("ada", "1"), "phone": ("ada", "2"), "other": ("eve", "3")}
    for name, (sub, sid) in people.items():
        calendar.visitors[name] = Visitor(person=Person(sub, sid, None))

    def connected():
        return {name for name, visitor in calendar.visitors.items() if visitor.person}

    calendar.end_sessions("ada", "1")
    assert connected() == {"phone", "other"}
    calendar.end_sessions("ada")
    assert connected() == {"other"}
    calendar.end_sessions()
    assert connected() == {"other"}


@pytest.fixture
def server(tmp_path):
    with a_place_that_calls(tmp_path) as place, served(place) as server:
        yield server


@pytest.mark.guide("R41", "R49")
def test_who_logs_out_of_the_account_is_signed_out_of_the_app_before_it_asks_for_anything(server, tmp_path):
    port = free_port()
    own = f"https://localhost:{port}"
    client = told_by(
        server.place, "client", "add", "--name", "Tidewater Calendar", "--redirect-uri", f"{own}/callback",
        "--backchannel-logout-uri", f"{own}/signed-out", *NAMED,
    )  # fmt: skip
    known = {
        "CLIENT_ID": client["client_id"], "CLIENT_SECRET": client["client_secret"],
        "SIGNEDIN_ADDRESS": server.place.base_url, "OWN_ADDRESS": own,
    }  # fmt: skip
    words = (
        "--app", "examples.third_party.tidewater:app", "run", "--host", "localhost", "--port", port,
        "--cert", tmp_path / "localhost.pem", "--key", tmp_path / "localhost.pem",
    )  # fmt: skip
    trusted = ssl.create_default_context(cafile=tmp_path / "authority.pem")
    with (
        started(RUNNER, *words, folder=tmp_path, **known) as program,
        httpx.Client(base_url=own, verify=trusted, timeout=30) as here,
    ):
        until(lambda: listens(here), 60)
        ada = server.signed_in()
        assert "Connected as Ada" in words_of(Tidewater(own).connected(here, ada))
        assert here.post("/signed-out", data={"logout_token": "nonsense"}).status_code == 400
        assert here.post("/signed-out").status_code == 400
        ada.log_out()
        program.says("POST /signed-out .* 204")
        assert "You were signed out of your account. logged_out" in words_of(here.get("/"))


def listens(here):
    try:
        return here.get("/").is_success
    except httpx.TransportError:
        return False
