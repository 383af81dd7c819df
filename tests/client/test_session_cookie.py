"""The cookie that sessions come in is the service's own, by whatever address an app reaches the service."""

from __future__ import annotations

import json

import pytest

from client.shops import client_of, service_key, until
from faults.deeds import sign_in_many, utc_now
from people import ADA, Clock, running
from signedin.client import NotSignedIn, SyncClient
from signedin.client.address import Address
from signedin.client.exchange import Answer
from signedin.client.session_cookie import SessionCookie
from signedin.client.wires import Wires
from signedin.rules.secret import Kind, WayKeys, digest, make_token

pytestmark = pytest.mark.xdist_group("session cookie")
PEOPLES = "https://app.example.org"
INNER = "http://127.0.0.1:8000"
KEYS = WayKeys("0", {"0": b"0" * 32})
TOKEN, OTHER, APP = (make_token(kind, 7, KEYS) for kind in (Kind.SES, Kind.SES, Kind.APP))


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A service that people reach over https, and apps beside it on loopback."""
    clock = Clock()
    clock.now = utc_now()
    with running(tmp_path_factory.mktemp("house"), clock, base_url=PEOPLES) as house:
        house.somebody(ADA)
        yield house


@pytest.fixture(scope="module")
def key(house):
    return service_key(house)


@pytest.fixture
def session(house):
    [made] = sign_in_many(house.means, ADA, 1)
    return made


def sent(*pairs, **more):
    lines = [(b"cookie", "; ".join(f"{name}={value}" for name, value in pairs).encode())] if pairs else []
    return [*lines, *((name.encode(), value.encode()) for name, value in more.items())]


@pytest.mark.guide("R48", "D18", "D34")
def test_an_app_that_reaches_the_service_by_an_inner_address_finds_the_cookie_of_the_one_that_people_use(
    house, key, session
):
    client, asked = client_of(house, key), house.server.recogniser
    headers = sent(("theme", "dark"), ("__Host-signedin", session.token))
    before = asked.asked
    assert [client.check(headers).session for _ in range(3)] == [session.id] * 3
    assert client.known(headers).session == session.id
    assert asked.asked == before + 1, "from memory"
    planted = sent(("signedin", session.token))
    assert client.check(planted) == NotSignedIn("missing"), "a name that any host beside it can set"
    assert client.check(sent(("__Host-signedin", session.token), ("signedin", OTHER))).session == session.id
    assert asked.asked == before + 1
    own = {"origin": PEOPLES, "sec-fetch-site": "same-origin", "cookie": f"__Host-signedin={session.token}"}
    assert house.browser().http.delete("/v1/sessions/current", headers=own).status_code == 204
    assert client.check(headers) == NotSignedIn("logged_out")
    client.close()


@pytest.mark.guide("R48", "D18")
def test_before_the_service_has_told_it_is_asked_by_whichever_name_has_come(house, key, session, monkeypatch):
    monkeypatch.setattr("signedin.client.any_client.boot_clock", lambda: None)  # so it never joins
    client = SyncClient(house.base_url, key)
    ours = ("__Host-signedin", session.token)
    for headers in (sent(ours), sent(("signedin", OTHER), ours), sent(ours, authorization="Basic YTpi")):
        assert client.check(headers).session == session.id
    assert client.check(sent(("signedin", session.token))) == NotSignedIn("missing")
    assert client.check(sent(ours, authorization=f"Bearer {APP}")) == NotSignedIn("malformed")
    closed = []
    with client.open(sent(("signedin", OTHER), ours), closed.append) as one:
        assert client.still(one)
    client.close()


class OfBefore:
    """The way to a service that does not tell the name, until it does."""

    def __init__(self, wires):
        self.wires, self.tells = wires, False

    def ask(self, question, seconds):
        answer = self.wires.ask(question, seconds)
        if self.tells or answer.status != 200 or b"/feed/ack" not in question:
            return answer
        said = json.loads(answer.body)
        del said["cookie"]
        return Answer(answer.status, answer.headers, json.dumps(said).encode())

    def close(self):
        self.wires.close()


@pytest.mark.guide("D18")
def test_of_a_service_of_before_names_the_address_says_it_until_the_service_does(house, key, session):
    way = OfBefore(Wires(Address.of(house.base_url)))
    headers = sent(("__Host-signedin", session.token))
    with SyncClient(house.base_url, key, carried_by=way) as client:
        until(lambda: client.may_answer)
        assert client.check(headers) == NotSignedIn("missing")
        way.tells = True
        until(lambda: client.check(headers))
        assert client.check(headers).session == session.id


@pytest.mark.guide("D18")
def test_a_name_that_the_app_has_given_stays_and_the_log_says_that_it_is_another(house, key, session, caplog):
    headers = sent(("__Host-signedin", session.token))
    right = client_of(house, key, cookie="__Host-signedin")
    assert right.check(headers).session == session.id
    right.close()
    assert "are sought in" not in caplog.text
    wrong = client_of(house, key, cookie="signedin")
    until(lambda: "sessions are sought in signedin; the service's are in __Host-signedin" in caplog.text)
    assert wrong.check(headers) == NotSignedIn("missing")
    wrong.close()


@pytest.mark.parametrize("given", [None, "shop"])
@pytest.mark.parametrize("nonsense", ["", "a b", "a\r\nb: c", "x=", 7, ["signedin"]])
def test_what_is_no_name_of_a_cookie_is_not_taken_for_one(given, nonsense):
    cookie = SessionCookie(INNER, given)
    cookie.told(nonsense)
    assert cookie.names.session == (given or "signedin")
    assert cookie.sought == f"{given or 'signedin'}=".encode()


def test_what_is_not_there_or_is_no_token_costs_no_question_before_the_name_is_told_either():
    cookie = SessionCookie(INNER)
    for headers, reason in (
        (sent(), "missing"),
        (sent(("signedin", "")), "missing"),
        (sent(("__Host-signedin", "nonsense")), "malformed"),
        (sent(("signedin", TOKEN), ("signedin", TOKEN)), "malformed"),
        (sent(("__Host-signedin", APP)), "wrong_kind"),
        (sent(authorization=f"Bearer {TOKEN}"), "wrong_kind"),
        (sent(authorization="Basic YTpi"), "missing"),
    ):
        assert cookie.credential(headers) == NotSignedIn(reason), headers


def test_one_of_ours_is_remembered_as_itself_and_a_doubt_as_nothing():
    cookie = SessionCookie(INNER)
    one = cookie.credential(sent(("__Host-signedin", TOKEN)))
    assert (one.digest, one.is_session) == (digest(TOKEN), True)
    assert one.shown == (("cookie", f"__Host-signedin={TOKEN}"),)
    by_header = cookie.credential(sent(("signedin", "nonsense"), authorization=f"Bearer {APP}"))
    assert (by_header.token, by_header.shown) == (APP, ())
    for headers in (
        sent(("signedin", OTHER), ("__Host-signedin", TOKEN)),
        sent(("signedin", TOKEN), authorization=f"Bearer {APP}"),
    ):
        doubt = cookie.credential(headers)
        assert not doubt.is_session
        assert doubt.digest not in {digest(TOKEN), digest(OTHER), digest(APP)}
