"""Delivering what waits in the outbox: after the commit, with retries, never in anybody's way."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

import structlog
from aiosmtplib import send

from signedin.actions.means import Means
from signedin.actions.tell import delivered, postpone, take_due
from signedin.post.letters import letter

SMTP_SECONDS = 20
log = structlog.get_logger("signedin.post")
Carrier = Callable[[EmailMessage], Awaitable[None]]


async def deliver(means: Means, carrier: Carrier, sender: str, base_url: str, now: datetime) -> int:
    """Deliver what is due, at least once; what fails is tried again later. Returns how many were delivered."""
    count = 0
    for message in await take_due(means, now):
        try:
            words = {"brand": means.brand, "contact": means.contact, "base_url": base_url}
            await carrier(letter(message, sender=sender, **words))
        except Exception as error:  # noqa: BLE001  # whatever is wrong with one letter must not hold up the others
            log.warning("a letter could not be delivered", kind=message.kind, error=type(error).__name__)
            await postpone(means, message, now)
        else:
            await delivered(means, message)
            count += 1
    return count


def to_folder(folder: Path) -> Carrier:
    """A carrier that writes each letter to a file for its owner only: for development, and without an SMTP server."""

    def write(mail: EmailMessage) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        with open(folder / f"{name}.eml", "wb", opener=_for_its_owner) as file:
            file.write(mail.as_bytes())

    async def carry(mail: EmailMessage) -> None:
        await asyncio.to_thread(write, mail)

    return carry


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def to_server(url: str) -> Carrier:
    """A carrier that hands each letter to an SMTP server: `smtps://`, or `smtp://` with STARTTLS.

    The server's certificate is judged, and a password is never said before it is (security 12.3.1); where there
    is none to say, TLS is used if the server offers it.
    """
    parts = urlsplit(url)
    is_smtps = parts.scheme == "smtps"

    async def carry(mail: EmailMessage) -> None:
        await send(
            mail,
            hostname=parts.hostname or "localhost",
            port=parts.port or (465 if is_smtps else 587),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password or "") if parts.username else None,
            use_tls=is_smtps,
            start_tls=None if is_smtps or not parts.username else True,
            tls_context=ssl.create_default_context(),
            timeout=SMTP_SECONDS,
        )

    return carry
