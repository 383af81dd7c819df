"""Hashes that other apps have made: which are read, and which would cost too much."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signedin.rules.old_hash import LONGEST, Family, OldHash, costlier, is_no_password, read_hash, why_refused

BCRYPT = "$2b$12$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq"
PBKDF2 = "pbkdf2_sha256$1000000$salt$l9GGLjsuOnBg4vQpyXbLZ1lLVJUiGXJ8eK6y3VE3Pto="
READ = {
    BCRYPT: (Family.BCRYPT, (12,)),
    f"bcrypt${BCRYPT}": (Family.BCRYPT, (12,)),
    f"bcrypt_sha256${BCRYPT}": (Family.BCRYPT, (12,)),
    BCRYPT.replace("2b", "2y"): (Family.BCRYPT, (12,)),
    PBKDF2: (Family.PBKDF2_SHA256, (1_000_000,)),
    "$pbkdf2-sha512$25000$LyWE0HrP2RsjZCxlDGFMKQ$l9GGLjsuOnBg4vQpyXbLZ1lLVJUiGXJ8eK6y3VE3Pto": (
        Family.PBKDF2_SHA512, (25_000,),
    ),
    "pbkdf2:sha256:600000$salt$" + "ab" * 32: (Family.PBKDF2_SHA256, (600_000,)),
    "scrypt$16384$salt$8$5$" + "A" * 86 + "==": (Family.SCRYPT, (16_384, 8, 5)),
    "scrypt:32768:8:1$salt$" + "ab" * 64: (Family.SCRYPT, (32_768, 8, 1)),
    "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$" + "A" * 43: (Family.ARGON2ID, (2, 102_400, 8)),
}  # fmt: skip


@pytest.mark.parametrize(("text", "read"), READ.items())
def test_the_hashes_of_django_flask_and_passlib_are_read_and_may_stay(text, read):
    old = read_hash(text)
    assert (old.family, old.parameters) == read
    assert why_refused(old, {}) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "plain", "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", "sha1$salt$" + "ab" * 20, "$1$salt$abcdef",
        BCRYPT.replace("2b", "2x"), BCRYPT[:-1], f"{BCRYPT}x", BCRYPT.replace("$12$", "$03$"),
        BCRYPT.replace("$12$", "$99$"), PBKDF2.replace("1000000", "0"), PBKDF2.replace("$salt$", "$$"),
        PBKDF2.replace("1000000", "-1"), "pbkdf2_sha256$1000$salt$AAAA", "scrypt$1000$salt$8$5$" + "A" * 86,
        "scrypt$16384$salt$0$5$" + "A" * 86, "argon2$argon2d$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$" + "A" * 43,
        "argon2$argon2id$v=19$m=8,t=1,p=9$c2FsdHNhbHQ$" + "A" * 43, "x" * (LONGEST + 1),
        "scrypt$16384$salt$8$5$" + "A" * 200,
    ],
)  # fmt: skip
def test_what_is_of_no_known_kind_is_refused(text):
    assert why_refused(read_hash(text), {}).code == "hash_unknown"


@pytest.mark.security("15.2.2")
@pytest.mark.parametrize(
    "text",
    [
        BCRYPT.replace("$12$", "$15$"), BCRYPT.replace("$12$", "$31$"), PBKDF2.replace("1000000", "4000000000"),
        PBKDF2.replace("1000000", "3000000"), "scrypt$1048576$salt$8$1$" + "A" * 86,
        "scrypt$16384$salt$8$64$" + "A" * 86, "$scrypt$ln=63,r=8,p=1$c2FsdA$" + "A" * 86,
        "$scrypt$ln=99,r=64,p=64$c2FsdA$" + "A" * 86,
        "argon2$argon2id$v=19$m=4000000,t=1,p=1$c2FsdHNhbHQ$" + "A" * 43,
        "argon2$argon2id$v=19$m=102400,t=4000000000,p=1$c2FsdHNhbHQ$" + "A" * 43,
    ],
)  # fmt: skip
def test_what_would_keep_the_server_busy_is_refused(text):
    assert why_refused(read_hash(text), {}).code == "hash_too_costly"


@pytest.mark.security("15.2.2")
def test_all_kinds_together_may_not_take_too_long_either():
    others = {
        Family.BCRYPT: OldHash(Family.BCRYPT, (14,)),
        Family.PBKDF2_SHA512: OldHash(Family.PBKDF2_SHA512, (900_000,)),
    }
    assert why_refused(read_hash(PBKDF2), others).code == "hashes_too_many_kinds"
    assert why_refused(read_hash(BCRYPT), others) is None, "no more than is worked already"


def test_of_a_family_the_costliest_is_kept_without_anybodys_salt():
    one, other = read_hash(PBKDF2), read_hash(PBKDF2.replace("1000000", "600000"))
    assert costlier(one, costlier(other, None)) == OldHash(Family.PBKDF2_SHA256, (1_000_000,))
    assert costlier(other, costlier(one, None)).parameters == (1_000_000,)


def test_no_password_is_said_by_nothing_or_by_djangos_mark():
    assert [is_no_password(each) for each in ("", "!abc", BCRYPT)] == [True, True, False]


@given(st.text(alphabet="$:=,!abcdef0123456789pbkdf2scryptargon2id_sha256", max_size=120))
def test_any_text_is_read_or_not_and_nothing_else_happens(text):
    why_refused(read_hash(text), {})
