"""How a program is answered, and how what it sends is read: typed, and nothing that the call does not know."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

import msgspec
from litestar.response.base import ASGIResponse

from signedin.api.asking import Ask
from signedin.rules import errors
from signedin.rules.said_twice import refuse_twice

T = TypeVar("T")


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a call that takes none: an empty object at most."""


_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_MISSING, _AT = re.compile(r"required field `(\w+)`"), re.compile(r"at `\$([^`]*)`")


def json_answer(value: Any, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> ASGIResponse:
    """A value as JSON."""
    body = json.dumps(value, ensure_ascii=False)
    return ASGIResponse(body=body, status_code=status, media_type="application/json", headers=headers)


def empty(headers: Iterable[tuple[str, str]] = ()) -> ASGIResponse:
    """204, and nothing else."""
    return ASGIResponse(status_code=204, headers=headers)


def refuse_unknown(ask: Ask, known: AbstractSet[str]) -> None:
    """Refuse what the query says that the call does not know, and what it says twice.

    Raises:
        UnknownField, SaidTwice: by its name.
    """
    names = [name for name, _ in ask.query_params.multi_items()]
    for name in names:
        if name not in known:
            raise errors.UnknownField(f"There is no field {name!r} in this call.", field=name)
    refuse_twice(names)


async def nothing_sent(ask: Ask, known: AbstractSet[str] = frozenset()) -> None:
    """Refuse what a call that takes no body does not know: in the query, and in a body that came all the same.

    Raises:
        UnknownField, SaidTwice: by its name.
        InvalidInput: a body that is not even JSON.
    """
    refuse_unknown(ask, known)
    if await ask.body():
        await body_of(ask, Nothing)


async def body_of(ask: Ask, kind: type[T]) -> T:
    """What was sent, read as that.

    Raises:
        UnknownField: it holds a field that the call does not know.
        SaidTwice: an object in it names a field twice.
        InvalidInput: it is no JSON, or a field is missing or of another kind.
    """
    sent = await ask.body()
    try:
        read = msgspec.json.decode(sent, type=kind)
        json.loads(sent, object_pairs_hook=_each_once)  # msgspec would take the last of two
    except msgspec.ValidationError as mistake:
        said = str(mistake)
        if unknown := _UNKNOWN.search(said):
            name = unknown[1][:100]
            raise errors.UnknownField(f"There is no field {name!r} in this call.", field=name) from None
        raise errors.InvalidInput(
            "A field is missing, too long or of another kind.", field=_field_in(said)
        ) from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise errors.InvalidInput("The body is not JSON.") from None
    return read


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    refuse_twice(name for name, _ in pairs)


def _field_in(said: str) -> str:
    """The field that a mistake is about, by its own name: the innermost."""
    if missing := _MISSING.search(said):
        return missing[1]
    where = _AT.search(said)
    return (re.findall(r"\.(\w+)", where[1]) or [""])[-1] if where else ""
