"""The rules that apply to an account, as programs are told them."""

from __future__ import annotations

from typing import Any

from signedin.rules.policy import InForce, Ruled
from signedin.rules.policy_wish import EVERY_TYPE


def in_force(rule: InForce) -> dict[str, Any]:
    """What is in force for one app type: each value with the organisations that want it; none: the installation does."""
    overall = rule.overall.value
    return {
        "app_type": rule.app_type.value if rule.app_type else EVERY_TYPE, "too_many": rule.too_many.value.value,
        "too_many_because": list(rule.too_many.because),
        "idle_seconds": _because(rule.idle, int(rule.idle.value.total_seconds())),
        "overall_seconds": _because(rule.overall, None if overall is None else int(overall.total_seconds())),
        "most": _because(rule.most, rule.most.value), "read_only": _because(rule.is_read_only, rule.is_read_only.value),
        "networks": [_because(each, list(each.value)) for each in rule.networks],
        "shortest_password": _because(rule.shortest_password, rule.shortest_password.value),
    }  # fmt: skip


def _because(ruled: Ruled[Any], value: Any) -> dict[str, Any]:
    return {"value": value, "because": list(ruled.because)}
