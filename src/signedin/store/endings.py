"""The log of endings, and who must have read it: every process that may answer from memory.

Numbers are in the order of commits: the counter's row is locked by the commit of an ending until it is over, so a
reader at 42 has seen every ending up to 42. The nodes have no times on purpose (docs/revocation.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.ending import Ending, Scope
from signedin.rules.lease import Node, Renewal
from signedin.store import last_of_all
from signedin.store.schema import Int64, Moment, insert, metadata

DIGEST_BYTES = 32
MOST_AT_ONCE = 2_000
"""How many endings one answer to a renewal holds."""
CHANNEL = "signedin_endings"

endings = sa.Table(
    "endings",
    metadata,
    sa.Column("seq", Int64, primary_key=True, autoincrement=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("account_id", Int64, nullable=False),
    sa.Column("digests", sa.LargeBinary, nullable=False),
    sa.Column("cut_off", Int64, nullable=False),
    sa.Column("at", Moment, nullable=False),
    comment="what ended, for who answers from memory; forgotten after an hour",
)
endings_head = sa.Table(
    "endings_head",
    metadata,
    sa.Column("only", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", Int64, nullable=False),
    comment="the number of the latest ending: one row, locked while an ending commits, so without gaps",
)
UNNUMBERED = "endings_unnumbered"
NUMBERED = (
    f"CREATE SEQUENCE {UNNUMBERED}",
    f"""
    CREATE FUNCTION number_ending() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE number bigint;
    BEGIN
      UPDATE endings_head SET seq = seq + 1 RETURNING seq INTO number;
      UPDATE endings SET seq = number WHERE seq = NEW.seq;
      PERFORM pg_notify('{CHANNEL}', number::text);
      RETURN NULL;
    END $$
    """,  # noqa: S608  # the name of a channel, from above
    """
    CREATE CONSTRAINT TRIGGER numbered_at_commit AFTER INSERT ON endings DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.seq < 0) EXECUTE FUNCTION number_ending()
    """,
)
"""What gives an ending its number on PostgreSQL: deferred, so that the counter is locked by the commit alone."""
nodes = sa.Table(
    "nodes",
    metadata,
    sa.Column("node_id", sa.Text, primary_key=True),
    sa.Column("boot_id", sa.Text, nullable=False),
    sa.Column("renewals", Int64, nullable=False),
    sa.Column("applied", Int64, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    comment="who may answer from memory: deliberately without times",
)


class Late(NamedTuple):
    """The number of the latest ending, who has not applied it, and whether the database has been succeeded.

    After a fail-over nodes may be missing from the table, or stand there with endings that were lost: then every
    lease of before has to run out. `told_by` is another when a connection has been made since.
    """

    seq: int
    lineage: str
    is_new: bool
    nodes: list[Node]
    told_by: int = 0


def record(conn: sa.Connection, ending: Ending, now: datetime) -> None:
    """Log an ending in the transaction that makes it.

    On PostgreSQL it is numbered by the commit itself: a process that is paused before it commits, or cut off, holds
    up nobody else's ending. On SQLite whoever writes is alone.
    """
    values = {"scope": str(ending.scope), "account_id": ending.account_id, "digests": b"".join(ending.digests),
              "cut_off": ending.cut_off, "at": now}  # fmt: skip
    if conn.dialect.name == "postgresql":
        if ending.scope in (Scope.SESSION, Scope.ACCOUNT):
            last_of_all.note_ended(conn, ending.account_id)
        conn.execute(_LATER_NUMBERED, values)
        return
    conn.execute(endings.insert(), values | {"seq": conn.execute(_COUNT).scalar_one()})


_LATER_NUMBERED = endings.insert().values(seq=-sa.func.nextval(UNNUMBERED))
_COUNT = endings_head.update().values(seq=endings_head.c.seq + 1).returning(endings_head.c.seq)


def head(conn: sa.Connection) -> int:
    """The number of the latest ending."""
    return int(conn.scalar(sa.select(endings_head.c.seq)) or 0)


def database_time(conn: sa.Connection) -> int:
    """What time it is by PostgreSQL, in microseconds."""
    return int(conn.scalar(sa.text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")) or 0)


def join(conn: sa.Connection, node_id: str, boot_id: str, about: str) -> None:
    """Make a node known, which has applied nothing yet. The head is read after this is committed.

    To be committed for good, unlike renewals: a node that answers from memory is waited for.
    """
    values = {"boot_id": boot_id, "renewals": 0, "applied": -1, "about": about[:200]}
    conn.execute(
        insert(conn, nodes)
        .values(node_id=node_id, **values)
        .on_conflict_do_update(index_elements=["node_id"], set_=values)
    )


def renew(conn: sa.Connection, node_id: str, boot_id: str, applied: int) -> Renewal | None:
    """Note what a node has applied, and tell what it missed; `None` when it is not known, or missed too much.

    On SQLite; on PostgreSQL it is one statement (store/lease_line.py).
    """
    known = (nodes.c.node_id == node_id) & (nodes.c.boot_id == boot_id)
    noted = nodes.update().where(known).values(renewals=nodes.c.renewals + 1, applied=applied)
    latest = head(conn)
    if applied > latest or not conn.execute(noted).rowcount:
        return None
    return renewal_of(since(conn, applied), applied, latest)


def since(conn: sa.Connection, number: int) -> list[Ending]:
    """The endings after a number, in their order: as many as one answer holds."""
    later = sa.select(endings).where(endings.c.seq > number).order_by(endings.c.seq).limit(MOST_AT_ONCE)
    return [ending_from(row) for row in conn.execute(later)]


def renewal_of(found: Sequence[Ending], applied: int, latest: int, **more: Any) -> Renewal | None:
    """The answer to a node that has applied so many; `None` when what it missed was forgotten: numbers have no gaps."""
    if applied == latest:
        return Renewal((), latest, **more)
    if not found or found[0].seq != applied + 1:
        return None
    return Renewal(tuple(found), latest, is_complete=found[-1].seq >= latest, **more)


def count_of(conn: sa.Connection, beginning: str) -> int:
    """How many nodes there are whose names begin like that."""
    some = sa.select(sa.func.count()).where(nodes.c.node_id.startswith(beginning, autoescape=True))
    return int(conn.scalar(some) or 0)


def strike_off(conn: sa.Connection, silent: Sequence[Node]) -> int:
    """Forget nodes that were waited for in vain and have not renewed since; returns how many (on SQLite)."""
    gone = [
        conn.execute(
            nodes.delete().where(
                (nodes.c.node_id == node.node_id)
                & (nodes.c.boot_id == node.boot_id)
                & (nodes.c.renewals == node.renewals)
            )
        ).rowcount
        for node in silent
    ]
    return sum(gone)


def leave(conn: sa.Connection, node_id: str, boot_id: str) -> None:
    """Let no ending wait for a node any more."""
    conn.execute(nodes.delete().where((nodes.c.node_id == node_id) & (nodes.c.boot_id == boot_id)))


def every_node(conn: sa.Connection) -> list[tuple[Node, str]]:
    """All nodes, each with what it says of itself."""
    return [(_node(row), row.about) for row in conn.execute(sa.select(nodes).order_by(nodes.c.node_id))]


def forget(conn: sa.Connection, before: datetime, limit: int = 2000) -> int:
    """Forget the oldest endings of before that moment; a node that missed one of them starts anew."""
    oldest = sa.select(endings.c.seq).where(endings.c.at < before).order_by(endings.c.seq).limit(limit)
    old = list(conn.scalars(oldest))
    if old:
        conn.execute(endings.delete().where(endings.c.seq <= old[-1]))
    return len(old)


def _node(row: sa.Row[*tuple[object, ...]]) -> Node:
    return Node(row.node_id, row.boot_id, row.renewals, row.applied)


def logged(rows: Sequence[tuple[Any, ...]]) -> tuple[str, list[Ending]]:
    """The lineage and the endings of rows of the log, as they are asked for in that order."""
    return rows[0][-1] if rows else "", [ending_from(_Logged(*row[:-1])) for row in rows]


class _Logged(NamedTuple):
    seq: int
    scope: str
    account_id: int
    digests: bytes
    cut_off: int


def ending_from(row: Any) -> Ending:
    """The ending that a row of the log tells of."""
    digests = tuple(row.digests[at : at + DIGEST_BYTES] for at in range(0, len(row.digests), DIGEST_BYTES))
    known = set(Scope)
    scope = Scope(row.scope) if row.scope in known else row.scope
    return Ending(scope, AccountId(row.account_id), digests, row.cut_off, row.seq)
