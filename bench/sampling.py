"""Where a process' time goes, by samples that py-spy takes from outside: nothing of the process is changed for it."""

from __future__ import annotations

import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Case

PER_SECOND = 200
LINES = 14
LONGEST_ATTACHING = 20
WAITING = "_worker (concurrent/futures/thread.py"
"""A thread that waits for work, which is taken for work."""
REFUSED = (
    "Where the time goes is not told: py-spy may not look into another process here (root may, or whoever "
    "has /proc/sys/kernel/yama/ptrace_scope at 0)."
)
ABSENT = "Where the time goes is not told: there is no py-spy (it comes with `make dev` on Linux and macOS)."


@contextmanager
def sampled(
    case: Case, what: str, pid: int, *, per_second: int = PER_SECOND, holding: bool = True
) -> Iterator[None]:
    """Look into a process while the block runs, and keep what was seen beside the case's figures.

    With `holding` it stands still for each look: exact, and too long for a process of very many threads.
    """
    program = Path(sys.executable).with_name("py-spy")
    if shutil.which(program) is None:
        _note(case, ABSENT)
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "stacks"
        words = [
            str(program), "record", "--pid", str(pid), "--format", "raw", "--function",
            "--rate", str(per_second), "--output", str(out), *([] if holding else ["--nonblocking"]),
        ]  # fmt: skip
        spy = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            _until_attached(spy)
            yield
        finally:
            spy.send_signal(signal.SIGINT)
            try:
                spy.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                spy.kill()
                spy.communicate()
        stacks = read_stacks(out.read_text(errors="replace")) if out.is_file() else Counter[tuple[str, ...]]()
    if stacks:
        case.profile = "\n\n".join(filter(None, (case.profile, f"{what}\n{table_of(stacks)}")))
    else:
        _note(case, REFUSED)


def read_stacks(text: str) -> Counter[tuple[str, ...]]:
    """py-spy's lines, `outermost;...;innermost count`, as stacks and how often each was seen."""
    stacks = Counter[tuple[str, ...]]()
    for line in text.splitlines():
        frames, _, count = line.rpartition(" ")
        stack = tuple(frames.split(";"))
        if frames and count.isdigit() and not stack[-1].startswith(WAITING):
            stacks[stack] += int(count)
    return stacks


def table_of(stacks: Counter[tuple[str, ...]]) -> str:
    """The functions that were seen innermost most often, and how often they were on a stack at all."""
    within, beneath, all_of_them = Counter[str](), Counter[str](), sum(stacks.values())
    for frames, count in stacks.items():
        within[frames[-1]] += count
        for frame in set(frames):
            beneath[frame] += count
    lines = [f"  {all_of_them:,} samples; itself, and with all that it calls:"]
    lines += [
        f"  {count / all_of_them:6.1%} {beneath[frame] / all_of_them:6.1%}  {frame}"
        for frame, count in within.most_common(LINES)
    ]
    lines.append("  most on the stack:")
    lines += [
        f"         {count / all_of_them:6.1%}  {frame}"
        for frame, count in beneath.most_common(3 * LINES)
        if within[frame] * 2 < count < all_of_them * 0.98
    ][:LINES]
    return "\n".join(lines)


def _until_attached(spy: subprocess.Popen[bytes]) -> None:
    """Its first line says that it looks now, or why it may not."""
    assert spy.stdout is not None
    if select.select([spy.stdout], [], [], LONGEST_ATTACHING)[0]:
        spy.stdout.readline()


def _note(case: Case, note: str) -> None:
    if note not in case.notes:
        case.notes.append(note)
