"""Those who use the servers while things go wrong: they ask, they end sessions, and they write down what they saw."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

import httpx

from nemesis.cluster import Cluster, Node
from nemesis.history import Check, End, History
from signedin.rules.account import Account

CHECKERS = 8
PAUSE = 0.02
"""Seconds between a checker's questions: what shares two cores with five processes is not to drown them."""
PER_ACCOUNT = 6
OWNER = 0


@dataclass
class Person:
    """An account with a session that ends the others, and those others."""

    account: Account
    owner: tuple[str, str]
    others: list[tuple[str, str]] = field(default_factory=list)


class Clients:
    """Checks at every node without pause, and endings now and then; ended sessions are asked about for a while."""

    def __init__(self, cluster: Cluster, history: History, seed: int) -> None:
        self._cluster = cluster
        self._history = history
        self._chance = random.Random(seed)
        self._people: list[Person] = []
        self._asked_about: list[tuple[str, str]] = []
        self._http = {
            node.name: httpx.AsyncClient(base_url=node.base_url, timeout=httpx.Timeout(30, connect=2))
            for node in cluster.nodes
        }

    def move_in(self, people: int) -> None:
        """Make accounts with sessions, past every wire."""
        for number in range(people):
            account = self._cluster.account(number)
            person = Person(account, self._cluster.session(account))
            person.others = [self._cluster.session(account) for _ in range(PER_ACCOUNT)]
            self._people.append(person)
            self._asked_about += [person.owner, *person.others]

    async def use(self, seconds: float) -> None:
        """Use the servers for so long."""
        until = time.monotonic() + seconds
        jobs = [self._ask(until, number) for number in range(CHECKERS)] + [
            self._end(until, self._people[at::2]) for at in range(2)
        ]
        await asyncio.gather(*jobs)
        for each in self._http.values():
            await each.aclose()

    async def _ask(self, until: float, number: int) -> None:
        chance = random.Random(number)
        while time.monotonic() < until:
            node = self._cluster.nodes[(number + chance.randrange(2)) % len(self._cluster.nodes)]
            recent = chance.random() < 0.5
            among = self._asked_about[-40:] if recent else self._asked_about
            await self._ask_once(node, *chance.choice(among))
            await asyncio.sleep(PAUSE)

    async def _ask_once(self, node: Node, session: str, token: str) -> None:
        asked = time.monotonic()
        try:
            answer = await self._http[node.name].get(
                "/settings/sessions/alive", headers={"cookie": f"signedin={token}"}
            )
            verdict = {204: "in", 401: "refused"}.get(answer.status_code, "not known")
        except httpx.HTTPError:
            verdict = "not known"
            await asyncio.sleep(0.01)
        self._history.add(Check(session, node.name, asked, time.monotonic(), verdict))

    async def _end(self, until: float, people: list[Person]) -> None:
        """End sessions of these people: nobody else does, so that no new one is cut off while it begins."""
        while time.monotonic() < until:
            await asyncio.sleep(self._chance.random() * 0.3)
            person = self._chance.choice(people)
            node = self._chance.choice(self._cluster.nodes)
            if self._chance.random() < 0.12:
                await self._log_out_others(node, person)
            elif person.others:
                one = person.others.pop(self._chance.randrange(len(person.others)))
                self._asked_about.append(one)  # asked about more often from now on
                await self._call(node, person, "DELETE", f"/v1/sessions/{one[0]}", (one[0],))
            while len(person.others) < PER_ACCOUNT:
                made = await asyncio.to_thread(self._made, person)
                if made is None:
                    break
                person.others.append(made)
                self._asked_about.append(made)

    async def _log_out_others(self, node: Node, person: Person) -> None:
        gone, person.others = person.others, []
        self._asked_about += gone
        ids = tuple(each[0] for each in gone)
        await self._call(node, person, "POST", "/v1/sessions/logout-all?except=current", ids)

    async def _call(self, node: Node, person: Person, method: str, path: str, ids: tuple[str, ...]) -> None:
        asked = time.monotonic()
        headers = {
            "cookie": f"signedin={person.owner[1]}",
            "origin": node.base_url,
            "sec-fetch-site": "same-origin",
        }
        try:
            answer = await self._http[node.name].request(method, path, headers=headers)
            is_told = answer.status_code in (200, 204, 410)
        except httpx.HTTPError:
            is_told = False
        self._history.add(End(ids, node.name, asked, time.monotonic(), is_told))

    def _made(self, person: Person) -> tuple[str, str] | None:
        try:
            return self._cluster.session(person.account)
        except Exception:  # noqa: BLE001  # the database may be down just now: that is the nemesis's doing
            return None
