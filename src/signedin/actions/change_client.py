"""Changing what an application has registered: an operator's deed, judged as a whole (security 8.2.3).

A scope that is taken away is refused on every path from the commit on, also of consents, grants and tokens that have
it: each use asks what the client is registered for (`rules/consent.py`, `still_held.py`, `authenticate_token.py`). So
is a resource server for new tokens; those that there are for it end with the change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
import structlog

from signedin.actions.means import Means
from signedin.rules import errors
from signedin.rules.client import Client
from signedin.rules.registration import Lists, judge, judge_picture, with_lists
from signedin.rules.wording import marked as _
from signedin.store import access_tokens, asked, clients, device_codes, grants, logos

AT_ONCE = 200
log = structlog.get_logger("signedin.security")


async def change_client(
    means: Means, client_id: str, changes: Mapping[str, Any], *, added: Lists | None = None,
    removed: Lists | None = None, logo: bytes | None = None,
) -> Client:  # fmt: skip
    """Change what a client has registered. Its questions that wait for somebody are forgotten: they were judged before.

    `changes` are fields with what they are from now on, `added` and `removed` what comes to the lists of a field and
    goes from them. A `logo` of no bytes takes the one there is away.

    Raises:
        NotFound: there is none like that.
        InvalidInput: it could not be registered like this, or has not got what is to go; nothing was changed.
    """
    lists = (added or {}, removed or {})
    before, client = await means.database.write(_changed, client_id, changes, lists, logo)
    fields = sorted({*changes, *lists[0], *lists[1], *(() if logo is None else ("logo",))})
    log.info("client changed", client=client.id, name=client.name, fields=fields,
             scopes_gone=sorted(before.scopes - client.scopes))  # fmt: skip
    gone = {*before.resources} - {*client.resources}
    after: tuple[int, str] | None = (-1, "")
    while gone and after is not None:
        after = await means.database.write(_end_tokens_for, client_id, gone, after)
    return client


def change(
    conn: sa.Connection, client_id: str, changes: Mapping[str, Any], logo: bytes | None = None
) -> Client:
    """The same of fields alone, in the transaction at hand. Raises alike."""
    return _remember(conn, judge(replace(found(conn, client_id), **changes)), logo)


def found(conn: sa.Connection, client_id: str) -> Client:
    """The client, which nobody else changes until this transaction is over.

    Raises:
        NotFound: there is none like that.
    """
    return known(clients.hold(conn, client_id))


def known(client: Client | None) -> Client:
    """The client that was asked for.

    Raises:
        NotFound: there is none like that.
    """
    if client is None:
        raise errors.NotFound(_("There is no such client."), hint=_("List the clients to see their ids."))
    return client


def _changed(
    conn: sa.Connection, client_id: str, changes: Mapping[str, Any], lists: tuple[Lists, Lists], logo: bytes | None
) -> tuple[Client, Client]:  # fmt: skip
    """The client as it was, and as it is now."""
    before = found(conn, client_id)
    client = judge(with_lists(replace(before, **changes), *lists))
    return before, _remember(conn, client, logo)


def _remember(conn: sa.Connection, client: Client, logo: bytes | None) -> Client:
    if logo is not None:
        client = replace(client, logo=logos.keep(conn, judge_picture(logo)) if logo else None)
    asked.end_of_client(conn, client.id)
    device_codes.end_of_client(conn, client.id)
    clients.change(conn, client)
    return client


def _end_tokens_for(
    conn: sa.Connection, client_id: str, gone: set[str], after: tuple[int, str]
) -> tuple[int, str] | None:
    """End a batch of access tokens for resource servers that are gone; returns where it ended, `None` when at the end."""
    batch = grants.of_client(conn, client_id, after, AT_ONCE)
    for account_id, grant_id in batch:
        grant = grants.find(conn, account_id, grant_id)
        if grant is not None and not gone.isdisjoint(grant.resources):
            access_tokens.end_of_grants(conn, account_id, [grant_id])
    return batch[-1] if batch else None
