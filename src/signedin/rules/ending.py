"""One entry in the log of endings: what every process that answers from memory has to hear."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from signedin.rules.account import AccountId


class Scope(StrEnum):
    """What an ending reaches. A process that meets one it does not know forgets everything it knows.

    `RULES` ends nothing by itself: what is remembered was judged by rules that have changed, so it is asked anew.
    """

    SESSION = "session"
    ACCOUNT = "account"
    ALL = "all"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class Ending:
    """Something has ended. Of sessions the digests of their tokens are told, of an account its new cut-off.

    `seq` is its number in the order of commits (0 until it is written).
    """

    scope: Scope | str
    account_id: AccountId
    digests: tuple[bytes, ...] = ()
    cut_off: int = 0
    seq: int = 0
