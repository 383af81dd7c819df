"""Access tokens as they are remembered, and whether one still opens anything: asked of the database every time.

A token lives as long as its grant's row of the list, its client and its account do, so that whatever ends one of them
has ended the token with the same commit.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.living import LivingServiceToken, LivingToken
from signedin.rules.token import AccessToken
from signedin.store.access_keys import names_in
from signedin.store.ready import Ready
from signedin.store.schema import Json, Moment, account_key, metadata

access_tokens = sa.Table(
    "access_tokens",
    metadata,
    account_key(),
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("grant_id", sa.Text, nullable=False),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("audience", Json, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("key_thumbprint", sa.Text, nullable=False),
    sa.Index("ix_access_tokens_account_id_grant_id", "account_id", "grant_id"),
    sa.Index("ix_access_tokens_until", "until"),
)
_ADD = Ready(access_tokens.insert())
LIVING = """
SELECT t.grant_id, g.client_id, g.row_id, t.scopes, c.scopes, t.audience, t.made_at, t.until, t.key_thumbprint,
       g.authenticated_at, g.sid, NULLIF(a.state, 'active'), k.disabled_at, k.registered, coalesce(c.idle, s.idle),
       u.last_at, s.app_type, s.overall_until, coalesce(c.consented_at, s.began_at), a.organisation_id IS NOT NULL
FROM access_tokens t
JOIN grants g ON g.account_id = t.account_id AND g.grant_id = t.grant_id
JOIN clients k ON k.client_id = g.client_id
JOIN accounts a ON a.account_id = t.account_id AND g.first_proof >= a.epoch
JOIN activity u ON u.account_id = t.account_id AND u.row_id = g.row_id
LEFT JOIN consents c ON c.account_id = t.account_id AND c.consent_id = g.row_id
LEFT JOIN sessions s ON s.account_id = t.account_id AND s.session_id = g.row_id
WHERE t.account_id = {whose} AND t.digest = {digest} AND coalesce(c.first_proof, s.first_proof) >= a.epoch
"""
"""A person's token that nothing has ended, whatever the clock says of it; `{whose}` and `{digest}` as the driver wants them."""
OF_SERVICE = """
SELECT t.grant_id, g.client_id, t.scopes, t.audience, t.made_at, t.until, t.key_thumbprint, k.disabled_at,
       k.registered
FROM access_tokens t
JOIN grants g ON g.account_id = t.account_id AND g.grant_id = t.grant_id
JOIN clients k ON k.client_id = g.client_id
WHERE t.account_id = 0 AND t.digest = {digest}
"""
"""A token that a service client has for itself."""


def living_from(row: Sequence[Any] | None) -> LivingToken | None:
    """A token as `LIVING` asks for it."""
    if row is None:
        return None
    grant_id, client_id, row_id, scopes, allowed, audience, *more = row
    made_at, until, key, proved_at, sid, inactive, disabled_at, registered, *limits = more
    return LivingToken(
        grant_id, client_id, row_id, names_in(scopes), None if allowed is None else names_in(allowed),
        _audience(audience), made_at, until, key, proved_at, sid, inactive, disabled_at,
        *_registered(registered), *limits,
    )  # fmt: skip


def of_service_from(row: Sequence[Any] | None) -> LivingServiceToken | None:
    """A token as `OF_SERVICE` asks for it."""
    if row is None:
        return None
    grant_id, client_id, scopes, audience, made_at, until, key, disabled_at, registered = row
    return LivingServiceToken(
        grant_id, client_id, names_in(scopes), _audience(audience), made_at, until, key, disabled_at,
        _registered(registered)[0],
    )  # fmt: skip


@lru_cache(maxsize=256)
def _audience(kept: str) -> tuple[str, ...]:
    return tuple(json.loads(kept))


@lru_cache(maxsize=256)
def _registered(registered: str | None) -> tuple[frozenset[str], bool]:
    """The scopes that a client may have, and whether it has names of its own for people, of all that it has registered."""
    said = json.loads(registered or "{}")
    return frozenset(said.get("scopes", ())), bool(said.get("is_pairwise", True))


def add(conn: sa.Connection, account_id: AccountId, digest: bytes, token: AccessToken) -> None:
    """Remember a token that was issued."""
    _ADD.run(conn, {
        "account_id": account_id, "digest": digest, "grant_id": token.grant_id, "scopes": list(token.scopes),
        "audience": list(token.audience), "made_at": token.made_at, "until": token.until,
        "key_thumbprint": token.key_thumbprint,
    })  # fmt: skip


def grant_of(conn: sa.Connection, account_id: AccountId, digest: bytes) -> str | None:
    """The grant of a token, also of one that has expired; or `None`."""
    mine = (access_tokens.c.account_id == account_id) & (access_tokens.c.digest == digest)
    return conn.scalar(sa.select(access_tokens.c.grant_id).where(mine))


def end(conn: sa.Connection, account_id: AccountId, digest: bytes) -> bool:
    """Forget one token; false when there was none."""
    mine = (access_tokens.c.account_id == account_id) & (access_tokens.c.digest == digest)
    return conn.execute(access_tokens.delete().where(mine)).rowcount == 1


def end_of_grants(conn: sa.Connection, account_id: AccountId, ids: Sequence[str]) -> int:
    """Forget the tokens of grants; returns how many there were."""
    where = (access_tokens.c.account_id == account_id) & access_tokens.c.grant_id.in_(ids)
    return conn.execute(access_tokens.delete().where(where)).rowcount


def narrow(conn: sa.Connection, account_id: AccountId, grant_id: str, scopes: Collection[str]) -> None:
    """Leave the tokens of a grant these scopes at most."""
    mine = (access_tokens.c.account_id == account_id) & (access_tokens.c.grant_id == grant_id)
    for row in conn.execute(sa.select(access_tokens.c.digest, access_tokens.c.scopes).where(mine)).all():
        left = [scope for scope in row.scopes if scope in scopes]
        if left != row.scopes:
            conn.execute(
                access_tokens.update().where(mine, access_tokens.c.digest == row.digest).values(scopes=left)
            )


def count_living(conn: sa.Connection, account_id: AccountId, ids: Sequence[str], now: datetime) -> int:
    """How many tokens of these grants have not expired, for the details of a row (R32)."""
    where = (access_tokens.c.account_id == account_id) & access_tokens.c.grant_id.in_(ids)
    living = sa.select(sa.func.count()).select_from(access_tokens).where(where, access_tokens.c.until > now)
    return int(conn.scalar(living) or 0)


def purge(conn: sa.Connection, before: datetime, limit: int) -> int:
    """Forget tokens that expired before that moment; returns how many."""
    old = sa.select(access_tokens.c.account_id, access_tokens.c.digest).where(access_tokens.c.until < before)
    keys = conn.execute(old.order_by(access_tokens.c.until).limit(limit)).all()
    for account_id, digest in keys:
        end(conn, AccountId(account_id), digest)
    return len(keys)
