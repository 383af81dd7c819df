"""Uses that a client library has let in from memory, noted like the service's own: when, from where and by which agent (R15, D16)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from signedin.actions.end_over import end_over
from signedin.actions.list_sessions import as_used_last
from signedin.actions.means import Means
from signedin.actions.named import refuse_revoked
from signedin.rules.account import AccountId
from signedin.rules.feed import Use
from signedin.rules.lifetime import GRACE
from signedin.rules.presence import Absence, Service
from signedin.rules.revocation import EndReason
from signedin.rules.session import Session
from signedin.store import policies, sessions


async def note_reports(means: Means, service: Service, uses: Sequence[Use], now: datetime) -> int:
    """Note what was reported of living sessions of the service's own app types; returns of how many.

    How long ago is all that is believed: nothing is noted of the future, and a use after the end of a session's
    period brings it back as little as a request would (P4), whether that is its own or a rule's of an organisation.
    What a rule has ended is buried, as at a check.

    Raises:
        NotSignedIn: the key has been revoked meanwhile.
        DatabaseProblem, Unavailable: it is not known; to be reported again.
    """
    keys = [(use.account_id, use.session_id) for use in uses]
    living = await means.database.read(_living, service, keys) if keys else {}
    noted, over = 0, set[tuple[AccountId, str]]()
    for use in sorted(uses, key=lambda use: -use.seconds_ago):
        session, at = (
            living.get((int(use.account_id), use.session_id)),
            now - timedelta(seconds=use.seconds_ago),
        )
        if session is None or session.app_type not in service.app_types:
            continue
        if _lived(means, session, at):
            means.recent.note(session.account_id, session.id, use.address, at, use.agent)
            noted += 1
        elif as_used_last(means, session, None, now).is_over_by_rule_at(now):
            over.add((session.account_id, session.id))
    for key in over:
        await end_over(means, Absence(EndReason.POLICY.value, over=key), now)
    return noted


def _living(
    conn: sa.Connection, service: Service, keys: Sequence[tuple[AccountId, str]]
) -> dict[tuple[int, str], Session]:
    """The sessions as the rules of their accounts' organisations let them live."""
    refuse_revoked(conn, service)
    found = sessions.some(conn, keys)
    rules = policies.of_accounts(conn, list({session.account_id for session in found}))
    living: dict[tuple[int, str], Session] = {}
    for session in found:
        mine = rules.get(session.account_id)
        [ruled] = policies.within(mine, [session]) if mine else [session]
        assert isinstance(ruled, Session)
        living[int(session.account_id), session.id] = ruled
    return living


def _lived(means: Means, session: Session, at: datetime) -> bool:
    last_at = max(session.last_at, means.recent.latest(session.account_id, session.id) or session.last_at)
    return session.began_at <= at + GRACE and at < min(last_at + session.idle, session.overall_until)
