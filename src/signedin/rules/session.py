"""One sign-in on one device: what a session is, and the app types and session types there are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from signedin.rules.account import AccountId
from signedin.rules.activity import DayLevels
from signedin.rules.device import Device
from signedin.rules.location import Location

SessionId = NewType("SessionId", str)
"""26 characters, opaque, public; never the secret that signs in (R55)."""


class AppType(StrEnum):
    """What kind of application signed in (R16). Guide: "Application type (Web, Admin, Sync, Mobile, OAuth)"."""

    WEB = "web"
    ADMIN = "admin"
    SYNC = "sync"
    MOBILE = "mobile"
    OAUTH = "oauth"

    __hash__ = str.__hash__
    """As equal texts have it, and on the path of every request: that of an Enum is a function in Python."""

    @property
    def session_type(self) -> SessionType:
        """The type of session that an application of this type has (D4)."""
        return _SESSION_TYPES[self]


class SessionType(StrEnum):
    """What kind of row it is (R17, D4)."""

    WEB_SESSION = "web_session"
    ADMIN_SESSION = "admin_session"
    SYNC_SESSION = "sync_session"
    MOBILE_SESSION = "mobile_session"
    OAUTH_CONSENT = "oauth_consent"


_SESSION_TYPES = {
    AppType.WEB: SessionType.WEB_SESSION,
    AppType.ADMIN: SessionType.ADMIN_SESSION,
    AppType.SYNC: SessionType.SYNC_SESSION,
    AppType.MOBILE: SessionType.MOBILE_SESSION,
    AppType.OAUTH: SessionType.OAUTH_CONSENT,
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, as far as it may be shown: the masked address and the place (R7-R11)."""

    masked_ip: str
    location: Location


class Sign(StrEnum):
    """What was noticed when a session began; the list turns signs into flags."""

    NEW_DEVICE = "new_device"
    UNFAMILIAR_LOCATION = "unfamiliar_location"


@dataclass(frozen=True, slots=True)
class Noticed:
    """A sign with what made it one, told as numbers and names rather than as a sentence."""

    sign: Sign
    earlier_place: str = ""
    earlier_at: datetime | None = None
    distance_km: int = 0
    place_is_familiar: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in on one device.

    `first_proof` is the number in the account's history at which the first proof of the sign-in was
    accepted (D23); `made_by` is the session that made this one, where one did; `began_from` is the place of
    sign-in and `last_from` that of last use (D16); `last_device` is the one that the last use was told to come from,
    which names nothing, and `None` while no use has told; `signed_resources` are the addresses that read signed tokens
    of its app by themselves, where what was given can go on for up to five minutes after the end (D24). `doubt` is how
    much later than known the last use may have been: within it nobody is refused (D28). `own_limits` are its own idle
    period and overall limit, where a rule of an organisation is stricter and stands in their place.
    """

    id: SessionId
    account_id: AccountId
    app_type: AppType
    device: Device
    began_at: datetime
    began_from: Origin
    last_at: datetime
    last_from: Origin
    idle: timedelta
    overall_until: datetime
    first_proof: int
    days: DayLevels
    last_device: Device | None = None
    made_by: SessionId | None = None
    factors: tuple[str, ...] = ()
    is_shared_computer: bool = False
    noticed: tuple[Noticed, ...] = ()
    recognised: frozenset[str] = field(default_factory=frozenset)
    recognised_at: datetime | None = None
    doubt: timedelta = timedelta(0)
    signed_resources: tuple[str, ...] = ()
    own_limits: tuple[timedelta, datetime] | None = None

    @property
    def session_type(self) -> SessionType:
        """The type of session, which follows from the app type (D4)."""
        return self.app_type.session_type

    @property
    def expires_at(self) -> datetime:
        """When it ends by itself, unless it is used before: the earlier of both limits (R68, R73)."""
        return min(self.last_at + self.idle, self.overall_until)

    def is_alive_at(self, now: datetime) -> bool:
        """Whether it has not ended by itself, given the benefit of the doubt."""
        return now < min(self.last_at + self.doubt + self.idle, self.overall_until)

    @property
    def own_idle(self) -> timedelta:
        """The idle period that it began with."""
        return self.idle if self.own_limits is None else self.own_limits[0]

    def within(self, idle: timedelta, overall: timedelta | None) -> Session:
        """The session as a rule lets it live: never longer than it would by itself."""
        until = self.overall_until if overall is None else min(self.overall_until, self.began_at + overall)
        if idle >= self.idle and until >= self.overall_until:
            return self
        own = self.own_limits or (self.idle, self.overall_until)
        return replace(self, idle=min(self.idle, idle), overall_until=until, own_limits=own)

    def is_over_by_rule_at(self, now: datetime) -> bool:
        """Whether a rule has ended it, which would have lived on by its own limits."""
        if self.own_limits is None or self.is_alive_at(now):
            return False
        idle, until = self.own_limits
        return self.expires_at < min(self.last_at + idle, until)
