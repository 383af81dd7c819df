"""Passwords are judged whole, in one polite thread, and an unknown account costs the same work."""

from __future__ import annotations

import asyncio
import os
import sys
import threading

import argon2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signedin.store import passwords
from signedin.store.passwords import HashingBusy, PasswordHasher, Verdict, common_passwords

RIGHT = "four unrelated words make it"


@pytest.fixture(scope="module")
def hasher():
    made = PasswordHasher()
    yield made
    made.close()


@pytest.fixture(scope="module")
def hashed(hasher):
    return hasher.hash_now(RIGHT)


@pytest.fixture
def guesses(hasher, monkeypatch):
    """The hashes that argon2 is asked to judge against."""
    asked, real = [], hasher._argon2.verify

    class Counting:
        def __getattr__(self, name):
            return getattr(argon2_hasher, name)

        def verify(self, kept, password):
            asked.append(kept)
            return real(kept, password)

    argon2_hasher = hasher._argon2
    monkeypatch.setattr(hasher, "_argon2", Counting())
    return asked


def test_the_right_password_is_right_and_a_wrong_one_is_wrong(hasher, hashed):
    assert hasher.verify_now(hashed, RIGHT) == Verdict(ok=True, needs_rehash=False)
    assert not hasher.verify_now(hashed, RIGHT + ".").ok
    assert not hasher.verify_now(hashed, "").ok


@pytest.mark.security("11.4.2")
def test_the_parameters_are_owasps(hashed):
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_two_hashes_of_one_password_share_nothing(hasher, hashed):
    assert hasher.hash_now(RIGHT).split("$")[4:] != hashed.split("$")[4:]


@pytest.mark.security("6.2.8")
@pytest.mark.parametrize("length", [64, 72, 73, 128, 1000, 1024])
@pytest.mark.parametrize("character", ["x", "é", "🦉"])
def test_6_2_8_the_last_character_of_a_long_password_counts(hasher, length, character):
    password = character * (length - 1)
    kept = hasher.hash_now(password + "a")
    assert hasher.verify_now(kept, password + "a").ok
    assert not hasher.verify_now(kept, password + "b").ok
    assert not hasher.verify_now(kept, password).ok


@settings(max_examples=15, deadline=None)
@given(st.text(st.characters(), max_size=80), st.text(st.characters(), min_size=1, max_size=3))
def test_any_text_is_a_password_and_nothing_behind_it_is_ignored(hasher, password, more):
    kept = hasher.hash_now(password)
    assert hasher.verify_now(kept, password).ok
    same = passwords.prepared(password) == passwords.prepared(password + more)
    assert hasher.verify_now(kept, password + more).ok == same


@pytest.mark.parametrize(
    ("one", "other"), [("before\0after", "before\0other"), ("before\0", "before"), ("\0", "\0\0")]
)
def test_a_nul_ends_no_password(hasher, one, other):
    assert not hasher.verify_now(hasher.hash_now(one), other).ok


def test_every_keyboards_way_to_type_a_password_is_the_same(hasher):
    kept = hasher.hash_now("caf\u00e9 \u2126 \ufb01ne words here")
    assert hasher.verify_now(kept, "cafe\u0301 \u03a9 fine words here").ok
    assert not hasher.verify_now(kept, "cafe \u03a9 fine words here").ok


@pytest.mark.security("6.2.8")
def test_upper_and_lower_case_and_spaces_count(hasher, hashed):
    assert not hasher.verify_now(hashed, RIGHT.upper()).ok
    assert not hasher.verify_now(hashed, f" {RIGHT}").ok


@pytest.mark.security("6.3.8")
def test_6_3_8_an_unknown_account_costs_one_hashing_like_a_known_one(hasher, hashed, guesses):
    assert not hasher.verify_now(hashed, "wrong").ok
    assert not hasher.verify_now(None, "wrong").ok
    known, unknown = guesses
    assert known.rsplit("$", 2)[0] == unknown.rsplit("$", 2)[0], "the same parameters"


@pytest.mark.security("6.3.8")
def test_6_3_8_nobody_signs_in_to_an_unknown_account_whatever_the_password(hasher):
    assert not hasher.verify_now(None, "nobody's password, for unknown accounts").ok


@pytest.mark.parametrize(
    "kept", ["", "plain", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=8,t=1$x$y"]
)
def test_a_hash_that_cannot_be_read_lets_nobody_in_and_costs_the_same(hasher, guesses, kept):
    assert hasher.verify_now(kept, RIGHT) == Verdict(ok=False)
    assert guesses[-1].startswith("$argon2id$v=19$m=19456")


def test_a_hash_with_other_parameters_is_to_be_made_anew(hasher):
    weaker = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(RIGHT)
    assert hasher.verify_now(weaker, RIGHT) == Verdict(ok=True, needs_rehash=True)
    assert hasher.verify_now(weaker, "wrong") == Verdict(ok=False, needs_rehash=False)


def test_hashing_happens_in_one_thread_that_is_not_the_loops(hasher, monkeypatch):
    threads = set()
    monkeypatch.setattr(hasher, "hash_now", lambda password: threads.add(threading.get_ident()))

    async def story():
        await asyncio.gather(*(hasher.hash(RIGHT) for _ in range(5)))

    asyncio.run(story())
    assert len(threads) == 1
    assert threading.get_ident() not in threads


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own only on Linux")
def test_the_thread_gives_way_to_everything_else(hasher, monkeypatch):
    monkeypatch.setattr(
        hasher, "hash_now", lambda password: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    )
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert asyncio.run(hasher.hash(RIGHT)) == 19
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_a_system_without_priorities_hashes_all_the_same(monkeypatch):
    def refused(*_):
        raise PermissionError

    monkeypatch.setattr(passwords.os, "setpriority", refused)
    made = PasswordHasher()
    assert asyncio.run(made.verify(None, RIGHT)) == Verdict(ok=False)
    made.close()


@pytest.mark.security("15.2.2")
def test_one_is_hashed_and_so_many_wait_and_the_next_is_told_to_come_back(monkeypatch):
    hasher, go_on = PasswordHasher(most_waiting=3), threading.Event()
    monkeypatch.setattr(hasher, "hash_now", lambda password: go_on.wait(20) and "hash")

    async def story():
        inside = [asyncio.create_task(hasher.hash(RIGHT)) for _ in range(4)]
        await asyncio.sleep(0)
        for _ in range(3):
            with pytest.raises(HashingBusy):
                await hasher.verify(None, RIGHT)
        go_on.set()
        assert await asyncio.gather(*inside) == ["hash"] * 4
        assert await hasher.hash(RIGHT) == "hash"

    asyncio.run(story())
    hasher.close()


def test_who_goes_away_while_waiting_makes_room(monkeypatch):
    hasher, go_on, hashed = PasswordHasher(most_waiting=2), threading.Event(), []
    monkeypatch.setattr(hasher, "hash_now", lambda password: go_on.wait(20) and hashed.append(password))

    async def story():
        inside = [asyncio.create_task(hasher.hash(str(number))) for number in range(3)]
        await asyncio.sleep(0)
        inside[1].cancel()
        await asyncio.gather(inside[1], return_exceptions=True)
        inside.append(asyncio.create_task(hasher.hash("3")))
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(*inside, return_exceptions=True)

    asyncio.run(story())
    hasher.close()
    assert hashed == ["0", "2", "3"], "nobody hashes for who has gone"


def test_a_broken_hashing_is_not_taken_for_a_wrong_password(hasher, hashed, monkeypatch):
    class OutOfMemory:
        def verify(self, *_):
            raise argon2.exceptions.VerificationError("Memory allocation error")

    monkeypatch.setattr(hasher, "_argon2", OutOfMemory())
    with pytest.raises(argon2.exceptions.VerificationError):
        hasher.verify_now(hashed, RIGHT)


def test_the_common_words_come_with_their_ranks_in_lower_case():
    common = common_passwords()
    assert common["password"] < 10 < common["umbrella"]
    assert len(common) > 90_000
    assert all(word == word.casefold() and rank >= 1 for word, rank in common.items())
    assert common_passwords() is common


def test_a_hash_of_ours_by_earlier_parameters_opens_as_it_was_prepared(hasher):
    typed, earlier = (
        "ﬁve words that ﬁt together",
        argon2.PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1),
    )
    kept = earlier.hash(passwords.prepared(typed))
    assert hasher.verify_now(kept, typed) == Verdict(ok=True, needs_rehash=True)
    assert hasher.verify_now(kept, "five words that fit together") == Verdict(ok=True, needs_rehash=True)
    assert not hasher.verify_now(kept, "five words that fit").ok
