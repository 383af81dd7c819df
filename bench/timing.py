"""Whether the time of an answer tells who has an account (security 6.3.8): two series each, in the order of chance."""

from __future__ import annotations

import asyncio
import random
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Case
from bench.filling import Filled, fill, opened
from bench.machine import free_again, keep_to
from bench.ranks import mann_whitney
from bench.serving import Serving, product
from bench.wire import Wire, request
from signedin.rules.secret import Kind, WayKeys, make_token

LEAST_P = 0.01
WRONG = "nobody has chosen this password"
FRESH = "purple engines hum beneath quiet snow"


@dataclass(frozen=True)
class Asked:
    """One question, with whether it is about somebody who has an account."""

    about_somebody: bool
    text: bytes


SIZES = {"tiny": 3, "small": 300, "full": 1_000}


def measure(size: str, folder: Path) -> Case:
    """Sign-in, registration and the look-up of a token, for accounts that exist and for some that do not."""
    samples = SIZES[size]
    case = Case("timing", "What the time of an answer tells")
    with opened(folder) as means:
        filled = fill(means, samples * 2 + 10, 1)
        keys = means.keyring.way_keys
    with product(folder) as server:
        keep_to(1)
        asyncio.run(_all(server, case, filled, keys, samples))
        free_again()
    case.facts["samples"] = f"2 x {samples} of each, known and unknown in the order of chance"
    case.notes.append(
        "Each goal errs once in a hundred runs by the nature of the test; two runs in a row do not. "
        "The gate in `make test` is structural: equal bytes, equal hashings, equal statements."
    )
    return case


async def _all(server: Serving, case: Case, filled: Filled, keys: WayKeys, samples: int) -> None:
    wire = Wire(server.port)
    page = await wire.ask(request("/sign-in", port=server.port))
    found = re.search(rb'name="csrf" value="([^"]+)"', page.body)
    assert found is not None, page.body[:500]
    forms = _Forms(server.port, page.cookies(), found[1].decode(), filled)
    await _compare(case, wire, "sign-in with a wrong password", forms.sign_ins(samples), {422, 401, 400, 403})
    await _compare(case, wire, "registration", forms.registrations(samples), {303})
    await _compare(case, wire, "look-up of an unknown token", forms.tokens(samples, keys), {401})
    wire.close()


class _Forms:
    """Questions about people with and without an account, each from a network of its own."""

    def __init__(self, port: int, jar: dict[str, str], csrf: str, filled: Filled) -> None:
        self._port, self._jar, self._csrf, self._filled = port, jar, csrf, filled
        self._networks = (f"198.18.{high}.{low}" for high in range(256) for low in range(256))

    def sign_ins(self, samples: int) -> Iterable[Asked]:
        """A wrong password for each of them."""
        for about_somebody, email in self._people(samples, self._filled.emails[:samples]):
            yield self._form("/sign-in", about_somebody, {"email": email, "password": WRONG})

    def registrations(self, samples: int) -> Iterable[Asked]:
        """Somebody registers with their address."""
        known = self._filled.emails[samples : 2 * samples]
        for about_somebody, email in self._people(samples, known):
            fields = {"email": email, "name": "Somebody", "password": FRESH}
            yield self._form("/register", about_somebody, fields)

    def tokens(self, samples: int, keys: WayKeys) -> Iterable[Asked]:
        """A well-formed token that nobody was given, leading to an account or to none."""
        for number in range(2 * samples):
            about_somebody = number % 2 == 0
            account_id = (
                self._filled.accounts[number // 2] if about_somebody else secrets.randbits(62) | 1 << 40
            )
            jar = {"signedin": make_token(Kind.SES, account_id, keys)}
            text = request("/settings/sessions/alive", jar, port=self._port, address=next(self._networks))
            yield Asked(about_somebody, text)

    def _people(self, samples: int, known: list[str]) -> Iterable[tuple[bool, str]]:
        yield from ((True, email) for email in known)
        shape = len(known[0].partition("@")[0])
        yield from ((False, f"{secrets.token_hex(shape)[:shape]}@example.org") for _ in range(samples))

    def _form(self, path: str, about_somebody: bool, fields: dict[str, str]) -> Asked:
        address = next(self._networks)
        own = {"csrf": self._csrf} | fields
        return Asked(about_somebody, request(path, self._jar, own, port=self._port, address=address))


async def _compare(case: Case, wire: Wire, what: str, asked: Iterable[Asked], expected: set[int]) -> None:
    questions = list(asked)
    random.shuffle(questions)
    series: dict[bool, list[float]] = {True: [], False: []}
    for question in questions:
        began = time.perf_counter()
        answer = await wire.ask(question.text)
        series[question.about_somebody].append((time.perf_counter() - began) * 1000)
        assert answer.status in expected, (what, answer.status, answer.body[:300])
    case.figure(f"{what}; account", "ms", series[True])
    case.figure(f"{what}; no account", "ms", series[False])
    case.goal(f"{what}: p of Mann and Whitney", mann_whitney(series[True], series[False]), at_least=LEAST_P)
