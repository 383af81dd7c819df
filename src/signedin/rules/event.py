"""What happened, in the past tense; each deed leaves exactly one event in the account's journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """The names of the events; stable, part of the API."""

    ACCOUNT_CREATED = "account_created"
    SIGN_IN_FAILED = "sign_in_failed"
    SESSION_STARTED = "session_started"
    SESSION_CHANGED = "session_changed"
    HOST_ENTERED = "host_entered"
    SESSION_RECOGNISED = "session_recognised"
    SESSION_LOGGED_OUT = "session_logged_out"
    SESSION_REVOKED = "session_revoked"
    SESSION_EXPIRED = "session_expired"
    TOKEN_REUSED = "token_reused"
    CONSENT_GIVEN = "consent_given"
    CONSENT_CHANGED = "consent_changed"
    CLIENT_AUTHORIZED = "client_authorized"
    CONSENT_REVOKED = "consent_revoked"
    LOGGED_OUT_EVERYWHERE = "logged_out_everywhere"
    LOGGED_OUT_OTHERS = "logged_out_others"
    PASSWORD_CHANGED = "password_changed"
    PASSWORD_RESET_ASKED = "password_reset_asked"
    ACCESS_KEY_ISSUED = "access_key_issued"
    ACCESS_KEY_REVOKED = "access_key_revoked"
    PROFILE_CHANGED = "profile_changed"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_ENABLED = "account_enabled"
    ACCOUNT_UNLOCKED = "account_unlocked"
    ACCOUNT_CLOSED = "account_closed"
    ADDRESS_REVEALED = "address_revealed"
    OPERATOR_APPOINTED = "operator_appointed"
    OPERATOR_DISMISSED = "operator_dismissed"
    ORGANISATION_MADE = "organisation_made"
    ORGANISATION_RENAMED = "organisation_renamed"
    ORGANISATION_REMOVED = "organisation_removed"
    MEMBER_ADDED = "member_added"
    MEMBER_REMOVED = "member_removed"
    POLICY_SET = "policy_set"
    POLICY_CLEARED = "policy_cleared"
    SESSIONS_ENDED = "sessions_ended"
    BULK_ENDING_BEGUN = "bulk_ending_begun"
    BULK_ENDING_STOPPED = "bulk_ending_stopped"
    BULK_ENDING_RESUMED = "bulk_ending_resumed"
    BULK_ENDING_FINISHED = "bulk_ending_finished"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to an account.

    `subject` is the id of the row it happened to, `by` the session that did it; `personal` holds what must
    be erasable (device, place, masked address) and is stored apart from the chain.
    """

    kind: EventKind
    at: datetime
    subject: str | None = None
    by: str | None = None
    facts: dict[str, object] = field(default_factory=dict)
    personal: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the journal holds it: with its number in the account's history."""

    number: int
    event: Event
