"""What the doctor sees of who may answer from memory (on PostgreSQL)."""

from __future__ import annotations

import time
from collections.abc import Callable

from signedin.rules.errors import DatabaseProblem
from signedin.rules.health import Finding
from signedin.rules.lease import RENEW_EVERY, Node, waits_until
from signedin.store import endings
from signedin.store.database import Database

LOOKS_AGAIN_AFTER = 1.5 * RENEW_EVERY


def of_leases(database: Database, pause: Callable[[float], None] = time.sleep) -> Finding:
    """Who renews and who is silent, seen by two looks: the database keeps no times of them on purpose."""
    before = {(node.node_id, node.boot_id): node for node, _ in database.read_now(endings.every_node)}
    pause(LOOKS_AGAIN_AFTER)
    now, head = database.read_now(endings.every_node), database.read_now(endings.head)
    silent = [about for node, about in now if _is_silent(node, before)]
    behind = max((head - node.applied for node, _ in now), default=0)
    lag = f"of {head} endings the slowest is {behind} behind."
    if silent:
        sentence = f"{len(silent)} of {_processes(len(now))} that may answer from memory are silent ({', '.join(silent)}); {lag}"
        what = (
            f"Endings wait {waits_until(0):g} seconds for each once; one that was killed is then forgotten."
        )
        return Finding("leases", "look", sentence, what)
    return Finding("leases", "good", f"{_processes(len(now))} may answer from memory; {lag}")


def refuse_while_served(database: Database, pause: Callable[[float], None] = time.sleep) -> None:
    """Refuse what is only to be done while no server runs; afterwards every lease of before has run out.

    Raises:
        DatabaseProblem: somebody renews a lease, or has joined.
    """
    before = database.read_now(endings.every_node)
    pause(waits_until(0))
    if any(each not in before for each in database.read_now(endings.every_node)):
        raise DatabaseProblem(
            "A server uses this database.", hint="Stop every server first, and try again.", reason="in_use"
        )


def _is_silent(node: Node, before: dict[tuple[str, str], Node]) -> bool:
    known = before.get((node.node_id, node.boot_id))
    return known is not None and known.renewals == node.renewals


def _processes(count: int) -> str:
    return f"{count} process" if count == 1 else f"{count} processes"
