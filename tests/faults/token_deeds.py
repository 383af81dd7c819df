"""What processes do with codes and tokens at the same moment: told to, and stopped at any statement of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from faults.deeds import opened
from given import CALLBACK, VERIFIER, asking
from people import ADA
from signedin.actions.exchange import redeem_code, redeem_device_code, refresh
from signedin.actions.give_consent import Decision, NoLongerCovered, give_consent
from signedin.actions.operate import end_all, end_one
from signedin.actions.revoke_token import revoke_token
from signedin.rules.account import AccountId
from signedin.rules.authorization import Wanted
from signedin.rules.errors import SessionAlreadyEnded
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.presence import Presence
from signedin.rules.session import AppType, SessionId
from signedin.server.means import close_means


@dataclass(frozen=True)
class Deed:
    """Something to do with a client's `secret`: a code, a token, or the id of a row. So many times at once."""

    kind: str
    client: Any
    secret: str
    now: Any
    times: int = 1
    stop_at: int = 0
    """Before which statement or commit to stop until told to go on; 0 is before none."""


@dataclass(frozen=True)
class Outcome:
    """What came of it: the tokens of whoever got some, and the refusals."""

    tokens: tuple[tuple[str, str | None], ...] = ()
    refusals: tuple[str, ...] = ()
    passed: int = field(default=0, compare=False)


def serve(folder, pipe):
    """Do one deed after another, with a database of one's own, until told nothing more."""
    means, waiting = opened(folder), Stops(pipe)
    pipe.send("ready")
    while (deed := pipe.recv()) is not None:
        waiting.passed, waiting.stop_at = 0, deed.stop_at
        outcome = asyncio.run(_all(means, deed))
        pipe.send(Outcome(*outcome, waiting.passed))
    close_means(means)


class Stops:
    """Counts statements and commits, and waits before one of them until told to go on."""

    def __init__(self, pipe):
        self.pipe, self.passed, self.stop_at = pipe, 0, 0
        sa.event.listen(sa.Engine, "before_cursor_execute", self.passing)
        sa.event.listen(sa.Engine, "commit", self.passing)

    def passing(self, *_):
        self.passed += 1
        if self.passed == self.stop_at:
            self.pipe.send("stopped")
            assert self.pipe.recv() == "go on"


async def _all(means, deed):
    try:
        each = (_one(means, deed) for _ in range(deed.times))
        outcomes = await asyncio.gather(*each)
    finally:
        if means.lines is not None:
            await means.lines.close()
    tokens = tuple(
        (each.access_token, each.refresh_token) for each in outcomes if hasattr(each, "access_token")
    )
    return tokens, tuple(each for each in outcomes if isinstance(each, str))


async def _one(means, deed):
    try:
        return await _done(means, deed)
    except OAuthRefused as refusal:
        return refusal.error
    except SessionAlreadyEnded:
        return "ended before"


async def _done(means, deed):
    client, secret, now = deed.client, deed.secret, deed.now
    match deed.kind:
        case "redeem":
            return await redeem_code(means, asking(client), secret, CALLBACK, VERIFIER, now)
        case "refresh":
            return await refresh(means, asking(client), secret, now)
        case "poll":
            return await redeem_device_code(means, asking(client), secret, now)
        case "ask nobody":
            return await _ask_nobody(means, client, secret, now)
        case "revoke":
            return await end_one(means, secret, "", now)
        case "give back":
            return await revoke_token(means, client, secret, now)
        case "log out everywhere":
            return await end_all(means, ADA, "", now)


async def _ask_nobody(means, client, secret, now):
    """An authorization that a consent in force covers: its person, by account and session, is not asked."""
    account_id, session_id = secret.split()
    presence = Presence(AccountId(int(account_id)), SessionId(session_id), AppType.WEB, now)
    wanted = Wanted(client.id, CALLBACK, ("openid", "email"), challenge="c" * 43)
    try:
        await give_consent(means, presence, wanted, Decision(wanted.scopes, now, is_silent=True), now)
    except NoLongerCovered:
        return "asks again"
    return "given"
