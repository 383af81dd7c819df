"""A lean HTTP client for measuring: keep-alive connections, whole answers, nothing clever."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bench.machine import keep_to


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def cookies(self) -> dict[str, str]:
        """The cookies that were set, by name."""
        lines = (value for name, value in self.headers if name == "set-cookie")
        return dict(line.partition(";")[0].split("=", 1) for line in lines)


class Wire:
    """One connection that is kept open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, request: bytes) -> Answer:
        """Send a request and read the whole answer."""
        if self._writer is None or self._reader is None or self._writer.is_closing():
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = [
            (name.lower(), value.strip())
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        ]
        length = int(dict(headers).get("content-length", "0"))
        body = await self._reader.readexactly(length) if length else b""
        if ("connection", "close") in headers:
            self.close()
        return Answer(int(head[0].split()[1]), headers, body)

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
        self._writer = None


def request(
    path: str, cookies: dict[str, str] | None = None, fields: dict[str, str] | None = None, *, port: int = 8000,
    address: str = "",
) -> bytes:  # fmt: skip
    """A request as a browser sends it: a GET, or a form of our own page when there are fields."""
    body = b"" if fields is None else urlencode(fields).encode()
    lines = [f"{'GET' if fields is None else 'POST'} {path} HTTP/1.1", f"Host: localhost:{port}"]
    lines += ["User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:149.0) Gecko/20100101 Firefox/149.0"]
    if cookies:
        lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()))
    if address:
        lines.append(f"X-Forwarded-For: {address}")
    if fields is not None:
        lines += ["Sec-Fetch-Site: same-origin", f"Origin: http://localhost:{port}",
                  "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]  # fmt: skip
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@dataclass
class Load:
    """How a stream of requests fared: milliseconds each, and what was answered."""

    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)


async def steady(
    port: int, requests: Sequence[bytes], rate: float, seconds: float, connections: int = 16
) -> Load:
    """Send at a fixed rate, whatever comes back: a server that stalls is not spared the requests it missed.

    Time runs from the moment a request was due when no connection was free for it, else from its sending.
    """
    load, began, total = Load(), time.perf_counter(), int(rate * seconds)
    turn = iter(range(total))

    async def one_connection() -> None:
        wire = Wire(port)
        for number in turn:
            due = began + number / rate
            wait = due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
                due = time.perf_counter()
            answer = await wire.ask(requests[number % len(requests)])
            load.milliseconds.append((time.perf_counter() - due) * 1000)
            load.statuses[answer.status] += 1
        wire.close()

    await asyncio.gather(*(one_connection() for _ in range(connections)))
    return load


async def each_once(port: int, requests: Sequence[bytes], connections: int = 8) -> Counter[int]:
    """Send each request once, over a few connections; returns how often each status was answered."""
    statuses: Counter[int] = Counter()
    turn = iter(requests)

    async def one_connection() -> None:
        wire = Wire(port)
        for each in turn:
            statuses[(await wire.ask(each)).status] += 1
        wire.close()

    await asyncio.gather(*(one_connection() for _ in range(connections)))
    return statuses


def as_fast_as_it_goes(
    port: int, asked: bytes, path: str, cookie: str, seconds: float, core: int
) -> tuple[float, str]:
    """Requests a second over 16 connections, each sending when the last answer is there; and who sent them."""
    if shutil.which("wrk"):
        return _wrk(port, path, cookie, seconds, core), "wrk"
    keep_to(core)
    return asyncio.run(_closed_loop(port, [asked], seconds)), "the bench's own client"


def _wrk(port: int, path: str, cookie: str, seconds: float, core: int) -> float:
    words = ["wrk", "-t1", "-c16", f"-d{max(1, round(seconds))}s", "-H", f"Cookie: {cookie}",
             "-H", f"Host: localhost:{port}", f"http://127.0.0.1:{port}{path}"]  # fmt: skip
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as running:
        keep_to(core, running.pid)
        said = running.communicate()[0]
    if "Non-2xx" in said:
        raise RuntimeError(f"not everything was answered well: {said}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if found is None:
        raise RuntimeError(f"wrk said nothing of use: {said}")
    return float(found[1])


async def _closed_loop(port: int, requests: Sequence[bytes], seconds: float, connections: int = 16) -> float:
    until, done = time.perf_counter() + seconds, 0

    async def one_connection(asked: Iterable[bytes]) -> None:
        nonlocal done
        wire = Wire(port)
        for each in asked:
            if time.perf_counter() >= until:
                break
            if (await wire.ask(each)).status >= 400:
                raise RuntimeError("not everything was answered well")
            done += 1
        wire.close()

    def forever() -> Iterable[bytes]:
        while True:
            yield from requests

    await asyncio.gather(*(one_connection(forever()) for _ in range(connections)))
    return done / seconds
