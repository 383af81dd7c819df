"""The protocol with one guard off at a time: each of these worlds must break the promise."""

from __future__ import annotations

from gate.world import World
from signedin.rules import lease
from signedin.rules.holding import Asked, Lease
from signedin.rules.known import KnownSessions


class _NoFillGuard(KnownSessions):
    def learned(self, digest, known, asked):
        super().learned(digest, known, self._changes)


class _NoLease(KnownSessions):
    def find(self, digest, moment):
        self._until = float("inf")
        return super().find(digest, moment)


class _NoCatchUp(KnownSessions):
    def renewed(self, sent_at, endings, head):
        super().renewed(sent_at, (), -1)


class _NoMargin(KnownSessions):
    def renewed(self, sent_at, endings, head):
        super().renewed(sent_at + lease.LEASE * lease.DRIFT, endings, head)


class _FromReceiving(Lease):
    def answered(self, asked, renewal):
        return super().answered(Asked(self._clock(), asked.boot_id, asked.applied), renewal)


class NoFillGuard(World):
    make_memory = _NoFillGuard


class NoLease(World):
    make_memory = _NoLease


class RenewedWithoutCatchingUp(World):
    make_memory = _NoCatchUp


class NoMarginForSlowClocks(World):
    make_memory = _NoMargin


class LeaseCountedFromReceiving(World):
    make_lease = _FromReceiving


class AcknowledgedBeforeApplying(World):
    def at_process_hint(self, wire):
        wire.known.applied = max(wire.known.applied, wire.body)
        super().at_process_hint(wire)


class AcknowledgedByAnyRenewal(World):
    def acknowledged(self, asked):
        return len(self.log)


class StruckOffAlthoughItRenewed(World):
    """Who renewed between the commit and the first look is taken for silent: found by 7,150 long walks."""

    def strike_off(self, waiting, now):
        for (node_id, _), (renewals, _) in waiting.silent.items():
            if self.nodes[node_id].renewals == renewals:
                del self.nodes[node_id]


class SilentAcrossACrash(World):
    """Whose renewal was lost in a crash of the database is taken for silent, although its lease runs.

    Not among the mutants of the walks, which meet it too seldom: test_lease.py tells the story.
    """

    def has_heard(self, waiting, now):
        return waiting.is_over(list(self.nodes.values()), now)


class ReturnedAtTheCommit(World):
    def has_heard(self, waiting, now):
        return True


MUTANTS = (
    NoFillGuard, NoLease, RenewedWithoutCatchingUp, NoMarginForSlowClocks, LeaseCountedFromReceiving,
    AcknowledgedBeforeApplying, AcknowledgedByAnyRenewal, StruckOffAlthoughItRenewed, ReturnedAtTheCommit,
)  # fmt: skip
