"""A row of the list as programs read it: stable names, RFC 3339 times, nothing secret."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from signedin.rules.consent import Consent
from signedin.rules.reasons import flag_sentence
from signedin.rules.session_list import Row, SessionList, location_of
from signedin.rules.speech import Speech


def item(listed: SessionList, row: Row) -> dict[str, Any]:
    """One row; a consent has no device or place unless known from use (R33)."""
    shared: dict[str, Any] = {
        "id": row.id, "session_type": row.session_type.value, "app_type": row.app_type.value,
        "current": row.id == listed.current_id, "last_activity_at": moment(row.last_at),
        "expires_at": moment(row.expires_at), "activity": list(row.days.levels(listed.now.date())),
        "flags": [
            {"kind": flag.kind.value, "sentence": flag_sentence(flag, row, Speech.plain(listed.now))}
            for flag in listed.flags.get(row.id, ())
        ],
    }  # fmt: skip
    if row.signed_resources or isinstance(row, Consent):
        shared["signed_resources"] = list(row.signed_resources)
    if row.last_from is not None:
        shared |= {"location": location_of(row).label, "masked_ip": row.last_from.masked_ip}
    if isinstance(row, Consent):
        return shared | {
            "client_name": row.client_name, "client_description": row.client_description,
            "consented_at": moment(row.consented_at), "scopes": list(row.allowed),
        }  # fmt: skip
    last_device = row.last_device.name if row.last_device else None
    return shared | {
        "device": row.device.name, "last_device": last_device, "started_at": moment(row.began_at),
    }  # fmt: skip


def displayed(row: Row) -> str:
    """What the row shows, for search: the masked form, nothing hidden (D22)."""
    name = f"{row.client_name} {row.client_description}" if isinstance(row, Consent) else row.device.name
    where = f"{location_of(row).label} {row.last_from.masked_ip}" if row.last_from else ""
    return f"{name} {row.app_type.value} {where}"


def moment(at: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return at.isoformat().replace("+00:00", "Z") if at else None
