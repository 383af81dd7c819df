"""The world of tests/gate/world.py with an app in it whose client library holds a lease like a server's process.

It asks through whichever server there is: one that may answer from its own memory, or one that asks the database.
The real code of its memory and of its lease runs here.
"""

from __future__ import annotations

from gate.broken_worlds import _FromReceiving as FromReceiving
from gate.world import FOREVER, Broken, Process, World
from signedin.client.memory import Memory
from signedin.rules.holding import Lease
from signedin.rules.known import Known


class App(Process):
    """One process of an app."""

    def start(self):
        self.known = self.world.make_app_memory(self.clock)
        self.lease = self.world.make_app_lease(self.known, self.clock, self.name)


class AppsWorld(World):
    """Servers, and apps between them and the people."""

    make_app_memory = Memory
    make_app_lease = Lease

    servers = (0.95, 1.0)

    def __init__(self):
        super().__init__(self.servers)
        self.processes += [App(f"app{number}", rate, self) for number, rate in enumerate((0.95, 1.05))]

    def request(self, process, session):
        if not isinstance(process, App):
            super().request(process, session)
        elif process.acts:
            if process.known.recall(session.digest) is None:
                self.send("ask", process, (session, process.known.asking()))
                return
            self.hits += 1
            if session.is_over:
                raise Broken(f"{process.name} let in a session whose ending had returned")

    def revoke(self, process, session):
        if not isinstance(process, App):
            super().revoke(process, session)

    def log_out_all(self, process, account_id):
        if not isinstance(process, App):
            super().log_out_all(process, account_id)

    def at_database_ask(self, wire):
        if not isinstance(wire.process, App):
            super().at_database_ask(wire)
            return
        session, asked = wire.body
        for server in self.processes:
            if (
                not isinstance(server, App)
                and server.acts
                and server.known.find(session.digest, 1) is not None
            ):
                self.answer("said", wire, (session, (server.known.applied, asked), True))
                return
        self.answer("said", wire, (session, (len(self.log), asked), session.is_live))

    def at_process_said(self, wire):
        if not isinstance(wire.process, App):
            super().at_process_said(wire)
            return
        session, (seq, asked), is_live = wire.body
        if is_live:
            known = Known(session.account_id, 0, FOREVER, FOREVER, 0, session.first_proof, "s", "web")
            self.learned(wire.known, session.digest, known, seq, asked)

    def learned(self, memory, digest, known, seq, asked):
        memory.learned_as_of(digest, known, seq, asked)

    def at_process_hint(self, wire):
        if isinstance(wire.process, App):
            self.heard(wire.process.lease, wire.body)
        super().at_process_hint(wire)

    def heard(self, lease, seq):
        lease.heard("", self.log[seq - 1 : seq])


class FilledWhateverWasHeard(AppsWorld):
    """The rule by which an answer is remembered only if it knows all that was heard here."""

    def learned(self, memory, digest, known, seq, asked):
        memory.learned_as_of(digest, known, max(seq, memory.applied), asked)


class AcknowledgedBeforeApplying(AppsWorld):
    """What is heard is acknowledged, and applied with the next answer."""

    def heard(self, lease, seq):
        lease.known.applied = max(lease.known.applied, seq)


class HeardOverAGap(AppsWorld):
    """An ending that is heard counts as all those before it."""

    def heard(self, lease, seq):
        lease.known.caught_up(self.log[seq - 1 : seq])


class LeaseCountedFromReceiving(AppsWorld):
    """The lease is counted from when its answer came."""

    servers = (1.0,)  # with fewer of them more is asked of the apps
    make_app_lease = FromReceiving


MUTANTS = (
    FilledWhateverWasHeard, AcknowledgedBeforeApplying, HeardOverAGap, LeaseCountedFromReceiving,
)  # fmt: skip
