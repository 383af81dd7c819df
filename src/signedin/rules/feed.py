"""The revocation feed as it is told between a service and a client library: one shape, written and read here.

Account ids are text, because some languages know no whole numbers of their size. docs/feed.md has it for who
speaks it from another language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from signedin.rules.account import AccountId
from signedin.rules.ending import Ending, Scope
from signedin.rules.errors import InsufficientPermission, Refused
from signedin.rules.known import KEY_BYTES
from signedin.rules.lease import DRIFT, LEASE, RENEW_EVERY, Renewal
from signedin.rules.session import SessionId
from signedin.rules.wording import marked as _

LASTS = round(LEASE * (1 - DRIFT), 6)
"""For how many seconds an acknowledgement lets a client library answer from memory, counted from its sending."""
REPORT_WITHIN = timedelta(seconds=60)
"""How soon uses are reported; who cannot asks each time (R15, D28)."""
LONGEST_AGO = timedelta(hours=1)
"""Uses of longer ago are not taken: what was seen while the service was away is told within that, or is lost."""
LARGEST_NUMBER = 2**53 - 1
"""Of an ending: what every language holds exactly."""
MOST_USES = 1_000
"""How many uses one report holds; more come in the next."""
MOST_DIGESTS = 20_000
"""How many digests one answer tells of, beyond its first ending; more come in the next."""
KEY_HEADER, ADDRESS_HEADER, AGENT_HEADER, QUIET_HEADER = (
    "signedin-key",
    "signedin-address",
    "user-agent",
    "signedin-quiet",
)
SEQ_HEADER, EPOCH_HEADER, GOOD_FOR_HEADER = "signedin-seq", "signedin-epoch", "signedin-good-for"


class JoinAgain(Refused):
    """A client library renews a lease that is not known (any more): it starts anew, with an empty memory."""

    code = "join_again"
    sentence = _("This node is not known.")
    hint = _("Join again, with an empty memory.")


class ServiceKeyRefused(InsufficientPermission):
    """An app asks about its person by a key that may not: its own mistake, and told apart from a key of the person's."""

    code = "service_key_refused"
    sentence = _("This service key may not check these sessions.")
    hint = _("Give the app a living service key with the scope sessions:check for these app types.")


class Use(NamedTuple):
    """One use of a session that was let in from memory, as it is reported: the latest of its minute."""

    account_id: AccountId
    session_id: SessionId
    seconds_ago: int
    address: str = ""
    agent: str = ""


def said_ending(ending: Ending) -> dict[str, Any]:
    """An ending as it is told; of a token the first half of its digest, which is enough to find it by."""
    said: dict[str, Any] = {"seq": ending.seq, "scope": str(ending.scope)}
    if ending.scope == Scope.SESSION:
        return said | {"digests": [digest[:KEY_BYTES].hex() for digest in ending.digests]}
    return said | {"account": str(ending.account_id), "cut_off": ending.cut_off}


def heard_ending(said: Mapping[str, Any]) -> Ending:
    """An ending as it was told.

    Raises:
        ValueError, KeyError, TypeError: it was not.
    """
    scope, seq = str(said["scope"]), _number(said["seq"])
    if scope == Scope.SESSION:
        digests = tuple(bytes.fromhex(each) for each in said["digests"])
        return Ending(Scope.SESSION, AccountId(0), digests, seq=seq)
    if scope == Scope.ACCOUNT:
        account_id, cut_off = AccountId(int(said["account"])), _number(said["cut_off"])
        return Ending(Scope.ACCOUNT, account_id, cut_off=cut_off, seq=seq)
    return Ending(scope, AccountId(0), seq=seq)


def said_renewal(renewal: Renewal) -> dict[str, Any]:
    """The answer to an acknowledgement."""
    told = _as_many_as_fit(renewal.endings)
    return {
        "lineage": renewal.lineage, "head": renewal.head,
        "complete": renewal.is_complete and len(told) == len(renewal.endings),
        "endings": [said_ending(ending) for ending in told],
        "answer_for_seconds": LASTS, "renew_every_seconds": RENEW_EVERY,
    }  # fmt: skip


def heard_renewal(said: Mapping[str, Any]) -> Renewal:
    """The answer to an acknowledgement, as it was told; a lease is never longer than it is known here.

    Raises:
        ValueError, KeyError, TypeError: it was not.
    """
    endings = tuple(heard_ending(each) for each in said["endings"])
    is_complete = said["complete"] is True
    shorter_by = max(0.0, LASTS - float(said["answer_for_seconds"]))
    return Renewal(
        endings, _number(said["head"]), is_complete, lineage=str(said["lineage"]), shorter_by=shorter_by
    )


def said_use(use: Use) -> dict[str, Any]:
    """A use as it is reported."""
    said = {"account": str(use.account_id), "session": use.session_id, "seconds_ago": use.seconds_ago}
    where = {"address": use.address} if use.address else {}
    return said | where | ({"agent": use.agent} if use.agent else {})


def _as_many_as_fit(endings: Sequence[Ending]) -> Sequence[Ending]:
    room = MOST_DIGESTS
    for at, ending in enumerate(endings):
        room -= len(ending.digests)
        if room < 0 and at:
            return endings[:at]
    return endings


def _number(said: object) -> int:
    if type(said) is not int:
        raise TypeError(said)
    return said
