"""What is asked all day is answered in front of the framework: a plain form is read here, and all else goes on as it came."""

from __future__ import annotations

import json
from typing import Any

from signedin.gate.middleware import Message, Receive, Scope, Send
from signedin.oauth.arriving import NO_STORE
from signedin.oauth.form import KIND, LARGEST

Pairs = tuple[tuple[bytes, bytes], ...]
_KIND = KIND.encode()
_HEADERS: Pairs = (
    (b"content-type", b"application/json"),
    *((name.encode(), value.encode()) for name, value in NO_STORE),
)
_text = json.JSONEncoder(ensure_ascii=False).encode


def is_post_to(scope: Scope, path: str) -> bool:
    """Whether something is sent to that very path."""
    return bool(scope["type"] == "http" and scope["path"] == path and scope["method"] == "POST")


def plain(kinds: list[bytes], message: Message) -> bytes | None:
    """What was sent, where it is a form in one piece and not too large; `kinds` are its headers Content-Type."""
    if kinds != [_KIND] or message["type"] != "http.request" or message.get("more_body"):
        return None
    body: bytes = message.get("body", b"")
    return body if len(body) <= LARGEST else None


def again(first: Message, receive: Receive) -> Receive:
    """What was read already, and then what comes."""
    read = [first]

    async def receive_again() -> Message:
        return read.pop() if read else await receive()

    return receive_again


async def tell(send: Send, told: dict[str, Any], more: Pairs = ()) -> None:
    """Answer in JSON that nobody keeps; `more` are headers beside what says so."""
    body = _text(told).encode()
    headers = [*_HEADERS, *more, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
