"""What one process sees of the others: told for the moment it is asked, also while the database is away."""

from __future__ import annotations

from signedin.actions.keep_lease import Standing
from signedin.gate.watch import Watch
from signedin.rules.lease import Node
from signedin.rules.lineage import Lineage
from signedin.store.standby import Standby


def at(renewals):
    return Standing([Node("a", "boot", renewals, 3)], 3, Lineage("7301", 1), Standby.NONE)


def test_silence_goes_on_while_nobody_can_look():
    now = [100.0]
    watch = Watch(lambda: now[0])
    watch.see(at(1))
    now[0] += 1
    watch.see(at(2))
    assert ([each.silent_for for each in watch.latest], watch.looked_ago) == ([0], 0)
    now[0] += 10
    assert ([each.silent_for for each in watch.latest], watch.looked_ago) == ([10], 10)
    [seen] = watch.see(at(2))
    assert (seen.silent_for, watch.looked_ago) == (10, 0)
