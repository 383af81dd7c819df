"""One HTTP/1.1 question and its answer as bytes, without any wire: strict, for one service that is known.

Whatever is not understood is refused, and with it the connection: no answer is ever guessed (decision 0014).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

LONGEST_HEAD = 65_536
LONGEST_LINE = 1_000
LONGEST_BODY = 16 * 1024 * 1024
_NO_BODY = frozenset({204, 304})


class Malformed(Exception):
    """What came is no answer in HTTP/1.1, or none that is understood here."""


class Answer(NamedTuple):
    """What came back; names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def question(method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> bytes:
    """The bytes of a question.

    Raises:
        ValueError: something in it would end its line: nothing is sent.
    """
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    if any("\r" in line or "\n" in line or "\0" in line for line in lines):
        raise ValueError("a header may not hold the end of a line")
    if body or method == "POST":
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class _Line(Enum):
    """What a line between the chunks is."""

    SIZE = "how long the next chunk is"
    END = "the empty one after a chunk"
    TRAILER = "after the last chunk"


class Incoming:
    """An answer as it comes in, piece by piece; a new one for each question."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.is_complete = self.heard_anything = False
        self._raw = bytearray()
        self._body = bytearray()
        self._left = 0
        self._is_chunked = False
        self._expects = _Line.SIZE

    @property
    def may_go_on(self) -> bool:
        """Whether the connection can be asked again."""
        closes = self.headers.get("connection", "").lower() == "close"
        return self.is_complete and not closes and not self._raw

    def feed(self, data: bytes) -> None:
        """Take what came.

        Raises:
            Malformed: it is no answer.
        """
        self.heard_anything = True
        self._raw += data
        while not self.status:
            if not self._read_head():
                return
        self._read_chunks() if self._is_chunked else self._read_plain()
        if len(self._body) > LONGEST_BODY:
            raise Malformed("the answer is too long")

    def take(self) -> bytes:
        """What has come of the body since the last time."""
        body, self._body = bytes(self._body), bytearray()
        return body

    def answer(self) -> Answer:
        """The whole answer, when it is complete."""
        return Answer(self.status, self.headers, bytes(self._body))

    def _read_head(self) -> bool:
        head, found, rest = bytes(self._raw).partition(b"\r\n\r\n")
        if not found:
            if len(self._raw) > LONGEST_HEAD:
                raise Malformed("the head is too long")
            return False
        first, *lines = head.decode("latin-1").split("\r\n")
        version, _, status = first.partition(" ")
        if version != "HTTP/1.1" or not (status[:3].isascii() and status[:3].isdigit()):
            raise Malformed("no HTTP/1.1")
        self._raw = bytearray(rest)
        if status.startswith("1"):
            return True  # an answer before the answer
        self.status, self.headers = int(status[:3]), _headers(lines)
        self._measure()
        return True

    def _measure(self) -> None:
        coded, length = self.headers.get("transfer-encoding"), self.headers.get("content-length")
        if self.status in _NO_BODY:
            self._left = 0
        elif coded is not None:
            if coded.lower() != "chunked" or length is not None:
                raise Malformed("an encoding that is not known")
            self._is_chunked = True
        elif length is None or not (length.isascii() and length.isdigit()) or len(length) > 9:
            raise Malformed("the answer does not say how long it is")
        else:
            self._left = int(length)
            if self._left > LONGEST_BODY:
                raise Malformed("the answer is too long")

    def _read_plain(self) -> None:
        taken = min(self._left, len(self._raw))
        self._body += self._raw[:taken]
        del self._raw[:taken]
        self._left -= taken
        self.is_complete = self._left == 0

    def _read_chunks(self) -> None:
        while not self.is_complete:
            if self._left:
                taken = min(self._left, len(self._raw))
                self._body += self._raw[:taken]
                del self._raw[:taken]
                self._left -= taken
                if self._left:
                    return
                self._expects = _Line.END
            line, found, rest = bytes(self._raw).partition(b"\r\n")
            if not found:
                if len(line) > LONGEST_LINE:
                    raise Malformed("a line that does not end")
                return
            self._raw = bytearray(rest)
            self._line(line)

    def _line(self, line: bytes) -> None:
        if self._expects is _Line.TRAILER:
            self.is_complete = (
                not line
            )  # what stands between the last chunk and the empty line says nothing here
        elif self._expects is _Line.END:
            if line:
                raise Malformed("a chunk that is longer than it said")
            self._expects = _Line.SIZE
        else:
            self._left = _size(line)
            self._expects = _Line.END if self._left else _Line.TRAILER


def _size(line: bytes) -> int:
    size = line.partition(b";")[0].strip()
    if not 0 < len(size) <= 7 or size.strip(b"0123456789abcdefABCDEF"):
        raise Malformed("a chunk that does not say how long it is")
    return int(size, 16)


def _headers(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.lower()
        if not colon or not name or name != name.strip():
            raise Malformed("a header that is none")
        if name in {"content-length", "transfer-encoding"} and name in found:
            raise Malformed("a length that is said twice")
        found[name] = value.strip(" \t")
    return found
