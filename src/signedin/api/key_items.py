"""A key as programs read it: stable names, RFC 3339 times, of the secret only what may be shown again."""

from __future__ import annotations

from typing import Any

from signedin.api.session_items import moment
from signedin.rules.access_key import AccessKey, ServiceKey
from signedin.rules.secret import Kind


def item(key: AccessKey | ServiceKey) -> dict[str, Any]:
    """One key; `last_used_from` only when it is known."""
    kind = Kind.KEY if isinstance(key, AccessKey) else Kind.SVC
    shown: dict[str, Any] = {
        "id": key.id, "name": key.name, "scopes": list(key.scopes), "hint": f"sgn_{kind}_…{key.last_four}",
        "issued_at": moment(key.issued_at), "expires_at": moment(key.expires_at),
        "last_used_at": moment(key.last_at), "last_used_from": None,
    }  # fmt: skip
    if isinstance(key, ServiceKey):
        shown["app_types"] = [each.value for each in key.app_types]
    if key.last_from is not None:
        where = {"location": key.last_from.location.label, "masked_ip": key.last_from.masked_ip}
        shown["last_used_from"] = where
    return shown
