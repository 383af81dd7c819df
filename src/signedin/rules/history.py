"""An account's history as it is looked through: which events each filter shows, and how far back one look goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from signedin.rules.event import Event, EventKind, Recorded

_ENDED = frozenset({
    EventKind.SESSION_LOGGED_OUT, EventKind.SESSION_REVOKED, EventKind.SESSION_EXPIRED, EventKind.TOKEN_REUSED,
    EventKind.CONSENT_REVOKED, EventKind.LOGGED_OUT_EVERYWHERE, EventKind.LOGGED_OUT_OTHERS,
    EventKind.ACCOUNT_DISABLED, EventKind.ACCOUNT_CLOSED, EventKind.SESSIONS_ENDED,
})  # fmt: skip
KINDS: Mapping[str, frozenset[EventKind]] = {
    "in": frozenset({EventKind.SESSION_STARTED, EventKind.HOST_ENTERED}),
    "ended": _ENDED,
    "fail": frozenset({EventKind.SIGN_IN_FAILED, EventKind.TOKEN_REUSED}),
    "consent": frozenset({
        EventKind.CONSENT_GIVEN, EventKind.CONSENT_CHANGED, EventKind.CLIENT_AUTHORIZED, EventKind.CONSENT_REVOKED,
    }),
    "key": frozenset({EventKind.ACCESS_KEY_ISSUED, EventKind.ACCESS_KEY_REVOKED}),
}  # fmt: skip
"""The filters: which events each shows. An event may be in several."""
MOST_COUNTED = 10_000
"""Entries that are counted for the filters, and looked at for one page of one kind: the newest, or those before."""
MOST_SEARCHED = 1_000
"""Entries that are read for one page of what shows certain words."""

Displayed = Callable[[Event, Mapping[str, str]], str]
"""The words that an entry shows, told the names of operators by their account numbers."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the history is asked for: a filter's name (or an event's, or nothing), and words that are displayed."""

    kind: str = ""
    words: str = ""

    @property
    def kinds(self) -> frozenset[EventKind]:
        """Which events are meant; none named means all."""
        return KINDS.get(self.kind) or frozenset(each for each in EventKind if each.value == self.kind)

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not self.kind and not self.words.strip()

    @property
    def reach(self) -> int:
        """How many entries one look goes back."""
        return MOST_SEARCHED if self.words.strip() else MOST_COUNTED

    def matching(
        self, found: Sequence[Recorded], displayed: Displayed, operators: Mapping[str, str]
    ) -> list[Recorded]:
        """Those that show all the words, in any order and case; nothing hidden is found (D22)."""
        words = self.words.casefold().split()
        if not words:
            return list(found)

        def has(recorded: Recorded) -> bool:
            text = displayed(recorded.event, operators).casefold()
            return all(word in text for word in words)

        return [recorded for recorded in found if has(recorded)]


@dataclass(frozen=True, slots=True)
class Looked:
    """A page of the history, the newest first, and what the operators in it are called.

    `go_on` is the number before which the next page begins, or `None` at the end of the history; `is_cut` says that
    there may be more although the page is not full: the look went back as far as one look goes.
    """

    entries: tuple[Recorded, ...]
    operators: Mapping[str, str]
    go_on: int | None = None
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """How many entries each filter shows, and "" all together; `is_more` when only the newest were counted."""

    by_filter: Mapping[str, int]
    is_more: bool = False


def counted(by_kind: Mapping[EventKind, int], *, is_more: bool = False) -> Counted:
    """The counts of the filters, from those of the events."""
    of_filters = {name: sum(by_kind.get(kind, 0) for kind in kinds) for name, kinds in KINDS.items()}
    return Counted({"": sum(by_kind.values())} | of_filters, is_more)


def operators_in(events: Sequence[Event]) -> frozenset[str]:
    """The account numbers of the operators who are named in these."""
    return frozenset(str(event.facts["operator"]) for event in events if "operator" in event.facts)
