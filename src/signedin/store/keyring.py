"""The keyring: what must be read again is encrypted under it, and tokens find their way by it (D19)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from signedin.rules.secret import ALPHABET, WayKeys

_NONCE = 12


class KeyringProblem(Exception):
    """The keyring cannot be used; the text says why and what to do."""


class Keyring:
    """Keys by their one-character ids, the newest in use; kept in one file that only its owner may read."""

    def __init__(self, path: Path, keys: dict[str, bytes], current: str) -> None:
        self._path = path
        self._keys = keys
        self._current = current
        self.way_keys = WayKeys(current, {kid: _derived(key, "way") for kid, key in keys.items()})
        self._mac_key = _derived(keys[min(keys, key=ALPHABET.index)], "mac")

    @classmethod
    def load(cls, path: Path) -> Keyring:
        """Read the keyring, or make it at the first start; two processes that start at once agree.

        Raises:
            KeyringProblem: others may read it, or it is broken.
        """
        if not path.exists():
            _create(path, {"current": "0", "keys": {"0": _new_key()}})
        try:
            if path.stat().st_mode & 0o077:
                raise KeyringProblem(f"{path} may be read by others. Run: chmod 600 {path}")
            kept = json.loads(path.read_text(encoding="utf-8"))
            keys = {kid: base64.b64decode(entry["key"]) for kid, entry in kept["keys"].items()}
            if kept["current"] not in keys or any(len(key) != 32 for key in keys.values()):
                raise KeyringProblem(f"{path} is broken. Restore it from your backup; do not make a new one.")
            return cls(path, keys, kept["current"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise KeyringProblem(
                f"{path} cannot be used as a keyring. Restore it from your backup."
            ) from error

    def encrypt(self, purpose: str, account_id: int, plaintext: bytes) -> bytes:
        """Encrypt for one purpose and one account: nowhere else can it be read."""
        nonce = secrets.token_bytes(_NONCE)
        bound = f"{purpose}:{account_id}".encode()
        return self._current.encode() + nonce + self._cipher(self._current).encrypt(nonce, plaintext, bound)

    def decrypt(self, purpose: str, account_id: int, sealed: bytes) -> bytes | None:
        """What was encrypted for that purpose and account, or `None`."""
        kid = sealed[:1].decode("latin-1")
        if kid not in self._keys:
            return None
        try:
            bound = f"{purpose}:{account_id}".encode()
            return self._cipher(kid).decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], bound)
        except InvalidTag:
            return None

    def mac(self, purpose: str, data: bytes) -> bytes:
        """A keyed digest for one purpose; the same for as long as the oldest key is kept."""
        return hmac.digest(self._mac_key, purpose.encode() + b"\0" + data, hashlib.sha256)

    def rotate(self) -> None:
        """Add a key and use it from now on; the old ones stay, to read what they protect."""
        unused = next((kid for kid in ALPHABET if kid not in self._keys), None)
        if unused is None:
            raise KeyringProblem("The keyring is full.")
        kept = json.loads(self._path.read_text(encoding="utf-8"))
        kept["keys"][unused], kept["current"] = _new_key(), unused
        beside = self._path.with_suffix(".new")
        beside.unlink(missing_ok=True)
        _create(beside, kept)
        beside.replace(self._path)
        self.__init__(  # type: ignore[misc]  # the same ring with one more key
            self._path, self._keys | {unused: base64.b64decode(kept["keys"][unused]["key"])}, unused
        )

    def _cipher(self, kid: str) -> AESGCM:
        return AESGCM(_derived(self._keys[kid], "encrypt"))


def _new_key() -> dict[str, str]:
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {"key": key, "made_at": datetime.now(UTC).isoformat(timespec="seconds")}


def _create(path: Path, kept: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(kept, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(beside, path)
    except FileExistsError:
        pass  # another process made it first: that one counts
    finally:
        beside.unlink()


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, b"signedin " + purpose.encode(), hashlib.sha256)
