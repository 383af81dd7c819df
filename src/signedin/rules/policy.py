"""The rules that organisations set for their members' sessions, and which of them applies: always the stricter.

Nothing here is laxer than the settings of the installation, nor than any one organisation of the account; and the
order in which rules are looked at is of no consequence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Any, Generic, TypeVar

from signedin.rules.account import OrganisationId
from signedin.rules.errors import InsufficientPermission, NotSignedIn, Refused
from signedin.rules.password import SHORTEST
from signedin.rules.session import AppType
from signedin.rules.wording import marked as _

V = TypeVar("V")
Networks = tuple[str, ...]


class TooMany(StrEnum):
    """What becomes of a sign-in that would be one session too many, the stricter last."""

    END_OLDEST = "end_oldest"
    ASK = "ask"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Policy:
    """What one organisation wants for one app type, or where that is `None` for all of them; `None` is no wish.

    `most` is the greatest number of sessions of each app type at once; connected apps are not counted. `networks` are
    those that its people may come from; connected apps come from where they are. `shortest_password` is asked of new passwords, whatever the app type.
    """

    organisation_id: OrganisationId
    organisation: str
    app_type: AppType | None = None
    idle: timedelta | None = None
    overall: timedelta | None = None
    most: int | None = None
    too_many: TooMany = TooMany.END_OLDEST
    is_read_only: bool = False
    networks: Networks = ()
    shortest_password: int | None = None

    @property
    def says_anything(self) -> bool:
        """Whether it wants anything at all."""
        numbers = (self.idle, self.overall, self.most, self.shortest_password)
        return any(each is not None for each in numbers) or self.is_read_only or bool(self.networks)

    def lets_live_longer_than(self, before: Policy) -> bool:
        """Whether something that was over by that rule would be living by this one, which takes its place."""
        pairs = ((self.idle, before.idle), (self.overall, before.overall))
        return any(old is not None and (new is None or new > old) for new, old in pairs)

    def is_for(self, app_type: AppType | None) -> bool:
        """Whether it applies to that app type; who has none, as a key, is under each of them."""
        return self.app_type is None or app_type is None or self.app_type is app_type


@dataclass(frozen=True, slots=True)
class Ruled(Generic[V]):
    """A value in force, and why: the organisations that want exactly that; none where the installation does."""

    value: V
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InForce:
    """What applies to an account for one app type, each value with who wants it; `networks` all have to hold."""

    app_type: AppType | None
    idle: Ruled[timedelta]
    overall: Ruled[timedelta | None]
    most: Ruled[int | None]
    too_many: Ruled[TooMany]
    is_read_only: Ruled[bool]
    networks: tuple[Ruled[Networks], ...]
    shortest_password: Ruled[int]

    @property
    def must_come_from(self) -> tuple[Networks, ...]:
        """The networks alone."""
        return tuple(each.value for each in self.networks)


class TooManySessions(Refused):
    """An organisation allows so many sessions of one kind at once; `pending` goes on after some were ended."""

    code = "too_many_sessions"
    sentence = _("Your organisation allows no more sessions of this kind at once.")
    hint = _("End one of them on a device that is signed in, then sign in again.")

    def __init__(self, most: int, *, may_ask: bool) -> None:
        super().__init__()
        self.most, self.may_ask, self.pending = most, may_ask, ""


class OutsideNetworks(Refused):
    """An organisation lets its people in from its own networks only; told after the right password alone."""

    code = "outside_networks"
    sentence = _("Your organisation does not allow signing in from this network.")
    hint = _("Sign in from a network of your organisation.")


class ElsewhereOnly(NotSignedIn):
    """Whoever asks is signed in, and may go on from the networks of an organisation only: nothing has ended."""

    sentence = _("Your organisation allows this account only from certain networks.")
    hint = _("You are still signed in there: go on from one of them, or log out.")

    def __init__(self) -> None:
        super().__init__(OutsideNetworks.code)


def not_signed_in(reason: str) -> NotSignedIn:
    """The refusal of whoever is not let in, for that reason."""
    return ElsewhereOnly() if reason == OutsideNetworks.code else NotSignedIn(reason)


class ReadOnly(InsufficientPermission):
    """An organisation lets people see their sessions, and its operators end them (R86)."""

    sentence = _("Your organisation lets you see your sessions here, but not end them.")
    hint = _("Ask an operator to end it, or log out on the device itself.")


def in_force(
    policies: Iterable[Policy], app_type: AppType | None, idle: timedelta, overall: timedelta | None
) -> InForce:
    """The stricter of each: of limits that hold anyway, and of all that applies to this app type."""
    every = tuple(policies)
    mine = [each for each in every if each.is_for(app_type)]
    counted = [] if app_type is AppType.OAUTH else [each for each in mine if each.most is not None]
    bound = [] if app_type is AppType.OAUTH else mine
    asked = {network.networks: None for network in bound if network.networks}
    return InForce(
        app_type,
        _least(idle, mine, lambda each: each.idle),
        _least(overall, mine, lambda each: each.overall),
        _least(None, counted, lambda each: each.most),
        _strictest(counted),
        Ruled(any(each.is_read_only for each in mine), _names(each for each in mine if each.is_read_only)),
        tuple(Ruled(each, _names(one for one in mine if one.networks == each)) for each in sorted(asked)),
        _greatest(SHORTEST, every, lambda each: each.shortest_password),
    )  # fmt: skip


def admits(networks: Iterable[Networks], address: str) -> bool:
    """Whether somebody may come from there: from one network of each list; what is no address comes from nowhere.

    >>> admits([("192.0.2.0/24", "2001:db8::/32")], "192.0.2.7"), admits([("192.0.2.0/24",)], "198.51.100.7")
    (True, False)
    >>> admits([], ""), admits([("0.0.0.0/0",)], "")
    (True, False)
    """
    asked = tuple(networks)
    if not asked:
        return True
    try:
        here = ip_address(address)
    except ValueError:
        return False
    return all(any(here in ip_network(each) for each in some) for some in asked)


def _least(own: Any, some: Iterable[Policy], of: Callable[[Policy], Any]) -> Ruled[Any]:
    """The least that is wanted; of what is wanted alike, the installation's own comes first."""
    wanted = [(of(each), each) for each in some if of(each) is not None]
    least = min((value for value, _who in wanted), default=None)
    if least is None or (own is not None and own <= least):
        return Ruled(own)
    return Ruled(least, _names(who for value, who in wanted if value == least))


def _strictest(counted: Iterable[Policy]) -> Ruled[TooMany]:
    """What becomes of one too many, and who wants that; whoever counts wants it in some way."""
    ways = [(each.too_many, each) for each in counted]
    way = max((way for way, _who in ways), key=tuple(TooMany).index, default=TooMany.END_OLDEST)
    return Ruled(way, _names(who for wanted, who in ways if wanted is way))


def _greatest(own: int, some: Iterable[Policy], of: Callable[[Policy], int | None]) -> Ruled[int]:
    wanted = [(value, each) for each in some if (value := of(each)) is not None]
    most = max((value for value, _who in wanted), default=own)
    if most <= own:
        return Ruled(own)
    return Ruled(most, _names(who for value, who in wanted if value == most))


def _names(some: Iterable[Policy]) -> tuple[str, ...]:
    return tuple(sorted({each.organisation for each in some}))
