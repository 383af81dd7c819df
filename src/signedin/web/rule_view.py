"""Rules of organisations as people read them: what is wanted, in words, and who wants it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from signedin.rules.policy import InForce, Policy, Ruled, TooMany, in_force
from signedin.rules.policy_wish import EVERY_TYPE
from signedin.rules.session import AppType
from signedin.rules.speech import Speech
from signedin.rules.wording import marked as _
from signedin.web.row_view import APP_LABELS

TOO_MANY = {
    TooMany.END_OLDEST: _("the oldest ends"),
    TooMany.ASK: _("the person is asked which ends"),
    TooMany.REFUSE: _("the sign-in is refused"),
}
"""What becomes of one too many."""


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One thing that is wanted, and by which organisations."""

    said: str
    because: str


@dataclass(frozen=True, slots=True)
class RuleView:
    """What is wanted for one app type."""

    app_type: str
    label: str
    lines: tuple[RuleLine, ...]
    policy: Policy | None = None


def rule_views(policies: Sequence[Policy], speech: Speech) -> tuple[RuleView, ...]:
    """The rules of one organisation."""
    return tuple(
        RuleView(
            policy.app_type.value if policy.app_type else EVERY_TYPE, _label(policy.app_type, speech),
            tuple(_lines(_alone(policy), speech)), policy,
        )
        for policy in policies
    )  # fmt: skip


def in_force_views(some: Sequence[InForce], speech: Speech) -> tuple[RuleView, ...]:
    """What organisations want of an account; app types of which they want the same stand together."""
    alike: dict[tuple[RuleLine, ...], list[AppType | None]] = {}
    for each in some:
        alike.setdefault(tuple(_lines(each, speech)), []).append(each.app_type)
    return tuple(
        RuleView(types[0] or EVERY_TYPE, _labels(types, speech), lines)
        for lines, types in alike.items()
        if lines
    )


def own_lines(rule: InForce | None, speech: Speech) -> tuple[RuleLine, ...]:
    """What organisations want of whoever reads it."""
    return () if rule is None else tuple(_lines(rule, speech))


def _alone(policy: Policy) -> InForce:
    from_all = policy.app_type if policy.app_type is not None else AppType.WEB
    return in_force([policy], from_all, timedelta.max, None)


def _lines(rule: InForce, speech: Speech) -> Iterator[RuleLine]:
    overall = rule.overall.value
    if rule.idle.because:
        yield _line(
            rule.idle,
            speech,
            speech.say(_("Ends after {span} without use."), span=speech.span(rule.idle.value)),
        )
    if rule.overall.because and overall is not None:
        yield _line(
            rule.overall, speech, speech.say(_("Ends after {span} in all."), span=speech.span(overall))
        )
    if rule.most.because and rule.most.value is not None:
        most = speech.count("{n} session at once at most;", "{n} sessions at once at most;", rule.most.value)
        way = speech.say(_("of one too many {what}."), what=speech.say(TOO_MANY[rule.too_many.value]))
        if rule.most.because == rule.too_many.because:
            yield _line(rule.most, speech, f"{most} {way}")
        else:
            yield _line(rule.most, speech, f"{most.removesuffix(';')}.")
            yield _line(rule.too_many, speech, way[:1].upper() + way[1:])
    if rule.is_read_only.because:
        yield _line(
            rule.is_read_only,
            speech,
            speech.say(_("People see their sessions, but end only the one they use.")),
        )
    for each in rule.networks:
        yield _line(
            each,
            speech,
            speech.say(_("Only from these networks: {networks}."), networks=", ".join(each.value))
            if each.value
            else speech.say(_("Only from certain networks.")),
        )
    if rule.shortest_password.because:
        n = rule.shortest_password.value
        said = speech.count(
            "A new password has at least {n} character.", "A new password has at least {n} characters.", n
        )
        yield _line(rule.shortest_password, speech, said)


def _line(ruled: Ruled[Any], speech: Speech, said: str) -> RuleLine:
    names = [name or speech.say(_("another organisation")) for name in ruled.because]
    return RuleLine(said, ", ".join(names))


def _labels(types: Sequence[AppType | None], speech: Speech) -> str:
    return (
        _label(None, speech)
        if len(types) == len(AppType)
        else ", ".join(_label(each, speech) for each in types)
    )


def _label(app_type: AppType | None, speech: Speech) -> str:
    return speech.say(_("All sessions")) if app_type is None else speech.say(APP_LABELS[app_type])
