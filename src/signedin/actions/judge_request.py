"""An authorization request, judged: who asks, what they want, and what the person at the browser still has to do."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.actions.find_client import find_client
from signedin.actions.hinted import is_meant
from signedin.actions.keep_question import Question
from signedin.actions.list_sessions import as_used_last
from signedin.actions.means import Means
from signedin.rules.account import AccountId
from signedin.rules.authorization import Asking, Wanted, whose
from signedin.rules.authorization_checks import judge
from signedin.rules.client import Client
from signedin.rules.consent import Consent
from signedin.rules.interaction import Standing
from signedin.rules.presence import Presence
from signedin.store import accounts, consents, policies


async def asker_of(means: Means, question: Question) -> tuple[Client, str]:
    """The client that asks, and its address that the answer leads to.

    Raises:
        AuthorizationRefused: nobody who is known here, or not their address.
    """
    return whose(question.parameters, await find_client(means, question.parameters.get("client_id")))


def wanted_by(question: Question, client: Client, issuer: str) -> Wanted:
    """What the client wants.

    Raises:
        OAuthRefused: by the code of the RFC.
    """
    return judge(Asking(question.parameters, client, question.is_pushed, frozenset({issuer})))


async def standing_of(
    means: Means, presence: Presence | None, client: Client, wanted: Wanted, now: datetime
) -> Standing:
    """How things stand with whoever is at the browser."""
    if presence is None:
        return Standing(None, is_meant=True, consent=None)
    meant = await is_meant(means, presence, client, wanted.id_token_hint, now)
    return Standing(presence.authenticated_at, meant, await consent_to(means, presence, client, now))


async def consent_to(means: Means, presence: Presence, client: Client, now: datetime) -> Consent | None:
    """What the person has allowed a client so far, where that is in force."""
    return await means.database.read(in_force, means, presence.account_id, client.id, now)


def in_force(
    conn: sa.Connection, means: Means, account_id: AccountId, client_id: str, now: datetime
) -> Consent | None:
    """The account's consent to a client that nothing has ended, or `None`."""
    consent, account = consents.to_client(conn, account_id, client_id), accounts.find(conn, account_id)
    if consent is None or account is None or consent.first_proof < account.epoch:
        return None
    is_member = account.organisation_id is not None
    [ruled] = policies.ruled(conn, account_id, [consent], is_member=is_member)
    used = as_used_last(means, ruled, None, now)
    return consent if used.is_alive_at(now) else None
