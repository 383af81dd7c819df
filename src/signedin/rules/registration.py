"""What an application may be registered with: every field is judged before anything is remembered.

Nothing that is registered is ever fetched: no logo, no key set (attack 14).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from signedin.rules.client import Authentication, Client, ClientKind, GrantType
from signedin.rules.client_keys import judge_keys
from signedin.rules.consent import LONGEST_CLIENT_DESCRIPTION, LONGEST_CLIENT_NAME, tidy_client_text
from signedin.rules.errors import InvalidInput
from signedin.rules.redirect_uri import MOST, judge_redirect_uri, judge_web_address
from signedin.rules.scope import OF_PEOPLE, OF_SERVICES
from signedin.rules.session import AppType
from signedin.rules.signing import OURS
from signedin.rules.wording import marked as _
from signedin.rules.wording import worded

USUAL = frozenset({"openid", "profile", "email", "offline_access"})
"""What a client may ask for when nothing else is said."""
MOST_SECRETS = 2
"""The one in use, and the next one while its servers change over."""
LONGEST_IDLE = timedelta(days=400)
LONGEST_LIFE = timedelta(days=365)
Lists = Mapping[str, Sequence[str]]
"""What is said of fields that are lists: `scopes`, `redirect_uris`, `logout_uris`, `resources`, `signed_resources`."""
_LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")


def judge(client: Client) -> Client:
    """The client as it may be registered: its texts tidied, its lists without repetition.

    Raises:
        InvalidInput: a field cannot be used, or two do not fit together; it says which.
    """
    tidied = replace(
        client,
        name=tidy_client_text(client.name, LONGEST_CLIENT_NAME),
        description=tidy_client_text(client.description, LONGEST_CLIENT_DESCRIPTION),
        redirect_uris=tuple(dict.fromkeys(client.redirect_uris)),
        logout_uris=tuple(dict.fromkeys(client.logout_uris)),
        resources=tuple(dict.fromkeys((*client.resources, *client.signed_resources))),
        signed_resources=tuple(dict.fromkeys(client.signed_resources)),
        is_pairwise=client.is_pairwise and client.kind is ClientKind.THIRD_PARTY,
    )
    _refuse_the_first_that_fails(tidied, _WHAT_HAS_TO_HOLD)
    for field, uris in (("redirect_uris", tidied.redirect_uris), ("logout_uris", tidied.logout_uris)):
        for uri in uris:
            judge_redirect_uri(uri, is_native=tidied.is_native, field=field)
    for uri in tidied.resources:
        judge_resource(uri)
    if tidied.back_channel_uri:
        judge_web_address(tidied.back_channel_uri, "back_channel_uri")
    return replace(tidied, keys=judge_keys(tidied.keys))


def with_lists(client: Client, added: Lists, removed: Lists) -> Client:
    """The client with more in some of its lists and less in others; one that nothing leads back to has no codes.

    Raises:
        InvalidInput: it has not got what is to go, or is to get and to lose the same.
    """
    for field, values in removed.items():
        missing = [
            each for each in values if each not in getattr(client, field) or each in added.get(field, ())
        ]
        if missing:
            raise InvalidInput(
                worded(_("It has not got this: {what}"), what=missing[0]), field=field,
                hint=_("List it to see what it has. Nothing was changed."),
            )  # fmt: skip
    if gone := removed.get("resources"):
        left = tuple(each for each in client.signed_resources if each not in gone)
        client = replace(client, signed_resources=left)
    for field in {**added, **removed}:
        kept = [each for each in getattr(client, field) if each not in removed.get(field, ())]
        kept += added.get(field, ())
        whole: dict[str, Any] = {field: frozenset(kept) if field == "scopes" else tuple(kept)}
        client = replace(client, **whole)
    ways = client.grant_types - {GrantType.CODE} | ({GrantType.CODE} if client.redirect_uris else set())
    return replace(client, grant_types=ways)


def judge_resource(uri: str) -> str:
    """The address of a resource server, as it may be registered (RFC 8707, section 2): https, or on one's own machine.

    Raises:
        InvalidInput: it is none.
    """
    if uri.startswith(_LOOPBACK):
        judge_web_address(f"https{uri[4:]}", "resources")
        return uri
    return judge_web_address(uri, "resources")


def scopes_for(kind: ClientKind) -> tuple[str, ...]:
    """All that a client of a kind may be registered for."""
    return OF_SERVICES if kind is ClientKind.SERVICE else OF_PEOPLE


def grants_for(kind: ClientKind) -> frozenset[GrantType]:
    """The ways to tokens that a client of a kind may be registered for."""
    return (
        frozenset({GrantType.CLIENT})
        if kind is ClientKind.SERVICE
        else frozenset(GrantType) - {GrantType.CLIENT}
    )


def _refuse_the_first_that_fails(
    client: Client, checks: Iterable[tuple[str, str, Callable[[Client], Any]]]
) -> None:
    for field, sentence, holds in checks:
        if not holds(client):
            raise InvalidInput(
                sentence, field=field, hint=_("Correct it and try again. Nothing was changed.")
            )


def _fits_its_type(client: Client) -> bool:
    return (client.app_type is not AppType.OAUTH) is client.is_first_party


def _has_where_to_lead(client: Client) -> bool:
    return bool(client.redirect_uris) is (GrantType.CODE in client.grant_types)


def _proves_the_code_is_its_own(client: Client) -> bool:
    return client.needs_pkce or (client.is_confidential and "openid" in client.scopes)


_WHAT_HAS_TO_HOLD: tuple[tuple[str, str, Callable[[Client], Any]], ...] = (
    ("name", _("A client needs a name that people can read."), lambda c: c.name),
    ("app_type", _("An app of one's own has a type; no other client has one."), _fits_its_type),
    ("grant_types", _("A client of this kind cannot get tokens in this way."),
     lambda c: c.grant_types and c.grant_types <= grants_for(c.kind) and c.grant_types != {GrantType.REFRESH}),
    ("scopes", _("A client of this kind cannot be allowed that."),
     lambda c: c.scopes and c.scopes <= {*scopes_for(c.kind)}),
    ("redirect_uris", _("A client that people sign in with needs an address to lead back to; no other has one."),
     _has_where_to_lead),
    ("redirect_uris", _("There are too many addresses."),
     lambda c: max(len(c.redirect_uris), len(c.logout_uris), len(c.resources)) <= MOST),
    ("authentication", _("A service keeps a secret or a key."),
     lambda c: c.kind is not ClientKind.SERVICE or c.is_confidential),
    ("keys", _("A client that signs with a key of its own is registered with it; no other needs one."),
     lambda c: bool(c.keys) is (c.authentication is Authentication.KEY)),
    ("secrets", _("A client has two secrets at most, and as many as its way of authenticating needs."),
     lambda c: len(c.secrets) <= MOST_SECRETS and bool(c.secrets) is has_secrets(c)),
    ("needs_pkce", _("Only a client that keeps a secret and signs people in may do without PKCE."),
     _proves_the_code_is_its_own),
    ("logout_uris", _("Only a client that people sign in with is told of sign-outs, or led back to after one."),
     lambda c: c.kind is not ClientKind.SERVICE or not (c.logout_uris or c.back_channel_uri)),
    ("needs_sid", _("A session is named only where there is an address to tell it to."),
     lambda c: bool(c.back_channel_uri) or not c.needs_sid),
    ("signs_with", _("Statements are signed with RS256 or ES256."), lambda c: c.signs_with in OURS),
    ("idle", _("A consent ends after one to 400 days without use."),
     lambda c: timedelta(days=1) <= c.idle <= LONGEST_IDLE),
    ("lasts", _("A refresh token lasts for one day to one year."),
     lambda c: timedelta(days=1) <= c.lasts <= LONGEST_LIFE),
)  # fmt: skip
"""Field, what is said of it, and what has to hold; the first that does not is told."""


def has_secrets(client: Client) -> bool:
    """Whether it shows itself by a secret."""
    return client.authentication in {Authentication.BASIC, Authentication.POST}


@dataclass(frozen=True, slots=True)
class Picture:
    """A logo as it was uploaded: what it is, told by its own first bytes and by nothing else."""

    media_type: str
    bytes: bytes


LARGEST_PICTURE = 64 * 1024
LONGEST_SIDE = 1024
_BEGINNINGS = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"RIFF", "image/webp"))


def judge_picture(content: bytes) -> Picture:
    """A logo as it may be shown: PNG, JPEG or WebP, for these cannot hold a program; an SVG can.

    Raises:
        InvalidInput: it is too large, or something else.
    """
    if not 0 < len(content) <= LARGEST_PICTURE:
        raise InvalidInput(_("A logo has 64 kB at most."), field="logo")
    kind = next((media for beginning, media in _BEGINNINGS if content.startswith(beginning)), None)
    if kind is None or (kind == "image/webp" and content[8:12] != b"WEBP"):
        raise InvalidInput(_("A logo is a PNG, a JPEG or a WebP picture."), field="logo")
    if kind == "image/png" and max(_side(content, 16), _side(content, 20)) > LONGEST_SIDE:
        raise InvalidInput(_("A logo has 1,024 by 1,024 points at most."), field="logo")
    return Picture(kind, content)


def _side(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 4], "big")
