"""Signing what we say, and knowing again what we said: ID tokens, logout tokens, access tokens for resource servers.

Pairs are made at first need, with the first client, and sealed under the keyring (D19). They are told at
`/oauth/jwks` before they sign, and until all that they signed has expired.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
import structlog
from joserfc import jws
from joserfc.jwk import ECKey, Key, RSAKey

from signedin.actions.means import Means
from signedin.actions.read_statement import read_statement
from signedin.actions.signers import PURPOSE
from signedin.rules import errors
from signedin.rules.signing import KEPT, OURS, TOLD_BEFORE, is_told, signer_of
from signedin.rules.statement import is_in_time, moment_of
from signedin.store import signing_keys
from signedin.store.signing_keys import SigningKey

log = structlog.get_logger("signedin.security")


async def signed(means: Means, claims: dict[str, Any], *, typ: str, algorithm: str = "RS256") -> str:
    """What we say, signed, at the moment that its `iat` names.

    Raises:
        Unavailable: the keyring at hand cannot open the key.
    """
    now = moment_of(claims, "iat") or datetime.now(UTC)
    pair = _signer(await means.signers.known(means, now), algorithm, now)
    if pair is None:
        await make_pairs(means, now)
        pair = _signer(await means.signers.known(means, now, anew=True), algorithm, now)
    private = means.signers.private(means, pair) if pair else None
    if pair is None or private is None:
        log.error("the signing key cannot be opened", key=pair.id if pair else None, algorithm=algorithm)
        raise errors.Unavailable
    header = {"alg": algorithm, "kid": pair.id, "typ": typ}
    payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":"))
    return jws.serialize_compact(header, payload, private, [algorithm])


async def verified(
    means: Means, token: str, *, typ: str | None, now: datetime, may_be_expired: bool = False
) -> dict[str, Any] | None:
    """What we once said, if it was we and it still holds; `None` for everything else.

    `may_be_expired` is for hints: an ID token of long ago still tells whose sign-in it was about.
    """
    statement = None
    for anew in (False, True):
        pairs = await means.signers.known(means, now, anew=anew)
        counting = [each.public for each in pairs if may_be_expired or is_told(each, now)]
        statement = read_statement(token, counting, OURS)
        if statement is not None or not _may_be_newer(means, now):
            break
    if statement is None or (typ is not None and statement.typ != typ.lower()):
        return None
    return statement.claims if is_in_time(statement.claims, now, may_be_expired=may_be_expired) else None


async def jwk_set(means: Means, now: datetime | None = None) -> dict[str, Any]:
    """The public keys, as others have to know them now (RFC 7517); none before there is a client."""
    now = now or datetime.now(UTC)
    return {"keys": [each.public for each in await means.signers.known(means, now) if is_told(each, now)]}


async def make_pairs(means: Means, now: datetime) -> None:
    """Make a pair for each algorithm that has none; where two processes do at once, one of them is in time."""
    known = await means.database.read(signing_keys.every)
    for algorithm in OURS:
        if _signer(known, algorithm, now) is None:
            await means.database.write(_add_first, await _new_pair(means, algorithm, now), now)


async def rotate_signing(means: Means, now: datetime, *, at_once: bool = False) -> list[SigningKey]:
    """New pairs, which sign in ten minutes; the old ones sign until then, and are told for two hours more.

    With `at_once` the old ones, which others know, count for nothing any more: what they signed is refused by this
    process, by others once they read the keys again (`REMEMBERED`), and elsewhere as soon as the set is read again
    (`FOR_ANYBODY`). Returns the new ones.
    """
    fresh = [await _new_pair(means, algorithm, now) for algorithm in OURS]
    await means.database.write(_replace, fresh, now, at_once=at_once)
    await means.signers.known(means, now, anew=True)
    log.info("signing keys rotated", keys=[each.id for each in fresh], at_once=at_once)
    return fresh


def _add_first(conn: sa.Connection, pair: SigningKey, now: datetime) -> None:
    if _signer(signing_keys.every(conn), pair.algorithm, now) is None:
        signing_keys.add(conn, pair)


def _replace(conn: sa.Connection, fresh: Sequence[SigningKey], now: datetime, *, at_once: bool) -> None:
    for pair in fresh:
        signing_keys.add(conn, pair)
        retired_at = now if at_once else now + TOLD_BEFORE
        signing_keys.retire(conn, pair.algorithm, pair.id, retired_at)
    if at_once:
        signing_keys.forget_all_but(conn, [pair.id for pair in fresh])
    signing_keys.purge(conn, now - KEPT)


def _signer(pairs: Sequence[SigningKey], algorithm: str, now: datetime) -> SigningKey | None:
    return signer_of([each for each in pairs if each.algorithm == algorithm], now)


def _may_be_newer(means: Means, now: datetime) -> bool:
    """Whether another process may have made a key since ours were read: asked again at most once a second."""
    read_at = means.signers.read_at
    return read_at is None or (now - read_at).total_seconds() >= 1


async def _new_pair(means: Means, algorithm: str, now: datetime) -> SigningKey:
    key = await asyncio.to_thread(_made, algorithm)
    name = key.thumbprint()
    public = {**key.as_dict(private=False), "kid": name, "use": "sig", "alg": algorithm}
    sealed = means.keyring.encrypt(PURPOSE, 0, json.dumps(key.as_dict(private=True)).encode())
    return SigningKey(name, algorithm, public, sealed, now)


def _made(algorithm: str) -> Key:
    return RSAKey.generate_key(2048) if algorithm == "RS256" else ECKey.generate_key("P-256")
