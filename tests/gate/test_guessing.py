"""Many unknown secrets from one network are slowed down and recorded, and no real session suffers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from people import ADA, ADELAIDE, SAN_FRANCISCO, Clock, running
from signedin.gate.guessing import MOST_NETWORKS, Guessing
from signedin.rules.attempts import UNKNOWN_SECRETS
from signedin.rules.secret import Kind, make_token
from signedin.store import accounts

pytestmark = pytest.mark.xdist_group("guessing")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MANY = UNKNOWN_SECRETS.free


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running(tmp_path_factory.mktemp("house"), Clock()) as house:
        house.somebody(ADA)
        yield house


def guess(house, address, count):
    """Send so many secrets that nobody has, and say what was answered."""
    account = house.means.database.read_now(accounts.find_by_email, ADA)
    guesser = house.browser(address=address)
    answers = []
    for _ in range(count):
        token = make_token(Kind.SES, account.id, house.means.keyring.way_keys)
        answers.append(guesser.http.get("/v1/sessions", headers={"cookie": f"signedin={token}"}))
    return answers


@pytest.mark.security("SM-9", "16.3.3")
def test_who_sends_many_unknown_secrets_is_told_to_wait_and_recorded_once(house, log_lines):
    answers = guess(house, "198.51.100.9", MANY + 5)
    assert {answer.status_code for answer in answers[: MANY - 1]} == {401}
    assert {answer.status_code for answer in answers[MANY - 1 :]} == {429}
    assert answers[-1].json()["code"] == "too_many_requests"
    assert int(answers[-1].headers["retry-after"]) in range(1, 62)
    (line,) = [line for line in log_lines() if line["event"] == "somebody guesses sessions"]
    assert (line["origin"], line["unknown_secrets"]) == ("198.51.100.•••", MANY)
    house.clock.move(minutes=1)
    assert guess(house, "198.51.100.9", 1)[0].status_code == 429
    assert [line["unknown_secrets"] for line in log_lines()] == [MANY + 1]


@pytest.mark.security("SM-9", "6.1.1")
def test_a_real_session_from_the_same_network_is_let_in_and_signing_in_goes_on(house):
    laptop = house.signed_in(address=SAN_FRANCISCO)
    assert guess(house, SAN_FRANCISCO, MANY)[-1].status_code == 429
    assert laptop.is_signed_in
    assert laptop.open("/v1/sessions").status_code == 200
    assert house.signed_in(address=SAN_FRANCISCO).is_signed_in
    stranger = house.browser(address=SAN_FRANCISCO)
    for path in ("/sign-in", "/help/active-sessions", "/health/ready"):
        assert stranger.open(path).status_code == 200


@pytest.mark.security("SM-9")
def test_a_browser_with_an_old_cookie_counts_once_however_many_pages_it_opens(house):
    stale = house.browser(address=ADELAIDE)
    token = make_token(Kind.SES, 77, house.means.keyring.way_keys)
    for _ in range(MANY * 2):
        answer = stale.http.get("/settings/sessions", headers={"cookie": f"signedin={token}"})
        assert answer.status_code == 303
    assert answer.headers["set-cookie"].startswith("signedin=; Path=/; SameSite=Lax; Max-Age=0")


@pytest.mark.security("SM-9")
def test_what_cannot_be_a_secret_of_ours_is_refused_before_the_database_and_not_counted(house):
    asked = []
    house.means.checks._conn.set_trace_callback(asked.append)
    guesser = house.browser(address="198.51.100.10")
    for number in range(MANY * 2):
        headers = {"cookie": f"signedin=sgn_ses_{number:061d}"}
        assert guesser.http.get("/v1/sessions", headers=headers).status_code == 401
    house.means.checks._conn.set_trace_callback(None)
    assert asked == []


@pytest.mark.security("SM-9")
def test_a_network_is_counted_as_one_and_others_do_not_suffer():
    guessing = Guessing()
    for number in range(MANY):
        last = guessing.noticed(f"2001:db8::{number:x}", f"secret {number}", NOW)
    assert last == NOW + timedelta(minutes=1)
    assert guessing.noticed("2001:db8:0:1::1", "secret", NOW) is None
    assert guessing.noticed("2001:db8::ffff", "another", NOW) == last


@pytest.mark.security("SM-9")
def test_time_forgives():
    guessing = Guessing()
    for number in range(MANY * 3):
        assert (
            guessing.noticed("203.0.113.7", f"secret {number}", NOW + number * timedelta(minutes=2)) is None
        )


@pytest.mark.security("SM-9", "15.2.2")
def test_what_is_remembered_is_bounded_whatever_is_sent():
    guessing = Guessing()
    for number in range(MOST_NETWORKS + 100):
        guessing.noticed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", "secret", NOW)
    assert len(guessing._tried) == MOST_NETWORKS
    for number in range(10_000):
        guessing.noticed("203.0.113.7", f"secret {number}", NOW)
    assert len(guessing._tried["203.0.113.7"].secrets) <= MANY
