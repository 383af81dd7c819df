"""What we sign is known again, by keys that are told in time, and that old statements outlive (security 11.1.1)."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import KeySet

from gate.jwt_corpus import Maker, mutations
from people import Clock, done_apart, settings_in
from signedin.actions.sign import jwk_set, make_pairs, rotate_signing, signed, verified
from signedin.actions.signers import PURPOSE
from signedin.rules import errors
from signedin.rules.signing import KEPT, REMEMBERED, TOLD_AFTER, TOLD_BEFORE
from signedin.rules.statement import header_of
from signedin.server.means import close_means, open_means
from signedin.store import signing_keys

NOW = Clock().now
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k"}


def claims(now=NOW, **more):
    seconds = int(now.timestamp())
    return {
        "iss": "https://account.example.org",
        "sub": "ada",
        "aud": "app",
        "iat": seconds,
        "exp": seconds + 600,
        **more,
    }


def say(means, now=NOW, algorithm="RS256", typ="JWT", **more):
    return done_apart(signed(means, claims(now, **more), typ=typ, algorithm=algorithm))


def know(means, text, now=NOW, typ="JWT", **more):
    return done_apart(verified(means, text, typ=typ, now=now, **more))


def told(means, now=NOW):
    return done_apart(jwk_set(means, now))["keys"]


def kid_of(text):
    return header_of(text, ("RS256", "ES256"))["kid"]


@pytest.fixture
def another(means, tmp_path):
    """Another process of the same installation."""
    opened = open_means(settings_in(tmp_path, 8000))
    yield opened
    close_means(opened)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_what_we_sign_is_read_by_whoever_has_the_set_and_by_ourselves(means, algorithm):
    text = say(means, algorithm=algorithm, name="Ada ☂")
    read = jwt.decode(text, KeySet.import_key_set({"keys": told(means)}), algorithms=[algorithm])
    assert read.claims == claims(name="Ada ☂") == know(means, text)
    assert read.header == {"alg": algorithm, "typ": "JWT", "kid": kid_of(text)}


@pytest.mark.guide("D19")
@pytest.mark.security("13.3.1")
def test_the_set_holds_no_private_part_and_the_database_only_sealed_ones(means):
    say(means)
    keys = told(means)
    assert sorted(each["alg"] for each in keys) == ["ES256", "RS256"]
    assert all(each["use"] == "sig" and each["kid"] and not PRIVATE & {*each} for each in keys)
    for pair in means.database.read_now(signing_keys.every):
        assert not PRIVATE & {*pair.public}
        opened = json.loads(means.keyring.decrypt(PURPOSE, 0, pair.sealed))
        assert opened["d"].encode() not in pair.sealed
        assert means.keyring.decrypt("another", 0, pair.sealed) is None


def test_two_processes_that_begin_at_once_know_each_others_statements(means, another):
    async def both():
        await asyncio.gather(make_pairs(means, NOW), make_pairs(another, NOW))

    done_apart(both())
    for algorithm in ("RS256", "ES256"):
        assert know(another, say(means, algorithm=algorithm))
        assert know(means, say(another, algorithm=algorithm))


@pytest.mark.security("11.1.1")
def test_after_a_rotation_the_new_key_is_told_first_and_the_old_one_until_all_is_over(means):
    before = say(means)
    done_apart(rotate_signing(means, NOW))
    assert {len(told(means))} == {4}
    early, late = NOW + TOLD_BEFORE - timedelta(seconds=1), NOW + TOLD_BEFORE
    last = say(means, early)
    assert kid_of(last) == kid_of(before)
    after = say(means, late)
    assert kid_of(after) != kid_of(before)
    assert kid_of(after) in {each["kid"] for each in told(means, NOW)}
    assert know(means, last, late)
    over = late + TOLD_AFTER
    assert kid_of(before) not in {each["kid"] for each in told(means, over)}
    assert len(told(means, over)) == 2
    assert know(means, say(means, over), over)


@pytest.mark.security("11.1.1")
def test_a_hint_of_long_ago_is_known_until_its_key_is_forgotten(means):
    before, later = say(means), NOW + TOLD_BEFORE + TOLD_AFTER + timedelta(days=1)
    done_apart(rotate_signing(means, NOW))
    assert know(means, before, later) is None
    assert know(means, before, later, may_be_expired=True)["sub"] == "ada"
    long_after = NOW + TOLD_BEFORE + KEPT + timedelta(seconds=1)
    done_apart(rotate_signing(means, long_after))
    assert know(means, before, long_after, may_be_expired=True) is None


@pytest.mark.security("11.1.1")
def test_a_key_that_others_have_counts_for_nothing_at_once(means):
    before = say(means)
    done_apart(rotate_signing(means, NOW, at_once=True))
    assert know(means, before) is None
    assert know(means, before, may_be_expired=True) is None
    assert kid_of(before) not in {each["kid"] for each in told(means)}
    assert know(means, say(means))


def test_another_process_goes_by_keys_that_were_taken_away_for_a_minute_at_most(means, another):
    text = say(another)
    done_apart(rotate_signing(means, NOW, at_once=True))
    assert know(another, text, NOW + REMEMBERED - timedelta(seconds=1))
    assert know(another, text, NOW + REMEMBERED) is None
    assert kid_of(say(another, NOW + REMEMBERED)) in {each["kid"] for each in told(means)}


def test_another_process_takes_a_new_key_by_itself(means, another):
    say(another)
    later = NOW + timedelta(seconds=5)
    done_apart(rotate_signing(means, later))
    assert know(another, say(means, later + TOLD_BEFORE), later + TOLD_BEFORE)
    done_apart(rotate_signing(means, later, at_once=True))
    assert len(told(another, later + REMEMBERED + TOLD_BEFORE)) == 2


def test_a_statement_by_a_key_of_a_moment_ago_is_known_at_the_first_sight(means, another):
    assert know(another, say(another))
    later = NOW + timedelta(seconds=2)
    done_apart(rotate_signing(means, later, at_once=True))
    assert know(another, say(means, later), later)


def test_the_keyrings_rotation_takes_no_key_away(means):
    text = say(means)
    means.keyring.rotate()
    means.signers.opened.clear()
    assert kid_of(say(means)) == kid_of(text)
    assert know(means, text)


def test_a_key_that_this_keyring_cannot_open_signs_nothing(means):
    say(means)
    broken = signing_keys.signing_keys.update().values(sealed=b"x" * 40)
    means.database.write_now(lambda conn: conn.execute(broken))
    means.signers.pairs, means.signers.opened = [], {}
    with pytest.raises(errors.Unavailable):
        say(means)


@pytest.mark.security("9.2.2")
def test_a_statement_of_one_kind_is_none_of_another(means):
    text = say(means, typ="at+jwt")
    assert know(means, text) is None
    assert know(means, text, typ="AT+JWT")
    assert know(means, text, typ=None)


@pytest.mark.security("9.2.1")
def test_it_holds_until_its_end_and_as_a_hint_after_it(means):
    text = say(means)
    assert know(means, text, NOW + timedelta(seconds=599))
    assert know(means, text, NOW + timedelta(seconds=600)) is None
    assert know(means, text, NOW + timedelta(days=30), may_be_expired=True)
    assert know(means, say(means, nbf=int(NOW.timestamp()) + 61)) is None


@pytest.mark.security("9.1.1", "9.1.2", "9.1.3", "9.2.1", "9.2.2", "attack-22")
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
@pytest.mark.parametrize("may_be_expired", [False, True])
def test_a_bent_statement_is_none_of_ours(means, algorithm, may_be_expired):
    text = say(means, algorithm=algorithm)
    [pair] = [each for each in means.database.read_now(signing_keys.every) if each.algorithm == algorithm]
    maker = Maker(
        means.signers.private(means, pair), algorithm, claims(), header={"kid": pair.id},
        now=int(NOW.timestamp()), needed=("exp",),
    )  # fmt: skip
    assert know(means, maker.right()) == know(means, text)
    tried, expired = 0, {"exp past", "exp now"}
    for wrong, bent in mutations(maker):
        if may_be_expired and wrong in expired:
            continue
        assert know(means, bent, may_be_expired=may_be_expired) is None, wrong
        tried += 1
    assert tried > 85


def test_nothing_is_signed_by_an_algorithm_that_we_do_not_have(means):
    with pytest.raises(errors.Unavailable):
        say(means, algorithm="HS256")


def test_pairs_are_made_once(means):
    for _ in range(3):
        done_apart(make_pairs(means, NOW))
    count = sa.select(sa.func.count()).select_from(signing_keys.signing_keys)
    assert means.database.read_now(lambda conn: conn.scalar(count)) == 2
