"""`python -m bench [--size small|full|tiny] [case ...]`: measure, print what was found, and keep a whole run."""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from bench import (
    both,
    bulk,
    burst,
    check,
    check_http,
    client,
    disk,
    find,
    gate,
    listing,
    logout_all,
    memory,
    peers,
    postgres,
    timing,
    tokens,
)
from bench.figures import Case
from bench.machine import Neighbours, described, pace, revision
from bench.writing import RESULTS, Run, page_of, said, write

CASES: dict[str, Callable[[str, Path], Case]] = {
    "check": check.measure,
    "gate": gate.measure,
    "check-http": check_http.measure,
    "client": client.measure,
    "list": listing.measure,
    "burst": burst.measure,
    "logout-all": logout_all.measure,
    "disk": disk.measure,
    "memory": memory.measure,
    "postgres": postgres.measure,
    "both": both.measure,
    "bulk": bulk.measure,
    "find": find.measure,
    "peers": peers.measure,
    "tokens": tokens.measure,
    "timing": timing.measure,
}


def main(words: list[str] | None = None) -> int:
    """Measure; a missed goal is told and is no failure."""
    asked = _asked(words)
    names = asked.cases or list(CASES)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    run = _begun(asked.size, names)
    for name in names:
        _say(f"{name} ...")
        run.cases.append(measured(name, asked.size))
        run.paces.append(pace())
        for ratio in run.cases[-1].ratios:
            verdict = {True: f"  ({ratio.goal}: met)", False: f"  ({ratio.goal}: MISSED)", None: ""}[
                ratio.is_met
            ]
            _say(f"  {said(ratio.median):>8}  {ratio.name}{verdict}")
    if asked.out is None and names != list(CASES):
        print(page_of(run))
        _say("Only a whole run is kept; --out FOLDER keeps this one.")
        return 0
    _say(f"Kept as {write(run, asked.out or RESULTS).name}")
    return 0


def measured(name: str, size: str) -> Case:
    """Run one case in a folder of its own, which is gone afterwards."""
    folder, began = Path(tempfile.mkdtemp(prefix=f"bench-{name}-")), time.monotonic()
    neighbours = Neighbours()
    try:
        case = CASES[name](size, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    case.seconds, case.neighbours = time.monotonic() - began, neighbours.share()
    return case


def _asked(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--size", choices=("tiny", "small", "full"), default="small")
    parser.add_argument("--out", type=Path, help="the folder to keep the results in (bench/results)")
    parser.add_argument("cases", nargs="*", metavar="case", help=f"some of: {', '.join(CASES)} (all)")
    asked = parser.parse_args(words)
    unknown = [name for name in asked.cases if name not in CASES]
    if unknown:
        parser.error(f"there is no case {unknown[0]!r}; there are {', '.join(CASES)}")
    return asked


def _begun(size: str, names: list[str]) -> Run:
    short, is_changed = revision()
    command = " ".join(["make bench", f"SIZE={size}"]) if names == list(CASES) else _by_hand(size, names)
    today = datetime.now(UTC).date().isoformat()
    return Run(today, short, is_changed, size, command, described(), paces=[pace()])


def _by_hand(size: str, names: list[str]) -> str:
    return " ".join(["python -m bench --size", size, *names])


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
