"""Delivering what waits in the outbox: after the commit, with retries, never in anybody's way."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

import structlog

from signedin.actions.means import Means
from signedin.actions.tell import delivered, due_messages, postpone
from signedin.post.letters import letter

log = structlog.get_logger("signedin.post")
Carrier = Callable[[EmailMessage], None]


async def deliver(means: Means, carrier: Carrier, sender: str, base_url: str, now: datetime) -> int:
    """Deliver what is due; what fails is tried again later. Returns how many were delivered."""
    count = 0
    for message in await due_messages(means, now):
        try:
            mail = letter(message, sender=sender, brand=means.brand, base_url=base_url)
            await asyncio.to_thread(carrier, mail)  # a slow mail server keeps no check waiting
        except Exception as error:  # noqa: BLE001  # whatever is wrong with one letter must not hold up the others
            log.warning("a letter could not be delivered", kind=message.kind, error=type(error).__name__)
            await postpone(means, message, now)
        else:
            await delivered(means, message)
            count += 1
    return count


def to_folder(folder: Path) -> Carrier:
    """A carrier that writes each letter to a file: for development, and without an SMTP server."""

    def carry(mail: EmailMessage) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        (folder / f"{name}.eml").write_bytes(mail.as_bytes())

    return carry


def to_server(url: str) -> Carrier:
    """A carrier that hands each letter to an SMTP server (`smtp://` with STARTTLS, or `smtps://`).

    The server's certificate is judged, and nothing secret is said before it is (security 12.3.1).
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port

    def carry(mail: EmailMessage) -> None:
        trusted = ssl.create_default_context()
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port or 465, timeout=20, context=trusted)
        else:
            server = smtplib.SMTP(host, port or 587, timeout=20)
        with server:
            if parts.scheme == "smtp" and parts.username:
                server.starttls(context=trusted)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(mail)

    return carry
