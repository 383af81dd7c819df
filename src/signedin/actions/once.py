"""Forms that make something once: each carries the id of the row that it makes, and only we can have written it there.

Nothing is written when a form is shown; sent again, it names a row that is there, or what is left of one.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.actions.seal import seal
from signedin.rules.account import AccountId
from signedin.rules.once import LASTS, FormTooOld, MadeAlready
from signedin.rules.secret import account_of_session_id, make_session_id
from signedin.store import access_keys, tombstones


def name_of_next_key(means: Means, account_id: AccountId, now: datetime) -> str:
    """What a form carries that makes one key of this account: the key's id, when that was, and our seal."""
    said = f"{make_session_id(account_id, means.keyring.way_keys)}.{int(now.timestamp())}"
    return f"{said}.{seal(means, 'once', said)}"


def named_key(means: Means, account_id: AccountId, carried: str, now: datetime) -> str:
    """The id of the key that a form makes.

    Raises:
        FormTooOld: it was shown too long ago, to somebody else, or not by us.
    """
    said, _, mark = carried.rpartition(".")
    if not hmac.compare_digest(seal(means, "once", said).encode(), mark.encode()):
        raise FormTooOld
    key_id, _, seconds = said.partition(".")
    shown = datetime.fromtimestamp(int(seconds), UTC)
    is_mine = account_of_session_id(key_id, means.keyring.way_keys) == account_id
    if not is_mine or not timedelta() <= now - shown + timedelta(seconds=1) < LASTS:
        raise FormTooOld
    return key_id


def refuse_second_key(conn: sa.Connection, account_id: AccountId, key_id: str) -> None:
    """Refuse when the key has been made before, whether or not it lives.

    Raises:
        MadeAlready: it has.
    """
    was = tombstones.tombstone_of(conn, account_id, f"key:{key_id}")
    if was is not None or access_keys.find(conn, account_id, key_id) is not None:
        raise MadeAlready
