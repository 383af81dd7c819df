"""Who a credential signs in, asked of the database: what cannot be known is never taken for nobody, nor for somebody."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from signedin.actions.authenticate import checks_of, judged, ruled_living, told_by
from signedin.actions.means import Means
from signedin.rules.account import AccountId
from signedin.rules.living import Living, soon_from
from signedin.rules.moments import to_micros
from signedin.rules.policy import Policy
from signedin.rules.presence import Absence, Presence


async def ask(
    means: Means, account_id: AccountId, digest: bytes, now: datetime, *, of_host: bool = False
) -> tuple[Presence | Absence, Living | None]:
    """The answer, and what it was judged by if the session is in the live table.

    Raises:
        DatabaseProblem, Unavailable: it cannot be known.
    """
    assert means.lines is not None
    living = await means.lines.living(account_id, digest, of_host=of_host)
    if living is None:
        return told_by(await means.lines.ended(account_id, digest)), None
    ruled = ruled_living(living, await rules_for(means, account_id) if living.is_member else [])
    return judged(means, account_id, ruled, now), ruled.living


class Lasting(NamedTuple):
    """What a client library needs to answer for a session from memory (docs/feed.md).

    `seq` is the number of the latest ending that the answer reflects, `first_proof` is compared with an account's
    cut-offs, and for `good_for` seconds nothing but an ending has to be known: counted from a use now, or from the
    latest one that is known.
    """

    seq: int
    first_proof: int
    good_for: int
    good_unused_for: int


async def ask_lasting(
    means: Means, account_id: AccountId, digest: bytes, now: datetime, *, of_host: bool = False
) -> tuple[Presence | Absence, Lasting | None]:
    """The answer, and how long it lasts: asked of the database itself, with the number of the latest ending.

    Raises:
        DatabaseProblem, Unavailable: it cannot be known.
    """
    found = await _living_as_of(means, account_id, digest, of_host=of_host)
    if found is None:
        return told_by(await _ended(means, account_id, digest)), None
    living, seq = found
    ruled = ruled_living(living, await rules_for(means, account_id) if living.is_member else [])
    who, living = judged(means, account_id, ruled, now), ruled.living
    if not is_the_same_everywhere(who):
        return who, Lasting(seq, living.first_proof, 0, 0)
    used = living._replace(last_at=max(living.last_at, to_micros(now)))
    return who, Lasting(seq, living.first_proof, _good_for(used, now), _good_for(living, now))


def _good_for(living: Living, now: datetime) -> int:
    """For how many seconds nothing has to be written before an answer; where the period is short, none at all."""
    until = min(soon_from(living.idle, living.last_at), living.overall_until)
    return max(0, (until - to_micros(now)) // 1_000_000)


def is_the_same_everywhere(who: Presence | Absence) -> bool:
    """Whether it matters nothing from where somebody comes and what they are about: only that may be remembered."""
    return isinstance(who, Absence) or (who.may_manage_sessions and not who.networks)


async def rules_for(means: Means, account_id: AccountId) -> list[Policy]:
    """What the organisations of an account want, asked after its session: never older than that answer.

    Raises:
        DatabaseProblem, Unavailable: it cannot be known.
    """
    if means.lines is None:
        return checks_of(means).policies(account_id)
    return await means.lines.policies(account_id)


async def _living_as_of(
    means: Means, account_id: AccountId, digest: bytes, *, of_host: bool
) -> tuple[Living, int] | None:
    if means.lines is None:
        return checks_of(means).living_as_of(account_id, digest, of_host=of_host)
    return await means.lines.living_as_of(account_id, digest, of_host=of_host)


async def _ended(means: Means, account_id: AccountId, digest: bytes) -> tuple[str, int, int | None] | None:
    if means.lines is None:
        return checks_of(means).ended(account_id, digest)
    return await means.lines.ended(account_id, digest)
