"""Load: a process for each server that asks about many sessions without pause, until it is enough."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import NamedTuple, Self

import httpx

from nemesis.cluster import Node

AT_ONCE = 6
"""Questions at a time to each server: with three of them all that two cores can answer."""


class Answer(NamedTuple):
    """What a check was answered with, and when it was asked and heard, by the one monotonic clock of the machine."""

    asked: float
    status: int
    heard: float


class Load:
    """On every server at once, from processes of their own: the test's own has the wires to carry."""

    def __init__(self, nodes: Sequence[Node], tokens: Sequence[str]) -> None:
        self.answers: list[list[Answer]] = []
        context = multiprocessing.get_context("spawn")
        self._enough = context.Event()
        self._pipes, self._processes = [], []
        for node in nodes:
            ours, theirs = context.Pipe(duplex=False)
            self._pipes.append(ours)
            given = (node.base_url, list(tokens), self._enough, theirs)
            self._processes.append(context.Process(target=ask_until_enough, args=given, daemon=True))

    def __enter__(self) -> Self:
        for each in self._processes:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self.answers = [pipe.recv() if pipe.poll(60) else [] for pipe in self._pipes]
        for each in self._processes:
            each.join(10)
            each.kill()


def ask_until_enough(base_url: str, tokens: list[str], enough: Event, told: Connection) -> None:
    """Ask one server about all of them, again and again."""
    told.send(asyncio.run(_ask(base_url, tokens, enough)))


async def _ask(base_url: str, tokens: list[str], enough: Event) -> list[Answer]:
    answers: list[Answer] = []

    async def goes_on(mine: list[str]) -> None:
        while not enough.is_set():
            for token in mine:
                asked = time.monotonic()
                cookie = {"cookie": f"signedin={token}"}
                answer = await http.get("/settings/sessions/alive", headers=cookie)
                answers.append(Answer(asked, answer.status_code, time.monotonic()))

    async with httpx.AsyncClient(base_url=base_url, timeout=30) as http:
        await asyncio.gather(*(goes_on(tokens[each::AT_ONCE]) for each in range(AT_ONCE)))
    return answers
