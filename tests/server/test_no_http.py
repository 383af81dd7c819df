"""What is no HTTP, or asks by a method that HTTP does not have: refused as a problem, by the server as it is served."""

from __future__ import annotations

import json
import socket
import threading

import pytest
import uvicorn

from people import wait_until
from signedin.server.parting import Parting


async def nothing(scope, receive, send):
    raise AssertionError("nothing of it comes to the application")


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            nothing, http=Parting, ws="none", lifespan="off", log_config=None, server_header=False
        )
        serving = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: serving.run(sockets=[listening]), daemon=True)
        thread.start()
        wait_until(lambda: serving.started)
        yield listening.getsockname()[1]
        serving.should_exit = True
        thread.join(10)


@pytest.mark.security("4.1.4", "4.1.1")
@pytest.mark.parametrize(
    "line", [b"BREW /v1/sessions HTTP/1.1", b"get /v1/sessions HTTP/1.1", b"\x16\x03\x01 x"]
)
def test_what_cannot_be_read_is_a_problem_for_programs(port, line):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(line + b"\r\nHost: localhost\r\nX-Canary: a canary\r\n\r\n")
        got = b""
        while part := wire.recv(65_536):
            got += part
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head
    assert b"content-length: %d" % len(body) in head
    assert b"x-content-type-options: nosniff" in head
    assert (json.loads(body)["status"], json.loads(body)["code"]) == (400, "bad_request")
    assert b"canary" not in got
