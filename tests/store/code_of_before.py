"""What the code of an earlier version is asked to do, in a process of its own: run by test_rolling_upgrade.py."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import signedin
from signedin.actions import revoke
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.recognise import Recogniser
from signedin.gate.user_agent import read_device
from signedin.rules.presence import Presence
from signedin.rules.session import AppType
from signedin.server.means import close_means, open_means
from signedin.server.settings import load

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def work(means, email, password, row_id, tokens):
    """Sign in, revoke a row, and say who the secrets let in."""
    visit = Visit("203.0.113.9", AGENT, read_device(AGENT, {}), "test")
    begun = await sign_in(means, email, password, visit, Ticks(), datetime.now(UTC))
    asking = Presence(begun.session.account_id, begun.session.id, AppType.WEB, datetime.now(UTC))
    await revoke.revoke(means, asking, row_id, datetime.now(UTC))
    found = [await Recogniser(means).recognise(token, datetime.now(UTC)) for token in tokens]
    if means.lines is not None:
        await means.lines.close()
    return {
        "token": begun.token,
        "found": ["in" if isinstance(each, Presence) else each.reason for each in found],
    }


if __name__ == "__main__":
    assert Path(signedin.__file__).is_relative_to(Path(os.environ["PYTHONPATH"])), "it is the other code"
    given = json.loads(sys.argv[1])
    opened = open_means(load(os.environ, Path("none.toml")))
    sys.stdout.write(json.dumps(asyncio.run(work(opened, **given))))
    close_means(opened)
