"""Tokens and public ids: unique, opaque, of one kind, and never read when anything about them is wrong."""

from __future__ import annotations

import ast
import math
import pickle
import re
import secrets
from hashlib import sha256
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from signedin.rules import secret
from signedin.rules.secret import (
    ALPHABET,
    BEARER_KINDS,
    HOST_KINDS,
    LARGEST_ACCOUNT_ID,
    LENGTH,
    TOKEN_PATTERN,
    Kind,
    WayKeys,
    account_of_session_id,
    digest,
    digest_of,
    host_digest,
    make_session_id,
    make_token,
    mask_secret,
    read_token,
    why_unreadable,
)
from signedin.rules.ticket import HERE

KEYS = WayKeys("7", {"7": b"k" * 32, "a": b"old" * 8})
OTHER_KEYS = WayKeys("7", {"7": b"other" * 6})
ADA = 8_070_450_532_247_928_832
EVERY_KIND = frozenset(Kind)

accounts = st.integers(0, LARGEST_ACCOUNT_ID)
kinds = st.sampled_from(Kind)
single_characters = st.sampled_from(ALPHABET) | st.characters(codec="utf-8")


@given(kind=kinds, account_id=accounts)
def test_a_token_leads_to_its_account_and_says_its_kind(kind, account_id):
    token = make_token(kind, account_id, KEYS)
    read = read_token(token, {kind}, KEYS)
    kept = host_digest(token, HERE) if kind is Kind.HST else digest(token)
    assert (read.kind, read.account_id, read.digest) == (kind, account_id, kept)


@given(account_id=accounts, host=st.text(max_size=30), another=st.text(max_size=30))
def test_a_cookie_of_a_host_is_kept_by_another_digest_for_every_host(account_id, host, another):
    token = make_token(Kind.HST, account_id, KEYS)
    found = digest_of(token, HOST_KINDS, host)
    assert found == host_digest(token, host) != digest(token)
    assert (found == host_digest(token, another)) is (host == another)
    assert digest_of(token, BEARER_KINDS, host) is None


@pytest.mark.parametrize("account_id", [0, 1, LARGEST_ACCOUNT_ID])
def test_the_smallest_and_largest_accounts_are_led_to(account_id):
    assert read_token(make_token(Kind.SES, account_id, KEYS), {Kind.SES}, KEYS).account_id == account_id


@pytest.mark.parametrize("account_id", [-1, LARGEST_ACCOUNT_ID + 1])
def test_a_number_that_is_no_account_id_gets_no_token(account_id):
    with pytest.raises(ValueError, match="63 bits"):
        make_token(Kind.SES, account_id, KEYS)


@pytest.mark.security("7.2.3", "T1")
def test_7_2_3_a_hundred_thousand_tokens_are_unique_and_each_has_256_random_bits(monkeypatch):
    asked = []

    class Watched:
        @staticmethod
        def token_bytes(size):
            asked.append(size)
            return secrets.token_bytes(size)

    monkeypatch.setattr(secret, "secrets", Watched)
    tokens = [make_token(Kind.SES, ADA, KEYS) for _ in range(100_000)]
    assert len(set(tokens)) == len({digest(token) for token in tokens}) == 100_000
    assert set(asked) == {32}
    assert 43 * math.log2(len(ALPHABET)) >= 256


@pytest.mark.security("7.2.3")
def test_7_2_3_nothing_but_the_secrets_module_makes_them():
    tree = ast.parse(Path(secret.__file__).read_text())
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert modules == {"secrets"}
    assert not {"random", "uuid", "time"} & set(vars(secret))


def test_every_bit_of_the_secret_is_in_the_token(monkeypatch):
    made = set()
    for bit in range(256):
        monkeypatch.setattr(
            secret.secrets, "token_bytes", lambda size, bit=bit: (1 << bit).to_bytes(size, "big")
        )
        made.add(make_token(Kind.SES, ADA, KEYS)[8:51])
    assert len(made) == 256


def test_two_tokens_of_one_account_share_nothing_visible():
    ways = [make_token(Kind.SES, ADA, KEYS)[52:63] for _ in range(2000)]
    assert len(set(ways)) == 2000
    for place in range(1, 11):
        assert len({way[place] for way in ways}) == len(ALPHABET)


def test_one_secret_leads_elsewhere_for_another_kind():
    token = make_token(Kind.SES, ADA, KEYS)
    forged = resealed(token.replace("sgn_ses_", "sgn_key_"))
    read = read_token(forged, {Kind.KEY}, KEYS)
    assert read is None or read.account_id != ADA


@pytest.mark.security("7.2.2", "T2")
@given(kind=kinds, others=st.frozensets(kinds))
def test_7_2_2_a_door_reads_only_the_kinds_it_names(kind, others):
    token = make_token(kind, ADA, KEYS)
    read = read_token(token, others, KEYS)
    assert (read is not None) == (kind in others)
    if kind not in others:
        assert why_unreadable(token, others) == "wrong_kind"


@pytest.mark.security("T2")
def test_t2_the_digest_covers_the_kind():
    token = make_token(Kind.SES, ADA, KEYS)
    assert digest(token) == sha256(token.encode()).digest()
    assert digest(token) != digest(token.replace("sgn_ses_", "sgn_key_"))


@pytest.mark.security("7.2.1", "T3")
@given(account_id=accounts, place=st.integers(0, LENGTH - 1), character=single_characters)
def test_7_2_1_a_token_with_one_character_changed_is_never_read(account_id, place, character):
    token = make_token(Kind.SES, account_id, KEYS)
    assume(token[place] != character)
    assert read_token(token[:place] + character + token[place + 1 :], EVERY_KIND, KEYS) is None


@given(at=st.integers(0, LENGTH - 2))
def test_a_token_with_two_neighbours_swapped_is_never_read(at):
    token = make_token(Kind.SES, ADA, KEYS)
    swapped = token[:at] + token[at + 1] + token[at] + token[at + 2 :]
    assume(swapped != token)
    assert read_token(swapped, EVERY_KIND, KEYS) is None


@given(cut=st.integers(0, LENGTH - 1), more=st.text(min_size=1, max_size=5))
def test_a_token_cut_or_continued_is_never_read(cut, more):
    token = make_token(Kind.SES, ADA, KEYS)
    for text in (token[:cut], token[cut + 1 :], token + more, more + token, token + "\n", " " + token):
        assert read_token(text, EVERY_KIND, KEYS) is None


@pytest.mark.security("7.2.1")
@given(text=st.text(max_size=200))
def test_7_2_1_no_text_that_we_did_not_make_is_read_and_none_breaks_the_reader(text):
    assert read_token(text, EVERY_KIND, KEYS) is None
    assert why_unreadable(text, EVERY_KIND) == ("malformed" if text else "missing")


@given(body=st.text(st.characters(codec="utf-8"), min_size=55, max_size=55), kind=kinds)
def test_no_right_checksum_makes_up_for_a_wrong_character(body, kind):
    assume(not (body.isascii() and body.isalnum()))
    assert read_token(resealed(f"sgn_{kind}_{body}......"), EVERY_KIND, KEYS) is None


@pytest.mark.parametrize("body", ["_" * 61, "\0" * 61, "é" * 61, "٣" * 61, "\ud800" * 61, "0" * 60 + "\n"])
def test_characters_that_only_look_right_are_refused(body):
    assert read_token("sgn_ses_" + body, EVERY_KIND, KEYS) is None


def test_a_number_too_large_for_its_characters_is_refused():
    token = make_token(Kind.SES, ADA, KEYS)
    assert read_token(resealed(token[:52] + "z" * 11 + token[63:]), EVERY_KIND, KEYS) is None
    assert read_token(token[:63] + "zzzzzz", EVERY_KIND, KEYS) is None


def test_a_token_under_a_key_we_do_not_have_is_not_read():
    token = make_token(Kind.SES, ADA, KEYS)
    assert read_token(token, EVERY_KIND, WayKeys("a", {"a": KEYS.keys["a"]})) is None


def test_under_another_keyring_the_way_leads_elsewhere():
    reads = [read_token(make_token(Kind.SES, ADA, KEYS), EVERY_KIND, OTHER_KEYS) for _ in range(50)]
    assert all(read is None or read.account_id != ADA for read in reads)


def test_tokens_made_before_a_rotation_are_still_read():
    before = make_token(Kind.SES, ADA, WayKeys("a", {"a": KEYS.keys["a"]}))
    assert read_token(before, {Kind.SES}, KEYS).account_id == ADA
    assert make_token(Kind.SES, ADA, KEYS)[51] == "7"


@pytest.mark.security("T1", "T6")
def test_t6_scanners_can_tell_a_token_without_a_database():
    token = make_token(Kind.KEY, ADA, KEYS)
    assert re.search(TOKEN_PATTERN, f"curl -H 'Authorization: Bearer {token}'")[0] == token
    assert resealed(token) == token
    assert len(token) == LENGTH == 69


@pytest.mark.security("T4")
def test_t4_a_masked_token_shows_its_kind_and_its_last_four_characters():
    token = make_token(Kind.KEY, ADA, KEYS)
    assert mask_secret(token) == f"sgn_key_…{token[-4:]}"


def test_the_keys_are_not_in_their_repr():
    assert "kkkk" not in repr(KEYS)
    assert KEYS == WayKeys("7", {"7": b"k" * 32, "a": b"old" * 8}) != OTHER_KEYS


@given(account_id=accounts)
def test_a_public_id_leads_to_its_account(account_id):
    text = make_session_id(account_id, KEYS)
    assert len(text) == 26
    assert account_of_session_id(text, KEYS) == account_id
    assert account_of_session_id(text, OTHER_KEYS) != account_id


@pytest.mark.security("SM-1")
def test_public_ids_do_not_collide_and_share_nothing_visible():
    ids = [make_session_id(ADA, KEYS) for _ in range(20_000)]
    assert len({text[:14] for text in ids}) == len({text[15:] for text in ids}) == 20_000


@given(text=st.text(max_size=40) | st.text(ALPHABET, min_size=26, max_size=26))
def test_any_text_may_be_asked_for_its_account(text):
    account_id = account_of_session_id(text, KEYS)
    assert account_id is None or 0 <= account_id <= LARGEST_ACCOUNT_ID


@pytest.mark.parametrize(
    "text", ["", "7" * 25, "7" * 27, "é" * 26, "7" * 14 + "b" + "7" * 11, "\ud800" * 26, "-" * 26]
)
def test_what_is_no_public_id_leads_nowhere(text):
    assert account_of_session_id(text, KEYS) is None


def test_what_was_read_can_be_told_to_another_process():
    read = read_token(make_token(Kind.SES, ADA, KEYS), {Kind.SES}, KEYS)
    assert pickle.loads(pickle.dumps(read)) == read


def resealed(text):
    """The text with the checksum that belongs to it, as a forger would write it."""
    number, characters = crc32(text[:-6].encode()), ""
    for _ in range(6):
        number, rest = divmod(number, 62)
        characters = ALPHABET[rest] + characters
    return text[:-6] + characters
