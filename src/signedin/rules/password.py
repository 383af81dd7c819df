"""What a password must be: long, and not what everybody would guess first (D33, NIST SP 800-63B-4)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass

SHORTEST = 15
LONGEST = 1024
CommonPasswords = Collection[str]

_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm",
         "wxcvbn", "abcdefghijklmnopqrstuvwxyz", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p")  # fmt: skip
_LEET = str.maketrans("@4301!$57", "aaeoiisst")


@dataclass(frozen=True, slots=True)
class PasswordProblem:
    """Why a password is refused: a code and a sentence."""

    code: str
    sentence: str


def why_refused(
    password: str, *, words: Iterable[str] = (), common: CommonPasswords = ()
) -> PasswordProblem | None:  # one return per reason reads best
    """The reason to refuse a password, or `None`; no rule about which characters it must have.

    `words` are what an attacker would try first: the name, the address, the host, the product.
    """
    text = unicodedata.normalize("NFKC", password)
    if len(text) < SHORTEST:
        return PasswordProblem("too_short", f"The password needs at least {SHORTEST} characters.")
    if len(text) > LONGEST:
        return PasswordProblem("too_long", f"The password may have at most {LONGEST} characters.")
    bare = "".join(ch for ch in text.casefold() if ch.isalnum())
    if not bare or _repeats(text.casefold()) or _repeats(bare):
        return PasswordProblem("repeats", "The password repeats the same few characters.")
    if _is_run(bare):
        return PasswordProblem("keyboard", "The password runs along the keyboard or the alphabet.")
    own = {part for word in words for part in _parts(word)}
    if _left_over(bare, own) < 6:
        return PasswordProblem(
            "personal", "The password is made of your name, your address or this site's name."
        )
    if _is_common(text, bare, common):
        return PasswordProblem("common", "The password is a common one, or derived from one.")
    return None


def _repeats(text: str) -> bool:
    return len(text) > 1 and any(
        text == (text[:size] * (len(text) // size + 1))[: len(text)]
        for size in range(1, min(8, len(text) // 2) + 1)
    )


def _is_run(bare: str) -> bool:
    """Whether the text is made of runs along a row of keys, to the right or to the left."""
    at, rows = 0, [row for each in _ROWS for row in (each, each[::-1])]
    while at < len(bare):
        longest = max((_run_length(bare[at:], row) for row in rows), default=0)
        if longest < 3:
            return len(bare) - at <= 2 and at > 0
        at += longest
    return True


def _run_length(text: str, row: str) -> int:
    doubled, length = row + row, 0
    while length < len(text) and text[: length + 1] in doubled:
        length += 1
    return length


def _parts(word: str) -> set[str]:
    return {part for part in re.split(r"[^\w]+", word.casefold()) if len(part) >= 3}


def _left_over(bare: str, own: set[str]) -> int:
    """How many letters remain once one's own words and the digits are taken away; many when none is in it."""
    rest = bare
    for word in sorted(own, key=len, reverse=True):
        rest = rest.replace(word, "")
    if rest == bare:
        return len(bare)
    return len(rest.strip("0123456789"))


def _is_common(text: str, bare: str, common: CommonPasswords) -> bool:
    """Whether it is a common word or two with digits or signs around, repeated, reversed, or in other letters."""
    folded = text.casefold()
    forms = {folded, bare, folded.translate(_LEET), bare.translate(_LEET)}
    forms |= {form.strip("0123456789") for form in forms} | {re.sub(r"[\W\d_]+", "", form) for form in forms}
    forms |= {form[::-1] for form in forms}
    return any(form in common or _is_one_word_again(form, common) for form in forms if form)


def _is_one_word_again(form: str, common: CommonPasswords) -> bool:
    """Whether the form is one common word over and over, or a common word of most of its length."""
    for size in range(4, len(form) // 2 + 1):
        if len(form) % size == 0 and form == form[:size] * (len(form) // size) and form[:size] in common:
            return True
    return False
