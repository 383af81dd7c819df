"""A world in which messages are late, lost and out of order, processes and the database stop and clocks are wrong.

The real code of the node, its memory, its lease and of the one who waits runs in it; only the clock, the wires
and the database's rows are made here. Every step is one thing happening; who tests chooses the order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from signedin.rules.ending import Ending, Scope
from signedin.rules.holding import Lease
from signedin.rules.known import Known, KnownSessions
from signedin.rules.lease import Node, Renewal, Waiting

FOREVER = 10**18
TO_DATABASE = {"ask", "renew", "join", "end"}


class Broken(AssertionError):
    """A promise was broken."""


@dataclass
class Person:
    """One account: the number in its history, and its cut-off."""

    number: int = 0
    epoch: int = 0


@dataclass
class SignedIn:
    """A session; `is_over` once the call that ended it has returned."""

    account_id: int
    digest: bytes
    first_proof: int
    is_live: bool = True
    is_over: bool = False


@dataclass
class Process:
    """One process with a clock of its own, its real memory and its real lease."""

    name: str
    rate: float
    world: World
    is_running: bool = True
    is_paused: bool = False
    is_cut_off: bool = False
    known: KnownSessions = field(init=False)
    lease: Lease = field(init=False)

    def __post_init__(self):
        self.start()

    def clock(self):
        return self.world.time * self.rate

    def start(self):
        self.known = self.world.make_memory(self.clock)
        self.lease = self.world.make_lease(self.known, self.clock, self.name)

    @property
    def acts(self):
        return self.is_running and not self.is_paused


@dataclass
class Wire:
    """A message under way: to the database, or from it to a process."""

    kind: str
    process: Process
    body: object
    known: KnownSessions


class World:
    """Everything there is; the methods are what can happen next."""

    make_memory = KnownSessions
    make_lease = Lease

    def __init__(self, rates=(0.95, 1.0, 1.05)):
        self.time = 100.0
        self.people = [Person(), Person()]
        self.sessions = []
        self.log = []
        self.nodes = {}
        self.wires = []
        self.waits = []
        self.hits = 0
        self.is_up, self.starts, self.crashes = True, 0, 0
        self.not_on_disk = [{}]
        self.processes = [Process(f"p{number}", rate, self) for number, rate in enumerate(rates)]

    # What people do.

    def sign_in(self, account_id):
        person = self.people[account_id]
        person.number += 1
        digest = bytes([len(self.sessions) % 256, len(self.sessions) // 256]) * 16
        self.sessions.append(SignedIn(account_id, digest, person.number))

    def request(self, process, session):
        """A request that starts now: from memory if the process may, else by asking the database."""
        if not process.acts:
            return
        found = process.known.find(session.digest, 1)
        if found is not None:
            self.hits += 1
            if session.is_over:
                raise Broken(f"{process.name} let in a session whose ending had returned")
            return
        asked = process.known.asking()
        self.send("ask", process, (session, asked))

    def revoke(self, process, session):
        """An ending is under way until its commit arrives; a second one of the same only waits."""
        if process.acts and not session.is_over:
            self.send("end", process, lambda: self.end_one(session))

    def log_out_all(self, process, account_id):
        if process.acts:
            self.send("end", process, lambda: self.end_all(account_id))

    def end_one(self, session):
        if session.is_live:
            session.is_live = False
            self.commit(Scope.SESSION, session.account_id, (session.digest,))
        return [session]

    def end_all(self, account_id):
        person = self.people[account_id]
        person.number += 1
        person.epoch = person.number
        ended = [one for one in self.sessions if one.account_id == account_id and one.is_live]
        for one in ended:
            one.is_live = False
        self.commit(Scope.ACCOUNT, account_id, (), person.epoch)
        return ended

    def commit(self, scope, account_id, digests, cut_off=0):
        """For good: an ending, and whatever was written before it."""
        self.log.append(Ending(scope, account_id, digests, cut_off, len(self.log) + 1))
        self.is_on_disk()

    def look(self, process, waiting, ended):
        """The one who waits looks whether everybody has heard; without a database it gives up, and nobody is told."""
        if not process.acts or process.is_cut_off:
            return
        if not self.is_up:
            self.waits.remove((process, waiting, ended))
        elif self.has_heard(waiting, process.clock()):
            self.waits.remove((process, waiting, ended))
            for session in ended:
                session.is_over = True
            self.strike_off(waiting, process.clock())

    def has_heard(self, waiting, now):
        return waiting.is_over(list(self.nodes.values()), now, self.starts)

    def strike_off(self, waiting, now):
        for (node_id, boot_id), renewals in waiting.gone(now).items():
            node = self.nodes.get(node_id)
            if node and (node.boot_id, node.renewals) == (boot_id, renewals) and node.applied < waiting.seq:
                del self.nodes[node_id]
        self.is_written()

    # What the database does.

    def is_written(self):
        """Renewals, and who was struck off: written to disk a little later, and in this order."""
        self.not_on_disk.append(dict(self.nodes))

    def is_on_disk(self):
        self.not_on_disk = [dict(self.nodes)]

    def crash_database(self, chance):
        """What was committed stays; what is under way is done or not, and nobody is told; late writes may be lost."""
        if not self.is_up:
            return
        self.is_up, self.crashes = False, self.crashes + 1
        under_way, self.wires = self.wires, []
        for wire in under_way:
            if wire.kind not in TO_DATABASE:
                if chance.random() < 0.5:  # what was answered before may still arrive
                    self.wires.append(wire)
            elif chance.random() < 0.5:
                getattr(self, f"at_database_{wire.kind}")(wire)
        self.nodes = dict(chance.choice(self.not_on_disk))
        self.is_on_disk()

    def start_database(self):
        """Whoever asks it now has another connection than before."""
        if not self.is_up:
            self.is_up = True
            self.starts += 1

    # What processes do.

    def renew(self, process):
        if not process.acts:
            return
        if process.lease.boot_id:
            self.send("renew", process, process.lease.ask())
        else:
            self.send("join", process, f"b{self.time}-{len(self.wires)}")

    def crash(self, process):
        process.is_running = False

    def restart(self, process):
        if not process.is_running:
            process.start()
            process.is_running, process.is_paused = True, False

    # What wires do.

    def send(self, kind, process, body):
        is_heard = self.is_up or kind not in TO_DATABASE
        if is_heard and not process.is_cut_off and len(self.wires) < 40:
            self.wires.append(Wire(kind, process, body, process.known))

    def lose(self, wire):
        self.wires.remove(wire)

    def deliver(self, wire):
        """A message arrives. One for a process waits while that is paused, and is lost when it was restarted."""
        if wire.kind in TO_DATABASE:
            self.wires.remove(wire)
            getattr(self, f"at_database_{wire.kind}")(wire)
        elif wire.known is not wire.process.known or not wire.process.is_running:
            self.wires.remove(wire)
        elif not wire.process.is_paused:
            self.wires.remove(wire)
            getattr(self, f"at_process_{wire.kind}")(wire)

    def at_database_ask(self, wire):
        session, asked = wire.body
        self.answer("said", wire, (session, asked, session.is_live))

    def at_database_end(self, wire):
        ended = wire.body()
        for other in self.processes if self.is_up else ():
            self.send("hint", other, len(self.log))
        self.answer("committed", wire, (len(self.log), ended))

    def at_database_join(self, wire):
        self.nodes[wire.process.name] = Node(wire.process.name, wire.body, 0, -1)
        self.is_on_disk()
        self.answer("joined", wire, (wire.body, len(self.log)))

    def at_database_renew(self, wire):
        asked, node = wire.body, self.nodes.get(wire.process.name)
        if node is None or node.boot_id != asked.boot_id:
            self.answer("renewed", wire, (asked, None))
            return
        self.nodes[node.node_id] = Node(
            node.node_id, node.boot_id, node.renewals + 1, max(node.applied, self.acknowledged(asked))
        )
        self.is_written()
        missed = tuple(ending for ending in self.log if ending.seq > asked.applied)
        self.answer("renewed", wire, (asked, Renewal(missed, len(self.log))))

    def acknowledged(self, asked):
        return asked.applied

    def answer(self, kind, wire, body):
        if self.is_up and not wire.process.is_cut_off:
            self.wires.append(Wire(kind, wire.process, body, wire.known))

    def at_process_said(self, wire):
        session, asked, is_live = wire.body
        if is_live:
            wire.known.learned(
                session.digest,
                Known(session.account_id, 0, FOREVER, FOREVER, 0, session.first_proof, "s", "web"),
                asked,
            )

    def at_process_joined(self, wire):
        boot_id, head = wire.body
        if not wire.process.lease.boot_id:
            wire.process.lease.joined(boot_id, head)

    def at_process_renewed(self, wire):
        asked, renewal = wire.body
        wire.process.lease.answered(asked, renewal)
        if renewal is not None and renewal.endings:
            self.renew(wire.process)

    def at_process_committed(self, wire):
        """From here on it waits, by its own clock."""
        seq, ended = wire.body
        self.waits.append((wire.process, Waiting(seq, wire.process.clock()), ended))

    def at_process_hint(self, wire):
        self.renew(wire.process)
