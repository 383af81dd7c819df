"""The pages of docs/ as tests read them: what stands between fences, and the requests among that."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", *sorted(f"docs/{each.name}" for each in (ROOT / "docs").glob("*.md")))
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Fence(NamedTuple):
    """What stands between two fences, and in which language."""

    language: str
    text: str


class Shown(NamedTuple):
    """A request as a page shows it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def fences(page: str) -> list[Fence]:
    """Everything between fences on a page, in its order."""
    return [Fence(*found) for found in _FENCE.findall((ROOT / page).read_text())]


def beginning(page: str, start: str) -> str:
    """The text of the one fence of a page that begins with this."""
    (text,) = (each.text for each in fences(page) if each.text.startswith(start))
    return text


def request_in(text: str, **instead: str) -> Shown:
    """The request in a fence; what cannot be typed as it stands, like a secret cut short, is put in its place."""
    for cut_short, whole in instead.items():
        text = text.replace(f"sgn_{cut_short}_...", whole)
    head, _, body = text.partition("\n\n")
    first, *headers = head.splitlines()
    method, path = first.split()
    return Shown(method, path, dict(line.split(": ", 1) for line in headers), body.encode())


def shape_of(value: object) -> object:
    """The fields of a JSON value, without what they hold."""
    if isinstance(value, str):
        value = json.loads(value)
    return {name: shape_of(each) if isinstance(each, dict) else "" for name, each in dict(value).items()}
