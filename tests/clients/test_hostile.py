"""Hostile requests through the real proxies: nobody is let in without a live session, nobody as somebody else."""

from __future__ import annotations

import json
import os
import random
import re

import pytest

from clients.hostile import HEADERS, SMUGGLERS, Hostile, Secrets, surely_more_than
from people import SAFARI_ON_IPHONE

pytestmark = pytest.mark.xdist_group("hostile")
MANY = int(os.environ.get("HOSTILE_REQUESTS", "300"))
"""Of each kind through each proxy; 50,000 make the 100,000 of the long run."""
SEED = int(os.environ.get("HOSTILE_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)

READ_AS = ["HTTP_" + name.upper().replace("-", "_") for name in HEADERS]


@pytest.fixture(scope="module")
def secrets(guarded):
    live, ended = guarded.signed_in(), guarded.signed_in(SAFARI_ON_IPHONE)
    kept = Secrets(live.secret, ended.secret)
    row = ended.http.get("/").json()["Signedin-Session"]
    live.revoke(row)
    assert ended.http.get("/").status_code == 401
    return kept


@pytest.fixture(scope="module")
def who(guarded, secrets):
    """Who the live session really is."""
    answer = guarded.proxy.get("/", f"Cookie: signedin={secrets.live}")
    assert answer.is_let_in
    assert set(identity(answer)) == set(READ_AS)
    return identity(answer)


def told(answer):
    return json.loads(re.search(rb"\{.*\}", answer.raw, re.DOTALL)[0])


def identity(answer):
    """The four headers as the app reads them, by the names that twins with underscores would have too."""
    return {name: value for name, value in told(answer)["everything"].items() if name in READ_AS}


def is_our_own(answer):
    """Whether a page of Signedin's that is there for everybody came back, or the proxy's own nothing."""
    return b"content-security-policy: default-src 'none'" in answer.raw.lower() or not answer.body


@pytest.mark.timeout(3600)
@pytest.mark.guide("D12")
@pytest.mark.security("attack-19", "attack-20", "attack-21", "4.1.3", "7.2.1", "C5", "15.3.4")
def test_nobody_is_let_in_without_a_live_session_whatever_they_send(guarded, secrets, who):
    hostile = Hostile(SEED, secrets, guarded.proxy.port)
    for number in range(MANY):
        raw = hostile.nobodys()
        answer = guarded.proxy.send(raw)
        assert not answer.is_let_in, (SEED, number, raw, answer.raw)
        assert b"guarded-app" not in answer.raw.lower(), (SEED, number, raw, answer.raw)
        assert answer.status // 100 != 2 or is_our_own(answer), (SEED, number, raw, answer.raw)
    answer = guarded.proxy.get("/", f"Cookie: signedin={secrets.live}")
    assert identity(answer) == who, "and the live session lives on"


@pytest.mark.timeout(3600)
@pytest.mark.guide("D12")
@pytest.mark.security("attack-20", "attack-21", "4.1.3")
def test_nobody_is_let_in_as_somebody_else_whatever_they_send(guarded, secrets, who):
    hostile, let_in = Hostile(SEED, secrets, guarded.proxy.port), 0
    for number in range(MANY):
        raw = hostile.somebodys()
        answer = guarded.proxy.send(raw)
        if not answer.is_let_in or raw.startswith(b"HEAD"):
            continue
        assert identity(answer) == who, (SEED, number, raw, answer.raw)
        let_in += 1
    assert let_in > surely_more_than(0.25, MANY), "a quarter of them is good but for what it claims"


@pytest.mark.security("4.2.1", "attack-20")
@pytest.mark.parametrize("number", range(len(SMUGGLERS)))
def test_a_second_request_in_the_bytes_of_one_is_checked_too(guarded, number):
    answer = guarded.proxy.send(SMUGGLERS[number].encode())
    assert b"guarded-app" not in answer.raw.lower(), answer.raw


@pytest.mark.security("attack-20")
@pytest.mark.parametrize(
    "name", ["Signedin-Account", "signedin-session", "SIGNEDIN-APP-TYPE, Signedin-Scopes"]
)
def test_a_client_cannot_have_the_identity_taken_away_again(guarded, secrets, who, name):
    head = (
        f"GET / HTTP/1.1\r\nHost: x\r\nCookie: signedin={secrets.live}\r\nConnection: close, {name}\r\n\r\n"
    )
    assert identity(guarded.proxy.send(head.encode())) == who


@pytest.mark.security("attack-21")
def test_the_inner_check_is_not_there_for_clients(guarded, secrets):
    for path in ("/.signedin-check", "/%2esignedin-check", "//.signedin-check"):
        answer = guarded.proxy.get(path)
        assert answer.status in {401, 404}
        assert b"signedin-account" not in answer.raw.lower()
