"""What an owner writes down as a rule of an organisation: every field is judged before anything is remembered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network

from signedin.rules.errors import InvalidInput, Refused, Unavailable
from signedin.rules.organisation import Organisation
from signedin.rules.password import LONGEST, SHORTEST
from signedin.rules.policy import Policy, TooMany
from signedin.rules.session import AppType
from signedin.rules.wording import marked as _

SHORTEST_LIMIT, LONGEST_LIMIT = timedelta(minutes=5), timedelta(days=3650)
EVERY_TYPE = "all"
"""What stands for every app type where a rule is named."""
MOST_SESSIONS, MOST_NETWORKS, LONGEST_ASKED = 1_000, 50, 128
_RANGES = {
    "idle_seconds": _("The longest time without use is from 5 minutes to 3,650 days."),
    "overall_seconds": _("The longest time in all is from 5 minutes to 3,650 days."),
    "most": _("The most sessions at once are from 1 to 1,000."),
    "shortest_password": _("The fewest characters of a new password are from 15 to 128."),
}
"""The least and the most of each, as it is said."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A rule as it was written down: spans in whole seconds; `None` or nothing is no wish."""

    idle_seconds: int | None = None
    overall_seconds: int | None = None
    most: int | None = None
    too_many: str = TooMany.END_OLDEST.value
    read_only: bool = False
    networks: tuple[str, ...] = ()
    shortest_password: int | None = None


class RuleStillEnding(Unavailable):
    """What the rule of before has ended is put away first, so that nothing of it comes back; that takes longer."""

    code = "rule_still_ending"
    sentence = _("What the rule of before has ended is still being put away.")
    hint = _("The rule of before holds on. Send it again in a moment: it goes on from there.")


class ShutsOut(Refused):
    """A rule that would keep whoever sets it, or every owner, out of the console: set only by somebody who says so."""

    code = "shuts_out"
    sentence = _(
        "You are outside these networks: with this rule you could not come to the console from here."
    )
    hint = _("Add the network that you come from, or confirm that the rule is meant like this.")


def judge_wish(organisation: Organisation, app_type: AppType | None, wish: Wish) -> Policy:
    """The rule that it makes.

    Raises:
        InvalidInput: a field cannot be used, or nothing is wanted.
    """
    if wish.too_many not in set(TooMany):
        raise InvalidInput(_("There is no such way."), field="too_many")
    if wish.most is not None and app_type is AppType.OAUTH:
        raise InvalidInput(
            _("Connected apps are not counted."), field="most", hint=_("Leave their number empty.")
        )
    if wish.networks and app_type is AppType.OAUTH:
        raise InvalidInput(
            _("Connected apps are bound to no networks."),
            field="networks",
            hint=_("Leave their networks empty."),
        )
    policy = Policy(
        organisation.id, organisation.name, app_type, _span(wish.idle_seconds, "idle_seconds"),
        _span(wish.overall_seconds, "overall_seconds"), _number(wish.most, 1, MOST_SESSIONS, "most"),
        TooMany(wish.too_many), wish.read_only, _networks(wish.networks),
        _number(wish.shortest_password, SHORTEST, min(LONGEST, LONGEST_ASKED), "shortest_password"),
    )  # fmt: skip
    if not policy.says_anything:
        raise InvalidInput(
            _("This rule wants nothing."),
            field="idle_seconds",
            hint=_("Fill in what is to hold, or remove the rule."),
        )
    return policy


def app_type_named(text: str) -> AppType | None:
    """The app type that a rule is for; "all" is `None`.

    Raises:
        InvalidInput: there is none of that name.
    """
    if text == EVERY_TYPE:
        return None
    if text not in set(AppType):
        raise InvalidInput(_("There is no such app type."), field="app_type")
    return AppType(text)


def _span(seconds: int | None, field: str) -> timedelta | None:
    least, most = int(SHORTEST_LIMIT.total_seconds()), int(LONGEST_LIMIT.total_seconds())
    found = _number(seconds, least, most, field)
    return None if found is None else timedelta(seconds=found)


def _number(value: int | None, least: int, most: int, field: str) -> int | None:
    if value is not None and not least <= value <= most:
        raise InvalidInput(_("This is too little or too much."), field=field, hint=_RANGES[field])
    return value


def _networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Each in the one way to write it, and in one order."""
    if len(texts) > MOST_NETWORKS:
        raise InvalidInput(_("These are too many networks."), field="networks", hint=_("Name 50 at most."))
    try:
        found = {str(_unmapped(ip_network(text.strip(), strict=False))) for text in texts}
    except ValueError:
        raise InvalidInput(
            _("This is not a network."), field="networks", hint=_("Write networks like 192.0.2.0/24.")
        ) from None
    return tuple(sorted(found))


def _unmapped(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """What an IPv6 network of mapped IPv4 addresses stands for (RFC 4291, 2.5.5.2): that is how people come from it."""
    mapped = None if network.version == 4 or network.prefixlen < 96 else network.network_address.ipv4_mapped
    return network if mapped is None else IPv4Network((mapped, network.prefixlen - 96))
