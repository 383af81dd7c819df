"""What a client is told of a person."""

from __future__ import annotations

from collections.abc import Callable

from signedin.rules.account import Account
from signedin.rules.client import Client


def subject_of(mac: Callable[[str, bytes], bytes], client: Client, account: Account) -> str:
    """The person's name for a client: for others' applications one that no other client knows them by."""
    about = client.id if client.is_pairwise else ""
    return mac("subject", f"{about}\n{account.id}".encode()).hex()
