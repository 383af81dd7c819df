"""Hashes of passwords that another app made, as its people bring them along: read, and judged by what they would cost.

Django's, Werkzeug's (Flask), passlib's and the modular forms of bcrypt, PBKDF2, scrypt and argon2. Each is kept until
its owner signs in, and then made anew.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LONGEST = 512
MOST_MEMORY = 128 * 1024
"""KiB that one look may need: the parameters of Django, Werkzeug and OWASP need at most 100 MiB."""
MOST_TIME, MOST_TIME_OF_ALL = 1_100.0, 2_200.0
"""Milliseconds that one look may take, and those of all kinds together: each sign-in spends them (security 6.3.8)."""
LEAST_SALT, LEAST_WANTED = 1, 16


class Family(StrEnum):
    """What is worked in the same way."""

    ARGON2I = "argon2i"
    ARGON2ID = "argon2id"
    BCRYPT = "bcrypt"
    PBKDF2_SHA1 = "sha1"
    PBKDF2_SHA256 = "sha256"
    PBKDF2_SHA512 = "sha512"
    SCRYPT = "scrypt"


DIGEST_SIZE = {Family.PBKDF2_SHA1: 20, Family.PBKDF2_SHA256: 32, Family.PBKDF2_SHA512: 64}
# Milliseconds for each unit of cost, measured on one core of a small server and rounded up.
_TIME = {
    Family.ARGON2I: 0.0007, Family.ARGON2ID: 0.0007, Family.BCRYPT: 0.065, Family.SCRYPT: 0.0005,
    Family.PBKDF2_SHA1: 0.0004, Family.PBKDF2_SHA256: 0.0005, Family.PBKDF2_SHA512: 0.0009,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class OldHash:
    """One of them, read. Parameters are those of its family: rounds; or n, r, p; or passes, KiB, lanes.

    `is_digested` is Django's way around the length that bcrypt reads: the password's SHA-256 comes first.
    """

    family: Family
    parameters: tuple[int, ...]
    salt: bytes = field(default=b"", repr=False)
    wanted: bytes = field(default=b"", repr=False)
    is_digested: bool = False

    @property
    def cost(self) -> int:
        """How much is worked, in units that take the same time within a family."""
        if self.family is Family.BCRYPT:
            return 1 << min(self.parameters[0], 31)
        if self.family is Family.SCRYPT:
            n, r, p = self.parameters
            return n * r * p
        if self.family in (Family.ARGON2I, Family.ARGON2ID):
            return self.parameters[0] * self.parameters[1]
        return self.parameters[0]

    @property
    def milliseconds(self) -> float:
        """About how long one look takes."""
        return self.cost * _TIME[self.family]

    @property
    def kibibytes(self) -> int:
        """How much memory one look takes."""
        if self.family is Family.SCRYPT:
            return self.parameters[0] * self.parameters[1] // 8
        return self.parameters[1] if self.family in (Family.ARGON2I, Family.ARGON2ID) else 4


@dataclass(frozen=True, slots=True)
class HashProblem:
    """Why a hash is refused."""

    code: str
    sentence: str


def read_hash(text: str) -> OldHash | None:
    """The hash in a text, or `None` when it is of no kind that is known here."""
    if len(text) > LONGEST or not text.isascii():
        return None
    for pattern, read in _FORMS:
        if (found := pattern.fullmatch(text)) is not None:
            try:
                return read(found)
            except (ValueError, KeyError, binascii.Error):
                return None
    return None


def is_no_password(text: str) -> bool:
    """Whether it says that there is none: nothing at all, or Django's mark."""
    return not text or text.startswith("!")


def why_refused(old: OldHash | None, others: Mapping[Family, OldHash]) -> HashProblem | None:
    """The reason to refuse a hash, or `None`; `others` are the costliest of each family that are there already."""
    if old is None or not _is_sound(old):
        return HashProblem("hash_unknown", "The password's hash is of no kind that can be read.")
    if old.milliseconds > MOST_TIME or old.kibibytes > MOST_MEMORY:
        return HashProblem("hash_too_costly", "Each look at this hash would cost too much time or memory.")
    rest = sum(each.milliseconds for family, each in others.items() if family is not old.family)
    mine = max(old.milliseconds, others[old.family].milliseconds if old.family in others else 0.0)
    if rest + mine > MOST_TIME_OF_ALL:
        sentence = "With this kind of hash beside the others every sign-in would take too long."
        return HashProblem("hashes_too_many_kinds", sentence)
    return None


def costlier(old: OldHash, other: OldHash | None) -> OldHash:
    """The one of two of a family that takes longer, without anybody's salt and digest."""
    chosen = old if other is None or old.cost > other.cost else other
    return OldHash(chosen.family, chosen.parameters)


def _is_sound(old: OldHash) -> bool:
    """Whether the parameters are any, so that working with them can fail for nobody."""
    if len(old.salt) < LEAST_SALT or len(old.wanted) < LEAST_WANTED or min(old.parameters) < 1:
        return False
    if old.family is Family.BCRYPT:
        return 4 <= old.parameters[0] <= 31
    if old.family is Family.SCRYPT:
        n, r, p = old.parameters
        return n > 1 and n & (n - 1) == 0 and r <= 64 and p <= 64 and len(old.wanted) <= 64
    if old.family in (Family.ARGON2I, Family.ARGON2ID):
        _passes, memory, lanes = old.parameters
        return len(old.salt) >= 8 and lanes <= 16 and memory >= 8 * lanes and len(old.wanted) <= 64
    return len(old.wanted) <= DIGEST_SIZE[old.family]


def _base64(text: str) -> bytes:
    """With or without its padding, and in passlib's letters too."""
    text = text.replace(".", "+").rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _bcrypt(found: re.Match[str]) -> OldHash:
    salt, wanted = found["salt"].encode(), found["wanted"].encode()
    return OldHash(
        Family.BCRYPT, (int(found["rounds"]),), salt, wanted, is_digested=found["digested"] is not None
    )


def _pbkdf2_of_django(found: re.Match[str]) -> OldHash:
    family, rounds = Family(found["digest"]), int(found["rounds"])
    return OldHash(family, (rounds,), found["salt"].encode(), _base64(found["wanted"]))


def _pbkdf2_of_passlib(found: re.Match[str]) -> OldHash:
    family, rounds = Family(found["digest"] or "sha1"), int(found["rounds"])
    return OldHash(family, (rounds,), _base64(found["salt"]), _base64(found["wanted"]))


def _pbkdf2_of_werkzeug(found: re.Match[str]) -> OldHash:
    family, rounds = Family(found["digest"]), int(found["rounds"])
    return OldHash(family, (rounds,), found["salt"].encode(), bytes.fromhex(found["wanted"]))


def _scrypt_of_django(found: re.Match[str]) -> OldHash:
    return OldHash(Family.SCRYPT, _three(found), found["salt"].encode(), _base64(found["wanted"]))


def _scrypt_of_werkzeug(found: re.Match[str]) -> OldHash:
    return OldHash(Family.SCRYPT, _three(found), found["salt"].encode(), bytes.fromhex(found["wanted"]))


def _scrypt_of_passlib(found: re.Match[str]) -> OldHash:
    parameters = (1 << int(found["ln"]), int(found["r"]), int(found["p"]))
    return OldHash(Family.SCRYPT, parameters, _base64(found["salt"]), _base64(found["wanted"]))


def _argon2(found: re.Match[str]) -> OldHash:
    parameters = (int(found["t"]), int(found["m"]), int(found["p"]))
    return OldHash(Family(found["kind"]), parameters, _base64(found["salt"]), _base64(found["wanted"]))


def _three(found: re.Match[str]) -> tuple[int, int, int]:
    return int(found["n"]), int(found["r"]), int(found["p"])


_N, _B64 = "[0-9]{1,10}", "[A-Za-z0-9+/.]+={0,2}"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], OldHash]], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        ((r"(?:bcrypt\$|(?P<digested>bcrypt_sha256)\$)?\$2[aby]\$(?P<rounds>[0-9]{2})"
          r"\$(?P<salt>[./A-Za-z0-9]{22})(?P<wanted>[./A-Za-z0-9]{31})"), _bcrypt),
        (rf"pbkdf2_(?P<digest>sha1|sha256|sha512)\$(?P<rounds>{_N})\$(?P<salt>[^$]+)\$(?P<wanted>{_B64})",
         _pbkdf2_of_django),
        (rf"\$pbkdf2(?:-(?P<digest>sha256|sha512))?\$(?P<rounds>{_N})\$(?P<salt>{_B64})\$(?P<wanted>{_B64})",
         _pbkdf2_of_passlib),
        (rf"pbkdf2:(?P<digest>sha1|sha256|sha512):(?P<rounds>{_N})\$(?P<salt>[^$]+)\$(?P<wanted>[0-9a-f]+)",
         _pbkdf2_of_werkzeug),
        (rf"scrypt\$(?P<n>{_N})\$(?P<salt>[^$]+)\$(?P<r>{_N})\$(?P<p>{_N})\$(?P<wanted>{_B64})", _scrypt_of_django),
        (rf"scrypt:(?P<n>{_N}):(?P<r>{_N}):(?P<p>{_N})\$(?P<salt>[^$]+)\$(?P<wanted>[0-9a-f]+)", _scrypt_of_werkzeug),
        (rf"\$scrypt\$ln=(?P<ln>[0-9]{{1,2}}),r=(?P<r>{_N}),p=(?P<p>{_N})\$(?P<salt>{_B64})\$(?P<wanted>{_B64})",
         _scrypt_of_passlib),
        ((rf"(?:argon2)?\$(?P<kind>argon2id?)\$v=19\$m=(?P<m>{_N}),t=(?P<t>{_N}),p=(?P<p>{_N})"
          rf"\$(?P<salt>{_B64})\$(?P<wanted>{_B64})"), _argon2),
    )
)  # fmt: skip
