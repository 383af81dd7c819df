"""What a client library sends when it joins, renews, acknowledges, reports and leaves, read and judged."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from signedin.rules.account import AccountId
from signedin.rules.errors import InvalidInput, UnknownField
from signedin.rules.feed import LONGEST_AGO, MOST_USES, Use
from signedin.rules.location import normalise_address
from signedin.rules.secret import ID_LENGTH, LARGEST_ACCOUNT_ID
from signedin.rules.session import SessionId

LONGEST_NAME = 64
LONGEST_ADDRESS = 100
LONGEST_AGENT = 1_000
LARGEST_NUMBER = 2**53 - 1
_FIELDS = {"node", "boot", "join", "applied", "uses", "leave"}
_OF_A_USE = {"account", "session", "seconds_ago", "address", "agent"}


class Acknowledgement(NamedTuple):
    """Who it is from, what they have applied, and what they have seen; `applied` is missing when they join or leave."""

    node: str
    boot: str
    applied: int | None
    joins: bool
    leaves: bool
    uses: tuple[Use, ...]


def read(body: bytes) -> Acknowledgement:
    """The body of `POST /v1/feed/ack`.

    Raises:
        InvalidInput, UnknownField: it is none.
    """
    said = _object(_parsed(body), _FIELDS)
    node, boot = _name(said, "node"), _name(said, "boot")
    joins, leaves = _flag(said, "join"), _flag(said, "leave")
    applied = None if joins or leaves else _number(said, "applied", LARGEST_NUMBER)
    uses = said.get("uses", [])
    if not isinstance(uses, list) or len(uses) > MOST_USES:
        raise InvalidInput(field="uses")
    return Acknowledgement(node, boot, applied, joins, leaves, tuple(map(_use, uses)))


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInput from None


def _object(said: object, fields: set[str]) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise InvalidInput
    for name in said:
        if name not in fields:
            raise UnknownField(field=name[:100])
    return said


def _use(said: object) -> Use:
    use = _object(said, _OF_A_USE)
    account, session, agent = use.get("account"), use.get("session"), use.get("agent", "")
    if not (isinstance(account, str) and account.isascii() and account.isdigit() and len(account) < 20):
        raise InvalidInput(field="account")
    if not (isinstance(session, str) and session.isascii() and len(session) <= 2 * ID_LENGTH):
        raise InvalidInput(field="session")
    if not (isinstance(agent, str) and len(agent) <= LONGEST_AGENT):
        raise InvalidInput(field="agent")
    seconds_ago = _number(use, "seconds_ago", int(LONGEST_AGO.total_seconds()))
    account_id = AccountId(min(int(account), LARGEST_ACCOUNT_ID))
    return Use(account_id, SessionId(session), seconds_ago, _address(use.get("address", "")))


def _address(said: object) -> str:
    if not isinstance(said, str) or len(said) > LONGEST_ADDRESS:
        raise InvalidInput(field="address")
    return normalise_address(said) or "" if said else ""


def _name(said: dict[str, Any], field: str) -> str:
    name = said.get(field)
    if not (isinstance(name, str) and name.isascii() and name.isalnum() and 8 <= len(name) <= LONGEST_NAME):
        raise InvalidInput(field=field)
    return name


def _number(said: dict[str, Any], field: str, largest: int) -> int:
    number = said.get(field)
    if type(number) is not int or not 0 <= number <= largest:
        raise InvalidInput(field=field)
    return number


def _flag(said: dict[str, Any], field: str) -> bool:
    flag = said.get(field, False)
    if not isinstance(flag, bool):
        raise InvalidInput(field=field)
    return flag
