"""Fetches the place file: DB-IP City Lite, once a month, and only with the operator's consent."""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from http.client import HTTPException
from io import BytesIO
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import structlog

from signedin.rules.errors import Refused
from signedin.store.places import BROKEN, open_places

DB_IP = "https://download.db-ip.com/free/"
GREATEST_DOWNLOAD = 256 * 1024 * 1024
GREATEST_FILE = 1024 * 1024 * 1024
LONGEST_DOWNLOAD = timedelta(minutes=10)
_PIECE = 1024 * 1024

Fetch = Callable[[str], bytes]


class UpdateRefused(Refused):
    """The place file stays as it was; the sentence says why."""

    code = "places_not_updated"
    sentence = "The place file was not updated."
    hint = "The file in use stays as it is. Try again later."


@dataclass(frozen=True, slots=True)
class Updated:
    """The place file that is now in use: where from, which month's, and its digest for the record."""

    url: str
    month: str
    sha256: str
    size: int


def update(
    target: Path, fetch: Fetch, today: date, consent: bool, base: str = DB_IP, limit: int = GREATEST_FILE
) -> Updated:
    """Puts this month's DB-IP City Lite in place of `target`, or last month's while this one is not out yet.

    The old file is replaced in one step, after the new one could be opened; else it stays.

    Raises: UpdateRefused.
    """
    if not consent:
        raise UpdateRefused(
            "Fetching DB-IP City Lite needs your consent: it is licensed CC BY 4.0, and every page that "
            "shows places will link to DB-IP.",
            hint="Run `signedin geo update` on a terminal, or with --accept-license.",
        )
    month, url, packed = _newest(fetch, today, base)
    with _beside(target) as (file, temporary):
        sha256, size = _unpack(packed, file, limit)
        _check(temporary)
        _swap(temporary, target)
    structlog.get_logger().info("places_updated", url=url, sha256=sha256, size=size)
    return Updated(url, month, sha256, size)


def download(
    url: str,
    tell: Callable[[int, int], object] = lambda *_: None,
    greatest: int = GREATEST_DOWNLOAD,
    longest: timedelta = LONGEST_DOWNLOAD,
) -> bytes:
    """What is at this address, if it comes in time and is not too large; https never turns into http.

    `tell` is told how many bytes of how many have come.

    Raises: OSError.
    """
    until = time.monotonic() + longest.total_seconds()
    request = Request(url, headers={"User-Agent": "signedin"})  # noqa: S310 - the scheme is compared below
    with urlopen(request, timeout=min(30.0, longest.total_seconds())) as answer:  # noqa: S310
        if urlsplit(answer.url).scheme != urlsplit(url).scheme:
            raise OSError("the server redirects to another scheme")
        pieces = bytearray()
        while piece := answer.read1(_PIECE):
            pieces += piece
            tell(len(pieces), len(pieces) + (answer.length or 0))
            if len(pieces) > greatest:
                raise OSError(f"the file is larger than {greatest} bytes")
            if time.monotonic() > until:
                raise OSError(f"the download took longer than {longest}")
        if answer.length:
            raise OSError("the connection was closed before the end of the file")
        return bytes(pieces)


def _newest(fetch: Fetch, today: date, base: str) -> tuple[str, str, bytes]:
    last = today.replace(day=1) - timedelta(days=1)
    for month in (f"{today:%Y-%m}", f"{last:%Y-%m}"):
        url = f"{base}dbip-city-lite-{month}.mmdb.gz"
        try:
            return month, url, fetch(url)
        except HTTPError as answer:
            if answer.code != 404:
                raise UpdateRefused(f"{url} answered with status {answer.code}.") from answer
        except (OSError, HTTPException) as problem:
            raise UpdateRefused(f"{url} could not be fetched: {problem}.") from problem
    raise UpdateRefused(f"There is neither this month's nor last month's file below {base}.")


@contextmanager
def _beside(target: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A new file in the target's folder, so that it can be renamed; gone afterwards if it was not."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as problem:
        raise UpdateRefused(f"Nothing can be written to {target.parent}: {problem.strerror}.") from problem
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file, Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _unpack(packed: bytes, file: IO[bytes], limit: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    try:
        with gzip.GzipFile(fileobj=BytesIO(packed)) as unpacked:
            while piece := unpacked.read(_PIECE):
                size += len(piece)
                if size > limit:
                    raise UpdateRefused(f"What was fetched unpacks to more than {limit} bytes.")
                digest.update(piece)
                file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    except (gzip.BadGzipFile, EOFError, zlib.error) as problem:
        raise UpdateRefused("What was fetched is damaged: it cannot be unpacked.") from problem
    except OSError as problem:
        raise UpdateRefused(f"The new file could not be written: {problem.strerror}.") from problem
    return digest.hexdigest(), size


def _check(path: Path) -> None:
    try:
        with open_places(path) as reader:
            is_city = "City" in reader.metadata().database_type
            reader.get("192.0.2.1")
    except BROKEN as problem:
        raise UpdateRefused("What was fetched is damaged: it is no MMDB file.") from problem
    if not is_city:
        raise UpdateRefused("What was fetched is no file of cities.")


def _swap(new: Path, target: Path) -> None:
    try:
        new.chmod(0o644)
        new.replace(target)
    except OSError as problem:
        raise UpdateRefused(f"{target} could not be replaced: {problem.strerror}.") from problem
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
