"""Hashes that another app made: worked, and which families of them there are, so that all sign-ins work alike."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping

import argon2.low_level as argon2
import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.old_hash import DIGEST_SIZE, Family, OldHash, costlier
from signedin.store.accounts import passwords
from signedin.store.schema import Json, insert, metadata

Costliest = Mapping[Family, OldHash]
"""Of each family that is there the one that takes longest, without anybody's salt and digest."""

_BCRYPT_READS = 72
_SALT, _BCRYPT_SALT, _LENGTH = b"nobody's salt...", b"abcdefghijklmnopqrstuu", 32
_PADDING_N, _PADDING_R, _PADDING_KIB = 1024, 8, 65_536

old_hashes = sa.Table(
    "old_hashes",
    metadata,
    sa.Column("family", sa.Text, primary_key=True),
    sa.Column("parameters", Json, nullable=False),
    comment="which families of hashes other apps have made are here, each with the costliest parameters",
)


def matches(old: OldHash | None, guess: bytes, costliest: Costliest) -> bool:
    """Whether a guess is right; the same is worked for everybody, whoever's hash it is, or nobody's (security 6.3.8).

    Each family that is here is worked as long as its costliest hash takes: for real where that is this person's
    family, with what is missing to the costliest after it, and for nothing everywhere else.
    """
    is_right = False
    for family in sorted({*costliest, *([old.family] if old else ())}):
        if old is not None and old.family is family:
            is_right = hmac.compare_digest(worked(old, guess), old.wanted)
            if family in costliest:
                _spend(family, costliest[family].cost - old.cost, old.cost, guess)
        else:
            worked(costliest[family], guess)
    return is_right


def worked(old: OldHash, guess: bytes) -> bytes:
    """What the guess comes to, with the salt and parameters of that hash; as that app read it."""
    length, salt = len(old.wanted) or _LENGTH, old.salt or _SALT
    if old.family is Family.BCRYPT:
        digested = hashlib.sha256(guess).hexdigest().encode() if old.is_digested else guess
        return _bcrypt(old.parameters[0], old.salt or _BCRYPT_SALT, digested)
    if old.family is Family.SCRYPT:
        n, r, p = old.parameters
        return _scrypt(n, r, p, salt, guess, length)
    if old.family in (Family.ARGON2I, Family.ARGON2ID):
        passes, memory, lanes = old.parameters
        kind = argon2.Type.I if old.family is Family.ARGON2I else argon2.Type.ID
        return argon2.hash_secret_raw(guess, salt, passes, memory, lanes, length, kind)
    size = min(length, DIGEST_SIZE[old.family])
    return hashlib.pbkdf2_hmac(old.family, guess, salt, old.parameters[0], size)


def found(conn: sa.Connection) -> Costliest:
    """The families that are here."""
    rows = conn.execute(sa.select(old_hashes.c.family, old_hashes.c.parameters))
    return {Family(family): OldHash(Family(family), tuple(parameters)) for family, parameters in rows}


def keep(conn: sa.Connection, account_id: AccountId, text: str, old: OldHash) -> None:
    """Mark the hash of an account as an old one, and let every sign-in work as long as it takes from now on."""
    mine = passwords.c.account_id == account_id
    conn.execute(passwords.update().where(mine & (passwords.c.hash == text)).values(family=old.family.value))
    values = {"parameters": list(costlier(old, found(conn).get(old.family)).parameters)}
    conn.execute(
        insert(conn, old_hashes)
        .values(family=old.family.value, **values)
        .on_conflict_do_update(index_elements=["family"], set_=values)
    )


def forget_unused(conn: sa.Connection) -> Iterable[str]:
    """Work no longer for families that nobody has any more; returns which those were."""
    unused = [
        family
        for family in found(conn)
        if conn.execute(
            sa.select(passwords.c.account_id).where(passwords.c.family == family.value).limit(1)
        ).first()
        is None
    ]
    conn.execute(old_hashes.delete().where(old_hashes.c.family.in_([family.value for family in unused])))
    return unused


def _bcrypt(rounds: int, salt: bytes, guess: bytes) -> bytes:
    import bcrypt  # only where there are such hashes

    return bcrypt.hashpw(guess[:_BCRYPT_READS], b"$2b$%02d$%s" % (rounds, salt))[-31:]


def _scrypt(n: int, r: int, p: int, salt: bytes, guess: bytes, length: int = _LENGTH) -> bytes:
    memory = 128 * r * (n + p + 2) + 65_536
    return hashlib.scrypt(guess, salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=length)


def _spend(family: Family, rest: int, done: int, guess: bytes) -> None:
    """Work that much more, for nothing."""
    if rest <= 0:
        return
    if family is Family.BCRYPT:
        for rounds in range(done.bit_length() - 1, (done + rest).bit_length() - 1):
            _bcrypt(rounds, _BCRYPT_SALT, guess)  # they double: together they are the difference
    elif family is Family.SCRYPT:
        _scrypt(_PADDING_N, _PADDING_R, max(1, rest // (_PADDING_N * _PADDING_R)), _SALT, guess)
    elif family in (Family.ARGON2I, Family.ARGON2ID):
        passes = -(-rest // _PADDING_KIB)
        argon2.hash_secret_raw(guess, _SALT, passes, max(8, rest // passes), 1, _LENGTH, argon2.Type.ID)
    else:
        hashlib.pbkdf2_hmac(family, guess, _SALT, rest, _LENGTH)
