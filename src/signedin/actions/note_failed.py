"""Wrong passwords in the history of whose they are not: gathered in memory, and written beside the answers.

So a wrong password costs the same statements whether there is such an account or not (security 6.3.8). What a process
holds when it is killed is lost, as it is for the overview; the log has had it. Each process tells what it has seen itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from signedin.actions.means import Means
from signedin.rules.account import Account, AccountId, AccountState
from signedin.rules.device import Device
from signedin.rules.errors import DatabaseProblem, Unavailable
from signedin.rules.failed_sign_ins import Failed, Taken, Tried
from signedin.rules.location import mask_address
from signedin.rules.session import AppType
from signedin.store import accounts, journal, used_once

_KIND, _REMEMBERED = "wrong passwords", timedelta(days=1)
log = structlog.get_logger("signedin.activity")


def wrong_password(
    means: Means, account: Account | None, app_type: AppType, address: str, device: Device, now: datetime
) -> None:
    """Hold it for the account's history; as much is worked out for an address that is nobody's."""
    place = means.places.locate(address).label
    tried = Tried(
        account.id if account else AccountId(0), app_type, device.name, place, mask_address(address)
    )
    if account is not None:
        means.failed.add(Failed(tried, 1, now, now))


async def write_failed_of(means: Means, account_id: AccountId, now: datetime) -> None:
    """Write what was tried with one account before something else stands in its history; later, where that cannot be.

    Nobody is kept out by it.
    """
    await _write_each(means, means.failed.take(account_id=account_id), now)


async def write_failed(means: Means, now: datetime, *, all_of_it: bool = False) -> None:
    """Write what is over by then; or everything, where the process stops."""
    await _write_each(means, means.failed.take(None if all_of_it else now), now)


async def _write_each(means: Means, found: Iterable[Taken], now: datetime) -> None:
    for taken in found:
        try:
            await means.database.write(_write, taken, now)
        except (DatabaseProblem, Unavailable) as problem:
            log.warning("wrong passwords cannot be told yet", rows=len(taken.rows), code=problem.code)
        else:
            means.failed.written(taken)


def _write(conn: sa.Connection, taken: Taken, now: datetime) -> None:
    """Write it once: also where it was written before by who was never told so."""
    accounts.hold(conn, taken.account_id)
    account = accounts.find(conn, taken.account_id)
    if account is None or account.state is AccountState.CLOSED:
        return
    if used_once.use(conn, _KIND, taken.mark, now + _REMEMBERED):
        for failed in taken.rows:
            journal.record(conn, taken.account_id, failed.event())
