"""What a check asks for: the app types it lets in, and the scope that keys and tokens need (D12)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from signedin.rules import scope as scopes
from signedin.rules.errors import InvalidInput, UnknownField
from signedin.rules.said_twice import SaidTwice, refuse_twice
from signedin.rules.sent import CookieNames, Headers, cookies
from signedin.rules.session import AppType
from signedin.rules.ticket import HERE

FIELDS = ("app_type", "scope", "resource", "host")
LONGEST = 2_000
_ADMIN_ALONE = frozenset({AppType.ADMIN})
OF_SESSIONS = frozenset(AppType) - {AppType.OAUTH}
"""The app types that a session can have; what is connected by OAuth has a scope or is not let in."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a check names. A session is let in by its app type; a scope is what others need, and limits none.

    `host` is the other host whose app is guarded, by that host's own cookie; ours is the empty one.
    """

    app_types: frozenset[AppType] = frozenset({AppType.WEB})
    scopes: frozenset[str] = frozenset()
    resource: str | None = None
    host: str = HERE


@lru_cache(maxsize=256)
def asked_by(query: bytes) -> Asked:
    """What a query string asks for: Web sessions when it says nothing. Read once, for proxies always send the same.

    >>> sorted(asked_by(b"app_type=web,mobile").app_types)
    [<AppType.MOBILE: 'mobile'>, <AppType.WEB: 'web'>]

    Raises:
        InvalidInput, UnknownField: it names what there is not, or one thing twice; nobody is let in by a mistake.
    """
    fields = _fields(query)
    app_types = _app_types(fields["app_type"]) if "app_type" in fields else Asked().app_types
    needed = _scopes(fields["scope"]) if "scope" in fields else frozenset[str]()
    resource = fields.get("resource")
    if resource is not None and not (needed and _is_resource(resource)):
        raise InvalidInput("A resource is an absolute address, and is named with a scope.", field="resource")
    if fields.get("host") == HERE:
        raise InvalidInput("A host is written like in the address that people use.", field="host")
    return Asked(app_types, needed, resource, fields.get("host", HERE))


def not_listed() -> InvalidInput:
    """The refusal of a host that was not listed: nobody is let in there."""
    return InvalidInput("No such host is listed in SIGNEDIN_APP_HOSTS.", field="host")


def names_for(asked: Asked, headers: Headers, names: CookieNames) -> CookieNames:
    """The cookies that a check reads: an operator's own where an Admin application is guarded and one came (D5)."""
    if asked.app_types != _ADMIN_ALONE or asked.host != HERE or names.admin not in cookies(headers):
        return names
    return replace(names, session=names.admin)


def _fields(query: bytes) -> dict[str, str]:
    if len(query) > LONGEST:
        raise InvalidInput("The question is too long.")
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    for name, value in pairs:
        if name not in FIELDS:
            raise UnknownField(field=name[:100])
        if not value.isprintable():
            raise InvalidInput(field=name)
    try:
        refuse_twice(name for name, _ in pairs)
    except SaidTwice as twice:
        raise InvalidInput(
            "Each field may be named once; put commas between several values.", field=twice.field
        ) from None
    return dict(pairs)


def _app_types(text: str) -> frozenset[AppType]:
    names = text.split(",")
    if not set(names) <= {each.value for each in OF_SESSIONS}:
        known = ", ".join(sorted(each.value for each in OF_SESSIONS))
        raise InvalidInput(f"Sessions have these app types: {known}.", field="app_type")
    return frozenset(map(AppType, names))


def _scopes(text: str) -> frozenset[str]:
    names = frozenset(text.replace(",", " ").split())
    if not names or not names <= scopes.SENTENCES.keys():
        raise InvalidInput("There is no such scope.", field="scope")
    return names


def _is_resource(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc) and "#" not in text
