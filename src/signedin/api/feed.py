"""The revocation feed for client libraries in other apps: endings, leases, and reports of last use (docs/feed.md)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from time import monotonic
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse
from msgspec import UNSET

from signedin.actions.note_reports import note_reports
from signedin.api import feed_shapes
from signedin.api.answering import body_of, json_answer, refuse_unknown
from signedin.api.asking import Ask, arrival_of
from signedin.api.call import Call, Caller, described
from signedin.gate.ear import Ear
from signedin.gate.keep import Kept
from signedin.rules.account import AccountId
from signedin.rules.errors import DatabaseProblem, InvalidInput, Unavailable
from signedin.rules.feed import LARGEST_NUMBER, JoinAgain, Use, said_ending, said_renewal
from signedin.rules.location import normalise_address
from signedin.rules.presence import Service
from signedin.rules.secret import LARGEST_ACCOUNT_ID
from signedin.rules.session import SessionId

SCOPE = "sessions:check"
HEARTBEAT_EVERY = 5.0
"""Seconds of silence after which the stream says that it lives."""
NDJSON = "application/x-ndjson"
_ACK = Call(
    Caller.SERVICE, SCOPE, takes=feed_shapes.Said, gives=feed_shapes.Acknowledged, refuses=(JoinAgain,)
)
_FEED = Call(Caller.SERVICE, SCOPE, ("after",), media_type=NDJSON)


@post("/v1/feed/ack", status_code=200, opt=described(_ACK))
async def acknowledge(request: Ask, ear: NamedDependency[Ear], kept: NamedDependency[Kept]) -> ASGIResponse:
    """Join, renew, acknowledge, report, leave: what a client library says every second."""
    service = arrival_of(request).service_with(SCOPE)
    refuse_unknown(request, set())
    said = await body_of(request, feed_shapes.Said)
    uses, now = [_use(each) for each in said.uses], arrival_of(request).now
    noted = await note_reports(ear.means, service, uses, now)
    answer = await _answered(ear, service, said, now)
    answer |= {"uses_noted": noted, "cookie": kept.names.session}
    return json_answer(answer, headers=[("cache-control", "no-store")])


async def _answered(ear: Ear, service: Service, said: feed_shapes.Said, now: datetime) -> dict[str, Any]:
    if said.leave:
        await ear.lending.leave(service, said.node, said.boot)
        return {}
    if said.join:
        head, lineage = await ear.lending.join(service, said.node, said.boot, now)
        return {"head": head, "lineage": lineage}
    if said.applied is UNSET:
        raise InvalidInput(field="applied")
    renewal = await ear.lending.renew(service, said.node, said.boot, said.applied)
    if renewal is None:
        raise JoinAgain
    return said_renewal(renewal)


def _use(said: feed_shapes.SaidUse) -> Use:
    account_id = AccountId(min(int(said.account), LARGEST_ACCOUNT_ID))
    address = normalise_address(said.address) or ""
    return Use(account_id, SessionId(said.session), said.seconds_ago, address, said.agent)


@get("/v1/feed", opt=described(_FEED))
async def feed(request: Ask, ear: NamedDependency[Ear]) -> ASGIStreamingResponse:
    """Endings as they commit, one JSON object a line: a hint that lets a client library acknowledge at once."""
    service = arrival_of(request).service_with(SCOPE)
    lines = _lines(ear, service, _after(request))
    return ASGIStreamingResponse(
        iterator=lines, media_type=NDJSON,
        headers={"x-accel-buffering": "no", "cache-control": "no-store"},
    )  # fmt: skip


def _after(request: Ask) -> int:
    refuse_unknown(request, {"after"})
    said = request.query_params.get("after", "")
    is_number = said.isascii() and said.isdigit() and len(said) <= len(str(LARGEST_NUMBER))
    if not (is_number and int(said) <= LARGEST_NUMBER):
        raise InvalidInput(field="after")
    return int(said)


async def _lines(ear: Ear, service: Service, after: int) -> AsyncIterator[bytes]:
    """What has ended since, until whoever listens goes away or may not; nothing is told while nothing can be known."""
    with ear.listening() as news:
        yield b"{}\n"
        looked = monotonic()
        while True:
            news.clear()
            try:
                lineage, found = await ear.since(after)
            except (DatabaseProblem, Unavailable):
                found, lineage = [], ""
            if found:
                after = found[-1].seq
                said = {"lineage": lineage, "endings": [said_ending(ending) for ending in found]}
                yield json.dumps(said).encode() + b"\n"
            else:
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), HEARTBEAT_EVERY)
            if monotonic() - looked >= HEARTBEAT_EVERY:
                if not await _still_serves(ear, service):
                    return
                looked = monotonic()
                yield b"{}\n"


async def _still_serves(ear: Ear, service: Service) -> bool:
    try:
        return await ear.lending.still_serves(service)
    except (DatabaseProblem, Unavailable):
        return True  # not known: whoever listens hears nothing new meanwhile either


ROUTES = [acknowledge, feed]
