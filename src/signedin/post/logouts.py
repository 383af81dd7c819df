"""Telling clients of endings, after the commit: each by itself, so that one that is dead holds up no other."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from http import HTTPStatus

import httpx
import structlog
from prometheus_client import Counter

from signedin.actions.means import Means
from signedin.actions.tell_clients import Message, logout_token_for, not_told, receiver, take_logouts, told
from signedin.post.calling import Call, MayNotBeCalled
from signedin.rules.client import Client

GOOD = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT})
TOLD = Counter(
    "signedin_logouts", "What clients were told of endings, by what came of it.", ["outcome"], registry=None
)
log = structlog.get_logger("signedin.post")


class Logouts:
    """Tells clients what waits for them, many at a time; `busy` are those that are being told something."""

    def __init__(self, means: Means, call: Call, issuer: str, clock: Callable[[], datetime]) -> None:
        self._means, self._call, self._issuer, self._clock = means, call, issuer, clock
        self.busy: dict[str, asyncio.Task[None]] = {}

    async def begin(self) -> None:
        """Begin to tell what is due, and wait for nobody."""
        for client_id, messages in (await take_logouts(self._means, self._clock(), [*self.busy])).items():
            task = asyncio.create_task(self._tell(client_id, messages))
            self.busy[client_id] = task
            task.add_done_callback(partial(self._is_free, client_id))

    async def all_told(self) -> None:
        """Wait until nobody is being told anything."""
        await asyncio.gather(*self.busy.values(), return_exceptions=True)

    async def stop(self) -> None:
        """Stop; what was not told is told by whoever claims it next."""
        for task in [*self.busy.values()]:
            task.cancel()
        await self.all_told()

    def _is_free(self, client_id: str, _: asyncio.Task[None]) -> None:
        self.busy.pop(client_id, None)

    async def _tell(self, client_id: str, messages: Sequence[Message]) -> None:
        try:
            client = await receiver(self._means, client_id)
            for message in messages:
                if client is None:  # it wants to hear of nothing any more
                    await told(self._means, message)
                elif not await self._is_told(client, message):
                    return
        except Exception as error:  # noqa: BLE001  # whatever is wrong with one client must not hold up the others
            log.warning(
                "a client could not be told of an ending", client=client_id, error=type(error).__name__
            )

    async def _is_told(self, client: Client, message: Message) -> bool:
        """Tell one; false where the client does not answer, so that the rest waits as well."""
        now = self._clock()
        token = await logout_token_for(self._means, client, message, self._issuer, now)
        answer = await self._answer(client.back_channel_uri, token)
        if answer in GOOD:
            TOLD.labels("told").inc()
        elif answer == HTTPStatus.BAD_REQUEST:
            TOLD.labels("refused").inc()
            log.warning("a client has refused to be told of an ending", client=client.id, name=client.name)
        else:
            given_up = await not_told(self._means, client, self._clock())
            TOLD.labels("failed").inc()
            TOLD.labels("given_up").inc(given_up)
            log.warning(
                "a client was not told of an ending", client=client.id, name=client.name, answer=answer,
                attempts=message.attempts + 1, given_up=given_up,
            )  # fmt: skip
            return False
        await told(self._means, message)
        return True

    async def _answer(self, uri: str, token: str) -> int | str:
        """The status of the answer, or what was in the way of one."""
        try:
            return await self._call(uri, token)
        except MayNotBeCalled:
            return "it is in a network that may not be called"
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError, TimeoutError) as error:
            return type(error).__name__
