"""What a token says, told to a client that may know (RFC 7662): the token's own, or a resource server that it is for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signedin.actions.authenticate_token import OpenedService, open_secret
from signedin.actions.means import Means
from signedin.actions.still_held import in_force_to_stay, still_held
from signedin.actions.which_token import which_token
from signedin.rules.account import AccountId
from signedin.rules.claims import subject_for, subject_of
from signedin.rules.client import Client, ClientKind
from signedin.rules.living import LivingServiceToken, LivingToken
from signedin.rules.moments import seconds_of
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.presence import Absence
from signedin.rules.secret import Kind, TokenRead
from signedin.store import clients, grants

INACTIVE: dict[str, Any] = {"active": False}
"""All that anybody learns of a token that is dead, unknown, or none of theirs (attack 24)."""
Told = dict[str, Any]


async def introspect(means: Means, caller: Client, text: str, issuer: str, now: datetime) -> Told:
    """What the token says, or that it is not active. One that a resource server asks about is used by that (R31).

    From where is not known then: the question comes from the resource server, and not from whoever uses the token.

    Raises:
        DatabaseProblem, Unavailable: it cannot be known.
    """
    read = await which_token(means, text, now)
    if read is None:
        return INACTIVE
    if read.kind is Kind.REF:
        return await means.database.read(_refresh_token, means, caller, read, issuer, now)
    account_id = AccountId(read.account_id)
    opened = await open_secret(means, account_id, read.digest, now)
    if isinstance(opened, Absence) or not _may_know(caller, opened.token.client_id, opened.token.audience):
        return INACTIVE
    if isinstance(opened, OpenedService):
        return _said(opened.token, opened.scopes, issuer) | {"sub": opened.token.client_id}
    its_client = opened.token.client_id
    if caller.id != its_client:
        means.recent.note(account_id, opened.token.row_id, "", now)
    subject = subject_for(means.keyring.mac, its_client, account_id, is_pairwise=opened.token.is_pairwise)
    told = _said(opened.token, opened.scopes, issuer)
    told["sub"], told["auth_time"] = subject, seconds_of(opened.token.authenticated_at)
    return told


def _may_know(caller: Client, client_id: str, audience: tuple[str, ...]) -> bool:
    """Whether it is the client's own token, or one for a resource server that the caller is."""
    is_one = caller.kind is ClientKind.SERVICE and caller.is_confidential
    return caller.id == client_id or (is_one and not set(caller.resources).isdisjoint(audience))


def _said(token: LivingToken | LivingServiceToken, scopes: frozenset[str], issuer: str) -> Told:
    told: Told = {
        "active": True, "scope": " ".join(sorted(scopes)), "client_id": token.client_id, "iss": issuer,
        "token_type": "DPoP" if token.key_thumbprint else "Bearer", "aud": list(token.audience) or issuer,
        "iat": seconds_of(token.made_at), "exp": seconds_of(token.until),
    }  # fmt: skip
    if token.key_thumbprint:
        told["cnf"] = {"jkt": token.key_thumbprint}
    return told


def _refresh_token(
    conn: sa.Connection, means: Means, caller: Client, read: TokenRead, issuer: str, now: datetime
) -> Told:
    """A refresh token is for its own client alone, and only the one in use."""
    account_id = AccountId(read.account_id)
    shown = grants.find_refresh(conn, account_id, read.digest)
    grant = grants.find(conn, account_id, shown.grant_id) if shown and shown.used_at is None else None
    client = clients.find(conn, caller.id)
    if grant is None or client is None or client.is_disabled or grant.client_id != caller.id:
        return INACTIVE
    try:
        account, row = still_held(conn, means, grant, now)
        allowed = in_force_to_stay(grant, client, row)
    except OAuthRefused:
        return INACTIVE
    told: Told = {
        "active": True, "scope": " ".join(allowed), "client_id": client.id, "iss": issuer,
        "sub": subject_of(means.keyring.mac, client, account), "exp": int(grant.until.timestamp()),
    }  # fmt: skip
    return told | ({"cnf": {"jkt": grant.key_thumbprint}} if grant.key_thumbprint else {})
