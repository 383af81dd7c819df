"""Showing again that it is you, for one deed (D17): the session that asks gains nothing that lasts."""

from __future__ import annotations

from datetime import datetime

import structlog

from signedin.actions.means import Means
from signedin.rules import errors
from signedin.rules.presence import Presence
from signedin.rules.step_up import is_fresh
from signedin.rules.vouching import BackToApp
from signedin.rules.wording import marked as _
from signedin.store import accounts, limits, sessions
from signedin.store.passwords import HashingBusy

log = structlog.get_logger("signedin.security")


async def prove_again(
    means: Means, presence: Presence, password: str, now: datetime, *, always: bool = False
) -> None:
    """Refuse unless the sign-in is fresh or the password is right; with `always` only the password counts.

    Guesses count against the session that asks and nothing else: they lock out nobody else, and signing in is as
    before.

    Raises:
        BackToApp: an app began the session that asks, so nothing was ever proved here (D31).
        StepUpRequired: the sign-in is not fresh, and there is no password or a wrong one.
        TooManyRequests: there were too many wrong ones from this session.
        Unavailable: too much waits for the one hashing thread.
    """
    if presence.current_id is None:
        raise errors.StepUpRequired
    asking = await means.database.read(sessions.find, presence.account_id, presence.current_id)
    if asking is not None and not asking.factors:
        raise BackToApp
    if is_fresh(presence, now) and not always:
        return
    if not password:
        raise errors.StepUpRequired
    subjects = limits.step_up(means.keyring, presence.current_id)
    retry_at = await means.database.write(limits.reserve, subjects, now)
    if retry_at is not None:
        raise errors.TooManyRequests(retry_at)
    hashed = await means.database.read(accounts.password_hash, presence.account_id)
    try:
        verdict = await means.hasher.verify(hashed, password)
    except HashingBusy:
        await means.database.write(limits.take_back, subjects)
        raise errors.Unavailable from None
    if not verdict.ok:
        log.warning("a fresh proof was refused", session=presence.current_id)
        raise errors.StepUpRequired(_("The password is wrong."))
    await means.database.write(limits.forgive, subjects)
