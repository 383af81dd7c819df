"""Whatever is thrown before or behind the pages is caught and answered."""

from __future__ import annotations

import asyncio

import pytest

from people import Clock, running
from signedin.gate.middleware import Gate
from signedin.gate.security_headers import SecurityHeaders
from signedin.server.last_resort import LastResort


def answered(app, kind="http"):
    """What the application sends, as a server sees it."""
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(SecurityHeaders(LastResort(app), is_secure=True)({"type": kind}, None, send))
    return sent


@pytest.mark.security("16.5.4", "16.5.1", "3.4.4")
def test_a_failure_before_the_answer_becomes_a_500_with_all_headers_and_a_reference(log_lines):
    async def broken(scope, receive, send):
        raise RuntimeError("something inside")

    start, body = answered(broken)
    assert start["status"] == 500
    headers = dict(start["headers"])
    assert headers[b"content-type"] == b"application/problem+json"
    assert {b"content-security-policy", b"strict-transport-security", b"cache-control"} <= set(headers)
    (line,) = log_lines()
    assert line["reference"].encode() in body["body"]
    assert b"something inside" not in body["body"]


@pytest.mark.security("16.5.4")
def test_who_is_left_waiting_when_the_server_stops_is_told_that_it_is_not_known(log_lines):
    async def waits(scope, receive, send):
        raise asyncio.CancelledError

    sent = []

    async def send(message):
        sent.append(message)

    async def stopped():
        with pytest.raises(asyncio.CancelledError):
            await LastResort(waits)({"type": "http"}, None, send)

    asyncio.run(stopped())
    start, body = sent
    assert start["status"] == 503
    assert (b"retry-after", b"1") in start["headers"]
    assert b'"code": "unavailable"' in body["body"]


@pytest.mark.security("16.5.4")
def test_a_failure_in_the_middle_of_an_answer_cuts_it_off(log_lines):
    async def broken(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        answered(broken)
    assert len(log_lines()) == 1


@pytest.mark.security("16.5.4", "16.5.3", "7.2.1")
def test_a_gate_that_breaks_lets_nobody_in(log_lines, tmp_path):
    with running(tmp_path, Clock()) as house:
        house.somebody()
        laptop = house.signed_in()

        class Broken:
            def __getattr__(self, name):
                raise RuntimeError

        gate = house.server.app
        while not isinstance(gate, Gate):
            gate = gate._app
        whole, gate._means = gate._means, Broken()
        for path in ("/settings/sessions", "/v1/sessions", "/sign-in"):
            assert laptop.open(path).status_code == 500
        gate._means = whole
        assert laptop.is_signed_in
