"""The check over HTTP with one process and with two, on either database."""

from __future__ import annotations

from pathlib import Path

from bench.figures import Case
from bench.gate import PATH
from bench.serving import product
from bench.wire import as_fast_as_it_goes, request
from signedin.actions.means import Means
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.account import Account
from signedin.server.demo_rows import CHROME_MAC
from signedin.server.means import utc_now

ROUNDS = 3
COUNTED = {1: "1 process", 2: "2 processes"}
VISIT = Visit("203.0.113.9", CHROME_MAC, read_device(CHROME_MAC, {}), ruleset())


def over_http(
    case: Case, name: str, means: Means, folder: Path, url: str, account: Account, seconds: float
) -> None:
    """Requests a second; the client shares the machine, so two processes gain less where there are few cores."""
    token = means.database.write_now(begin, means, account, VISIT, Ticks(), 0, utc_now()).token
    rates: dict[int, list[float]] = {1: [], 2: []}
    for workers, values in rates.items():
        with product(folder, None, database_url=url, workers=workers) as server:
            asked = request(PATH, {"signedin": token}, port=server.port)
            for _ in range(ROUNDS):
                rate, _who = as_fast_as_it_goes(
                    server.port, asked, PATH, f"signedin={token}", seconds, core=1
                )
                values.append(rate)
        case.figure(f"{name}: checks over HTTP, {COUNTED[workers]}", "requests/s",
                    values, is_rate=True)  # fmt: skip
    case.ratio(f"{name}: checks over HTTP, 2 processes / 1", rates[2], rates[1], are_rates=True)
