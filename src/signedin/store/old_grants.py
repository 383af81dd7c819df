"""Grants whose time is over: forgotten, but for those by which a client hears of the end of a browser's session."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.store import given
from signedin.store.clients import clients
from signedin.store.grants import grants
from signedin.store.schema import Int64, Moment
from signedin.store.sessions import sessions

_THEIR_SESSION = (sessions.c.account_id == grants.c.account_id) & (sessions.c.session_id == grants.c.sid)
_OLD = (
    sa.select(
        grants.c.account_id, grants.c.grant_id, grants.c.client_id, grants.c.sid, grants.c.given_at,
        clients.c.registered, sessions.c.overall_until,
    )
    .outerjoin(clients, clients.c.client_id == grants.c.client_id)
    .outerjoin(sessions, _THEIR_SESSION)
    .where(grants.c.until < sa.bindparam("before", type_=Moment))
    .order_by(grants.c.until)
)  # fmt: skip
_WHOSE: sa.BindParameter[int] = sa.bindparam("whose", type_=Int64)
_CLIENT, _SID, _THIS = (sa.bindparam(name, type_=sa.Text) for name in ("client", "sid", "this"))
_OTHERS = (
    (grants.c.account_id == _WHOSE) & (grants.c.client_id == _CLIENT) & (grants.c.sid == _SID)
    & (grants.c.grant_id != _THIS)
)  # fmt: skip
_LATER = (
    sa.select(sa.literal(1)).where(_OTHERS, grants.c.given_at > sa.bindparam("at", type_=Moment)).limit(1)
)
_KEPT = sa.select(grants.c.grant_id).where(_OTHERS, grants.c.until == sa.bindparam("until", type_=Moment))


def purge(conn: sa.Connection, before: datetime, limit: int) -> int:
    """Forget grants whose absolute end was before that moment; returns how many there were.

    Of those of one client in one browser's session the last is kept for as long as the session can last, where the
    client wants to hear of its end (OpenID Connect Back-Channel Logout, section 2.5). It opens nothing any more.
    """
    rows = conn.execute(_OLD.limit(limit), {"before": before}).all()
    for row in rows:
        account_id, until = AccountId(row.account_id), row.overall_until
        others = {"whose": account_id, "client": row.client_id, "sid": row.sid, "this": row.grant_id}
        is_heard = (
            until is not None and until > before and bool((row.registered or {}).get("back_channel_uri"))
        )
        if not is_heard or conn.scalar(_LATER, others | {"at": row.given_at}):
            given.end(conn, account_id, [row.grant_id])
        else:
            given.close(conn, account_id, row.grant_id, until)
            given.end(conn, account_id, list(conn.scalars(_KEPT, others | {"until": until})))
    return len(rows)
