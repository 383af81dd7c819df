"""What an ending for many would end, counted before anybody begins it: a read, a stretch of accounts at a time.

What was counted is sealed and handed to whoever asked. It names the ending that comes of it, so that what begins is
what was shown, once, however often it is sent (as `actions/once.py` has it for forms).
"""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from signedin.actions.acting import Asking, operator_asking
from signedin.actions.means import Means
from signedin.actions.seal import seal
from signedin.rules.account import AccountId
from signedin.rules.bulk import KEYS, HowMany, Wanted, Which, which_is
from signedin.rules.bulk_job import PREVIEW_LASTS, Counted, Preview, PreviewTooOld, Sample
from signedin.rules.operator import Deed
from signedin.store import bulk_rows, lookup, session_rows
from signedin.store.boot_clock import boot_time

STRETCH = 1000
"""Accounts that one question reads."""
COUNTS_FOR = 2.0
"""Seconds that one request counts; then it says how far it is, and is asked again."""
SHOWN = 8
"""Rows that are shown of all that were counted."""
OF_EACH = 2
"""Rows of one account among them: many people are shown rather than much of one."""
_PURPOSE = "bulk-preview"


async def preview_many(means: Means, asking: Asking, wanted: Wanted, now: datetime) -> Preview:
    """Count what would end, from the beginning.

    Raises: as `operator_asking`, and
        InvalidInput: nothing is said, or what cannot be asked.
    """
    operator = await means.database.read(operator_asking, asking, Deed.BULK)
    return await _begun(means, which_is(wanted, operator.session_id or "", now))


async def preview_from_shell(means: Means, wanted: Wanted, now: datetime) -> Preview:
    """The same for whoever has the shell of the server, who needs no role."""
    return await _begun(means, which_is(wanted, "", now))


async def count_on(means: Means, asking: Asking, sealed: str, now: datetime) -> Preview:
    """Count on where a preview has come to; a complete one is only shown again.

    Raises: as `operator_asking`, and
        PreviewTooOld: it was shown too long ago, or not by us.
    """
    await means.database.read(operator_asking, asking, Deed.BULK)
    return await count_on_from_shell(means, sealed, now)


async def count_on_from_shell(means: Means, sealed: str, now: datetime) -> Preview:
    """The same for whoever has the shell of the server."""
    preview = opened(means, sealed)
    refuse_too_old(preview, now)
    return await _counted(means, preview)


def opened(means: Means, sealed: str) -> Preview:
    """The preview that was sealed, without its rows.

    Raises:
        PreviewTooOld: it was not sealed here.
    """
    body, _, mark = sealed.strip().rpartition(".")
    if not sealed.isascii() or not hmac.compare_digest(seal(means, _PURPOSE, body).encode(), mark.encode()):
        raise PreviewTooOld
    ending_id, which, after, many, met, is_complete = json.loads(urlsafe_b64decode(body))
    counted = Counted(after, HowMany.read(many), tuple((each[0], each[1]) for each in met), is_complete)
    return Preview(ending_id, Which.read(which), counted, sealed.strip())


def refuse_too_old(preview: Preview, now: datetime) -> None:
    """Refuse what was shown too long ago.

    Raises:
        PreviewTooOld: it was.
    """
    if not timedelta() <= now - preview.which.until + timedelta(seconds=1) < PREVIEW_LASTS:
        raise PreviewTooOld


async def _begun(means: Means, which: Which) -> Preview:
    return await _counted(means, Preview(secrets.token_hex(12), which, Counted(-1, HowMany.none()), ""))


async def _counted(means: Means, preview: Preview) -> Preview:
    counted, until = preview.counted, boot_time() + COUNTS_FOR
    while not counted.is_complete and boot_time() < until:
        counted = await means.database.read(_count_stretch, preview.which, counted)
    sample = await means.database.read(_sample, counted.met)
    shown = replace(preview, counted=counted, sample=sample)
    return replace(shown, sealed=_sealed(means, shown))


def _count_stretch(conn: sa.Connection, which: Which, counted: Counted) -> Counted:
    last = bulk_rows.stretch(conn, counted.after, STRETCH)
    if last is None:
        return replace(counted, is_complete=True)
    found = bulk_rows.count(conn, which, counted.after, last)
    many = sum(found.values(), counted.many)
    met = counted.met
    for account_id in list(found)[: max(0, SHOWN - len(met))]:
        rows = bulk_rows.of_account(conn, which, account_id, OF_EACH)
        met += tuple((int(account_id), row.row_id) for row in rows if row.kind != KEYS)
    met = met[:SHOWN]
    return Counted(last, many, met)


def _sample(conn: sa.Connection, met: tuple[tuple[int, str], ...]) -> tuple[Sample, ...]:
    """The rows that were met, as far as they are still there."""
    people = {each.id: each for each in lookup.some(conn, [AccountId(one) for one, _ in met])}
    found = []
    for one, row_id in met:
        account_id = AccountId(one)
        rows = session_rows.some(conn, account_id, [row_id]) if account_id in people else []
        found += [Sample(row, account_id, people[account_id].called) for row in rows]
    return tuple(found)


def _sealed(means: Means, preview: Preview) -> str:
    counted = preview.counted
    said = [
        preview.id,
        preview.which.canonical(),
        counted.after,
        counted.many.told(),
        counted.met,
        counted.is_complete,
    ]
    body = urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).decode()
    return f"{body}.{seal(means, _PURPOSE, body)}"
