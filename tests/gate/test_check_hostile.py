"""Hostile cookies, headers and queries against the check itself: 100,000 with HOSTILE_CHECKS=100000."""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from clients.hostile import Hostile, Secrets, surely_more_than
from people import ADA, SAFARI_ON_IPHONE, Clock, running
from web.elsewhere import Elsewhere

MANY = int(os.environ.get("HOSTILE_CHECKS", "2000"))
SEED = int(os.environ.get("HOSTILE_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
QUERIES = [b""] * 9 + [
    b"app_type=web", b"app_type=admin", b"app_type=oauth", b"app_type=web&app_type=admin", b"scope=account:read", b"scope=*",
    b"signedin-account=1", b"%", b"&&&", b"app_type", b"app_type=web;x", b"\xff=\xff", b"resource=x", b"x" * 5000,
    b"host=shop.other.test", b"host=evil.example", b"host=",
]  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running(
        tmp_path_factory.mktemp("house"),
        Clock(),
        app_hosts=("http://shop.other.test", "http://wiki.other.test"),
    ) as house:
        house.somebody(ADA)
        yield house


@pytest.fixture(scope="module")
def secrets(house):
    live, ended = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    row, gone = live.current()["id"], ended.secret
    live.revoke(ended.current()["id"])
    assert (
        live.http.get("/v1/check").headers["signedin-session"] == row
    )  # remembered from here on, where that is done
    wiki = Elsewhere(live, "wiki.other.test", "signedin-host").entered()
    assert wiki.check().status_code == 200
    return Secrets(live.secret, gone, wiki.jar["signedin-host"])


def asked(house, raw, by):
    """The check asked with the headers of a raw request; it has to come to its end without giving way."""
    head, *lines = raw.rstrip(b"\r\n").split(b"\r\n")
    pairs = [line.partition(b":") for line in lines]
    headers = [(name.lower(), value.strip()) for name, _, value in pairs]
    method = head.split(b" ")[0].decode("latin-1").upper()
    scope = {
        "type": "http", "method": method, "path": "/v1/check", "query_string": by.choice(QUERIES), "headers": headers,
        "client": by.choice([("127.0.0.1", 1), ("203.0.113.1", 2), None]),
    }  # fmt: skip
    sent = []

    async def send(message):
        sent.append(message)

    coroutine = house.server.app(scope, None, send)
    with pytest.raises(StopIteration):
        coroutine.send(None)
    return sent[0]["status"], dict(sent[0]["headers"]), scope


@pytest.mark.guide("D12")
@pytest.mark.security("attack-19", "attack-20", "7.2.1", "SM-4", "C5")
@pytest.mark.only_on_sqlite(
    "PostgreSQL is asked for unknown secrets, which gives way; the check through proxies covers it."
)
def test_no_hostile_request_is_a_yes_or_a_failure(house, secrets, log_lines):
    hostile, by, seen = Hostile(SEED, secrets, 8000), random.Random(SEED), Counter()
    for number in range(MANY):
        status, headers, scope = asked(house, hostile.nobodys(), by)
        assert status in {401, 405, 422}, (SEED, number, scope, headers)
        assert not [name for name in headers if name.startswith(b"signedin-")]
        seen[status] += 1
    assert seen[401] > MANY // 4
    assert not [line for line in log_lines() if line["level"] == "error"]


@pytest.mark.guide("D12")
@pytest.mark.security("attack-20", "4.1.3")
def test_whoever_is_signed_in_is_never_taken_for_somebody_else(house, secrets):
    hostile, by, let_in = Hostile(SEED, secrets, 8000), random.Random(SEED), Counter()
    for number in range(MANY):
        status, headers, scope = asked(house, hostile.somebodys(), by)
        assert status in {200, 401, 405, 422}, (SEED, number, scope)
        if status == 200:
            let_in[tuple(value for name, value in headers.items() if name.startswith(b"signedin-"))] += 1
    assert len(let_in) == 1
    assert let_in.total() > surely_more_than(0.25, MANY)
