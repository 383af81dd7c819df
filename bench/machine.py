"""The machine that measures, as far as it matters, and which of its cores does what."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def described() -> dict[str, Any]:
    """Python, SQLite, processor, memory, and how busy it was when the run began."""
    return {
        "python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "system": platform.system(),
        "kernel": ".".join(platform.release().split(".")[:2]), "processor": _processor(), "cores": os.cpu_count(),
        "memory_gb": round(_memory() / 1e9), "load": [round(load, 2) for load in os.getloadavg()],
        "packages": {name: version(name) for name in ("uvicorn", "litestar", "SQLAlchemy", "uvloop", "httptools")},
    }  # fmt: skip


def revision() -> tuple[str, bool]:
    """The short revision, and whether anything but results differs from it."""
    short = _git("rev-parse", "--short", "HEAD") or "unknown"
    changed = [line for line in _git("status", "--porcelain").splitlines() if "bench/results" not in line]
    return short, bool(changed)


def pace() -> float:
    """Nanoseconds for one turn of a fixed loop: the same work, so what changes is the machine."""
    turns, best = 200_000, float("inf")
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(turns):
            pass
        best = min(best, time.perf_counter() - began)
    return best / turns * 1e9


class Neighbours:
    """How much of the machine other programs used, from one moment to another."""

    def __init__(self) -> None:
        self._began, self._own, self._all = time.monotonic(), _own_seconds(), _all_seconds()

    def share(self) -> float | None:
        """From 0 to 1 of all cores, once the processes of one's own have ended; `None` where nobody counts."""
        everything = _all_seconds()
        if everything is None or self._all is None:
            return None
        capacity = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        return max(0.0, (everything - self._all) - (_own_seconds() - self._own)) / capacity


_servers: list[float] = []


def count_as_own(pid: int) -> None:
    """Count what a server has used as one's own, right before it ends: one that left who started it is nobody's child."""
    _servers.append(_with_ended(pid))


def _own_seconds() -> float:
    """Processor time of this process, of the ones it has started that have ended, and of servers of its own."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system + sum(_servers)


def _with_ended(pid: int) -> float:
    """Processor time of a process, of those it has started, and of those of them that have ended (Linux; elsewhere 0)."""
    told = Path(f"/proc/{pid}/stat")
    if not told.exists():
        return 0.0
    ticks = sum(map(int, told.read_text().rpartition(")")[2].split()[11:15]))
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return ticks / os.sysconf("SC_CLK_TCK") + sum(map(_with_ended, map(int, children)))


def _all_seconds() -> float | None:
    """Processor time of everything on the machine, idle time left out (Linux)."""
    told = Path("/proc/stat")
    if not told.exists():
        return None
    user, nice, system, _, _, irq, softirq, *_ = map(int, told.read_text().split("\n")[0].split()[1:])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def keep_to(core: int, pid: int = 0) -> None:
    """Keep a process to one core, where that can be said and there is more than one."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(_all_cores())
        if len(cores) > 1:
            os.sched_setaffinity(pid, {cores[core % len(cores)]})


def free_again(pid: int = 0) -> None:
    """Let a process run on every core again."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, _all_cores())


def processor_seconds(pid: int) -> float:
    """Processor time of a process and of those it has started, so far (Linux; elsewhere 0)."""
    told = Path(f"/proc/{pid}/stat")
    if not told.exists():
        return 0.0
    user, system = told.read_text().rpartition(")")[2].split()[11:13]
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK") + sum(
        map(processor_seconds, map(int, children))
    )


def megabytes(pid: int) -> float:
    """The memory a process occupies (RSS)."""
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(said.stdout) / 1024


_CORES: set[int] = set()


def _all_cores() -> set[int]:
    """The cores this process was given at its start, before anything was pinned."""
    if not _CORES:
        _CORES.update(os.sched_getaffinity(0))
    return _CORES


def _git(*words: str) -> str:
    try:
        said = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return said.stdout.strip() if said.returncode == 0 else ""


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    named = next((line for line in lines if line.startswith("model name")), "")
    return named.partition(":")[2].strip() or platform.processor() or platform.machine()


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
