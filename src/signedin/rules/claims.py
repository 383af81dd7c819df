"""What a client learns of a person: by which name, and what of the profile."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from signedin.rules.account import Account, AccountId
from signedin.rules.client import Client

OF_SCOPES: dict[str, tuple[str, ...]] = {
    "openid": ("sub",),
    "profile": ("name", "zoneinfo", "locale"),
    "email": ("email",),
}
"""The claims that each scope opens (OpenID Connect Core, section 5.4), as far as they are known here."""


def subject_of(mac: Callable[[str, bytes], bytes], client: Client, account: Account) -> str:
    """The name of a person for a client: for others' a name of its own, so that no two can compare (section 8.1).

    It is made from the client's id and not from where it lives, so that a new address of its leaves everybody who
    they were. `mac` is a keyed digest that only this installation can make, and that outlives a rotation of its keys.
    """
    return subject_of_id(mac, client, account.id)


def subject_of_id(mac: Callable[[str, bytes], bytes], client: Client, account_id: AccountId) -> str:
    """The same of whoever has that id, also where nothing else is known of them any more."""
    return subject_for(mac, client.id, account_id, is_pairwise=client.is_pairwise)


def subject_for(
    mac: Callable[[str, bytes], bytes], client_id: str, account_id: AccountId, *, is_pairwise: bool
) -> str:
    """The same for a client of which no more is known than that."""
    return (
        mac("subject", f"{client_id}\n{account_id}".encode()).hex()[:40] if is_pairwise else str(account_id)
    )


def sid_for(mac: Callable[[str, bytes], bytes], client: Client, sid: str) -> str:
    """The name of a browser's session for a client (Front-Channel Logout 1.0, section 3): as with the person's, two
    of others' are told two names. Nothing where there is no such session.
    """
    if not sid or not client.is_pairwise:
        return sid
    return mac("sid", f"{client.id}\n{sid}".encode()).hex()[:40]


def claims_of(account: Account, scopes: Collection[str]) -> dict[str, Any]:
    """What the scopes let a client know of the person; what is not known is left out (section 5.3.2)."""
    known = {"name": account.name, "zoneinfo": account.zone, "locale": account.locale, "email": account.email}
    opened = {claim for scope in scopes for claim in OF_SCOPES.get(scope, ())}
    return {name: value for name, value in known.items() if name in opened and value}
