"""The description of the API: for programs in OpenAPI 3.1, and as a page to read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.list_sessions import account_of
from signedin.web.door import Ask, Door, arrival_of, respond


class Openapi(dict[str, Any]):
    """The document as it is served; made once, when the application is put together."""


@dataclass(frozen=True, slots=True)
class CallView:
    """What the page shows of a call."""

    name: str
    method: str
    path: str
    says: str
    by: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    refusals: tuple[tuple[str, str], ...]


@get("/openapi.json")
async def openapi_document(openapi: NamedDependency[Openapi]) -> ASGIResponse:
    """The whole description, open to everybody: it holds nothing of anybody."""
    return respond(json.dumps(openapi), media_type="application/json")


@get("/docs")
async def api_page(
    request: Ask, door: NamedDependency[Door], openapi: NamedDependency[Openapi]
) -> ASGIResponse:
    """The same to read."""
    presence = arrival_of(request).presence
    account = await account_of(door.means, presence) if presence else None
    return door.page(request, "api.html", account=account, calls=_calls(openapi))


def _calls(openapi: Openapi) -> list[CallView]:
    return [
        CallView(
            call["operationId"], method.upper(), path, call["summary"],
            tuple(sorted({name for way in call["security"] for name in way})),
            tuple((each["name"], each["description"]) for each in call["parameters"] if each["in"] == "query"),
            tuple((status, each["$ref"].rpartition("/")[2].replace("-", ", ")) for status, each in
                  call["responses"].items() if "$ref" in each),
        )
        for path, methods in openapi["paths"].items() for method, call in methods.items()
    ]  # fmt: skip
