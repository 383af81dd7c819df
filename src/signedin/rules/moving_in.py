"""What an existing app brings along: its people and their living sessions, one of each in a line; read and judged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import cast

from signedin.rules.account import AccountState, OutsideId, account_named, normalise_email, tidy_name
from signedin.rules.lifetime import INACTIVITY, Limits, why_expired
from signedin.rules.location import normalise_address
from signedin.rules.old_hash import LONGEST, is_no_password
from signedin.rules.session import AppType

SLACK = timedelta(minutes=5)
"""How far ahead the clock of the app may have been."""
_PERSON = frozenset({"id", "email", "name", "password_hash", "state", "created_at"})
_OTHERS = "other_ids"
"""Beside `id`, of somebody whom the app knows by several: a list, so in JSON alone."""
_SESSION = frozenset(
    {
        "account", "token", "token_sha256", "app_type", "user_agent", "app_name", "address", "first_at", "last_at",
        "ends_at",
    }
)  # fmt: skip
_DIGEST = re.compile("[0-9a-f]{64}")
_LONGEST_FIELD, _LONGEST_TOKEN, _SHORTEST_TOKEN = 2_000, 4_096, 16
_TYPES = frozenset(AppType) - {AppType.OAUTH}
Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Turned:
    """A line that is refused, and why: nothing of it is written."""

    line: int
    code: str
    sentence: str
    field: str = ""


class Unusable(Exception):
    """A line cannot be used; which one, is known where it was read."""

    def __init__(self, code: str, sentence: str, named: str = "") -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.named = code, sentence, named

    def at(self, line: int) -> Turned:
        """The same, told of its line."""
        return Turned(line, self.code, self.sentence, self.named)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who moves in. `outside` are the ids by which the app knows them, if it has any of them.

    `password_hash` is empty where only the app signs them in.
    """

    line: int
    email: str
    name: str
    outside: tuple[OutsideId, ...]
    state: AccountState
    created_at: datetime
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OldSession:
    """A session that moves in; of its token only the digest is known here. It lives as long as its limits say."""

    line: int
    whose: OutsideId
    digest: bytes = field(repr=False)
    app_type: AppType
    user_agent: str
    app_name: str
    address: str
    first_at: datetime
    last_at: datetime
    ends_at: datetime | None

    def limits(self, inforce: Limits) -> Limits:
        """Its limits: those in force here, and never longer than 30 days without use, nor than the app had said."""
        overall = self.first_at + inforce.overall
        until = overall if self.ends_at is None else min(overall, self.ends_at)
        return Limits(min(inforce.idle, INACTIVITY), until - self.first_at)

    def why_over(self, inforce: Limits, now: datetime) -> str | None:
        """Why it would live no longer, or `None`."""
        limits = self.limits(inforce)
        reason = why_expired(self.last_at, limits.idle, self.first_at + limits.overall, now)
        return None if reason is None else reason.value


def person_of(line: int, said: Fields, service: str, now: datetime) -> Person:
    """The person in a line.

    Raises:
        Unusable: the line cannot be used as it is.
    """
    fields = _texts({name: value for name, value in said.items() if name != _OTHERS}, _PERSON)
    email = normalise_email(fields["email"]) if fields["email"] else ""
    if email is None:
        raise Unusable("email_invalid", "This is not an email address.", "email")
    outside = tuple(_outside(each, service, named) for each, named in _ids(fields["id"], said.get(_OTHERS)))
    hashed = "" if is_no_password(fields["password_hash"]) else fields["password_hash"]
    if not email and (not outside or hashed):
        raise Unusable("email_missing", "Without an email address nobody can sign in.", "email")
    state = {"": AccountState.ACTIVE, "active": AccountState.ACTIVE, "disabled": AccountState.DISABLED}.get(
        fields["state"]
    )
    if state is None:
        raise Unusable("state_unknown", "The state is active or disabled.", "state")
    if len(hashed) > LONGEST:
        raise Unusable("hash_unknown", "The password's hash is of no kind that can be read.", "password_hash")
    created_at = _moment(fields["created_at"], "created_at", now) or now
    name = tidy_name(fields["name"]) or email or fields["id"]
    return Person(line, email, name, outside, state, created_at, hashed)


def session_of(line: int, said: Fields, service: str, now: datetime) -> OldSession:
    """The session in a line.

    Raises:
        Unusable: the line cannot be used as it is.
    """
    fields = _texts(said, _SESSION)
    last_at = _moment(fields["last_at"], "last_at", now)
    if last_at is None:
        raise Unusable(
            "last_use_missing", "Without its last use nobody knows when a session ends.", "last_at"
        )
    first_at = _moment(fields["first_at"], "first_at", now) or last_at
    if first_at > last_at:
        raise Unusable("moment_invalid", "A session begins before it is used last.", "first_at")
    app_type = fields["app_type"] or AppType.WEB.value
    if app_type not in _TYPES:
        raise Unusable("app_type_unknown", "There is no such app type.", "app_type")
    address = normalise_address(fields["address"]) if fields["address"] else ""
    if address is None:
        raise Unusable("address_invalid", "This is no address of a network.", "address")
    return OldSession(
        line, _outside(fields["account"], service, "account"), _digest(fields), AppType(app_type),
        fields["user_agent"], fields["app_name"], address, first_at, last_at, _moment(fields["ends_at"], "ends_at"),
    )  # fmt: skip


def _ids(first: str, others: object) -> list[tuple[str, str]]:
    """Each id of somebody, with the field that it stands in."""
    if others is not None and not (
        first and isinstance(others, list) and all(isinstance(each, str) for each in others)
    ):
        raise Unusable("field_invalid", "This field is a list of texts, beside id.", _OTHERS)
    return [
        *([(first, "id")] if first else []),
        *((each, _OTHERS) for each in cast("list[str]", others or [])),
    ]


def digest_of_old(token: str) -> bytes:
    """What an old token is known by here.

    Raises:
        Unusable: it is too short to be a secret, or too long.
    """
    if not _SHORTEST_TOKEN <= len(token) <= _LONGEST_TOKEN:
        raise Unusable("token_invalid", "A token has at least 16 characters.", "token")
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def _digest(fields: Mapping[str, str]) -> bytes:
    if bool(fields["token"]) == bool(fields["token_sha256"]):
        raise Unusable("token_missing", "Either token or token_sha256 is needed.", "token")
    if fields["token"]:
        return digest_of_old(fields["token"])
    if _DIGEST.fullmatch(fields["token_sha256"]) is None:
        raise Unusable("token_invalid", "A SHA-256 has 64 hexadecimal digits.", "token_sha256")
    return bytes.fromhex(fields["token_sha256"])


def _outside(text: str, service: str, named: str) -> OutsideId:
    if not service:
        raise Unusable("service_missing", "Whose id that is, is said with --service.", named)
    found = account_named(f"outside:{text}", service)
    if not isinstance(found, OutsideId):
        raise Unusable("id_invalid", "An id has 1 to 200 printable characters.", named)
    return found


def _texts(said: Fields, known: frozenset[str]) -> dict[str, str]:
    """The fields as texts, each there; numbers are taken for ids as they are written, and a token as the app will show it."""
    for name, value in said.items():
        if name not in known:
            raise Unusable("unknown_field", f"There is no field {name[:40]!r}.", name[:40])
        if not isinstance(value, str | int | None) or isinstance(value, bool):
            raise Unusable("field_invalid", "This field is a text.", name)
        if len(str(value)) > (_LONGEST_TOKEN if name == "token" else _LONGEST_FIELD):
            raise Unusable("field_invalid", "This field is too long.", name)
    texts = {name: "" if said.get(name) is None else str(said[name]) for name in known}
    return {name: text if name == "token" else text.strip() for name, text in texts.items()}


def _moment(text: str, named: str, now: datetime | None = None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unusable("moment_invalid", "A moment is written like 2026-11-28T20:15:00Z.", named) from None
    if moment.tzinfo is None:
        raise Unusable("moment_invalid", "A moment says its offset: a Z at the end, for UTC.", named)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise Unusable("moment_invalid", "There is no such moment.", named) from None
    if moment.year < 1980 or (now is not None and moment > now + SLACK):
        raise Unusable("moment_invalid", "This moment is not in the past.", named)
    return moment if now is None else min(moment, now)
