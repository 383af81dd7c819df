"""How calls can go wrong, as the description of the API says it: every code of every call, by its status."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from signedin.api.call import Caller, Described
from signedin.gate.answers import STATUS, status_of
from signedin.rules import errors
from signedin.rules.bulk_job import NothingToEnd, PreviewTooOld, PreviewUnfinished
from signedin.rules.policy_wish import RuleStillEnding
from signedin.rules.problem import MEDIA_TYPE, problem
from signedin.server.refusals import FOR_PROGRAMS

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer", "minimum": 0}
HEADERS: dict[str, Any] = {
    "ETag": {"description": "Changes when anything in the answer does, but for the current row's own last use.",
             "schema": _TEXT},
    "RateLimit": {"description": "`\"calls\";r=599;t=60`: how many calls are left, and in how many seconds all are.",
                  "schema": _TEXT},
    "RateLimit-Policy": {"description": "`\"calls\";q=600;w=60`: how many calls in how many seconds.", "schema": _TEXT},
    "Retry-After": {"description": "Seconds after which to try again.", "schema": {"type": "integer", "minimum": 1}},
    "WWW-Authenticate": {"description": "The reason, or the scope that is missing.", "schema": _TEXT},
    "Signedin-Account": {"description": "Whose session or key it is; of others' apps their `sub`, unless a service key asks.", "schema": _TEXT},
    "Signedin-Session": {"description": "The id of the session; `-` for a key.", "schema": _TEXT},
    "Signedin-App-Type": {"description": "The app type of the session; `-` for a key.", "schema": _TEXT},
    "Signedin-Scopes": {"description": "`*` for a session, or what the key may do.", "schema": _TEXT},
    "Signedin-Seq": {"description": "Of a session, to a service key: the answer reflects every ending up to this number.",
                     "schema": _NUMBER},
    "Signedin-Epoch": {"description": "The same: to be compared with an account's cut-offs.", "schema": _NUMBER},
    "Signedin-Good-For": {"description": "The same: seconds for which nothing but an ending has to be known; 0: do not "
                          "remember.", "schema": _NUMBER},
}  # fmt: skip
LIMITED = ("RateLimit", "RateLimit-Policy")
_ALWAYS = (errors.TooManyRequests, errors.Unavailable, errors.DatabaseProblem, errors.UnknownField)
_OF_A_CHECK = (
    errors.NotSignedIn,
    errors.InsufficientPermission,
    errors.Unavailable,
    errors.UnknownField,
    errors.InvalidInput,
)
"""It is not limited, doubtful cookies are `malformed`, and whatever goes wrong cannot be known (D12)."""
_OF_SOMEBODY = (errors.NotSignedIn, errors.CookiesUnreadable, errors.InsufficientPermission)
_HEADERS_OF = {
    401: ("WWW-Authenticate",),
    403: ("WWW-Authenticate",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


def problems_of(told: Described) -> dict[str, Any]:
    """The responses with which the call is refused, by status."""
    by_status = _codes_of(told)
    named = {
        str(status): {"$ref": f"#/components/responses/{_name(codes)}"}
        for status, codes in sorted(by_status.items())
    }
    return _unchanged(told) | named


def every_problem(calls: Iterable[Described]) -> dict[str, Any]:
    """The responses that `problems_of` names, of all calls together."""
    found = {_name(codes): (status, codes) for told in calls for status, codes in _codes_of(told).items()}
    return {name: _response(status, sorted(codes)) for name, (status, codes) in sorted(found.items())}


def _name(codes: set[str]) -> str:
    return "-".join(sorted(codes))


def _codes_of(told: Described) -> dict[int, set[str]]:
    by_status: dict[int, set[str]] = {}
    for kind in _refusals_of(told):
        by_status.setdefault(_status(kind), set()).add(kind.code)
    on_our_side = [] if told.call.by is Caller.CHECKED else [500]
    for status in (
        400,
        *on_our_side,
        *([413] if told.method != "GET" else []),
        *([404] if "{" in told.path else []),
    ):
        by_status.setdefault(status, set()).add(FOR_PROGRAMS[status][0])
    return by_status


def _refusals_of(told: Described) -> list[type[errors.Refused]]:
    call, found = told.call, list(_ALWAYS)
    if call.by is Caller.CHECKED:
        return [*_OF_A_CHECK, *call.refuses]
    if call.by is not Caller.ANYBODY:
        found += _OF_SOMEBODY
        found += [errors.CrossSite] if told.method != "GET" else []
    if call.query or call.takes or "{account_id}" in told.path or told.method != "GET":
        found.append(errors.InvalidInput)
    return [*found, *call.refuses]


def _response(status: int, codes: list[str]) -> dict[str, Any]:
    schema = {"allOf": [
        {"$ref": "#/components/schemas/Problem"}, {"properties": {"code": {"enum": codes}, "status": {"const": status}}}
    ]}  # fmt: skip
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS_OF.get(status, ())}
    return {
        "description": "Refused: " + ", ".join(f"`{code}`" for code in codes) + ".",
        "headers": headers, "content": {MEDIA_TYPE: {"schema": schema, "examples": examples}},
    }  # fmt: skip


def _unchanged(told: Described) -> dict[str, Any]:
    if "ETag" not in told.call.headers:
        return {}
    return {
        "304": {
            "description": "The same as before.",
            "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
        }
    }


def _status(kind: type[errors.Refused]) -> int:
    return status_of(kind.__new__(kind))


def _example(status: int, code: str, title: str, detail: str, **extra: str) -> dict[str, Any]:
    return {"summary": title, "value": problem(status, code, title, detail, **extra)}


_EXTRA = {
    "not_signed_in": {"reason": "revoked"},
    "unknown_field": {"field": "colour"},
    "invalid_input": {"field": "limit"},
}
EXAMPLES: dict[str, Any] = {
    kind.code: _example(status, kind.code, kind.sentence, kind.hint, **_EXTRA.get(kind.code, {}))
    for kind, status in STATUS.items()
} | {
    code: _example(status, code, title, detail)
    for status, (code, title, detail) in FOR_PROGRAMS.items() if code != errors.NotFound.code
}  # fmt: skip
EXAMPLES |= {
    kind.code: _example(_status(kind), kind.code, kind.sentence, kind.hint)
    for kind in (PreviewTooOld, PreviewUnfinished, NothingToEnd, RuleStillEnding)
}
EXAMPLES[errors.CookiesUnreadable.code] = _example(
    401, errors.CookiesUnreadable.code, errors.CookiesUnreadable.sentence, errors.CookiesUnreadable.hint,
    reason="cookie_twice",
)  # fmt: skip
