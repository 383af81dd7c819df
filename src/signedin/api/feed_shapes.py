"""What client libraries say to the feed and are told by it, as shapes."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from signedin.api.shapes import AccountNumber, Count
from signedin.rules.feed import LARGEST_NUMBER, LONGEST_AGO, MOST_USES


class Told(Struct):
    """An ending in the feed: of sessions by digests, of an account up to a cut-off, or of everything."""

    seq: Count
    scope: str
    digests: list[str] | UnsetType = UNSET
    account: AccountNumber | UnsetType = UNSET
    cut_off: Count | UnsetType = UNSET


class Acknowledged(Struct):
    """What a client library is answered; which fields there are depends on what it said (docs/feed.md)."""

    uses_noted: Count
    cookie: Annotated[str, Meta(description="In which cookie browsers show their session.")]
    head: Count | UnsetType = UNSET
    lineage: str | UnsetType = UNSET
    complete: bool | UnsetType = UNSET
    endings: list[Told] | UnsetType = UNSET
    answer_for_seconds: float | UnsetType = UNSET
    renew_every_seconds: float | UnsetType = UNSET


class SaidUse(Struct, forbid_unknown_fields=True):
    """One use of a session that was let in from memory."""

    account: Annotated[str, Meta(pattern="^[0-9]{1,19}$")]
    session: Annotated[str, Meta(max_length=52, pattern="^[0-9A-Za-z]*$")]
    seconds_ago: Annotated[int, Meta(ge=0, le=int(LONGEST_AGO.total_seconds()))]
    address: Annotated[str, Meta(max_length=100)] = ""
    agent: Annotated[
        str, Meta(description="The person's User-Agent; one that cannot be read is left aside.")
    ] = ""


class Said(Struct, forbid_unknown_fields=True):
    """What a client library says: it joins, renews with what it has applied, reports, or leaves."""

    node: Annotated[str, Meta(pattern="^[0-9A-Za-z]{8,64}$")]
    boot: Annotated[str, Meta(pattern="^[0-9A-Za-z]{8,64}$")]
    join: bool = False
    leave: bool = False
    applied: Annotated[int, Meta(ge=0, le=LARGEST_NUMBER)] | UnsetType = UNSET
    uses: Annotated[list[SaidUse], Meta(max_length=MOST_USES)] = []
