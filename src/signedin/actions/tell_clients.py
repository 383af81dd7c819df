"""Telling clients of endings: what waits for them, as they read it, and what became of it."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

from signedin.actions.means import Means
from signedin.actions.sign import signed
from signedin.rules.claims import sid_for, subject_of_id
from signedin.rules.client import Client
from signedin.rules.logout_token import TYP, logout_token
from signedin.store import clients, logouts, outbox
from signedin.store.logouts import receiver_of
from signedin.store.outbox import Message

__all__ = ["Message", "receiver_of"]


async def take_logouts(means: Means, now: datetime, busy: Collection[str]) -> dict[str, list[Message]]:
    """What is to be told now, by client, without those that are being told something already; claimed.

    A client that was disabled is told of everybody who gave it something: whom that is, is found here, in batches.
    """
    if not await means.database.read(logouts.is_due, now, busy):
        return {}
    found: dict[str, list[Message]] = {}
    for message in await means.database.write(logouts.claim, now, busy):
        if logouts.is_of_all(message):
            while await means.database.write(logouts.tell_more, receiver_of(message)):
                pass
        else:
            found.setdefault(receiver_of(message), []).append(message)
    return found


async def receiver(means: Means, client_id: str) -> Client | None:
    """The client, if it wants to hear of endings (still); one that is disabled hears of those as well."""
    client = await means.database.read(clients.find, client_id)
    return client if client is not None and client.back_channel_uri else None


async def logout_token_for(means: Means, client: Client, message: Message, issuer: str, now: datetime) -> str:
    """The message, signed anew for each attempt: it holds for two minutes.

    Raises:
        Unavailable: the keyring at hand cannot open the key.
    """
    subject = subject_of_id(means.keyring.mac, client, message.account_id)
    sid = sid_for(means.keyring.mac, client, message.fields["sid"])
    told = logout_token(issuer, client.id, subject, sid, secrets.token_hex(16), now)
    return await signed(means, told, typ=TYP, algorithm=client.signs_with)


async def told(means: Means, message: Message) -> None:
    """Forget what was told, or never will be."""
    await means.database.write(outbox.delivered, message)


async def not_told(means: Means, client: Client, now: datetime) -> int:
    """Try again later, all that is due for that client; returns how much of it is given up."""
    return await means.database.write(logouts.put_off, client.id, now)
