"""Endings for many and their previews as programs read them."""

from __future__ import annotations

from typing import Any

from signedin.api.session_items import moment
from signedin.rules.bulk import Which
from signedin.rules.bulk_job import BulkEnding, Preview, Sample
from signedin.rules.consent import Consent

LONGEST_PREVIEW = 8_000
"""Characters of what a preview is sealed in."""


def which_item(which: Which) -> dict[str, Any]:
    """What is meant; `until` is the moment at which it was shown."""
    return {
        "until": moment(which.until), "app_types": sorted(which.app_types), "client_id": which.client_id or None,
        "unused_since": moment(which.unused_since), "begun_before": moment(which.begun_before),
        "network": which.network or None, "everyone": which.is_everyone, "access_keys": which.access_keys,
        "own_session": not which.spared,
    }  # fmt: skip


def preview_item(preview: Preview) -> dict[str, Any]:
    """What would end, with a few of the rows."""
    return {
        "which": which_item(preview.which), "would_end": preview.counted.many.told(),
        "is_complete": preview.counted.is_complete, "sample": [_sample(each) for each in preview.sample],
        "preview": preview.sealed,
    }  # fmt: skip


def ending_item(ending: BulkEnding) -> dict[str, Any]:
    """An ending for many, and how far it is."""
    return {
        "id": ending.id, "which": which_item(ending.which), "reason": ending.reason, "state": ending.state.value,
        "would_end": ending.found.told(), "ended": ending.ended.told(), "percent": ending.percent,
        "begun_at": moment(ending.begun_at), "moved_at": moment(ending.moved_at),
        "finished_at": moment(ending.finished_at),
        "operator_id": None if ending.begun_by is None else str(ending.begun_by),
        "entry": {"account_id": str(ending.entry[0]), "number": ending.entry[1]},
    }  # fmt: skip


def _sample(each: Sample) -> dict[str, Any]:
    row = each.row
    origin = row.last_from
    return {
        "id": row.id, "account_id": str(each.account_id), "name": each.called, "app_type": row.app_type.value,
        "what": row.client_name if isinstance(row, Consent) else row.device.name,
        "masked_ip": origin.masked_ip if origin else None, "last_activity_at": moment(row.last_at),
    }  # fmt: skip
