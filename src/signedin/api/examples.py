"""One example for each shape that is sent or answered; tests read them by the shapes."""

from __future__ import annotations

from typing import Any

from signedin.api import admin_shapes, feed_shapes, organisation_shapes, overview_shapes, shapes
from signedin.api.access_keys import ToIssue
from signedin.api.account_sessions import Person
from signedin.api.accounts import Changed, New
from signedin.api.admin_accounts import Chosen, Everything, WantedState, Why
from signedin.api.admin_endings import Asked, ToBegin
from signedin.api.admin_operators import ToAppoint
from signedin.api.admin_organisations import Joining, Named, Rule
from signedin.api.leaked_tokens import Findings

_ID, _SUBJECT = "euKrN2v8Qc5mXw0BzT7yLd3HfA", "6GpTr1xYb9WnVk4sJq0ZuMe8Ci"
_ACCOUNT = "73567828582056094"
_AT, _EARLIER, _LATER = "2026-11-23T14:20:00Z", "2026-11-02T09:05:00Z", "2026-12-23T14:20:00Z"
_WHERE = {"location": "San Francisco, CA, US", "masked_ip": "203.0.113.•••"}
_ROW: dict[str, Any] = {
    "id": _ID, "session_type": "web_session", "app_type": "web", "current": True, "last_activity_at": _AT,
    "expires_at": _LATER, "activity": [*[0] * 20, 1, 0, 2, 4, 1, 0, 0, 3, 1, 2], "flags": [],
    **_WHERE, "device": "Chrome on macOS", "last_device": "Chrome on macOS", "started_at": _EARLIER,
}  # fmt: skip
_COUNTS = {"all": 1, "web": 1, "admin": 0, "sync": 0, "mobile": 0, "oauth": 0}
_KEY: dict[str, Any] = {
    "id": _ID, "name": "backup", "scopes": ["account:read"], "hint": "sgn_key_…m3Qx", "issued_at": _EARLIER,
    "expires_at": None, "last_used_at": _AT, "last_used_from": _WHERE,
}  # fmt: skip
_SOMEBODY: dict[str, Any] = {
    "id": _ACCOUNT, "email": "ada@example.org", "name": "Ada Lovelace", "state": "active", "created_at": _EARLIER,
    "outside_ids": ["anna"],
}  # fmt: skip
_HAPPENED: dict[str, Any] = {
    "number": 12, "kind": "session_revoked", "at": _AT, "subject": _SUBJECT, "by": _ID, "facts": {"app_type": "web"},
    "personal": {"device": "Safari on iOS"},
}  # fmt: skip

_FOUND: dict[str, Any] = {
    "id": _ACCOUNT, "email": "ada@example.org", "name": "Ada Lovelace", "state": "active", "created_at": _EARLIER,
    "sessions": 6, "consents": 2, "access_keys": 3,
}  # fmt: skip
_OPERATOR: dict[str, Any] = {
    "id": _ACCOUNT, "email": "rosa@example.org", "name": "Rosa Castellanos", "role": "helper", "state": "active",
    "organisation_id": None,
}  # fmt: skip
_DONE: dict[str, Any] = {
    "at": _AT, "account_id": _ACCOUNT, "number": 12, "operator_id": "4611686018427387905", "kind": "session_revoked",
    "subject": _SUBJECT, "facts": {"by": "operator", "operator": "4611686018427387905", "app_type": "web"},
    "personal": {"device": "Safari on iOS", "reason": "Laptop reported lost, ticket 4417"},
}  # fmt: skip
_ORGANISATION: dict[str, Any] = {"id": "4164470807850779", "name": "Tidewater Marine", "created_at": _EARLIER}
_MEMBER: dict[str, Any] = {
    "id": _ACCOUNT,
    "email": "ada@example.org",
    "name": "Ada Lovelace",
    "state": "active",
}
_RULE: dict[str, Any] = {
    "idle_seconds": 3600, "overall_seconds": None, "most": 5, "too_many": "ask", "read_only": False,
    "networks": ["192.0.2.0/24"], "shortest_password": None,
}  # fmt: skip
_WHICH: dict[str, Any] = {
    "until": _AT, "app_types": ["sync"], "client_id": None, "unused_since": _EARLIER, "begun_before": None,
    "network": "203.0.113.0/24", "everyone": False, "access_keys": False, "own_session": False,
}  # fmt: skip
_MANY = {
    "people": 41, "sessions": 57, "consents": 0, "access_keys": 0, "web": 0, "admin": 0, "sync": 57, "mobile": 0,
    "oauth": 0,
}  # fmt: skip
_MEANT: dict[str, Any] = {
    "id": _ID, "account_id": _ACCOUNT, "name": "Ada Lovelace", "app_type": "sync", "what": "Sync on Windows",
    "masked_ip": "203.0.113.•••", "last_activity_at": _EARLIER,
}  # fmt: skip
_ENDING: dict[str, Any] = {
    "id": "5d0c7f0b9a3e4c1f8a2b6d17", "which": _WHICH, "reason": "Sync 3.1 is withdrawn, ticket 5120", "state": "running",
    "would_end": _MANY, "ended": _MANY | {"people": 12, "sessions": 17, "sync": 17}, "percent": 29, "begun_at": _AT,
    "moved_at": _AT, "finished_at": None, "operator_id": "4611686018427387905",
    "entry": {"account_id": "4611686018427387905", "number": 31},
}  # fmt: skip

EXAMPLES: dict[Any, Any] = {
    shapes.Row: _ROW,
    shapes.Rows: {"items": [_ROW], "counts": _COUNTS, "next_cursor": None},
    shapes.Ended: {"sessions_ended": 6, "consents_ended": 2, "access_keys_kept": 3},
    shapes.Key: _KEY,
    shapes.Keys: {"items": [_KEY], "next_cursor": None},
    shapes.IssuedKey: _KEY | {"last_used_at": None, "last_used_from": None, "token": "sgn_key_..."},
    shapes.Own: {"id": _ACCOUNT, "email": "ada@example.org", "name": "Ada Lovelace", "created_at": _EARLIER},
    shapes.History: {"items": [_HAPPENED], "next_cursor": "MTI=.0d6f0c..."},
    shapes.Account: _SOMEBODY,
    shapes.Accounts: {"items": [_SOMEBODY], "next_cursor": None},
    shapes.Begun: {
        "account_id": _ACCOUNT, "token": "sgn_app_...", "known_browser": None,
        "session": {
            "id": _ID, "session_type": "web_session", "app_type": "web", **_WHERE, "device": "Chrome on macOS",
            "started_at": _AT, "expires_at": _LATER,
        },
    },
    shapes.Ticket: {
        "ticket": "sgn_tik_...", "url": "https://account.example.org/ticket#sgn_tik_...", "expires_at": _AT,
    },
    feed_shapes.Acknowledged: {
        "uses_noted": 1, "cookie": "__Host-signedin", "lineage": "9f2c41d0a7b3e865", "head": 13, "complete": True,
        "endings": [{"seq": 13, "scope": "account", "account": _ACCOUNT, "cut_off": 40}],
        "answer_for_seconds": 2.85, "renew_every_seconds": 1.0,
    },
    feed_shapes.Said: {
        "node": "k3v9w2x7p1", "boot": "q8r5t4u6z0", "applied": 12,
        "uses": [{"account": _ACCOUNT, "session": _ID, "seconds_ago": 12, "address": "203.0.113.9", "agent": "Mozilla/5.0 ..."}],
    },
    ToIssue: {"name": "backup", "scopes": ["account:read"], "expires_at": "2027-11-23T00:00:00Z"},
    New: {"email": "ada@example.org", "name": "Ada Lovelace", "password": "seven lonely boats drifting past"},
    Changed: {"state": "disabled", "reason": "asked by phone"},
    Person: {"app_type": "web", "address": "203.0.113.9", "user_agent": "Mozilla/5.0 ...", "name": "Anna"},
    Findings: [{"token": "sgn_key_..."}],
    admin_shapes.FoundAccounts: {
        "items": [_FOUND], "clients": [{"client_id": "tidewater", "name": "Tidewater Calendar"}], "masked_ip": None,
        "next_cursor": None,
    },
    admin_shapes.SeenAccount: _FOUND | {"role": None},
    admin_shapes.EndedFor: {
        "sessions_ended": 1, "consents_ended": 0, "access_keys_ended": 0, "access_keys_kept": 3, "already_ended": 0,
    },
    admin_shapes.FullAddresses: {"id": _ID, "last_used_from": "203.0.113.77", "signed_in_from": "203.0.113.77"},
    admin_shapes.Appointed: _OPERATOR,
    admin_shapes.Operators: {"items": [_OPERATOR]},
    admin_shapes.Deeds: {"items": [_DONE], "next_cursor": None},
    organisation_shapes.Organisation: _ORGANISATION,
    organisation_shapes.Organisations: {"items": [_ORGANISATION | {"members": 12, "has_more_members": False}], "next_cursor": None},
    organisation_shapes.OneOrganisation: _ORGANISATION | {"rules": [_RULE | {"app_type": "all"}]},
    organisation_shapes.Member: _MEMBER,
    organisation_shapes.Members: {"items": [_MEMBER], "next_cursor": None},
    organisation_shapes.RuleSaid: _RULE | {"app_type": "all"},
    organisation_shapes.RulesOfAccount: {
        "organisations": [_ORGANISATION],
        "in_force": [{
            "app_type": "web", "too_many": "end_oldest", "too_many_because": [],
            "idle_seconds": {"value": 3600, "because": ["Tidewater Marine"]},
            "overall_seconds": {"value": 31536000, "because": []}, "most": {"value": None, "because": []},
            "read_only": {"value": False, "because": []}, "networks": [],
            "shortest_password": {"value": 15, "because": []},
        }],
    },
    Named: {"name": "Tidewater Marine"},
    Joining: {"email": "ada@example.org"},
    Rule: _RULE,
    admin_shapes.EndingPreview: {
        "which": _WHICH, "would_end": _MANY, "is_complete": True, "sample": [_MEANT], "preview": "WyI1ZDBjN2Yi...0d6f0c",
    },
    admin_shapes.BulkEnding: _ENDING,
    admin_shapes.BulkEndings: {"items": [_ENDING], "next_cursor": None},
    overview_shapes.Overview: {
        "organisation_id": None, "counted_at": _AT, "days": [*(f"2026-10-{at}" for at in range(25, 32)),
        *(f"2026-11-{at:02}" for at in range(1, 24))],
        "series": [{"measure": "sign_ins", "part": "web", "by_day": [*[None] * 25, 12, 9, 14, 3, 8]}],
        "places": [{"place": "San Francisco, CA, US", "latitude": 37.77, "longitude": -122.42, "count": 12}],
        "nodes": [{"node_id": "a3f1", "about": "app-1 4021", "endings_behind": 0}],
    },
    overview_shapes.Health: {
        "examined_at": _AT, "verdict": "look", "findings": [{
            "subject": "place file", "verdict": "look", "sentence": "It is 61 days old.",
            "what_to_do": "Run `signedin geo update`; where nobody can be asked for consent, with --accept-license.",
        }],
    },
    Asked: {"app_types": ["sync"], "unused_since": _EARLIER, "network": "203.0.113.0/24"},
    ToBegin: {"preview": "WyI1ZDBjN2Yi...0d6f0c", "reason": "Sync 3.1 is withdrawn, ticket 5120"},
    Why: {"reason": "Laptop reported lost, ticket 4417"},
    Chosen: {"ids": [_ID], "reason": "Laptop reported lost, ticket 4417"},
    Everything: {"reason": "Left the company"},
    WantedState: {"state": "disabled", "reason": "Left the company"},
    ToAppoint: {"email": "rosa@example.org", "role": "helper"},
}  # fmt: skip
"""By the type that a call takes or gives. Tokens are cut short: nobody mistakes them for one that has leaked."""
STREAMS = {
    "text/csv": "day,measure,part,count\r\n2026-11-23,sessions,all,1204\r\n2026-11-23,sessions,web,911\r\n",
    "application/x-ndjson": (
        '{}\n{"lineage": "9f2c41d0a7b3e865", "endings": [{"seq": 13, "scope": "account", "account": "'
        + _ACCOUNT + '", "cut_off": 40}]}\n'
    ),
    "text/event-stream": (
        'retry: 1000\n\nid: 12\nevent: hello\ndata: {"number": 12}\n\n'
        'id: 13\nevent: session-ended\ndata: {"id": "' + _ID + '", "number": 13}\n\n: still here\n\n'
    ),
}  # fmt: skip
"""How a stream begins, by its media type."""
