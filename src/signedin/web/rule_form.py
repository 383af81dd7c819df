"""The form that sets a rule of an organisation: what it says, and how it is filled with the rule that holds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

from signedin.rules import errors
from signedin.rules.policy import Policy, TooMany
from signedin.rules.policy_wish import EVERY_TYPE, Wish
from signedin.rules.wording import marked as _

_MINUTE, _HOUR = 60, 3600
_WHOLE, _PART = re.compile(r"[0-9]{1,9}"), re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,4})?")
_ASKED_AS = {"idle_seconds": "idle_minutes", "overall_seconds": "overall_hours"}


def wish_of(fields: Mapping[str, str]) -> Wish:
    """What a form wants; what is left empty is not wanted.

    Raises:
        InvalidInput: a number is none.
    """
    networks = tuple(fields.get("networks", "").replace(",", " ").split())
    return Wish(
        _seconds(fields, "idle_minutes", _MINUTE), _seconds(fields, "overall_hours", _HOUR), _number(fields, "most"),
        fields.get("too_many", TooMany.END_OLDEST.value), "read_only" in fields, networks,
        _number(fields, "shortest_password"),
    )  # fmt: skip


def filled_by(policies: Sequence[Policy], app_type: str) -> dict[str, str]:
    """The form as it stands when the rule for that app type is changed; empty where there is none."""
    for policy in policies:
        if _type(policy) == app_type:
            return {"app_type": app_type} | {name: text for name, text in _texts(policy).items() if text}
    return {}


def wrong_field(refusal: errors.Refused | None) -> str:
    """The field of the form that a refusal is about; nothing where it is about none."""
    named = refusal.field if isinstance(refusal, errors.InvalidInput) else ""
    return _ASKED_AS.get(named, named)


def _type(policy: Policy) -> str:
    return policy.app_type.value if policy.app_type else EVERY_TYPE


def _texts(policy: Policy) -> dict[str, str]:
    return {
        "idle_minutes": _in_parts(policy.idle, _MINUTE), "overall_hours": _in_parts(policy.overall, _HOUR),
        "most": str(policy.most or ""), "too_many": policy.too_many.value,
        "read_only": "1" if policy.is_read_only else "", "networks": " ".join(policy.networks),
        "shortest_password": str(policy.shortest_password or ""),
    }  # fmt: skip


def _in_parts(span: timedelta | None, unit: int) -> str:
    """So many minutes or hours, exactly enough for the second to be found again.

    >>> _in_parts(timedelta(minutes=90), 3600), _in_parts(timedelta(seconds=301), 60), _in_parts(None, 60)
    ('1.5', '5.0167', '')
    """
    return "" if span is None else f"{span.total_seconds() / unit:.4f}".rstrip("0").rstrip(".")


def _seconds(fields: Mapping[str, str], name: str, unit: int) -> int | None:
    text = _read(fields, name, _PART)
    return round(float(text.replace(",", ".")) * unit) if text else None


def _number(fields: Mapping[str, str], name: str) -> int | None:
    text = _read(fields, name, _WHOLE)
    return int(text) if text else None


def _read(fields: Mapping[str, str], name: str, shape: re.Pattern[str]) -> str:
    text = fields.get(name, "").strip()
    if text and not shape.fullmatch(text):
        raise errors.InvalidInput(_("This is not a number."), field=name)
    return text
