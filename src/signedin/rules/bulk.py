"""Ending for many at once: which sessions, connected apps and access keys are meant, as it was shown before."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from signedin.rules.errors import InvalidInput
from signedin.rules.moments import from_micros, to_micros
from signedin.rules.network import masks_of, network_named
from signedin.rules.session import AppType
from signedin.rules.wording import marked as _

KEYS, PEOPLE = "access_keys", "people"
"""What is counted beside app types: access keys, and the accounts that anything was found in."""
LONGEST_CLIENT_ID = 200


@dataclass(frozen=True, slots=True)
class Which:
    """Which rows are meant: all that meet every condition that is there, and began no later than `until`.

    `until` is the moment at which they were shown, so that whoever signs in later is never meant. `spared` is the
    session of whoever asks, unless it is to end too. Without a condition it is everyone's.
    """

    until: datetime
    app_types: frozenset[AppType] = frozenset()
    client_id: str = ""
    unused_since: datetime | None = None
    begun_before: datetime | None = None
    network: str = ""
    access_keys: bool = False
    spared: str = ""

    @property
    def is_everyone(self) -> bool:
        """Whether nothing narrows it."""
        narrowed = self.app_types or self.client_id or self.network
        return not (narrowed or self.unused_since or self.begun_before)

    @property
    def sessions(self) -> bool:
        """Whether sessions can be among them."""
        return not self.app_types or bool(self.app_types - {AppType.OAUTH})

    @property
    def consents(self) -> bool:
        """Whether connected apps can be among them."""
        return not self.app_types or AppType.OAUTH in self.app_types

    def said(self) -> dict[str, Any]:
        """What is meant, as programs are told and as it is kept; moments in whole microseconds."""
        return {
            "until": to_micros(self.until), "app_types": sorted(self.app_types), "client_id": self.client_id,
            "unused_since": _micros(self.unused_since), "begun_before": _micros(self.begun_before),
            "network": self.network, "access_keys": self.access_keys, "spared": self.spared,
        }  # fmt: skip

    def canonical(self) -> str:
        """The one text for this: equal questions have equal texts.

        >>> Which.read(Which(from_micros(0), client_id="shop").canonical()).client_id
        'shop'
        """
        return json.dumps(self.said(), sort_keys=True, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Which:
        """What `canonical` wrote."""
        said = json.loads(text)
        return cls(
            from_micros(said["until"]), frozenset(map(AppType, said["app_types"])), said["client_id"],
            _moment(said["unused_since"]), _moment(said["begun_before"]), said["network"], said["access_keys"],
            said["spared"],
        )  # fmt: skip

    def masks(self) -> tuple[frozenset[str], tuple[str, ...]]:
        """The masked addresses of the network: whole ones, and how others begin."""
        return masks_of(self.network)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an operator asks for; `everyone` has to be said where nothing else is, so that an empty form ends nothing."""

    app_types: frozenset[AppType] = frozenset()
    client_id: str = ""
    unused_since: datetime | None = None
    begun_before: datetime | None = None
    network: str = ""
    everyone: bool = False
    access_keys: bool = False
    own_session: bool = False


def which_is(wanted: Wanted, own_session: str, now: datetime) -> Which:
    """What is meant by it, as of now.

    Raises:
        InvalidInput: nothing is said, or what cannot be asked; `field` says what of it.
    """
    client_id = wanted.client_id.strip()
    if len(client_id) > LONGEST_CLIENT_ID or not client_id.isprintable():
        raise InvalidInput(_("There is no app with this client id."), field="client_id")
    network = network_named(wanted.network) if wanted.network.strip() else ""
    which = Which(
        now, wanted.app_types, client_id, _held(wanted.unused_since, "unused_since"),
        _held(wanted.begun_before, "begun_before"), network, wanted.access_keys,
        "" if wanted.own_session else own_session,
    )  # fmt: skip
    for field in ("unused_since", "begun_before"):
        at = getattr(which, field)
        if at is not None and at > now:
            raise InvalidInput(_("This moment has not come yet."), field=field)
    if wanted.access_keys and (which.app_types or client_id):
        raise InvalidInput(
            _("Access keys have no app type and belong to no connected app."), field="access_keys",
            hint=_("Leave the access keys out, or say neither app type nor app."),
        )  # fmt: skip
    if wanted.everyone and not which.is_everyone:
        raise InvalidInput(
            _("It is either everyone’s, or what the conditions say."), field="everyone",
            hint=_("Choose one of them."),
        )  # fmt: skip
    if which.is_everyone and not wanted.everyone:
        raise InvalidInput(
            _("Nothing is said of what is to end."), field="everyone",
            hint=_("Say an app type, an app, a time or a network; or that it is everyone’s."),
        )  # fmt: skip
    return which


@dataclass(frozen=True, slots=True)
class HowMany:
    """How much was found or has ended: rows of each app type, access keys, and how many people that concerns."""

    by_type: Counter[str]

    @classmethod
    def none(cls) -> HowMany:
        """Nothing yet."""
        return cls(Counter())

    @classmethod
    def in_account(cls, counts: Iterable[tuple[str, int]]) -> HowMany:
        """What one account has, by app type or `KEYS`."""
        found = Counter(dict(counts))
        return cls(found + Counter({PEOPLE: 1})) if found.total() else cls.none()

    @classmethod
    def of_rows(cls, kinds: Iterable[str]) -> HowMany:
        """The same, by the app type or `KEYS` of each row."""
        return cls.in_account(Counter(kinds).items())

    def of_nobody(self) -> HowMany:
        """The same rows, without the people."""
        return HowMany(Counter({kind: n for kind, n in self.by_type.items() if kind != PEOPLE}))

    def __add__(self, other: HowMany) -> HowMany:
        return HowMany(self.by_type + other.by_type)

    @property
    def people(self) -> int:
        """The accounts that anything was found in."""
        return self.by_type[PEOPLE]

    @property
    def access_keys(self) -> int:
        """The access keys."""
        return self.by_type[KEYS]

    @property
    def consents(self) -> int:
        """The connected apps."""
        return self.by_type[AppType.OAUTH]

    @property
    def sessions(self) -> int:
        """The sessions."""
        return self.total - self.consents - self.access_keys

    @property
    def total(self) -> int:
        """All that ends."""
        return self.by_type.total() - self.people

    def by_app_type(self) -> dict[str, int]:
        """How many rows of each app type, as the history of an account has it."""
        counts = {each.value: self.by_type[each.value] for each in AppType}
        return {"all": sum(counts.values())} | counts

    def told(self) -> dict[str, int]:
        """As programs are told, and as it is kept."""
        counts = {each.value: self.by_type[each.value] for each in AppType}
        return {
            PEOPLE: self.people,
            "sessions": self.sessions,
            "consents": self.consents,
            KEYS: self.access_keys,
        } | counts

    @classmethod
    def read(cls, told: dict[str, int]) -> HowMany:
        """What `told` said."""
        kept = (*(each.value for each in AppType), KEYS, PEOPLE)
        return cls(Counter({name: told[name] for name in kept if told.get(name)}))


def _held(at: datetime | None, field: str) -> datetime | None:
    """The moment in UTC, as it is kept; one whose zone puts it before the first day there is, is none.

    Raises:
        InvalidInput: it is.
    """
    try:
        return None if at is None else at.astimezone(UTC)
    except OverflowError:
        raise InvalidInput(_("There is no such moment."), field=field) from None


def _micros(at: datetime | None) -> int | None:
    return None if at is None else to_micros(at)


def _moment(kept: int | None) -> datetime | None:
    return None if kept is None else from_micros(kept)
