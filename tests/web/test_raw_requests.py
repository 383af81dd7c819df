"""Requests that no client library makes. Reading them is uvicorn's and httptools' work; this is what they do here."""

from __future__ import annotations

import socket

import pytest

from people import ADA, Clock
from routes import still

pytestmark = pytest.mark.xdist_group("raw requests")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with still(tmp_path_factory.mktemp("house"), Clock()) as house:
        house.somebody(ADA)
        yield house


def sent(house, raw, answers=1):
    """Send bytes as they are; what comes back until so many answers are there or the other side closes."""
    port = int(house.base_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(raw)
        line.shutdown(socket.SHUT_WR)
        got = b""
        while part := line.recv(65_536):
            got += part
    return got


def statuses(got):
    return [int(part[1:4]) for part in got.split(b"HTTP/1.1")[1:]]


HEAD = b"Host: localhost\r\n"
SMUGGLED = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
AMBIGUOUS = {
    "a length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunks and a length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef" + SMUGGLED,
    "a length that is no number": b"Content-Length: 5x\r\n\r\nabcde" + SMUGGLED,
    "a negative length": b"Content-Length: -5\r\n\r\nabcde" + SMUGGLED,
    "a length with a sign": b"Content-Length: +5\r\n\r\nabcde" + SMUGGLED,
    "a blank before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk size that is no number": b"Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n" + SMUGGLED,
    "a name with a NUL": b"X-A\x00B: 1\r\n\r\n" + SMUGGLED,
}


@pytest.mark.security("4.2.1")
@pytest.mark.parametrize("what", AMBIGUOUS)
def test_a_request_whose_end_can_be_read_in_two_ways_is_refused_and_what_follows_is_not_read(house, what):
    got = sent(house, b"POST /sign-in HTTP/1.1\r\n" + HEAD + AMBIGUOUS[what])
    assert statuses(got) == [400], got[:300]
    assert b"live\n" not in got


@pytest.mark.security("4.1.4", "3.5.3")
@pytest.mark.parametrize("method", [b"TRACE", b"TRACK", b"CONNECT", b"PROPFIND", b"get", b"POST\t", b"GE T"])
def test_methods_that_no_page_has_are_refused_and_nothing_is_echoed(house, method):
    got = sent(house, method + b" /sign-in HTTP/1.1\r\nHost: localhost\r\nX-Canary: a canary\r\n\r\n")
    assert statuses(got)[0] in (400, 405)
    assert b"a canary" not in got


@pytest.mark.security("4.1.2", "3.7.2")
@pytest.mark.parametrize(
    "target",
    [
        b"*",
        b"@evil.example/",
        b"//evil.example",
        b"http://evil.example/",
        b"http://127.0.0.1:1@evil.example/",
        b"\\evil",
    ],
)
@pytest.mark.parametrize("host", [b"127.0.0.1:8000", b"localhost:8000"])
def test_no_odd_target_leads_away(house, target, host):
    got = sent(house, b"GET " + target + b" HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
    assert statuses(got)[0] in (303, 307, 400, 404)
    for line in got.split(b"\r\n\r\n")[0].split(b"\r\n"):
        if line.lower().startswith(b"location:"):
            where = line.partition(b":")[2].strip()
            assert where.startswith((b"/sign-in", house.base_url.encode() + b"/")), where


@pytest.mark.security("15.2.2", "SM-4")
@pytest.mark.parametrize(
    "line", [b"Cookie: signedin=" + b"A" * 60_000, b"X-Long: " + b"A" * 60_000, b"A: b\r\n" * 3000]
)
def test_very_large_heads_are_refused_or_answered_and_never_break_anything(house, line):
    got = sent(house, b"GET /v1/sessions HTTP/1.1\r\n" + HEAD + line.rstrip(b"\r\n") + b"\r\n\r\n")
    assert statuses(got)[0] in (400, 401, 431)
    assert statuses(sent(house, SMUGGLED)) == [200]
