"""The audit: the ends of all journals are anchored outside the database, and every journal is judged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
import structlog

from signedin.actions.means import Means
from signedin.store import accounts, chains, installation, journal
from signedin.store.anchors import Anchors, AnchorsProblem, Noted
from signedin.store.journal import Anchor, Head

JOB = "anchor"
PAGE = 500
_NOWHERE = Anchor(0, b"")
log = structlog.get_logger("signedin.audit")


@dataclass(frozen=True, slots=True)
class Broken:
    """A journal that is not as it was written, from that entry on; without an address when its account is gone."""

    account_id: int
    email: str
    number: int


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found: how many journals, those that are broken, and what is wrong with the anchors."""

    histories: int
    broken: tuple[Broken, ...]
    anchored_at: datetime | None
    problem: str = ""


async def anchor(means: Means, now: datetime) -> int:
    """Note where the journals end that have grown since; returns how many those are.

    An anchor is never moved back or to another chain: what was cut stays visible. What cannot be noted now is
    noted at the next turn.
    """
    try:
        count, is_first = await means.database.read(_anchor, means, now)
    except AnchorsProblem as problem:
        log.error("the ends of the journals could not be anchored", problem=str(problem))
        return 0
    if is_first:
        await means.database.write(installation.job_ran, JOB, now)
    return count


def _anchor(conn: sa.Connection, means: Means, now: datetime) -> tuple[int, bool]:
    anchors = Anchors(means.keyring)
    with anchors.alone():
        noted = anchors.read()
        if noted is None and installation.job_last_ran(conn, JOB):
            log.error("the file of the journals' ends had gone and is made anew", path=str(anchors.path))
        news = _moved_of_all(conn, noted)
        if news or noted is None:
            anchors.add(noted, news, now)
    return len(news), noted is None


def _moved_of_all(conn: sa.Connection, noted: Noted | None) -> dict[int, Anchor]:
    """The accounts whose journals have grown since, or all of them when nothing is noted."""
    found: dict[int, Anchor] = {}
    after = 0
    while page := journal.heads(conn, after, PAGE):
        after = page[-1].account_id
        found.update({head.account_id: moved for head in page if (moved := _moved(conn, head, noted))})
    return found


def _moved(conn: sa.Connection, head: Head, noted: Noted | None) -> Anchor | None:
    """Where to anchor an account now, or `None` to leave it where it is."""
    before = noted.anchors.get(head.account_id) if noted else None
    if before is None:
        unkeyed = chains.unkeyed_until(conn, head.account_id) if noted is None else 0
        return Anchor(head.number, head.chain, unkeyed) if head.number else None
    if before[:2] == (head.number, head.chain):
        return None
    if head.number <= before.number or journal.link_of(conn, head.account_id, before.number) != before.chain:
        log.error("a journal does not go on from where it was anchored", account=int(head.account_id))
        return None
    return Anchor(head.number, head.chain, before.unkeyed)


async def anchor_anew(means: Means, now: datetime) -> int:
    """Take all journals to end where they end now, whatever was anchored before; returns how many there are.

    Raises:
        AnchorsProblem: the file cannot be written.
    """

    def work(conn: sa.Connection) -> int:
        anchors, news = Anchors(means.keyring), _moved_of_all(conn, None)
        with anchors.alone():
            anchors.renew(news, now)
        return len(news)

    count = await asyncio.to_thread(means.database.read_now, work)  # of very many accounts it takes its time
    await means.database.write(installation.job_ran, JOB, now)
    return count


async def audit(
    means: Means, copy: Path | None = None, tell: Callable[[int, int], object] = lambda *_: None
) -> Audit:
    """Judge every journal, also against a `copy` of the anchors that was kept elsewhere.

    `tell` is told how many of how many are judged.
    """
    problem = ""
    try:
        noted = await means.database.read(lambda _: Anchors(means.keyring, copy).read())
    except AnchorsProblem as found:
        noted, problem = None, str(found)
    if noted is None and not problem:
        problem = await means.database.read(_why_not_anchored, means, copy)
    anchors = noted.anchors if noted else None
    broken: list[Broken] = []
    histories, after, seen = 0, 0, set[int]()
    total = await means.database.read(accounts.count)
    while page := await asyncio.to_thread(means.database.read_now, _judged, means, after, anchors):
        histories, after = histories + len(page), page[-1][0].account_id
        seen.update(head.account_id for head, _ in page)
        broken += [Broken(head.account_id, head.email, number) for head, number in page if number is not None]
        tell(histories, total)
    broken += [Broken(gone, "", 1) for gone in sorted((anchors or {}).keys() - seen)]
    return Audit(histories, tuple(broken), noted.at if noted else None, problem)


def _judged(
    conn: sa.Connection, means: Means, after: int, anchors: Mapping[int, Anchor] | None
) -> list[tuple[Head, int | None]]:
    """The next journals, each with its first broken entry; while nothing is anchored, old entries are believed."""
    judged = []
    for head in journal.heads(conn, after, PAGE):
        if anchors is None:
            anchor = Anchor(0, b"", chains.unkeyed_until(conn, head.account_id))
        else:
            anchor = anchors.get(head.account_id, _NOWHERE)
        judged.append((head, chains.first_broken(conn, head, means.keyring.mac, anchor)))
    return judged


def _why_not_anchored(conn: sa.Connection, means: Means, copy: Path | None) -> str:
    """What is wrong when nothing is anchored; nothing, while no sweep has come by yet."""
    if copy is not None:
        return f"There is nothing in {copy}."
    is_missing = installation.job_last_ran(conn, JOB) is not None
    return f"{Anchors(means.keyring).path} has gone, so a cut end would not show." if is_missing else ""
