"""A tiny app with a WebSocket, guarded by the proxy in front of it: it asks again about whoever opened one.

python socket_app.py [PORT]

The proxy's check lets a connection in when it opens. Afterwards the app itself asks Signedin about the same cookie
every few seconds, and closes with 4401 what has ended. SIGNEDIN_CHECK is the check's address; SIGNEDIN_KEY a service
key with `sessions:check`, by which the question is nobody's activity: a forgotten tab expires like any other.
"""

from __future__ import annotations

import asyncio
import base64
import os
import struct
import sys
from contextlib import suppress
from hashlib import sha1
from urllib.error import HTTPError
from urllib.request import Request, urlopen

IDENTITY = ("signedin-account", "signedin-session", "signedin-app-type", "signedin-scopes")
CHECK = os.environ.get("SIGNEDIN_CHECK", "http://127.0.0.1:8000/v1/check?app_type=web")
KEY = os.environ.get("SIGNEDIN_KEY", "")
ASK_EVERY = float(os.environ.get("ASK_EVERY", "5"))
LONGEST = float(os.environ.get("LONGEST", "3600"))
"""Seconds after which the browser has to come again, whatever the answers are; and for how long none may be missing."""
UNKNOWN_FOR = 30
ENDED, COME_AGAIN = 4401, 1001


def still_lives(cookie: str) -> bool | None:
    """Whether the session lives, or `None`: that cannot be known right now."""
    quietly = {"Signedin-Key": KEY, "Signedin-Quiet": "1"} if KEY else {}
    try:
        with urlopen(Request(CHECK, headers={"Cookie": cookie, **quietly}), timeout=5) as answer:  # noqa: S310  # our own
            return bool(answer.status == 200)
    except HTTPError as refused:
        return False if refused.code == 401 else None
    except OSError:
        return None


async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the opening request; then tell something until the session ends."""
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head)}
        if not all(headers.get(name) for name in IDENTITY) or "sec-websocket-key" not in headers:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            writer.write(_accepted(headers["sec-websocket-key"]))
            telling = asyncio.create_task(_tell(writer))
            code = await _watched(headers.get("cookie", ""))
            telling.cancel()  # nothing is told after this line
            writer.write(_frame(0x8, struct.pack(">H", code)))
        await writer.drain()
    writer.close()


async def _watched(cookie: str) -> int:
    """Wait until the session has ended or nobody knows any more; returns the code to close with."""
    clock = asyncio.get_running_loop().time
    until, known_at = clock() + LONGEST, clock()
    while clock() < until and clock() - known_at < UNKNOWN_FOR:
        await asyncio.sleep(min(ASK_EVERY, until - clock()))
        lives = await asyncio.to_thread(still_lives, cookie)
        if lives is False:
            return ENDED
        known_at = known_at if lives is None else clock()
    return COME_AGAIN


async def _tell(writer: asyncio.StreamWriter) -> None:
    """What the app is there for."""
    while True:
        writer.write(_frame(0x1, b"news"))
        await writer.drain()
        await asyncio.sleep(0.1)


def _accepted(key: str) -> bytes:
    hashed = sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()  # noqa: S324  # RFC 6455, 4.2.2
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Accept: {base64.b64encode(hashed).decode()}"]  # fmt: skip
    return "\r\n".join([*lines, "", ""]).encode()


def _frame(kind: int, body: bytes) -> bytes:
    return bytes([0x80 | kind, len(body)]) + body


async def main(port: int) -> None:
    """Listen on loopback alone, so that nobody reaches it but through the proxy."""
    async with await asyncio.start_server(connection, "127.0.0.1", port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 9000))
