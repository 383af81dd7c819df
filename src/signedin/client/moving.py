"""Asks for the token of a session that has moved in from the app itself (docs/move-in.md)."""

from __future__ import annotations

import json
from urllib.parse import quote

from signedin.client.address import Address
from signedin.client.answers import KeyRefused, Unavailable
from signedin.client.exchange import Answer, question
from signedin.rules.location import normalise_address

OVER = frozenset({404, 409, 410})
"""Never moved in, of a disabled account, or ended: the person signs in."""


def moved(
    address: Address, key: str, account: str, moved_from: str, where: str, agent: str, app_type: str
) -> bytes:
    """The question: the old secret goes in the body, and never in an address; what is no address of a network is left out."""
    said = {"app_type": app_type, "user_agent": agent, "moved_from": moved_from}
    if usable := normalise_address(where):
        said["address"] = usable
    target = f"{address.prefix}/v1/accounts/outside:{quote(account, safe='')}/sessions"
    headers = [
        ("host", address.named),
        ("authorization", f"Bearer {key}"),
        ("content-type", "application/json"),
    ]
    return question("POST", target, headers, json.dumps(said).encode())


def token_told(answer: Answer) -> str | None:
    """The token in the answer; `None` where that session does not go on.

    Raises:
        Unavailable: nothing that could be relied on; KeyRefused when it is the service key.
    """
    if answer.status in OVER:
        return None
    if answer.status in {401, 403}:
        raise KeyRefused("The service does not let this service key go on with these sessions.")
    try:
        token = json.loads(answer.body)["token"] if answer.status == 200 else None
    except (ValueError, KeyError, TypeError):
        token = None
    if not isinstance(token, str):
        raise Unavailable(f"The service answered {answer.status}.")
    return token
