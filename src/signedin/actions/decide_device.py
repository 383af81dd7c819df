"""A person types the code that a device shows, sees what it wants, and decides (RFC 8628, section 3.3 and 5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.begin_device import user_code_digest
from signedin.actions.give_consent import Decision, give_grant, may_have
from signedin.actions.means import Means
from signedin.rules import errors
from signedin.rules.authorization import Wanted
from signedin.rules.client import Client, GrantType
from signedin.rules.device_code import DeviceCode, read_user_code
from signedin.rules.presence import Presence
from signedin.rules.scope import NEEDED
from signedin.rules.wording import marked as _
from signedin.store import clients, device_codes, limits

_THERE = "device:"
"""What a consent is remembered for that was given to a device: no address that anything is sent to."""


@dataclass(frozen=True, slots=True)
class AskedByDevice:
    """What a device wants of the person who has typed its code."""

    user_code: str
    client: Client
    code: DeviceCode
    wanted: Wanted


def code_is_wrong() -> errors.InvalidInput:
    """One refusal for every code that cannot be decided about: wrong, expired, decided, typed by somebody else."""
    return errors.InvalidInput(
        _("This code is wrong, or has expired."), field="user_code",
        hint=_("Look at the device again; where it shows a new code, type that one."),
    )  # fmt: skip


async def enter_code(
    means: Means, presence: Presence, typed: str, address: str, now: datetime
) -> AskedByDevice:
    """What the code stands for, which from now on only this session decides about (attack 18).

    Raises:
        InvalidInput: it stands for nothing that this session may decide about.
        TooManyRequests: there were too many wrong ones, by this session or from there.
    """
    guesses = limits.device_guesses(means.keyring, presence.current_id or "", address)
    retry_at = await means.database.write(limits.reserve, guesses, now)
    if retry_at is not None:
        raise errors.TooManyRequests(retry_at)
    asked = await means.database.write(_claimed, means, presence, typed, now)
    if asked is None:
        raise code_is_wrong()
    await means.database.write(limits.forgive, guesses)
    return asked


async def allow_device(
    means: Means, presence: Presence, typed: str, scopes: Sequence[str], now: datetime, before: str = ""
) -> AskedByDevice:
    """Give the device what the person has ticked; it gets its tokens when it asks again.

    `before` is the consent that was in force when the person was asked, or nothing.

    Raises:
        InvalidInput: the code cannot be decided about by this session (any more).
        NotSignedIn: the session has ended meanwhile.
        NoLongerCovered: what was in force has ended meanwhile, and the person is asked anew.
    """
    return await means.database.write(_allow, means, presence, typed, scopes, now, before)


async def refuse_device(means: Means, presence: Presence, typed: str, now: datetime) -> AskedByDevice:
    """Give the device nothing; raises as `allow_device`."""
    return await means.database.write(_refuse, means, presence, typed, now)


def _claimed(
    conn: sa.Connection, means: Means, presence: Presence, typed: str, now: datetime
) -> AskedByDevice | None:
    asked = _asked(conn, means, typed, now)
    mine = presence.current_id or ""
    if asked is None or not device_codes.claim(conn, user_code_digest(means, asked.user_code), mine):
        return None
    return asked


def _allow(
    conn: sa.Connection, means: Means, presence: Presence, typed: str, scopes: Sequence[str], now: datetime, before: str
) -> AskedByDevice:  # fmt: skip
    asked = _mine(conn, means, presence, typed, now)
    given = asked.wanted.scopes if asked.client.is_first_party else may_have(asked.wanted, scopes, NEEDED)
    if not given:
        raise errors.InvalidInput(_("Choose at least one thing that the app may do."), field="scopes")
    decision = Decision(given, presence.authenticated_at, before=before)
    grant = give_grant(conn, means, presence, asked.wanted, decision, now)
    digest, by = user_code_digest(means, asked.user_code), presence.current_id or ""
    if not device_codes.allow(conn, digest, by, presence.account_id, grant.id):
        raise code_is_wrong()
    return asked


def _refuse(
    conn: sa.Connection, means: Means, presence: Presence, typed: str, now: datetime
) -> AskedByDevice:
    asked = _mine(conn, means, presence, typed, now)
    digest, by = user_code_digest(means, asked.user_code), presence.current_id or ""
    if not device_codes.refuse(conn, digest, by, now):
        raise code_is_wrong()
    return asked


def _mine(conn: sa.Connection, means: Means, presence: Presence, typed: str, now: datetime) -> AskedByDevice:
    asked = _asked(conn, means, typed, now)
    by = asked.code.claimed_by if asked else None
    if asked is None or by is None or by != presence.current_id:
        raise code_is_wrong()
    return asked


def _asked(conn: sa.Connection, means: Means, typed: str, now: datetime) -> AskedByDevice | None:
    user_code = read_user_code(typed)
    code = device_codes.find_by_user_code(conn, user_code_digest(means, user_code)) if user_code else None
    client = clients.find(conn, code.client_id) if code else None
    if user_code is None or code is None or client is None or code.until <= now:
        return None
    if client.is_disabled or GrantType.DEVICE not in client.grant_types:
        return None
    wanted = Wanted(
        client.id, _THERE, code.scopes, resources=code.resources, own_resources=frozenset({means.issuer})
    )
    return AskedByDevice(user_code, client, code, wanted)
