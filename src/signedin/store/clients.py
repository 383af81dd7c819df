"""Clients as they are remembered: what each has registered, and of its secrets only the digests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from signedin.rules.client import Authentication, Client, ClientKind, GrantType
from signedin.rules.moments import from_micros
from signedin.rules.session import AppType
from signedin.store import client_lookup
from signedin.store.ready import Ready
from signedin.store.schema import Int64, Json, Moment, metadata

clients = sa.Table(
    "clients",
    metadata,
    sa.Column("client_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("is_verified", sa.Boolean, nullable=False),
    sa.Column("logo", sa.Text),
    sa.Column("kind", sa.Text),
    sa.Column("registered", Json),
    sa.Column("secrets", Json),
    sa.Column("made_at", Moment),
    sa.Column("disabled_at", Moment),
    sa.Column("entered_as", sa.Text),
)
_COLUMNS = frozenset(
    {"id", "name", "description", "is_verified", "logo", "kind", "secrets", "made_at", "disabled_at"}
)
_SPANS = ("idle", "lasts")
_MANY = ("redirect_uris", "logout_uris", "resources", "signed_resources", "keys")
_OWN_WORDS: tuple[tuple[str, Callable[[Any], Any], Any], ...] = (
    ("authentication", Authentication, Authentication.NONE), ("app_type", AppType, AppType.OAUTH),
    ("grant_types", lambda names: frozenset(map(GrantType, names)), ()), ("scopes", frozenset, ()),
)  # fmt: skip
NAMED = """
SELECT client_id, name, description, is_verified, logo, kind, registered, secrets, made_at, disabled_at
FROM clients WHERE client_id = {client_id}
"""
"""A client, as whoever asks about one at each request does; `{client_id}` as the driver wants it."""
_NEVER_ASKED = datetime(1970, 1, 1, tzinfo=UTC)
AS_KEPT = (
    *(clients.c[name] for name in ("client_id", "name", "description", "is_verified", "logo", "kind")),
    *(sa.type_coerce(clients.c[name], sa.Text).label(name) for name in ("registered", "secrets")),
    *(sa.type_coerce(clients.c[name], Int64).label(name) for name in ("made_at", "disabled_at")),
)
"""The same columns as they are kept, for `client_named`."""
_FIND = Ready(sa.select(*AS_KEPT).where(clients.c.client_id == sa.bindparam("which", type_=sa.Text)))


def add(conn: sa.Connection, client: Client) -> None:
    """Remember a client that was registered."""
    conn.execute(clients.insert().values(client_id=client.id, **_values(client)))
    client_lookup.enter(conn, client.id, client.name)


def change(conn: sa.Connection, client: Client) -> bool:
    """Remember it as it is now; false when there is none like that (any more)."""
    changed = clients.update().where(clients.c.client_id == client.id).values(**_values(client))
    if conn.execute(changed).rowcount != 1:
        return False
    client_lookup.enter(conn, client.id, client.name)
    return True


def find(conn: sa.Connection, client_id: str) -> Client | None:
    """One client, also one that is disabled, or `None`."""
    return client_named(_FIND.first(conn, {"which": client_id}))


def hold(conn: sa.Connection, client_id: str) -> Client | None:
    """The same, which nobody else changes until this transaction is over; on SQLite whoever writes is alone."""
    held = sa.select(clients).where(clients.c.client_id == client_id).with_for_update()
    row = conn.execute(held).one_or_none()
    return client_from(row) if row else None


def every(conn: sa.Connection) -> list[Client]:
    """All of them, by name."""
    rows = conn.execute(sa.select(clients).order_by(clients.c.name, clients.c.client_id))
    return [client_from(row) for row in rows]


def client_from(row: sa.Row[*tuple[Any, ...]]) -> Client:
    """The client in a row."""
    return _client(
        row.client_id, row.name, row.description, row.is_verified, row.logo, row.kind, row.registered or {},
        row.secrets or (), row.made_at, row.disabled_at,
    )  # fmt: skip


def client_named(row: Sequence[Any] | None) -> Client | None:
    """The client as `NAMED` asks for it: read anew each time, and made anew where anything in it is another."""
    return None if row is None else _as_kept(*row)


@lru_cache(maxsize=256)
def _as_kept(*row: Any) -> Client:
    client_id, name, description, is_verified, logo, kind, registered, secrets, *moments = row
    made_at, disabled_at = (None if at is None else from_micros(at) for at in moments)
    said, hashed = json.loads(registered or "{}"), json.loads(secrets or "[]")
    return _client(
        client_id, name, description, bool(is_verified), logo, kind, said, hashed, made_at, disabled_at
    )


def _client(
    client_id: str, name: str, description: str, is_verified: bool, logo: str | None, kind: str | None,
    registered: dict[str, Any], secrets: Iterable[str], made_at: datetime | None, disabled_at: datetime | None,
) -> Client:  # fmt: skip
    """One of before there was OAuth has registered nothing: it may ask for nothing."""
    said = dict(registered)
    said |= {name: timedelta(seconds=said[name]) for name in _SPANS if name in said}
    said |= {name: tuple(said[name]) for name in _MANY if name in said}
    said |= {name: make(said.get(name, unsaid)) for name, make, unsaid in _OWN_WORDS}
    return Client(
        id=client_id, name=name, description=description, is_verified=is_verified, logo=logo,
        kind=ClientKind(kind or ClientKind.THIRD_PARTY), made_at=made_at or _NEVER_ASKED, disabled_at=disabled_at,
        secrets=tuple(map(bytes.fromhex, secrets)), **said,
    )  # fmt: skip


def _values(client: Client) -> dict[str, Any]:
    said = {name: value for name, value in asdict(client).items() if name not in _COLUMNS}
    said |= {name: said[name].total_seconds() for name in _SPANS}
    said |= {"grant_types": sorted(client.grant_types), "scopes": sorted(client.scopes)}
    return {
        "name": client.name, "description": client.description, "is_verified": client.is_verified,
        "logo": client.logo, "kind": client.kind.value, "registered": said,
        "secrets": [each.hex() for each in client.secrets], "made_at": client.made_at,
        "disabled_at": client.disabled_at, "entered_as": client.name,
    }  # fmt: skip
