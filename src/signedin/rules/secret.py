"""Secrets: tokens made once, shown once, kept only as a digest; and the public ids that lead as they do.

    sgn_<kind>_<43 secret><1 key id><11 way><6 checksum>

The secret is 256 random bits. The way leads to the account's shard: the account id under a pad that only the
keyring can make and that differs for every token, so two tokens of one account share nothing visible. The
checksum lets secret scanners work without a database; it saves a query and grants nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b, sha256
from typing import NamedTuple
from zlib import crc32

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = {a + b: high * 62 + low for high, a in enumerate(ALPHABET) for low, b in enumerate(ALPHABET)}
_ONES = {character: value for value, character in enumerate(ALPHABET)}
_SECRET, _WAY, _CRC, _PUBLIC = 43, 11, 6, 14
_PREFIX = 8
_KID_AT = _PREFIX + _SECRET
_CRC_AT = _KID_AT + 1 + _WAY
LENGTH = _CRC_AT + _CRC
_HEAD_PART, _NAMED_PART = slice(_CRC_AT), slice(4, _KID_AT)
_BODY_PART, _WAY_PART = slice(_PREFIX, None), slice(_KID_AT + 1, _CRC_AT)
ID_LENGTH = _PUBLIC + 1 + _WAY
LARGEST_ACCOUNT_ID = 2**63 - 1

TOKEN_PATTERN = rf"sgn_[a-z]{{3}}_[0-9A-Za-z]{{{LENGTH - _PREFIX}}}"
"""For secret scanners: what a token of ours looks like (security T6)."""


class Kind(StrEnum):
    """The kinds of token; every door takes exactly those it names (contract: Tokens)."""

    SES = "ses"
    APP = "app"
    HST = "hst"
    ACC = "acc"
    REF = "ref"
    COD = "cod"
    DEV = "dev"
    KEY = "key"
    SVC = "svc"
    PEN = "pen"
    TIK = "tik"
    LNK = "lnk"
    INV = "inv"
    BRW = "brw"
    CLS = "cls"
    REG = "reg"

    __hash__ = str.__hash__
    """As equal texts have it, and on the path of every request: that of an Enum is a function in Python."""


HOST_KINDS = frozenset({Kind.HST})
"""What signs in by the cookie of one host, as a child of a session."""
SESSION_KINDS = frozenset({Kind.SES, Kind.HST})
"""What signs in by cookie at our own host: a session's secret, or what a ticket has put in its place."""
BEARER_KINDS = frozenset({Kind.APP})
"""What signs in by a bearer header, as a session: that of a first-party app, or begun by a backend."""
_KINDS = {f"sgn_{kind.value}_": kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class WayKeys:
    """The keys that hide the way: `current` is the id of the one in use, one character of the alphabet."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)
    begun: Mapping[str, blake2b] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Begin each key's hash here once: going on from a copy takes half the time (the hot path)."""
        begun = {
            kid: blake2b(digest_size=8, key=key, person=b"signedin-way") for kid, key in self.keys.items()
        }
        object.__setattr__(self, "begun", begun)


class TokenRead(NamedTuple):
    """A token as it was read: enough to look it up, not to make it again."""

    kind: Kind
    account_id: int
    digest: bytes


def make_token(kind: Kind, account_id: int, keys: WayKeys, source: bytes | None = None) -> str:
    """A new secret of that kind; shown once by whoever asked for it. Account 0 is for who has none yet.

    `source` are 256 bits that only the keyring can make, where the same secret has to be made again.
    """
    secret = _encode(int.from_bytes(source or secrets.token_bytes(32), "big"), _SECRET)
    named = f"{kind.value}_{secret}"
    head = f"sgn_{named}{keys.current}{_hidden(account_id, keys, named)}"
    return head + _encode(crc32(head.encode()), _CRC)


def digest(token: str) -> bytes:
    """What is kept of a token: SHA-256 over all of it, the kind included, so no kind passes for another."""
    return sha256(token.encode()).digest()


def host_digest(token: str, host: str) -> bytes:
    """What is kept of a host's cookie: over the host too, so that at another host it is nothing (security C2).

    Our own host is the empty one.
    """
    return sha256(f"{token}\n{host}".encode()).digest()


def is_of_a_host(text: str) -> bool:
    """Whether a text begins like a host's cookie."""
    return text[4:7] == "hst"


def read_token(text: str, kinds: Collection[Kind], keys: WayKeys) -> TokenRead | None:
    """The token in a text, if it is one of these kinds and was not mistyped; costs no query.

    Nothing is proved by reading: only a row with the digest proves anything (security T3).
    """
    hashed = digest_of(text, kinds)
    account_id = None if hashed is None else way_of(text, keys)
    if hashed is None or account_id is None:
        return None
    return TokenRead(_KINDS[text[:_PREFIX]], account_id, hashed)


def digest_of(text: str, kinds: Collection[Kind], host: str = "") -> bytes | None:
    """The digest of a text that has the shape of a token of one of these kinds; nothing is read yet.

    Of a host's cookie it is the one that it has at that host.

    On the path of every request, so written for speed, like `way_of`: the cheapest doubts come first.
    """
    kind = _KINDS.get(text[:_PREFIX])
    if kind is None or len(text) != LENGTH or kind not in kinds or not text.isascii():
        return None
    return host_digest(text, host) if kind is Kind.HST else sha256(text.encode()).digest()


def way_of(text: str, keys: WayKeys) -> int | None:
    """The account that a text with the shape of a token leads to, or `None` when it was mistyped."""
    data = text.encode()
    begun = keys.begun.get(text[_KID_AT])
    if begun is None or not data[_BODY_PART].isalnum() or _checksum(text) != crc32(data[_HEAD_PART]):
        return None
    account_id = _way(text[_WAY_PART]) ^ _pad(begun, data[_NAMED_PART])
    return None if account_id >> 63 else account_id


def why_unreadable(text: str, kinds: Collection[Kind]) -> str:
    """The reason code for a text that `read_token` could not read: missing, wrong_kind or malformed."""
    if not text:
        return "missing"
    kind = _KINDS.get(text[:_PREFIX])
    return "wrong_kind" if kind is not None and kind not in kinds else "malformed"


def make_session_id(account_id: int, keys: WayKeys) -> str:
    """A new public id for a row of the list: opaque, and it leads to the account's shard like a token does."""
    public = _encode(secrets.randbelow(62**_PUBLIC), _PUBLIC)
    return f"{public}{keys.current}{_hidden(account_id, keys, public)}"


def account_of_session_id(text: str, keys: WayKeys) -> int | None:
    """The account that an id leads to, or `None` when it is no id of ours."""
    if len(text) != ID_LENGTH or not text.isascii() or not text.isalnum():
        return None
    begun = keys.begun.get(text[_PUBLIC])
    if begun is None:
        return None
    account_id = _way(text[_PUBLIC + 1 :]) ^ _pad(begun, text[:_PUBLIC].encode())
    return None if account_id >> 63 else account_id


def mask_secret(token: str) -> str:
    """A token as it may be shown again: its kind and its last four characters (security T4).

    >>> mask_secret("sgn_key_" + "0" * 61)
    'sgn_key_…0000'
    """
    return f"{token[:_PREFIX]}…{token[-4:]}"


def _hidden(account_id: int, keys: WayKeys, nonce: str) -> str:
    if not 0 <= account_id <= LARGEST_ACCOUNT_ID:
        raise ValueError("an account id has 63 bits")
    return _encode(account_id ^ _pad(keys.begun[keys.current], nonce.encode()), _WAY)


def _pad(begun: blake2b, nonce: bytes) -> int:
    """64 bits that only the key can make; the lengths of nonces keep tokens and public ids apart."""
    hashing = begun.copy()
    hashing.update(nonce)
    return int.from_bytes(hashing.digest(), "big")


def _encode(number: int, length: int) -> str:
    characters = []
    for _ in range(length):
        number, rest = divmod(number, 62)
        characters.append(ALPHABET[rest])
    return "".join(reversed(characters))


def _way(text: str) -> int:
    """The number that eleven letters and digits mean, written out because every request asks for it."""
    high = _PAIRS[text[0:2]] * 3844 + _PAIRS[text[2:4]]
    low = (_PAIRS[text[4:6]] * 3844 + _PAIRS[text[6:8]]) * 3844 + _PAIRS[text[8:10]]
    return (high * 56_800_235_584 + low) * 62 + _ONES[text[10]]


def _checksum(text: str) -> int:
    """The number that the last six characters mean, in the same way."""
    return (_PAIRS[text[-6:-4]] * 3844 + _PAIRS[text[-4:-2]]) * 3844 + _PAIRS[text[-2:]]
