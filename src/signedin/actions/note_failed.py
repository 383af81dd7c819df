"""Wrong passwords in the history of whose they are not: gathered in memory, and written beside the answers.

So a wrong password costs the same statements whether there is such an account or not (security 6.3.8). What a process
holds when it is killed is lost, as it is for the overview; the log has had it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.rules.account import Account, AccountId, AccountState
from signedin.rules.device import Device
from signedin.rules.failed_sign_ins import Failed, Tried
from signedin.rules.location import mask_address
from signedin.rules.session import AppType
from signedin.store import accounts, journal


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


async def write_failed_of(means: Means, account_id: AccountId) -> None:
    """Write what was tried with one account before something else stands in its history.

    Raises:
        DatabaseProblem, Unavailable: it cannot be written, and is still held.
    """
    found = means.failed.take(account_id)
    if not found:
        return
    try:
        await means.database.write(_write, account_id, found)
    except BaseException:
        means.failed.give_back(found)
        raise


async def write_failed(means: Means, now: datetime | None = None) -> None:
    """Write what is over by then, or everything where the process stops; an account's attempts go together."""
    whose = means.failed.accounts() if now is None else means.failed.over(now)
    for account_id in sorted(whose):
        await write_failed_of(means, account_id)


def _write(conn: sa.Connection, account_id: AccountId, found: Iterable[Failed]) -> None:
    accounts.hold(conn, account_id)
    account = accounts.find(conn, account_id)
    if account is None or account.state is AccountState.CLOSED:
        return
    for failed in found:
        journal.record(conn, account_id, failed.event())
