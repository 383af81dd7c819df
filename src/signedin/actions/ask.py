"""Who a credential signs in, asked of PostgreSQL: what cannot be known is never taken for nobody, nor for somebody."""

from __future__ import annotations

from datetime import datetime

from signedin.actions.authenticate import judged, told_by
from signedin.actions.means import Means
from signedin.rules.account import AccountId
from signedin.rules.living import Living
from signedin.rules.presence import Absence, Presence


async def ask(
    means: Means, account_id: AccountId, digest: bytes, now: datetime
) -> tuple[Presence | Absence, Living | None]:
    """The answer, and what it was judged by if the session is in the live table.

    Raises:
        DatabaseProblem, Unavailable: it cannot be known.
    """
    assert means.lines is not None
    living = await means.lines.living(account_id, digest)
    if living is None:
        return told_by(await means.lines.ended(account_id, digest)), None
    return judged(means, account_id, living, now), living
