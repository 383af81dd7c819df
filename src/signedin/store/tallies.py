"""How much is signed in to each of several accounts: in as many statements as for one, however many rows they have."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.session import AppType
from signedin.rules.session_list import Row
from signedin.store import policies
from signedin.store.access_keys import access_keys
from signedin.store.accounts import accounts
from signedin.store.activity import activity
from signedin.store.session_rows import parts_of_many, row_from


class Tally(NamedTuple):
    """Rows of accounts by type that have certainly not expired, and those that may not have."""

    certain: dict[AccountId, Counter[AppType]]
    doubtful: dict[AccountId, list[Row]]


def of(conn: sa.Connection, ids: Sequence[AccountId], now: datetime, masked: str = "") -> Tally:
    """What the list of each of these accounts has; with a masked address only what was last used from there.

    Of an account under the rules of an organisation each row is read, and is as those rules let it live.
    """
    certain: dict[AccountId, Counter[AppType]] = defaultdict(Counter)
    doubtful: dict[AccountId, list[Row]] = defaultdict(list)
    if not ids:
        return Tally(certain, doubtful)
    parts, is_member = parts_of_many(conn), accounts.c.organisation_id.is_not(None)
    asked = parts.living.where(activity.c.account_id.in_(ids))
    if masked:
        asked = asked.where(activity.c.masked_ip == masked)
    columns = (activity.c.account_id, parts.app_type)
    grouped = asked.with_only_columns(*columns, sa.func.count()).where(parts.is_alive(now), ~is_member)
    for account_id, app_type, count in conn.execute(grouped.group_by(*columns)):
        certain[AccountId(account_id)][AppType(app_type)] = count
    for row in conn.execute(asked.where(is_member | parts.is_doubtful(now))):
        read = row_from(row)
        doubtful[read.account_id].append(read)
    return Tally(certain, _ruled(conn, doubtful))


def keys(conn: sa.Connection, ids: Sequence[AccountId]) -> Counter[AccountId]:
    """How many access keys each of these accounts has."""
    mine = access_keys.c.account_id
    asked = sa.select(mine, sa.func.count()).where(mine.in_(ids)).group_by(mine)
    return Counter({AccountId(account_id): count for account_id, count in conn.execute(asked)})


def with_key_from(conn: sa.Connection, ids: Sequence[AccountId], masked: str) -> set[AccountId]:
    """Those of these accounts with an access key that was last used from that masked address."""
    used = (activity.c.account_id == access_keys.c.account_id) & (activity.c.row_id == access_keys.c.key_id)
    asked = sa.select(access_keys.c.account_id).select_from(access_keys.join(activity, used))
    here = asked.where(access_keys.c.account_id.in_(ids), activity.c.masked_ip == masked)
    return set(map(AccountId, conn.scalars(here)))


def _ruled(conn: sa.Connection, rows: dict[AccountId, list[Row]]) -> dict[AccountId, list[Row]]:
    if not rows:
        return rows
    found = policies.of_accounts(conn, list(rows))
    return {
        each: policies.within(found[each], mine) if each in found else mine for each, mine in rows.items()
    }
