"""Many credentials in turn, as fast as the server answers: each connection sends when its last answer is there."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from bench.machine import keep_to
from bench.wire import Wire, request

SCRIPT = """
local cookies, at = {}, 0
for line in io.lines("%s") do cookies[#cookies + 1] = line end
function request()
  at = at %% #cookies + 1
  return wrk.format("GET", nil, { ["Cookie"] = cookies[at], ["Host"] = "localhost" })
end
"""


def rate_of(
    port: int, path: str, tokens: Sequence[str], seconds: float, connections: int, folder: Path,
    *, status: int, before: str = "signedin=",
) -> float:  # fmt: skip
    """Requests a second; each has to be answered with that status. A cookie line is a token with `before` before it."""
    lines = [before + token for token in tokens]
    if shutil.which("wrk"):
        return _wrk(port, path, lines, seconds, connections, folder, status)
    keep_to(1)
    return asyncio.run(_closed_loop(port, path, lines, seconds, connections, status))


def _wrk(
    port: int, path: str, lines: Sequence[str], seconds: float, connections: int, folder: Path, status: int
) -> float:
    kept, script = folder / "cookies", folder / "rotate.lua"
    kept.write_text("\n".join(lines) + "\n")
    script.write_text(SCRIPT % kept)
    words = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(script),
             f"http://127.0.0.1:{port}{path}"]  # fmt: skip
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as running:
        keep_to(1, running.pid)
        said = running.communicate()[0]
    total, rate = re.search(r"(\d+) requests in", said), re.search(r"Requests/sec:\s+([\d.]+)", said)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    if total is None or rate is None or int(bad[1] if bad else 0) != (int(total[1]) if status >= 400 else 0):
        raise RuntimeError(f"not everything was answered with {status}: {said}")
    return float(rate[1])


async def _closed_loop(
    port: int, path: str, lines: Sequence[str], seconds: float, connections: int, status: int
) -> float:
    until, done = time.perf_counter() + seconds, 0
    turn = cycle([request(path, as_cookie(line), port=port) for line in lines])

    async def one_connection() -> None:
        nonlocal done
        wire = Wire(port)
        while time.perf_counter() < until:
            answered = (await wire.ask(next(turn))).status
            if answered != status:
                raise RuntimeError(f"answered {answered}, not {status}")
            done += 1
        wire.close()

    await asyncio.gather(*(one_connection() for _ in range(connections)))
    return done / seconds


def as_cookie(line: str) -> dict[str, str]:
    """A line of cookies as one cookie whose value holds the others."""
    name, _, rest = line.partition("=")
    return {name: rest}
