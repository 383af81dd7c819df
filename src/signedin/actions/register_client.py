"""Registering applications, disabling and enabling them, and their secrets: an operator's deeds.

A disabled client is refused on every path from the commit on, and all its tokens with it: each use of one asks for its
client (`store/access_tokens.py`). Enabling it brings nothing back of what it had been given before (attack 25).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa
import structlog

from signedin.actions.change_client import change, found, known
from signedin.actions.means import Means
from signedin.actions.sign import make_pairs
from signedin.rules import errors
from signedin.rules.client import Client
from signedin.rules.registration import MOST_SECRETS, has_secrets, judge, judge_picture
from signedin.rules.secret import Kind, digest, make_session_id, make_token
from signedin.rules.wording import marked as _
from signedin.store import clients, given, grants, logos, logouts
from signedin.store.services import NOBODY

AT_ONCE = 200
log = structlog.get_logger("signedin.security")


@dataclass(frozen=True, slots=True)
class Registered:
    """A client as it was registered, with its secret where it has one, which is shown this once."""

    client: Client
    secret: str = field(default="", repr=False)


async def register_client(means: Means, wanted: Client, now: datetime, *, logo: bytes = b"") -> Registered:
    """Register an application; its id and its secret are made here, whatever `wanted` says of them.

    Raises:
        InvalidInput: a field cannot be used, or two do not fit together.
    """
    secret = make_token(Kind.CLS, NOBODY, means.keyring.way_keys) if has_secrets(wanted) else ""
    client = judge(
        replace(
            wanted, id=make_session_id(NOBODY, means.keyring.way_keys), made_at=now, disabled_at=None, logo=None,
            secrets=(digest(secret),) if secret else (),
        )
    )  # fmt: skip
    await make_pairs(means, now)
    client = await means.database.write(_add, client, logo)
    log.info("client registered", client=client.id, name=client.name, kind=client.kind.value,
             scopes=sorted(client.scopes))  # fmt: skip
    return Registered(client, secret)


async def list_clients(means: Means) -> list[Client]:
    """All of them, by name; also those that are disabled."""
    return await means.database.read(clients.every)


async def disable_client(means: Means, client_id: str, now: datetime) -> Client:
    """Refuse it on every path, and all that it has been given.

    Raises:
        NotFound: there is none like that.
    """
    client = await means.database.write(_disable, client_id, now)
    log.warning("client disabled", client=client.id, name=client.name)
    return client


async def enable_client(means: Means, client_id: str) -> Client:
    """Let it ask again. What it was given before it was disabled has ended; consents that people gave it stand.

    Raises:
        NotFound: there is none like that.
    """
    client = known(await means.database.read(clients.find, client_id))
    if client.is_disabled:
        while await means.database.write(logouts.tell_more, client_id):
            pass  # before what it was given is forgotten
        after: tuple[int, str] | None = (-1, "")
        while after is not None:
            after = await means.database.write(_end_given, client_id, after)
        client = await means.database.write(change, client_id, {"disabled_at": None})
        log.warning("client enabled", client=client.id, name=client.name)
    return client


async def add_secret(means: Means, client_id: str) -> Registered:
    """Give a client its next secret, while the one before still works: two at a time, so that servers can change over.

    Raises:
        NotFound: there is none like that.
        InvalidInput: it has two already, or shows itself in another way.
    """
    secret = make_token(Kind.CLS, NOBODY, means.keyring.way_keys)
    client = await means.database.write(_add_secret, client_id, digest(secret))
    log.info("client secret added", client=client.id, secret=secret_id(client.secrets[-1]))
    return Registered(client, secret)


async def remove_secret(means: Means, client_id: str, which: str) -> Client:
    """Take a secret away: the next call with it is refused.

    Raises:
        NotFound: there is no such client, or it has no such secret.
        InvalidInput: it is the only one; disabling the client is what refuses it.
    """
    client = await means.database.write(_remove_secret, client_id, which)
    log.info("client secret removed", client=client.id, secret=which)
    return client


def secret_id(hashed: bytes) -> str:
    """By which a secret is told from the other one: the beginning of its digest, which opens nothing."""
    return hashed.hex()[:12]


def _add(conn: sa.Connection, client: Client, logo: bytes) -> Client:
    if logo:
        client = replace(client, logo=logos.keep(conn, judge_picture(logo)))
    clients.add(conn, client)
    return client


def _disable(conn: sa.Connection, client_id: str, now: datetime) -> Client:
    before = found(conn, client_id)
    if before.is_disabled:
        return before
    logouts.tell_of_all(conn, before, now)
    return change(conn, client_id, {"disabled_at": now})


def _end_given(conn: sa.Connection, client_id: str, after: tuple[int, str]) -> tuple[int, str] | None:
    """End a batch of what a client was given; returns the last of them, or `None` when there was nothing left."""
    batch = grants.of_client(conn, client_id, after, AT_ONCE)
    for account_id, grant_id in batch:
        given.end(conn, account_id, [grant_id])
    return batch[-1] if batch else None


def _add_secret(conn: sa.Connection, client_id: str, hashed: bytes) -> Client:
    client = found(conn, client_id)
    if not has_secrets(client):
        raise errors.InvalidInput(_("This client does not show itself by a secret."))
    if len(client.secrets) >= MOST_SECRETS:
        raise errors.InvalidInput(
            _("This client has two secrets already."), hint=_("Remove the one that is no longer used.")
        )
    return change(conn, client_id, {"secrets": (*client.secrets, hashed)})


def _remove_secret(conn: sa.Connection, client_id: str, which: str) -> Client:
    client = found(conn, client_id)
    kept = tuple(each for each in client.secrets if secret_id(each) != which)
    if kept == client.secrets:
        raise errors.NotFound(_("There is no such secret."), hint=_("List the clients to see their secrets."))
    if not kept:
        raise errors.InvalidInput(
            _("This is the client’s only secret."), hint=_("Add the next one first, or disable the client.")
        )
    return change(conn, client_id, {"secrets": kept})
