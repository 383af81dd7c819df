"""Authorization requests that wait: pushed by their client, or on their way through a browser to somebody's decision.

What waits is kept here and never in the browser, which only knows its name; it belongs to one browser from the moment
that it is first seen there, so that nobody answers in one what was begun in another (attacks 11 and 32).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest

from signedin.actions.means import Means
from signedin.rules import errors
from signedin.rules.authorization import Parameters
from signedin.rules.wording import marked as _
from signedin.store import asked
from signedin.store.asked import Asked, Way

PUSHED_LASTS = timedelta(seconds=90)
LASTS = timedelta(minutes=30)
"""Long enough to find a password; ninety seconds are for the way from the client to the browser alone."""
PUSHED = "urn:ietf:params:oauth:request_uri:"
"""How the name of a pushed request begins (RFC 9126, section 2.2)."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request as it came, and when; `name` is what the browser knows it by, once it is kept."""

    parameters: Parameters
    asked_at: datetime
    is_pushed: bool = False
    name: str = field(default="", repr=False)

    @property
    def digest(self) -> bytes | None:
        """What is kept of its name."""
        return _digest(self.name) if self.name else None


async def push(means: Means, parameters: Parameters, now: datetime) -> str:
    """Keep a request that its client has pushed; returns the `request_uri` that stands for it, once."""
    name = secrets.token_urlsafe(32)
    pushed = _kept(Question(parameters, now, is_pushed=True), b"", now + PUSHED_LASTS)
    await means.database.write(asked.add, Way.PUSHED, _digest(name), pushed)
    return PUSHED + name


async def take_pushed(means: Means, request_uri: str, client_id: str, now: datetime) -> Question | None:
    """The request that was pushed by that client, which is gone with that; or `None` (RFC 9126, section 4)."""
    digest = _digest(request_uri.removeprefix(PUSHED))
    found = await means.database.read(asked.find, Way.PUSHED, digest)
    if found is None or found.client_id != client_id or found.until <= now:
        return None
    taken = await means.database.write(asked.take, Way.PUSHED, digest)
    return _question(taken, "", at=now) if taken else None


async def keep(means: Means, question: Question, browser: str, now: datetime) -> str:
    """Keep a request until somebody has decided; returns its name. `browser` is the mark of the one it came by, or
    nothing where that sent no cookie.
    """
    name = secrets.token_urlsafe(32)
    kept = _kept(question, _digest(browser) if browser else b"", now + LASTS)
    await means.database.write(asked.add, Way.POSTED, _digest(name), kept)
    return name


async def find_question(means: Means, name: str, browser: str, now: datetime) -> Question:
    """The request that waits under this name in this browser; whichever comes first has it.

    Raises:
        LinkExpired: it was answered, waited too long, never was, or belongs to another browser.
    """
    digest, mark = _digest(name), _digest(browser)
    found = await means.database.read(asked.find, Way.POSTED, digest)
    if found is None or not browser or found.until <= now:
        raise question_is_over()
    is_mine = compare_digest(found.mark, mark) or (not found.mark and await _claimed(means, digest, mark))
    if not is_mine:
        raise question_is_over()
    return _question(found, name)


async def drop_question(means: Means, question: Question) -> None:
    """Forget a request that was answered with no.

    Raises:
        LinkExpired: it was answered meanwhile.
    """
    if question.digest and await means.database.write(asked.take, Way.POSTED, question.digest) is None:
        raise question_is_over()


def question_is_over() -> errors.LinkExpired:
    """How it is refused, whatever the matter is."""
    return errors.LinkExpired(hint=_("Go back to the app that you came from, and begin there again."))


async def _claimed(means: Means, digest: bytes, mark: bytes) -> bool:
    return await means.database.write(asked.claim, Way.POSTED, digest, mark)


def _kept(question: Question, mark: bytes, until: datetime) -> Asked:
    said = {
        "said": dict(question.parameters.said), "repeated": sorted(question.parameters.repeated),
        "at": question.asked_at.isoformat(), "pushed": question.is_pushed,
    }  # fmt: skip
    return Asked(question.parameters.get("client_id"), said, mark, until)


def _question(kept: Asked, name: str, at: datetime | None = None) -> Question:
    said = kept.parameters
    parameters = Parameters(said["said"], frozenset(said["repeated"]))
    return Question(parameters, at or datetime.fromisoformat(said["at"]), said["pushed"], name)


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()
