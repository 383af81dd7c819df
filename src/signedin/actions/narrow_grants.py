"""What was given to a connected app follows its consent when that is narrowed, wherever that was (10.7.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from signedin.rules.consent import Consent
from signedin.rules.revocation import EndReason
from signedin.store import access_tokens, given, grants, session_rows, tombstones


def narrow_grants(conn: sa.Connection, consent: Consent, now: datetime, number: int) -> None:
    """No grant of the row has more than the row, so that what was taken back comes to no older token with a later yes.

    What may not stay connected any more goes with the browser's session that it was given in, also if that is over
    (D29). `number` is that of the event.
    """
    account_id, left_alone = consent.account_id, dict[str, str]()
    for grant in grants.of_row(conn, account_id, consent.id):
        left = tuple(scope for scope in grant.scopes if scope in consent.scopes)
        if left != grant.scopes:
            grants.change(conn, replace(grant, scopes=left))
            access_tokens.narrow(conn, account_id, grant.id, left)
        if "offline_access" in grant.scopes and "offline_access" not in left:
            left_alone[grant.id] = grant.sid
    there = {row.id for row in session_rows.some(conn, account_id, [*{*left_alone.values()}])}
    over = [grant_id for grant_id, sid in left_alone.items() if sid not in there]
    stones = [
        tombstones.child_of(consent.id, digest, consent.idle)
        for _grant_id, digest in given.end(conn, account_id, over)
    ]
    tombstones.bury(conn, account_id, stones, EndReason.REVOKED, now, number)
