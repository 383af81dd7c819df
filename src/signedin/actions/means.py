"""What actions work with: the store's parts and the rules in force, put together once by the server."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from signedin.actions.met_before import MetBefore
from signedin.actions.note_use import RecentUse
from signedin.actions.signers import Signers
from signedin.rules.failed_sign_ins import FailedSignIns
from signedin.rules.lifetime import Lifetimes
from signedin.store.bus import Bus
from signedin.store.checks import Checks
from signedin.store.company import Company
from signedin.store.database import Database
from signedin.store.keyring import Keyring
from signedin.store.passwords import PasswordHasher
from signedin.store.places import Places
from signedin.store.postgres_checks import PostgresChecks


class Registration(StrEnum):
    """Who may make an account."""

    OPEN = "open"
    INVITATION = "invitation"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Means:
    """Everything an action may use; nothing is found by looking around.

    On SQLite there is `checks`, a reader of the file; on PostgreSQL there are `lines`, connections held for checks.
    A `bus` hints that something has ended. `issuer` is the address by which this service is named as a resource. `refused` are sign-ins
    that this process has refused, by code, until they are counted with those of the others; `failed` are the wrong passwords
    among them that are to be told in histories.
    """

    database: Database
    checks: Checks | None
    keyring: Keyring
    hasher: PasswordHasher
    places: Places
    recent: RecentUse
    lifetimes: Lifetimes
    registration: Registration = Registration.OPEN
    host: str = "localhost"
    brand: str = "Signedin"
    contact: str = ""
    issuer: str = ""
    met: MetBefore = field(default_factory=MetBefore)
    company: Company | None = None
    lines: PostgresChecks | None = None
    bus: Bus | None = None
    signers: Signers = field(default_factory=Signers)
    refused: Counter[str] = field(default_factory=Counter)
    failed: FailedSignIns = field(default_factory=FailedSignIns)

    def knows_every_use(self) -> bool:
        """Whether what this process has seen of last use is all there is: it serves, and alone (D28)."""
        return self.company is not None and self.company.is_alone()
