"""Who may end what, what ends with it, and why it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from signedin.rules import errors
from signedin.rules.policy import ReadOnly
from signedin.rules.presence import Presence
from signedin.rules.session_list import Counts
from signedin.rules.wording import marked as _


class EndReason(StrEnum):
    """Why a session or consent ended; part of the API (contract: reason codes)."""

    EXPIRED_IDLE = "expired_idle"
    EXPIRED_OVERALL = "expired_overall"
    REVOKED = "revoked"
    LOGGED_OUT = "logged_out"
    LOGGED_OUT_EVERYWHERE = "logged_out_everywhere"
    ENDED_BY_OPERATOR = "ended_by_operator"
    FACTOR_CHANGED = "factor_changed"
    POLICY = "policy"
    REUSED = "reused"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_CLOSED = "account_closed"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of an ended session for 30 days: why and when, for the holder of its dead secret (D10)."""

    session_id: str
    reason: EndReason
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class LogoutAllCounts:
    """What Logout All Devices ended, and what it left alone (R65, D1)."""

    sessions_ended: int
    consents_ended: int
    access_keys_kept: int

    @classmethod
    def of(cls, counts: Counts) -> LogoutAllCounts:
        """When all of those end."""
        return cls(counts.sessions, counts.consents, counts.access_keys)


def may_manage(presence: Presence) -> None:
    """Refuse unless the one who asks may end sessions (R86, D11).

    Raises:
        InsufficientPermission: no right to manage sessions; of a session that is the rule of an organisation.
    """
    if not presence.may_manage_sessions:
        raise ReadOnly() if presence.scopes is None else errors.InsufficientPermission()


def may_revoke(presence: Presence, session_id: str) -> None:
    """Refuse to revoke the session one asks with; Logout is for that (R84).

    Raises:
        InsufficientPermission: no right to manage sessions.
        CannotRevokeCurrent: the current session. Guide: "You cannot revoke your current session".
        NotFound: what nobody could read is the id of nothing, and no database need be asked.
    """
    may_manage(presence)
    if presence.current_id == session_id:
        raise errors.CannotRevokeCurrent
    if not session_id.isprintable():
        raise errors.NotFound


def may_vouch(presence: Presence, session_id: str) -> None:
    """Refuse to take one's own session as known: a thief's would vouch for itself.

    Raises:
        InsufficientPermission: it is the session that asks, or there is no right to manage sessions.
        NotFound: what nobody could read is the id of nothing.
    """
    may_manage(presence)
    if presence.current_id == session_id:
        raise errors.InsufficientPermission(
            _("A session cannot vouch for itself."), hint=_("Do it from another device that is yours.")
        )
    if not session_id.isprintable():
        raise errors.NotFound
