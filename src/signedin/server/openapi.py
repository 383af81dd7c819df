"""The description of the API in OpenAPI 3.1, made of the routes: what each says of itself (`api/call.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from signedin.api import shapes
from signedin.api.call import CALL, PATH, QUERY, Call, Caller, Described
from signedin.api.check_call import CHECK
from signedin.api.examples import EXAMPLES, STREAMS
from signedin.rules.scope import SENTENCES
from signedin.rules.sent import CookieNames
from signedin.server.openapi_problems import EXAMPLES as PROBLEMS
from signedin.server.openapi_problems import HEADERS, LIMITED, every_problem, problems_of

ANYWHERE = "https://account.example.org"
"""The base URL of the description in docs/."""
COOKIE, OF_HOST, SESSION, KEY, SERVICE = "session", "hostSession", "appSession", "accessKey", "serviceKey"
OPERATOR = "adminSession"
SCHEMAS = "#/components/schemas/{name}"
ABOUT = (
    "See where an account is signed in, and end what should not be. "
    "The subject of a call always comes from its credential. docs/api.md says what holds for all calls."
)


def description(routes: Iterable[Any], base_url: str = ANYWHERE) -> dict[str, Any]:
    """The whole document, for an installation at that address."""
    calls = [*map(_described, routes), CHECK]
    types = [each for told in calls for each in (told.call.takes, told.call.gives) if each is not None]
    _, schemas = msgspec.json.schema_components([shapes.Problem, *types], ref_template=SCHEMAS)
    paths: dict[str, dict[str, Any]] = {}
    for told in calls:
        paths.setdefault(told.path, {})[told.method.lower()] = _operation(told, calls)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Signedin", "version": "1", "summary": ABOUT, "license": {
            "name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": base_url}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())), "examples": PROBLEMS, "headers": HEADERS,
            "responses": every_problem(calls),
            "securitySchemes": _schemes(CookieNames.for_base_url(base_url)),
        },
    }  # fmt: skip


def _described(route: Any) -> Described:
    (path,), (method,) = route.paths, (each for each in route.http_methods if each != "OPTIONS")
    name = f"{route.fn.__module__.rpartition('.')[2]}.{route.fn.__name__}"
    told = (route.fn.__doc__ or "").strip().replace("\n    ", " ")
    return Described(str(method), path.replace(":str", ""), route.opt[CALL], told, name)


def _operation(told: Described, calls: Sequence[Described]) -> dict[str, Any]:
    call = told.call
    problems, answer = problems_of(told), _answer(call, calls)
    operation: dict[str, Any] = {
        "operationId": told.name, "summary": told.told, "tags": [told.path.split("/")[2]],
        "parameters": [*_parameters(told), *told.parameters], "security": _security(call),
        "responses": {str(status): answer for status in (call.status, call.also_status) if status} | problems,
    }  # fmt: skip
    if call.takes is not None:
        content = {"schema": _schema(call.takes), "example": EXAMPLES[call.takes]}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return operation


def _parameters(told: Described) -> list[dict[str, Any]]:
    names = [part.strip("{}") for part in told.path.split("/") if part.startswith("{")]
    return [
        *({"name": name, "in": "path", "required": True, **PATH[name]} for name in names),
        *({"name": name, "in": "query", **QUERY[name]} for name in told.call.query),
        *([_IF_NONE_MATCH] if "ETag" in told.call.headers else []),
    ]


_IF_NONE_MATCH = {
    "name": "If-None-Match", "in": "header", "schema": {"type": "string"},
    "description": "The `ETag` of the answer that one has: 304 while nothing else is to be said.",
}  # fmt: skip


def _answer(call: Call, calls: Sequence[Described]) -> dict[str, Any]:
    headers = [*call.headers, *([] if call.by is Caller.CHECKED else LIMITED)]
    nothing = "Somebody: the headers say who." if call.by is Caller.CHECKED else "Done, and nothing to add."
    answer: dict[str, Any] = {
        "description": (call.gives.__doc__ if call.gives else nothing) or "",
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
    }  # fmt: skip
    if call.gives is not None:
        content: dict[str, Any] = {"schema": _schema(call.gives), "example": EXAMPLES[call.gives]}
        answer["content"] = {call.media_type: content}
    elif call.media_type != "application/json":
        content = {"schema": {}, "example": STREAMS[call.media_type]}
        answer |= {"description": _STREAMS[call.media_type], "content": {call.media_type: content}}
    ids = {f"{each.method} {each.path}": each.name for each in calls}
    links = {
        f"{ids[target]}.by.{pointer.strip('/').replace('/', '.')}": {
            "operationId": ids[target], "parameters": {parameter: f"$response.body#{pointer}"},
        }
        for target, parameter, pointer in call.leads_to
    }  # fmt: skip
    return answer | ({"links": links} if links else {})


_STREAMS = {
    "application/x-ndjson": "Lines of JSON as they come.",
    "text/csv": "A line for each number: `day,measure,part,count`; what was not counted on a day is left out.",
    "text/event-stream": "`session-started`, `session-ended` and `session-changed` as they happen; `Last-Event-ID` catches up.",
}  # fmt: skip


def _schema(kind: Any) -> dict[str, Any]:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=SCHEMAS)
    return schema


def _security(call: Call) -> list[dict[str, list[str]]]:
    if call.by is Caller.ANYBODY:
        return []
    if call.by is Caller.SERVICE:
        return [{SERVICE: [call.scope]}]
    if call.by is Caller.OPERATOR:
        return [{OPERATOR: []}, *([{SERVICE: [call.scope]}] if call.scope else [])]
    by_session: list[dict[str, list[str]]] = [{COOKIE: []}, {SESSION: []}]
    if call.by is Caller.CHECKED:
        return [*by_session, {OF_HOST: []}, {KEY: []}]
    return [*by_session, {KEY: [call.scope]}] if call.scope else by_session


def _schemes(names: CookieNames) -> dict[str, Any]:
    scopes = "; ".join(f"`{name}`: {sentence}" for name, sentence in SENTENCES.items() if ":" in name)

    def bearer(kind: str, sentence: str) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": f"sgn_{kind}_...",
            "description": sentence,
        }

    return {
        COOKIE: {"type": "apiKey", "in": "cookie", "name": names.session,
                 "description": "A browser's session. What changes something has to come from our own pages."},
        OF_HOST: {"type": "apiKey", "in": "cookie", "name": names.host,
                  "description": "A browser's session at another host, which is named by `host` (docs/other-hosts.md)."},
        OPERATOR: {"type": "apiKey", "in": "cookie", "name": names.admin,
                   "description": "An operator's Admin session, with the role that the call needs."},
        SESSION: bearer("app", "A session that an app has begun for its person."),
        KEY: bearer("key", f"A personal access key with the scope. {scopes}."),
        SERVICE: bearer("svc", "A service key with the scope; the app type of a session has to be among its own."),
    }  # fmt: skip
