"""Anchors: where each account's journal was last seen to end, in a signed file outside the database.

Whoever can write the database but not this file cannot cut off the end of a journal, or take a whole one away,
without it showing. One line of JSON for each note, each signed by the keyring together with the one before.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from signedin.store.journal import Anchor
from signedin.store.keyring import Keyring

FILE = "journal-heads.jsonl"
PER_LINE = 1000
LARGEST_GROWN = 4 * 1024 * 1024
"""From this size on the file is written anew when most of its lines are old."""

AnchorsById = dict[int, Anchor]


class AnchorsProblem(Exception):
    """The file cannot be believed or used; the text says why."""


class Noted(NamedTuple):
    """What the file says: the anchors, when they were last noted, and the signature to go on from."""

    anchors: AnchorsById
    at: datetime | None
    mac: bytes


class Anchors:
    """The file of anchors; `path` may name a copy that was kept elsewhere."""

    def __init__(self, keyring: Keyring, path: Path | None = None) -> None:
        self.path = path or keyring.beside(FILE)
        self._keyring = keyring

    def read(self) -> Noted | None:
        """What is noted, or `None` when nothing ever was.

        Raises:
            AnchorsProblem: a line was changed or removed, or the file cannot be read.
        """
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise AnchorsProblem(f"{self.path} cannot be read: {error.strerror}.") from error
        noted = Noted({}, None, b"")
        for number, line in enumerate(
            lines[:-1], 1
        ):  # what stands after the last line's end was never finished
            noted = self._with(noted, line, number)
        return noted if noted.at else None

    def add(self, noted: Noted | None, news: Mapping[int, Anchor], now: datetime) -> None:
        """Note where journals end that ended elsewhere before; `noted` is what was read under the same lock.

        Raises:
            AnchorsProblem: the file cannot be written.
        """
        everything = (noted.anchors if noted else {}) | dict(news)
        lines = self._lines(noted.mac if noted else b"", news, now)
        with self._writing():
            if noted is None or self._has_grown(lines, everything):
                self.renew(everything, now)
                return
            with self.path.open("r+b") as file:
                file.seek(file.read().rfind(b"\n") + 1)
                file.truncate()
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())

    def renew(self, anchors: Mapping[int, Anchor], now: datetime) -> None:
        """Begin the file anew with these anchors, in one step.

        Raises:
            AnchorsProblem: the file cannot be written.
        """
        beside = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        with self._writing():
            try:
                with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(self._lines(b"", anchors, now))
                    file.flush()
                    os.fsync(file.fileno())
                beside.replace(self.path)
            finally:
                beside.unlink(missing_ok=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One process at a time reads and goes on from there.

        Raises:
            AnchorsProblem: the folder cannot be used.
        """
        with self._writing():
            descriptor = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise AnchorsProblem(f"{self.path} cannot be written: {error.strerror}.") from error

    def _has_grown(self, lines: bytes, everything: AnchorsById) -> bool:
        size = self.path.stat().st_size + len(lines)
        return size > LARGEST_GROWN and size > 400 * len(everything)

    def _lines(self, before: bytes, anchors: Mapping[int, Anchor], now: datetime) -> bytes:
        """The lines for these anchors, each signed together with the one before; at least one."""
        entries, lines = list(anchors.items()), []
        for start in range(0, max(1, len(entries)), PER_LINE):
            heads = {
                str(each): [anchor.number, anchor.chain.hex(), anchor.unkeyed]
                for each, anchor in entries[start : start + PER_LINE]
            }
            text = json.dumps({"at": now.isoformat(), "heads": heads}, separators=(",", ":"))
            before = self._keyring.mac("journal-heads", before + text.encode())
            lines.append(f'{text[:-1]},"mac":"{before.hex()}"}}\n')
        return "".join(lines).encode()

    def _with(self, noted: Noted, line: bytes, number: int) -> Noted:
        text, found, rest = line.rpartition(b',"mac":"')
        mac = self._keyring.mac("journal-heads", noted.mac + text + b"}")
        if not found or not hmac.compare_digest(rest, f'{mac.hex()}"}}'.encode()):
            raise AnchorsProblem(f"Line {number} of {self.path} is not as it was written.")
        said = json.loads(text + b"}")
        news = {
            int(each): Anchor(n, bytes.fromhex(chain), u) for each, (n, chain, u) in said["heads"].items()
        }
        noted.anchors.update(news)  # a copy for each line would take a million accounts minutes
        return Noted(noted.anchors, datetime.fromisoformat(said["at"]), mac)
