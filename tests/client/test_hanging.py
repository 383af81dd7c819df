"""A service that hangs: whoever guards an app with the client library waits a bounded time, and lets nobody in."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from time import monotonic

import flask
import httpx
import pytest

from signedin.adapters.flask import Signedin as InFlask
from signedin.client import Client, NotSignedIn, SyncClient, Unavailable
from signedin.client.knowing import ASK_WITHIN
from signedin.middleware import Signedin
from signedin.rules.secret import Kind, WayKeys, make_token

SOON = timedelta(seconds=0.4)
COOKIE = {"cookie": f"signedin={make_token(Kind.SES, 7, WayKeys('0', {'0': b'k' * 32}))}"}
KEY = "sgn_svc_of-a-service-that-hangs"


@pytest.fixture
def hanging():
    """The address of a service that takes connections and says nothing, for as long as the test lasts."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"http://localhost:{listening.getsockname()[1]}"


def took(begun):
    return timedelta(seconds=monotonic() - begun)


@pytest.mark.guide("D12")
@pytest.mark.security("15.2.2")
def test_a_flask_app_answers_503_to_all_who_wait_when_the_time_is_over(hanging):
    app = flask.Flask("shop")
    client = SyncClient(hanging, KEY, ask_within=SOON)
    InFlask(app, client=client)
    app.add_url_rule("/", view_func=lambda: "let in")

    def answer(_):
        return app.test_client(use_cookies=False).get("/", headers=COOKIE)

    begun = monotonic()
    with ThreadPoolExecutor(6) as hands:
        answers = list(hands.map(answer, range(6)))
    waited = took(begun)
    assert [each.status_code for each in answers] == [503] * 6
    assert all("Retry-After" in each.headers for each in answers)
    assert SOON <= waited < 4 * SOON, waited
    client.close()


@pytest.mark.guide("D12")
@pytest.mark.security("15.2.2")
def test_an_asgi_app_answers_503_to_all_who_wait_when_the_time_is_over(hanging):
    async def app(scope, receive, send):
        raise AssertionError("nobody is let in")

    async def ask():
        client = Client(hanging, KEY, ask_within=SOON)
        transport = httpx.ASGITransport(app=Signedin(app, client))
        begun = monotonic()
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as browser:
            answers = await asyncio.gather(*(browser.get("/", headers=COOKIE) for _ in range(6)))
        waited = took(begun)
        await client.close()
        return answers, waited

    answers, waited = asyncio.run(ask())
    assert [each.status_code for each in answers] == [503] * 6
    assert SOON <= waited < 4 * SOON, waited


@pytest.fixture
def slow():
    """The address of a service that answers everybody with 401, but only after most of the time that is waited."""
    answer = json.dumps({"code": "unauthenticated", "reason": "revoked"}).encode()
    head = b"HTTP/1.1 401 Unauthorized\r\ncontent-type: application/problem+json\r\nconnection: close\r\n"

    def reply(wire):
        with wire:
            wire.recv(65_536)
            over.wait(0.7 * SOON.total_seconds())
            with suppress(OSError):
                wire.sendall(head + b"content-length: %d\r\n\r\n" % len(answer) + answer)

    def take():
        with suppress(OSError):
            while True:
                hands.submit(reply, listening.accept()[0])

    over = threading.Event()
    with ThreadPoolExecutor(8) as hands, socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        hands.submit(take)
        yield f"http://localhost:{listening.getsockname()[1]}"
        over.set()
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.guide("D12")
@pytest.mark.security("15.2.2")
def test_who_comes_while_another_is_asked_about_waits_no_longer_than_that_time_either(slow):
    client = SyncClient(slow, KEY, ask_within=SOON)

    def ask(_):
        begun = monotonic()
        try:
            return client.check(COOKIE), took(begun)
        except Unavailable as why:
            return why, took(begun)

    with ThreadPoolExecutor(3) as hands:
        answers = list(hands.map(ask, range(3)))
    client.close()
    told = [found for found, _ in answers if not isinstance(found, Unavailable)]
    assert told == [NotSignedIn("revoked")], answers
    assert all(waited < 1.4 * SOON for _, waited in answers), answers


def test_usually_two_seconds_are_waited_and_no_time_at_all_is_a_mistake(hanging):
    assert timedelta(seconds=2) == ASK_WITHIN
    with pytest.raises(ValueError, match="ask_within"):
        SyncClient(hanging, KEY, ask_within=timedelta())
