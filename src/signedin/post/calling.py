"""Calling a client's own server: at an address that may be called, over TLS that is judged, briefly."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx

from signedin.rules.reachable import Networks, may_be_called

SECONDS = 5
"""For all of it: finding the address, connecting, and the first line of the answer; what follows that is not read."""
Call = Callable[[str, str], Awaitable[int]]
"""Takes an address and a logout token, returns the status of the answer."""


class MayNotBeCalled(Exception):
    """A name led to no address that may be called."""


class Caller:
    """Calls clients; `named` are networks of one's own where they may be, besides the open internet.

    A name is looked up once and that very address is called, so that it cannot lead elsewhere in between; the
    certificate still has to be the name's.
    """

    def __init__(self, named: Networks, trusted: ssl.SSLContext | None = None) -> None:
        self._named, self._trusted = tuple(named), trusted
        self._opened: httpx.AsyncClient | None = None
        # Of its own: names that nobody answers for must not hold up whatever else waits for a thread.
        self._asking = ThreadPoolExecutor(4, thread_name_prefix="signedin-names")

    async def __call__(self, uri: str, token: str) -> int:
        """Send a logout token (section 2.5); returns the status.

        Raises:
            MayNotBeCalled: it is somewhere where nothing of a client's may be.
            httpx.HTTPError, OSError, TimeoutError: nobody has answered properly.
        """
        meant = httpx.URL(uri)
        async with asyncio.timeout(SECONDS):
            *others, last = await self._addresses(meant.host, meant.port or 443)
            for address in others:
                with suppress(httpx.ConnectError):
                    return await self._send(meant, address, token)
            return await self._send(meant, last, token)

    async def close(self) -> None:
        """Let go of everything."""
        self._asking.shutdown(wait=False, cancel_futures=True)
        if self._opened is not None:
            await self._opened.aclose()

    def _client(self) -> httpx.AsyncClient:
        """Made at first need: reading whom the machine trusts takes a while."""
        if self._opened is None:
            self._opened = httpx.AsyncClient(
                verify=self._trusted or ssl.create_default_context(), trust_env=False, follow_redirects=False,
                timeout=SECONDS, limits=httpx.Limits(max_keepalive_connections=0),
            )  # fmt: skip
        return self._opened

    async def _send(self, meant: httpx.URL, address: str, token: str) -> int:
        client = self._client()
        request = client.build_request(
            "POST", meant.copy_with(host=address), data={"logout_token": token},
            headers={"host": meant.netloc.decode(), "accept": "*/*", "user-agent": "Signedin"},
            extensions={"sni_hostname": meant.host},
        )  # fmt: skip
        answer = await client.send(request, stream=True)
        await answer.aclose()
        return answer.status_code

    async def _addresses(self, host: str, port: int) -> list[str]:
        asking = asyncio.get_running_loop().run_in_executor(
            self._asking, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        found = dict.fromkeys(str(address[0]) for *_, address in await asking)
        allowed = [each for each in found if may_be_called(each, self._named)]
        if not allowed:
            raise MayNotBeCalled
        return allowed
