"""Hashes of other apps: they open what they opened there, and everybody's sign-in works alike meanwhile."""

from __future__ import annotations

import bcrypt
import pytest
from django.conf import settings
from django.contrib.auth import hashers
from werkzeug.security import generate_password_hash

from signedin.rules.old_hash import Family, OldHash, read_hash
from signedin.store import old_hashes
from signedin.store.passwords import PasswordHasher, Verdict

RIGHT = "Blåbær & grød!"
FEW = {Family.PBKDF2_SHA256: 1000, Family.BCRYPT: 4}


@pytest.fixture(scope="module")
def hasher():
    made = PasswordHasher()
    yield made
    made.close()


def of_django(name, **cheaper):
    if not settings.configured:
        settings.configure(DEBUG=False)
    made = getattr(hashers, name)()
    for attribute, value in cheaper.items():
        setattr(made, attribute, value)
    return made.encode(RIGHT, made.salt())


def kinds():
    yield "pbkdf2 of Django", of_django("PBKDF2PasswordHasher", iterations=1000)
    yield "pbkdf2 with sha1 of Django", of_django("PBKDF2SHA1PasswordHasher", iterations=1000)
    yield "argon2 of Django", of_django("Argon2PasswordHasher", memory_cost=1024, parallelism=2)
    yield "bcrypt of Django", of_django("BCryptPasswordHasher", rounds=4)
    yield "bcrypt after sha256 of Django", of_django("BCryptSHA256PasswordHasher", rounds=4)
    yield "scrypt of Django", of_django("ScryptPasswordHasher", work_factor=1024)
    yield "scrypt of Werkzeug", generate_password_hash(RIGHT, "scrypt:1024:8:1")
    yield "pbkdf2 of Werkzeug", generate_password_hash(RIGHT, "pbkdf2:sha512:1000")
    yield "bcrypt", bcrypt.hashpw(RIGHT.encode(), bcrypt.gensalt(4)).decode()


@pytest.mark.parametrize(("kind", "kept"), list(kinds()))
def test_the_right_password_is_right_and_is_to_be_hashed_anew_and_others_are_wrong(hasher, kind, kept):
    assert hasher.verify_now(kept, RIGHT) == Verdict(ok=True, needs_rehash=True), kind
    for wrong in (RIGHT + ".", RIGHT[:-1], RIGHT.upper(), "", kept):
        assert hasher.verify_now(kept, wrong) == Verdict(ok=False), wrong


def test_what_bcrypt_did_not_read_was_never_part_of_the_password_until_it_is_hashed_anew(hasher):
    long = "x" * 72
    kept = bcrypt.hashpw(long.encode(), bcrypt.gensalt(4)).decode()
    assert hasher.verify_now(kept, f"{long} and more").ok
    fresh = hasher.hash_now(f"{long} and more")
    assert hasher.verify_now(fresh, f"{long} and more").ok
    assert not hasher.verify_now(fresh, long).ok


class Worked:
    """How much is worked in each family."""

    def __init__(self, monkeypatch):
        self.cost = {}
        real, spent = old_hashes.worked, old_hashes._spend

        def worked(old, guess):
            self.cost[old.family] = self.cost.get(old.family, 0) + old.cost
            return real(old, guess)

        def spend(family, rest, done, guess):
            self.cost[family] = self.cost.get(family, 0) + max(0, rest)
            spent(family, rest, done, guess)

        monkeypatch.setattr(old_hashes, "worked", worked)
        monkeypatch.setattr(old_hashes, "_spend", spend)

    def taken(self):
        taken, self.cost = self.cost, {}
        return taken


@pytest.mark.security("6.3.8")
def test_6_3_8_the_same_is_worked_for_nobody_for_an_old_hash_and_for_one_of_ours(hasher, monkeypatch):
    costliest = {
        Family.PBKDF2_SHA256: OldHash(Family.PBKDF2_SHA256, (3000,)),
        Family.BCRYPT: OldHash(Family.BCRYPT, (6,)),
        Family.SCRYPT: OldHash(Family.SCRYPT, (2048, 8, 5)),
        Family.ARGON2ID: OldHash(Family.ARGON2ID, (2, 2048, 1)),
    }
    worked, own = Worked(monkeypatch), []
    real = hasher._verify_own
    monkeypatch.setattr(hasher, "_verify_own", lambda hashed, guess: own.append(guess) or real(hashed, guess))
    kept = [None, hasher.hash_now(RIGHT)]
    kept += [text for _, text in kinds() if read_hash(text).family in costliest]
    for each in kept:
        for guess in (RIGHT, "wrong"):
            hasher.verify_now(each, guess, costliest)
            assert worked.taken() == {family: old.cost for family, old in costliest.items()}, each
    assert len(own) == 2 * len(kept), "and once with our own parameters"


@pytest.mark.parametrize(
    ("family", "parameters"), [(Family.BCRYPT, (4,)), (Family.PBKDF2_SHA1, (10,)), (Family.SCRYPT, (64, 8, 1)),
                               (Family.ARGON2I, (1, 64, 1)), (Family.ARGON2ID, (1, 64, 2))]
)  # fmt: skip
def test_what_is_worked_for_nothing_fails_for_no_guess(family, parameters):
    for guess in (b"", b"\0", b"a\0b", "\ud800".encode("utf-8", "surrogatepass"), b"x" * 4096):
        assert old_hashes.worked(OldHash(family, parameters), guess)
        for rest in (1, 16, 4096, 100_000):
            old_hashes._spend(family, rest if family is not Family.BCRYPT else 240, 16, guess)


def test_on_the_way_back_django_reads_what_was_hashed_here(hasher):
    of_django("Argon2PasswordHasher", memory_cost=64, parallelism=1)  # Django is set up
    kept = "argon2" + hasher.hash_now(RIGHT)
    assert hashers.Argon2PasswordHasher().verify(RIGHT, kept)
    assert not hashers.Argon2PasswordHasher().verify(RIGHT + ".", kept)
