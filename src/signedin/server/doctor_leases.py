"""What the doctor sees of who may answer from memory (on PostgreSQL)."""

from __future__ import annotations

import time
from collections.abc import Callable

from signedin.rules.errors import DatabaseProblem
from signedin.rules.health import Finding
from signedin.rules.lease import RENEW_EVERY, Node, waits_until
from signedin.rules.wording import counted, worded
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
    lag = {"head": head, "behind": behind}
    if silent:
        sentence = counted(
            "{silent} of {n} process that may answer from memory are silent ({names}); of {head} endings the slowest is {behind} behind.",
            "{silent} of {n} processes that may answer from memory are silent ({names}); of {head} endings the slowest is {behind} behind.",
            len(now), silent=len(silent), names=", ".join(silent), **lag,
        )  # fmt: skip
        what = worded(
            "Endings wait {seconds} seconds for each once; one that was killed is then forgotten.",
            seconds=f"{waits_until(0):g}",
        )
        return Finding("leases", "look", sentence, what)
    sentence = counted(
        "{n} process may answer from memory; of {head} endings the slowest is {behind} behind.",
        "{n} processes may answer from memory; of {head} endings the slowest is {behind} behind.",
        len(now), **lag,
    )  # fmt: skip
    return Finding("leases", "good", sentence)


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
