"""Clients as they are remembered: what each has registered, and of its secrets only the digests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from signedin.rules.client import Authentication, Client, ClientKind, GrantType
from signedin.rules.session import AppType
from signedin.store.schema import Json, Moment, metadata

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
_NEVER_ASKED = datetime(1970, 1, 1, tzinfo=UTC)


def add(conn: sa.Connection, client: Client) -> None:
    """Remember a client that was registered."""
    conn.execute(clients.insert().values(client_id=client.id, **_values(client)))


def change(conn: sa.Connection, client: Client) -> bool:
    """Remember it as it is now; false when there is none like that (any more)."""
    changed = clients.update().where(clients.c.client_id == client.id).values(**_values(client))
    return conn.execute(changed).rowcount == 1


def find(conn: sa.Connection, client_id: str) -> Client | None:
    """One client, also one that is disabled, or `None`."""
    row = conn.execute(sa.select(clients).where(clients.c.client_id == client_id)).one_or_none()
    return client_from(row) if row else None


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
    """The client in a row. One of before there was OAuth has registered nothing: it may ask for nothing."""
    said: dict[str, Any] = dict(row.registered or {})
    said |= {name: timedelta(seconds=said[name]) for name in _SPANS if name in said}
    said |= {name: tuple(said[name]) for name in _MANY if name in said}
    said |= {name: make(said.get(name, unsaid)) for name, make, unsaid in _OWN_WORDS}
    return Client(
        id=row.client_id, name=row.name, description=row.description, is_verified=row.is_verified, logo=row.logo,
        kind=ClientKind(row.kind or ClientKind.THIRD_PARTY), made_at=row.made_at or _NEVER_ASKED,
        disabled_at=row.disabled_at, secrets=tuple(map(bytes.fromhex, row.secrets or ())), **said,
    )  # fmt: skip


def _values(client: Client) -> dict[str, Any]:
    said = {name: value for name, value in asdict(client).items() if name not in _COLUMNS}
    said |= {name: said[name].total_seconds() for name in _SPANS}
    said |= {"grant_types": sorted(client.grant_types), "scopes": sorted(client.scopes)}
    return {
        "name": client.name, "description": client.description, "is_verified": client.is_verified,
        "logo": client.logo, "kind": client.kind.value, "registered": said,
        "secrets": [each.hex() for each in client.secrets], "made_at": client.made_at,
        "disabled_at": client.disabled_at,
    }  # fmt: skip
