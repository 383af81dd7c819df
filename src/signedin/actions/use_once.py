"""What may be used once, in any process and over every restart (attacks 23 and 28)."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from signedin.actions.means import Means
from signedin.store import used_once


async def use_once(means: Means, kind: str, whose: str, name: str, until: datetime) -> bool:
    """Use a name of somebody's now; false when it was used before. After `until` it would be refused anyway.

    Raises:
        Unavailable, DatabaseProblem: it cannot be known, and so counts as used.
    """
    digest = sha256(f"{len(whose)}:{whose}\n{name}".encode()).digest()
    return await means.database.write(used_once.use, kind, digest, until)
