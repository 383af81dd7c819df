"""The keyring: what must be read again is encrypted under it, and tokens find their way by it (D19)."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from signedin.rules.secret import ALPHABET, WayKeys
from signedin.rules.wording import worded
from signedin.store.whole_file import make_whole, replace_whole

_NONCE, _TAG = 12, 16
_KEY_BYTES = 32


class KeyringProblem(Exception):
    """The keyring cannot be used; the text says why and what to do.

    `sentence` is that text, in English; pages say it in the reader's language (`rules/wording.py`).
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class _Kept(NamedTuple):
    """What the file says: the keys by their ids, which is in use, and the file's own words for writing on."""

    current: str
    keys: Mapping[str, bytes]
    text: dict[str, Any]


class Keyring:
    """Keys by their one-character ids, the newest in use; kept in one file that only its owner may read."""

    way_keys: WayKeys

    def __init__(self, path: Path, kept: _Kept) -> None:
        self._path = path
        self._take(kept)

    @classmethod
    def load(cls, path: Path) -> Keyring:
        """Read the keyring, or make it at the first start; two processes that start at once agree.

        Raises:
            KeyringProblem: others may read it, it is broken, or it cannot be made there.
        """
        try:
            if not path.exists():
                make_whole(path, {"current": ALPHABET[0], "keys": {ALPHABET[0]: _new_key()}})
            return cls(path, _read(path))
        except OSError as error:
            raise KeyringProblem(
                worded(
                    "{path} cannot be opened as the keyring: {problem}.", path=path, problem=error.strerror
                )
            ) from error

    def beside(self, name: str) -> Path:
        """The path of a file in the keyring's own folder, for what is to be kept as safe as the keyring is."""
        return self._path.with_name(name)

    def encrypt(self, purpose: str, account_id: int, plaintext: bytes) -> bytes:
        """Encrypt for one purpose and one account (AES-256-GCM): nowhere else can it be read."""
        kid, nonce = self.way_keys.current, secrets.token_bytes(_NONCE)
        return (
            kid.encode() + nonce + self._ciphers[kid].encrypt(nonce, plaintext, _bound(purpose, account_id))
        )

    def decrypt(self, purpose: str, account_id: int, sealed: bytes) -> bytes | None:
        """What was encrypted for that purpose and account, or `None`."""
        cipher = self._ciphers.get(sealed[:1].decode("latin-1"))
        nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        if cipher is None or len(rest) < _TAG:
            return None
        try:
            return cipher.decrypt(nonce, rest, _bound(purpose, account_id))
        except InvalidTag:
            return None

    def mac(self, purpose: str, data: bytes) -> bytes:
        """A keyed digest for one purpose; the first key makes it, so that it stays the same after a rotation."""
        return hmac.digest(self._mac_key, purpose.encode() + b"\0" + data, hashlib.sha256)

    @property
    def mark(self) -> str:
        """What a database may keep to tell this keyring from others; it says nothing of the keys, and outlives a rotation."""
        return self.mac("mark", b"").hex()

    def rotate(self) -> None:
        """Add a key and use it from now on; the old ones stay, to read what they protect.

        Raises:
            KeyringProblem: the file has changed for the worse, cannot be written, or is full.
        """
        try:
            with _alone(self._path.parent):
                kept = _read(self._path)
                unused = next((kid for kid in ALPHABET if kid not in kept.keys), None)
                if unused is None:
                    raise KeyringProblem(f"{self._path} has no room for another key.")
                keys = {**kept.text["keys"], unused: _new_key()}
                replace_whole(self._path, {**kept.text, "current": unused, "keys": keys})
            self._take(_read(self._path))
        except OSError as error:
            raise KeyringProblem(f"{self._path} cannot be written: {error.strerror}.") from error

    def _take(self, kept: _Kept) -> None:
        """Use these keys; the one to encrypt with changes last, for threads that are encrypting."""
        first = min(kept.keys, key=ALPHABET.index)
        self._mac_key = _derived(kept.keys[first], "mac")
        self._ciphers = {kid: AESGCM(_derived(key, "encrypt")) for kid, key in kept.keys.items()}
        self.way_keys = WayKeys(kept.current, {kid: _derived(key, "way") for kid, key in kept.keys.items()})


def _read(path: Path) -> _Kept:
    with path.open(encoding="utf-8") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise KeyringProblem(
                worded(
                    "{path} may be read by others. Run: chmod 600 {quoted}",
                    path=path,
                    quoted=shlex.quote(str(path)),
                )
            )
        try:
            text = json.load(file)
            keys = {kid: base64.b64decode(entry["key"], validate=True) for kid, entry in text["keys"].items()}
            current = text["current"]
            sound = current in keys and all(len(key) == _KEY_BYTES for key in keys.values())
            sound = sound and all(len(kid) == 1 and kid in ALPHABET for kid in keys)
        except (ValueError, KeyError, TypeError, AttributeError):
            sound, keys, current, text = False, {}, "", {}
    if not sound:
        raise KeyringProblem(
            worded(
                "{path} is broken. Restore it from your backup: with a new one, nobody stays signed in and what "
                "was encrypted is lost.",
                path=path,
            )
        )
    return _Kept(current, keys, text)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two rotations at once come one after the other, so that none loses the other's key."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _new_key() -> dict[str, str]:
    key = base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
    return {"key": key, "made_at": datetime.now(UTC).isoformat(timespec="seconds")}


def _bound(purpose: str, account_id: int) -> bytes:
    return f"{purpose}:{account_id}".encode()


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, b"signedin " + purpose.encode(), hashlib.sha256)
