"""Side by side: several ways of doing a thing, in turn, round after round, in the same process."""

from __future__ import annotations

import cProfile
import gc
import io
import pstats
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

Way = Callable[[], object]


def side_by_side(
    ways: Mapping[str, Way], *, calls: int, rounds: int, before: Way | None = None, seconds: float = 60.0
) -> dict[str, list[float]]:
    """Microseconds of processor time a call for each way, one value a round.

    Processor time, because waiting for other programs says nothing of either way. Each way makes `calls` calls. The order changes from round to round, so that a machine that gets slower
    or faster meanwhile favours nobody; one round before the first is thrown away. `before` is done before
    each turn and is not measured. After `seconds` no new round begins, as long as there were three.
    """
    found: dict[str, list[float]] = {name: [] for name in ways}
    order = list(ways)
    until = time.perf_counter() + seconds
    with no_collection():
        for number in range(rounds + 1):
            random.Random(number).shuffle(order)
            for name in order:
                if before is not None:
                    before()
                began = time.process_time()
                ways[name]()
                took = time.process_time() - began
                if number:
                    found[name].append(took / calls * 1e6)
            gc.collect()
            if number >= 3 and time.perf_counter() > until:
                break
    return found


@contextmanager
def no_collection() -> Iterator[None]:
    """No garbage collection in the middle of a measurement."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def profile_of(work: Way, lines: int = 15) -> str:
    """Where the time goes, function by function; the profiler itself slows short functions most."""
    profiler = cProfile.Profile()
    with no_collection():
        profiler.runcall(work)
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).strip_dirs().sort_stats("tottime").print_stats(lines)
    kept = [line.rstrip() for line in text.getvalue().splitlines() if line.strip()]
    return "\n".join(line for line in kept if not line.startswith("   Ordered by"))
