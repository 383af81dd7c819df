"""What a password must be: long, and not what everybody would guess first (D33, NIST SP 800-63B-4).

A password is read the way a guesser would write it: as common words, one's own name, runs along the keyboard
and repetitions. Each piece costs a guesser a few bits; what is cheap altogether is refused, with the reason.
Nothing is asked about which characters it must have.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from math import log2
from typing import NamedTuple

from signedin.rules.wording import counted
from signedin.rules.wording import marked as _

SHORTEST = 15
LONGEST = 1024
CommonPasswords = Mapping[str, int]
"""Common words and passwords in lower case, each with its rank: 1 is guessed first."""

_ENOUGH_BITS, _ENOUGH_WITHOUT_SIGNS = 30.0, 22.0
_JUDGED = 128
_LONGEST_WORD = 40
_LONGEST_RUN = 40
_ROWS = (
    "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn",
    "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю", "!@#$%^&*()", "qwertasdfgzxcvb", "1234qwerasdfzxcv",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "1qazxsw23edcvfr45tgbnhy67ujm", "qazwsxedcrfvtgbyhnujmikolp",
    "zaq1xsw2cde3vfr4bgt5nhy6mju7", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "1qa2ws3ed4rf5tg6yh7uj8ik",
    "a1b2c3d4e5f6g7h8i9", "1a2b3c4d5e6f7g8h9i", "0a1b2c3d4e5f6g7h8i9j",
)  # fmt: skip
_RUNS = "\n".join(row + row for each in _ROWS for row in (each, each[::-1]))
_LEET = (str.maketrans("@4301!$578", "aaeoiisstb"), str.maketrans("@4301!$57+9", "aaeollssttg"),
         str.maketrans("@$5", "ass"))  # fmt: skip
_YEAR = re.compile("(?:19|20)[0-9]{2}")


class _Why(Enum):
    """What a piece of a password is; the reason told is that of the pieces that make up most of it."""

    REPEATS = _("The password repeats the same few characters.")
    KEYBOARD = _("The password runs along the keyboard or the alphabet.")
    PERSONAL = _("The password is made of your name, your address or this site's name.")
    COMMON = _("The password is a common one, or derived from one.")
    OTHER = _("The password is too easily guessed.")


@dataclass(frozen=True, slots=True)
class PasswordProblem:
    """Why a password is refused: a code and a sentence."""

    code: str
    sentence: str


class _Piece(NamedTuple):
    """A part of a password as a guesser would write it, and how many bits that is worth."""

    end: int
    bits: float
    why: _Why


class _Guesser(NamedTuple):
    """What a guesser knows: the common words, and the words of this person and site."""

    common: CommonPasswords
    own: frozenset[str]


def why_refused(
    password: str,
    *,
    words: Iterable[str] = (),
    common: CommonPasswords | None = None,
    shortest: int = SHORTEST,
) -> PasswordProblem | None:
    """The reason to refuse a password, or `None`; no rule about which characters it must have.

    `words` are what an attacker would try first: the name, the address, the host, the product. Length is
    counted in code points after NFC, as people see them; what is guessed is read after NFKC, as it is hashed.
    """
    if len(password) > LONGEST:
        sentence = counted(
            "The password may have at most {n} character.",
            "The password may have at most {n} characters.", LONGEST,
        )  # fmt: skip
        return PasswordProblem("too_long", sentence)
    if len(unicodedata.normalize("NFC", password)) < shortest:
        sentence = counted(
            "The password needs at least {n} character.",
            "The password needs at least {n} characters.", shortest,
        )  # fmt: skip
        return PasswordProblem("too_short", sentence)
    text = unicodedata.normalize("NFKC", password).casefold()[:_JUDGED]
    guesser = _Guesser(common or {}, frozenset(part for word in words for part in _parts(word)))
    why = _repeats(password) or _one_word(text, guesser) or _easily_guessed(text, guesser)
    return None if why is None else PasswordProblem(why.name.lower(), why.value)


def _repeats(password: str) -> _Why | None:
    """Whether it is one short thing over and over, with or without signs between, or of very few characters."""
    seen = unicodedata.normalize("NFC", password)
    for form in (seen, _bare(seen)):
        if any(form[size:] == form[:-size] for size in range(1, min(SHORTEST, len(form) // 2 + 1))):
            return _Why.REPEATS
    return _Why.REPEATS if len(set(seen)) < 5 else None


def _parts(word: str) -> Iterator[str]:
    """A word of one's own, whole and in parts: "ada@example.org" is also ada, example and org."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    for part in (*re.split(r"[\W_]+", folded), re.sub(r"[\W_]+", "", folded), folded):
        if len(part) >= (3 if part.isascii() else 2):
            yield part


def _bare(text: str) -> str:
    return "".join(ch for ch in text if ch.isalnum())


def _easily_guessed(text: str, guesser: _Guesser) -> _Why | None:
    """Whether a guesser comes by it soon: as it is, without its signs, or with every stutter said once."""
    forms = {text: _ENOUGH_BITS, re.sub(r"(.)\1{2,}", r"\1", text, flags=re.DOTALL): _ENOUGH_BITS}
    if re.fullmatch(r"(?:(.)\1+)+", text, flags=re.DOTALL):
        forms[re.sub(r"(.)\1+", r"\1", text, flags=re.DOTALL)] = _ENOUGH_BITS
    bare = _bare(text)
    if len(bare) * 2 >= len(text):
        forms.setdefault(bare, _ENOUGH_WITHOUT_SIGNS)
    return next((why for form, enough in forms.items() if (why := _cheaper(form, enough, guesser))), None)


def _one_word(text: str, guesser: _Guesser) -> _Why | None:
    """Whether it is one word with digits and signs around it, however many those are."""
    letters = "".join(ch if ch.isalpha() else " " for ch in text)
    tail = len(text) - len(letters.rstrip())
    for core in (
        letters.strip(),
        text[: len(text) - tail],
        text.strip("0123456789"),
        _bare(text).strip("0123456789"),
    ):
        for word in _spellings(core):
            if len(word) >= 3 and word in guesser.own:
                return _Why.PERSONAL
            if len(word) >= 3 and word in guesser.common:
                return _Why.COMMON
    return None


def _spellings(text: str) -> set[str]:
    spelt = {text, *(text.translate(table) for table in _LEET)}
    return spelt | {each[::-1] for each in spelt}


def _cheaper(text: str, enough: float, guesser: _Guesser) -> _Why | None:
    """What most of it is, if all of its pieces together cost a guesser less than that; or `None`."""
    best: list[tuple[float, int, _Why]] = [(0.0, 0, _Why.COMMON)]
    best += [(enough, 0, _Why.COMMON)] * len(text)
    spelt = [text, *(text.translate(table) for table in _LEET)]
    for at in range(len(text)):
        if best[at][0] >= enough:
            continue
        for piece in _pieces(text, spelt, at, guesser):
            bits = best[at][0] + piece.bits
            if bits < best[piece.end][0]:
                best[piece.end] = (bits, at, piece.why)
    return _most(best) if best[-1][0] < enough else None


def _most(best: list[tuple[float, int, _Why]]) -> _Why:
    covered = {_Why.PERSONAL: 0, _Why.COMMON: 0, _Why.KEYBOARD: 0, _Why.REPEATS: 0, _Why.OTHER: -SHORTEST}
    end = len(best) - 1
    while end > 0:
        _, start, why = best[end]
        covered[why] += end - start
        end = start
    return max(covered, key=lambda why: covered[why])


def _pieces(text: str, spelt: list[str], at: int, guesser: _Guesser) -> Iterator[_Piece]:
    yield _Piece(at + 1, _bits_of(text[at]), _Why.OTHER)
    if _YEAR.match(text, at):
        yield _Piece(at + 4, 5.0, _Why.OTHER)
    run = _run_length(text, at)
    if run >= 3:
        yield _Piece(at + run, 5.0, _Why.KEYBOARD)
    for length in range(1, min(at, len(text) - at) + 1):
        if text[at - length : at] == text[at : at + length]:
            yield _Piece(at + length, 2.0, _Why.REPEATS)
    for end in range(at + 3, min(len(text), at + _LONGEST_WORD) + 1):
        if text[at:end] not in text[:at]:
            break
        yield _Piece(end, 4.0, _Why.REPEATS)
    for end in range(at + 2, min(len(text), at + _LONGEST_WORD) + 1):
        yield from _words({each[at:end] for each in spelt}, end, guesser)


def _words(spellings: set[str], end: int, guesser: _Guesser) -> Iterator[_Piece]:
    """The word that ends there, read forwards or backwards."""
    for spelling in spellings:
        for word, bits in ((spelling, 2.0), (spelling[::-1], 3.0)):
            if word in guesser.own:
                yield _Piece(end, bits, _Why.PERSONAL)
            elif word in guesser.common:
                yield _Piece(end, bits + log2(guesser.common[word]), _Why.COMMON)


def _bits_of(character: str) -> float:
    if not character.isascii():
        return 6.0
    if character.isalpha():
        return 4.7
    return 3.3 if character.isdigit() else 2.0 if character in " -_." else 5.0


def _run_length(text: str, at: int) -> int:
    """How far the text goes along a row of keys, or up or down an alphabet, from there on."""
    length = 1
    while at + length < len(text) and length < _LONGEST_RUN and text[at : at + length + 1] in _RUNS:
        length += 1
    steps = [ord(b) - ord(a) for a, b in pairwise(text[at : at + _LONGEST_RUN])]
    same = next((n for n, step in enumerate(steps) if step != steps[0]), len(steps)) if steps else 0
    return max(length, same + 1 if steps and abs(steps[0]) in {1, 2} else 1)
