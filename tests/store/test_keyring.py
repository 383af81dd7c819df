"""The keyring: made once, read by its owner only, rotated without losing anything."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import signedin
from signedin.rules.secret import Kind, make_session_id, make_token, read_token
from signedin.store.keyring import Keyring, KeyringProblem

SOURCE = Path(signedin.__file__).parent.parent
ADA, GRACE = 1815, 1906


@pytest.fixture
def path(tmp_path):
    return tmp_path / "var" / "secret.json"


@pytest.fixture
def ring(path):
    return Keyring.load(path)


@pytest.fixture(scope="module")
def one_ring(tmp_path_factory):
    return Keyring.load(tmp_path_factory.mktemp("ring") / "secret.json")


@pytest.mark.guide("D19")
@pytest.mark.security("13.3.1", "11.5.1")
def test_d19_it_is_made_at_the_first_start_for_its_owner_only(path):
    Keyring.load(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["secret.json"]


def test_no_umask_opens_it_to_others(path):
    before = os.umask(0)
    try:
        Keyring.load(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_file_says_which_keys_there_are_and_since_when(ring, path):
    kept = json.loads(path.read_text())
    assert list(kept["keys"]) == [kept["current"]] == ["0"]
    assert kept["keys"]["0"]["made_at"].endswith("+00:00")


def test_a_second_start_reads_what_the_first_made(ring, path):
    sealed = ring.encrypt("address", ADA, b"192.0.2.1")
    again = Keyring.load(path)
    assert again.decrypt("address", ADA, sealed) == b"192.0.2.1"
    assert again.mac("form", b"x") == ring.mac("form", b"x")
    assert again.way_keys == ring.way_keys


def test_processes_that_start_at_once_agree_on_one_keyring(path):
    program = (
        f"import sys, pathlib; sys.path.insert(0, {str(SOURCE)!r})\n"
        "from signedin.store.keyring import Keyring\n"
        f"sys.stdin.read(); print(Keyring.load(pathlib.Path({str(path)!r})).mac('who', b'').hex())"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    said = {process.communicate("go")[0] for process in started}
    assert len(said) == 1
    assert len(said.pop().strip()) == 64


@pytest.mark.security("15.4.1")
def test_threads_that_start_at_once_agree_on_one_keyring(path):
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: Keyring.load(path), range(40)))
    assert len({ring.mac("who", b"") for ring in rings}) == 1
    assert [each.name for each in path.parent.iterdir()] == ["secret.json"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610])
def test_a_keyring_that_others_may_read_is_refused_with_the_command_that_mends_it(ring, path, mode):
    path.chmod(mode)
    with pytest.raises(KeyringProblem, match=r"may be read by others\. Run: chmod 600"):
        Keyring.load(path)
    path.chmod(0o600)
    Keyring.load(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"current": "0", "keys": {}}',
        '{"current": "0", "keys": []}',
        '{"current": "0", "keys": {"0": "k"}}',
        '{"current": "0", "keys": {"0": {"key": "c2hvcnQ="}}}',
        '{"current": "0", "keys": {"0": {"key": "!!!"}}}',
        '{"current": "0", "keys": {"0": {"key": 7}}}',
        '{"current": ["0"], "keys": {"0": {"key": "%s"}}}' % ("A" * 43 + "="),
        '{"current": "1", "keys": {"0": {"key": "%s"}}}' % ("A" * 43 + "="),
        '{"current": "00", "keys": {"00": {"key": "%s"}}}' % ("A" * 43 + "="),
        '{"current": "-", "keys": {"-": {"key": "%s"}}}' % ("A" * 43 + "="),
        "\x00\xff",
    ],
)
def test_a_broken_keyring_is_refused_and_left_as_it_is(path, text):
    path.parent.mkdir()
    path.write_bytes(text.encode("latin-1"))
    path.chmod(0o600)
    with pytest.raises(KeyringProblem, match=r"is broken\. Restore it from your backup"):
        Keyring.load(path)
    assert path.read_bytes() == text.encode("latin-1")


def test_a_keyring_that_cannot_be_made_there_is_one_clear_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyringProblem, match="cannot be opened as the keyring"):
        Keyring.load(tmp_path / "file" / "secret.json")
    with pytest.raises(KeyringProblem, match="cannot be opened as the keyring"):
        Keyring.load(tmp_path)


@given(purpose=st.text(), account_id=st.integers(0, 2**63 - 1), plaintext=st.binary(max_size=300))
def test_what_was_encrypted_can_be_read_again(one_ring, purpose, account_id, plaintext):
    sealed = one_ring.encrypt(purpose, account_id, plaintext)
    assert one_ring.decrypt(purpose, account_id, sealed) == plaintext


def test_it_can_be_read_for_no_other_purpose_and_no_other_account(ring):
    sealed = ring.encrypt("address", ADA, b"192.0.2.1")
    assert ring.decrypt("totp", ADA, sealed) is None
    assert ring.decrypt("address", GRACE, sealed) is None


@given(place=st.integers(0, 37), change=st.integers(1, 255))
def test_what_was_tampered_with_is_not_read(one_ring, place, change):
    sealed = bytearray(one_ring.encrypt("address", ADA, b"192.0.2.1"))
    sealed[place] ^= change
    assert one_ring.decrypt("address", ADA, bytes(sealed)) is None


@given(st.binary(max_size=60))
def test_any_bytes_may_be_tried(one_ring, sealed):
    assert one_ring.decrypt("address", ADA, sealed) is None


def test_the_same_text_never_looks_the_same(ring):
    assert len({ring.encrypt("address", ADA, b"192.0.2.1") for _ in range(100)}) == 100


def test_a_mac_is_for_one_purpose(ring):
    assert ring.mac("form", b"x") != ring.mac("notice", b"x")
    assert ring.mac("a", b"b\0c") != ring.mac("a\0b", b"")


@pytest.mark.guide("D19")
@pytest.mark.security("11.1.1")
def test_d19_after_a_rotation_the_new_key_is_used_and_the_old_ones_still_read(ring, path):
    sealed, token, seal = (
        ring.encrypt("address", ADA, b"old"),
        make_token(Kind.SES, ADA, ring.way_keys),
        ring.mac("f", b""),
    )
    ring.rotate()
    for each in (ring, Keyring.load(path)):
        assert each.way_keys.current == "1"
        assert each.encrypt("address", ADA, b"new")[:1] == b"1"
        assert make_session_id(ADA, each.way_keys)[14] == "1"
        assert each.decrypt("address", ADA, sealed) == b"old"
        assert read_token(token, {Kind.SES}, each.way_keys).account_id == ADA
        assert each.mac("f", b"") == seal
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["secret.json"]


@pytest.mark.security("15.4.1")
def test_rotations_at_once_lose_no_key(ring, path):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: Keyring.load(path).rotate(), range(12)))
    assert len(json.loads(path.read_text())["keys"]) == 13


def test_a_full_keyring_says_so_and_still_works(ring, path):
    for _ in range(61):
        ring.rotate()
    with pytest.raises(KeyringProblem, match="no room"):
        ring.rotate()
    assert Keyring.load(path).decrypt("address", ADA, ring.encrypt("address", ADA, b"x")) == b"x"


def test_no_key_is_in_a_repr(ring, path):
    secrets = [entry["key"] for entry in json.loads(path.read_text())["keys"].values()]
    told = repr(ring) + repr(ring.way_keys) + repr(ring.__dict__)
    assert not any(secret in told for secret in secrets)
    assert not any(repr(key)[2:-1] in told for key in ring.way_keys.keys.values())
