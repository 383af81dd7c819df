"""Consents as they are remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.activity import DayLevels
from signedin.rules.consent import Consent
from signedin.rules.moments import to_micros
from signedin.rules.session import Origin, SessionId
from signedin.store import given
from signedin.store.accounts import accounts
from signedin.store.activity import LAST_USE, activity
from signedin.store.clients import clients
from signedin.store.schema import Int64, Json, Moment, Span, account_key, metadata
from signedin.store.tombstones import Gone, child_of

consents = sa.Table(
    "consents",
    metadata,
    account_key(),
    sa.Column("consent_id", sa.Text, primary_key=True),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("first_proof", Int64, nullable=False),
    sa.Column("consented_at", Moment, nullable=False),
    sa.Column("changed_at", Moment),
    sa.Column("idle", Span, nullable=False),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("is_used", sa.Boolean, nullable=False),
    sa.Column("tokens", sa.Integer, nullable=False, default=0),
    sa.Column("hosts", Json),
    sa.Column("resources", Json),
    sa.Column("scopes_for", Json),
    sa.UniqueConstraint("account_id", "client_id"),
    sa.Index("ix_consents_consent_id", "consent_id", postgresql_ops={"consent_id": "text_pattern_ops"}),
    sa.Index("ix_consents_client_id", "client_id", "account_id"),
)

COLUMNS = tuple(column.label(f"consent_{column.name}") for column in consents.c) + tuple(
    clients.c[name].label(f"client_{name}")
    for name in ("name", "description", "is_verified", "logo", "registered")
)
"""What is read of a consent and its client, named apart from a session's columns."""
_READ = sa.select(*COLUMNS, *LAST_USE).select_from(
    consents.join(accounts, accounts.c.account_id == consents.c.account_id)
    .join(clients, clients.c.client_id == consents.c.client_id)
    .join(
        activity,
        (activity.c.account_id == consents.c.account_id) & (activity.c.row_id == consents.c.consent_id),
    )
)


def add(conn: sa.Connection, consent: Consent) -> None:
    """Remember a consent that was given."""
    conn.execute(
        consents.insert().values(
            account_id=consent.account_id,
            consent_id=consent.id,
            client_id=consent.client_id,
            first_proof=consent.first_proof,
            consented_at=consent.consented_at,
            changed_at=consent.changed_at,
            idle=consent.idle,
            scopes=list(consent.scopes),
            is_used=consent.last_at is not None,
            tokens=consent.tokens,
            hosts=list(consent.hosts),
            resources=list(consent.resources),
            scopes_for=_kept(consent.scopes_for),
        )
    )
    origin = consent.last_from
    conn.execute(
        activity.insert().values(
            account_id=consent.account_id,
            row_id=consent.id,
            last_at=consent.last_at or consent.consented_at,
            counts=consent.days.counts,
            last_day=consent.days.last_day,
            masked_ip=origin.masked_ip if origin else None,
            place=origin.location if origin else None,
        )
    )


def of(conn: sa.Connection, account_id: AccountId) -> list[Consent]:
    """The account's consents that the cut-off has not ended."""
    where = (consents.c.account_id == account_id) & (consents.c.first_proof >= accounts.c.epoch)
    return [consent_from(row) for row in conn.execute(_READ.where(where))]


def to_client(conn: sa.Connection, account_id: AccountId, client_id: str) -> Consent | None:
    """What the account has given a client, also where a cut-off has ended it and it waits to be tidied; or `None`."""
    where = (consents.c.account_id == account_id) & (consents.c.client_id == client_id)
    return next(map(consent_from, conn.execute(_READ.where(where))), None)


def change(conn: sa.Connection, consent: Consent) -> None:
    """Remember a consent as it is now: its scopes, what it is for, and how often it was given."""
    where = (consents.c.account_id == consent.account_id) & (consents.c.consent_id == consent.id)
    conn.execute(
        consents.update().where(where).values(
            scopes=list(consent.scopes), changed_at=consent.changed_at, hosts=list(consent.hosts),
            resources=list(consent.resources), tokens=consent.tokens, scopes_for=_kept(consent.scopes_for),
        )
    )  # fmt: skip


def end(conn: sa.Connection, account_id: AccountId, ids: Sequence[str], now: datetime) -> list[Gone]:
    """Withdraw consents, with all that came of them; returns what was still given, the secrets of tokens too."""
    where = (consents.c.account_id == account_id) & consents.c.consent_id.in_(ids)
    gone = conn.execute(
        consents.delete().where(where).returning(consents.c.consent_id, consents.c.idle)
    ).all()
    conn.execute(activity.delete().where((activity.c.account_id == account_id) & activity.c.row_id.in_(ids)))
    idle = {row.consent_id: row.idle for row in gone}
    tokens = [
        child_of(row_id, digest, idle.get(row_id))
        for row_id, digest in given.end_of_rows(conn, account_id, ids, now)
    ]
    return [*(Gone(row_id, idle=span) for row_id, span in idle.items()), *tokens]


def cut_off(conn: sa.Connection, account_id: AccountId, limit: int) -> list[str]:
    """Ids of consents that the account's cut-off ended and that still wait to be tidied."""
    joined = consents.join(accounts, accounts.c.account_id == consents.c.account_id)
    where = (consents.c.account_id == account_id) & (consents.c.first_proof < accounts.c.epoch)
    return list(conn.scalars(sa.select(consents.c.consent_id).select_from(joined).where(where).limit(limit)))


def is_cut_off(conn: sa.Connection, account_id: AccountId, consent_id: str) -> bool:
    """Whether this one waits to be tidied after a cut-off."""
    joined = consents.join(accounts, accounts.c.account_id == consents.c.account_id)
    where = (consents.c.account_id == account_id) & (consents.c.consent_id == consent_id)
    ended = consents.c.first_proof < accounts.c.epoch
    return (
        conn.execute(sa.select(consents.c.consent_id).select_from(joined).where(where & ended)).first()
        is not None
    )


def consent_from(row: Any) -> Consent:
    """The consent in a row of `COLUMNS` and `LAST_USE`."""
    registered, resources = row.client_registered or {}, tuple(row.consent_resources or ())
    signed = registered.get("signed_resources", ())
    together: dict[str, list[str]] | None = row.consent_scopes_for
    return Consent(
        id=SessionId(row.consent_consent_id), account_id=AccountId(row.consent_account_id),
        client_id=row.consent_client_id, client_name=row.client_name,
        client_description=row.client_description, consented_at=row.consent_consented_at,
        scopes=tuple(row.consent_scopes), idle=row.consent_idle, first_proof=row.consent_first_proof,
        days=DayLevels(row.counts, row.last_day), last_at=row.last_at if row.consent_is_used or row.last_at > row.consent_consented_at else None,
        last_from=Origin(row.last_ip, row.last_place) if row.last_ip else None,
        changed_at=row.consent_changed_at, tokens=row.consent_tokens, is_verified=row.client_is_verified,
        logo=row.client_logo, hosts=tuple(row.consent_hosts or ()), resources=resources,
        registered=frozenset(registered["scopes"]) if "scopes" in registered else None,
        signed_resources=tuple(each for each in resources if each in signed),
        scopes_for=None if together is None else {name: tuple(scopes) for name, scopes in together.items()},
    )  # fmt: skip


def _kept(together: Mapping[str, Sequence[str]] | None) -> dict[str, list[str]] | None:
    return None if together is None else {name: list(scopes) for name, scopes in together.items()}


def expired(conn: sa.Connection, before: datetime, limit: int) -> list[AccountId]:
    """The accounts of consents that were not used for too long before that moment, in the order of their keys."""
    joined = consents.join(
        activity,
        (activity.c.account_id == consents.c.account_id) & (activity.c.row_id == consents.c.consent_id),
    ).join(
        accounts,
        (accounts.c.account_id == consents.c.account_id) & (consents.c.first_proof >= accounts.c.epoch),
    )
    idle_until = sa.cast(activity.c.last_at, Int64) + sa.cast(consents.c.idle, Int64)
    keys = sa.select(consents.c.account_id).select_from(joined).where(idle_until < to_micros(before))
    rows = conn.scalars(keys.order_by(consents.c.account_id, consents.c.consent_id).limit(limit))
    return [AccountId(row) for row in rows]
