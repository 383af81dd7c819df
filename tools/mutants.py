"""Switches features off, one at a time, and expects the tests named for each to turn red.

The table is tools/switches.toml. Each run happens in a copy of the project; the work tree is never touched.

python tools/mutants.py               every switch, and docs/evidence/switched-off.md is written
python tools/mutants.py mask expiry   only the switches with these words in their names
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tools" / "switches.toml"
EVIDENCE = ROOT / "docs" / "evidence" / "switched-off.md"
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", "var", "__pycache__", ".*_cache", ".hypothesis", "test-output"
)
TESTS_FAILED = 1


class Switch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One feature, and how to switch it off: this text of this file becomes that one."""

    name: str
    guide: list[str]
    file: str
    text: str
    becomes: str
    tests: list[str]


def main() -> None:
    switches = chosen(sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "signedin"
        shutil.copytree(ROOT, copy, ignore=LEFT_BEHIND)
        named = sorted({test for switch in switches for test in switch.tests})
        if run(copy, named):
            raise SystemExit("These tests are not green to begin with.")
        noticed = {switch.name: is_noticed(copy, switch) for switch in switches}
    if len(sys.argv) == 1:
        EVIDENCE.parent.mkdir(parents=True, exist_ok=True)
        EVIDENCE.write_text(evidence(switches, noticed))
    survivors = [name for name, seen in noticed.items() if not seen]
    print(f"{len(switches) - len(survivors)} of {len(switches)} were noticed.")
    if survivors:
        raise SystemExit("Nobody noticed: " + "; ".join(survivors))


def switches_of(table: Path) -> list[Switch]:
    """The table, read and typed."""
    return msgspec.convert(tomllib.loads(table.read_text())["switch"], list[Switch])


def chosen(words: list[str]) -> list[Switch]:
    found = [one for one in switches_of(TABLE) if not words or any(word in one.name for word in words)]
    if not found:
        raise SystemExit("No switch has such a name: tools/switches.toml")
    return found


def is_noticed(copy: Path, switch: Switch) -> bool:
    """Whether the named tests fail with the feature off, and not for want of a file or a test."""
    file = copy / switch.file
    before = file.read_text()
    if before.count(switch.text) != 1:
        raise SystemExit(f"{switch.name}: its text stands {before.count(switch.text)} times in {switch.file}")
    file.write_text(before.replace(switch.text, switch.becomes))
    seen = run(copy, switch.tests) == TESTS_FAILED
    file.write_text(before)
    print(f"{'noticed ' if seen else 'SURVIVED'}  {switch.name}", flush=True)
    return seen


def run(copy: Path, tests: list[str]) -> int:
    """What pytest answers in the copy, whose sources stand before every other on the path."""
    own = {"PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1", "LEASE_WALKS": "20000"}
    environment = os.environ | own
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *tests]
    ended = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode not in {0, TESTS_FAILED}:
        print(ended.stdout[-3000:], ended.stderr[-1000:])
        raise SystemExit("pytest could not run the named tests.")
    return ended.returncode


def evidence(switches: list[Switch], noticed: dict[str, bool]) -> str:
    where = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    lines = [
        "# Features switched off, one at a time",
        "",
        "Written by `make mutants`: with each feature off, at least one test of those named must turn red.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, revision {revision()}, {where}: {sum(noticed.values())} of {len(noticed)}.",
        "",
        "| feature | shows | noticed | tests |",
        "|---|---|---|---|",
    ]
    for each in switches:
        tests = "<br>".join(f"`{test}`" for test in each.tests)
        answer = "yes" if noticed[each.name] else "**no**"
        lines.append(f"| {each.name} | {', '.join(each.guide)} | {answer} | {tests} |")
    return "\n".join(lines) + "\n"


def revision() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return ended.stdout.strip() or "(none yet)"


if __name__ == "__main__":
    main()
