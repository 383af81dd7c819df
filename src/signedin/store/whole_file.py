"""Small files that are there whole or not at all, on disk, and for their owner only: the keyring, and what stands beside it."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


def make_whole(path: Path, value: dict[str, Any]) -> None:
    """Make the file; when another process made it first, that one counts.

    Raises:
        OSError: it cannot be made there.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _beside(path, value) as beside, suppress(FileExistsError):
        os.link(beside, path)
    _settle(path.parent)


def replace_whole(path: Path, value: dict[str, Any]) -> None:
    """Put the file in the place of the one that is there, if there is one.

    Raises:
        OSError: it cannot be written there; what was there stays.
    """
    with _beside(path, value) as beside:
        beside.replace(path)
    _settle(path.parent)


@contextmanager
def _beside(path: Path, value: dict[str, Any]) -> Iterator[Path]:
    """A whole file beside the one that is meant; gone afterwards."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        yield beside
    finally:
        beside.unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    """Let the folder's entry reach the disk too: keys in use must not vanish with the power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
