"""A thousand open event streams of one account, and Logout All Devices: real servers, real connections."""

from __future__ import annotations

import asyncio
import resource
import time
from contextlib import asynccontextmanager, suppress
from itertools import cycle

import pytest

from adapters.asgi_examples import started
from adapters.example_apps import sent_through_proxy
from client.shops import service_key
from people import ADA, GRACE, Clock, running

MANY = 1_000
LAST_PIECE = b"0\r\n\r\n"


class Listener:
    """One connection with an open event stream: when it last heard something, and when it was ended."""

    def __init__(self):
        self.heard_at = self.ended_at = self.writer = self.listening = None

    async def open(self, port, cookie):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        self.writer.write(f"GET /events HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\n\r\n".encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        await self.reader.readuntil(b"an order")
        self.listening = asyncio.create_task(self.listen())

    async def close(self):
        if self.listening:
            self.listening.cancel()
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()

    async def listen(self):
        while piece := await self.reader.read(65_536):
            if b"an order" in piece:
                self.heard_at = time.monotonic()
            if piece.endswith(LAST_PIECE):
                self.ended_at = time.monotonic()
                return


@asynccontextmanager
async def opened(port, cookies, count):
    """So many connections by these cookies in turn; none is left open, which would be taken from later tests."""
    listeners = [Listener() for _ in range(count)]
    try:
        for begin in range(0, count, 50):
            some = zip(listeners[begin : begin + 50], cycle(cookies), strict=False)
            await asyncio.gather(*(each.open(port, cookie) for each, cookie in some))
        yield listeners
    finally:
        await asyncio.gather(*(each.close() for each in listeners if each.writer))


async def story(house, app):
    laptop, phones = house.signed_in(), [house.signed_in() for _ in range(4)]
    cookies = [sent_through_proxy(each)["cookie"] for each in (laptop, *phones)]
    grace = sent_through_proxy(house.signed_in(email=GRACE))["cookie"]
    async with opened(app.port, cookies, MANY) as listeners, opened(app.port, [grace], 1) as (another,):
        await all_but_another_end(listeners, another, laptop)


async def all_but_another_end(listeners, another, laptop):
    answer = await asyncio.to_thread(laptop.log_out_all)
    returned = time.monotonic()
    assert answer.status_code == 303
    await asyncio.wait([each.listening for each in listeners], timeout=20)
    assert all(each.ended_at for each in listeners)
    late = max(each.ended_at for each in listeners) - returned
    assert late < 1, f"the last of {MANY} was closed {late:.2f} s after Logout All Devices had returned"
    heard = another.heard_at
    async with asyncio.timeout(10):
        while another.heard_at == heard:  # noqa: ASYNC110  # what happens is on this very loop
            await asyncio.sleep(0.05)
    assert another.ended_at is None, "somebody else's goes on"


@pytest.mark.guide("R49", "R58")
@pytest.mark.security("attack-2")
def test_a_thousand_event_streams_are_closed_within_a_second_of_logout_all_devices(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8 * MANY) if hard > 0 else 8 * MANY, hard))
    try:
        with running(tmp_path, Clock()) as house:
            house.somebody(ADA)
            house.somebody(GRACE, "Grace")
            with started("asgi", house.base_url, service_key(house), "--log-level", "warning") as app:
                asyncio.run(story(house, app))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
