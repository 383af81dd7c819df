"""What the product is measured beside comes from the registries, into a folder outside of the repository.

A folder names its packages by exact version: package.json for npm, which goes by a package-lock.json beside it, or
else is asked for what stood there on one day, so that what they bring along stays the same too; requirements.txt with
hashes for pip.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

AS_OF = "2026-11-29"
OLDEST_NODE = 20
LONGEST = 1800
"""Seconds: better-sqlite3 compiles SQLite where it finds no ready-made one."""
NPM = ["npm", "install", "--omit=dev", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error",
       "--fetch-retries=1", "--fetch-timeout=30000", f"--before={AS_OF}"]  # fmt: skip
NPM_CI = ["npm", "ci", "--omit=dev", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error",
          "--fetch-retries=1", "--fetch-timeout=30000"]  # fmt: skip
PIP = [sys.executable, "-m", "pip", "install", "--require-hashes", "--no-deps", "--quiet",
       "--disable-pip-version-check", "--retries=1", "--timeout=30", "--target=.", "-r", "requirements.txt"]  # fmt: skip


class Missing(Exception):
    """What this machine has not, in a few words."""


def installed(named: Path, *, hurried: bool = False) -> Path:
    """Where the packages are that a folder names, installed if they were not.

    Raises: Missing when this machine cannot, or when one would have to be compiled and there is no time for that.
    """
    by_npm = (named / "package.json").exists()
    for program in ("node", "npm") if by_npm else ():
        needs(program)
    wanted = named / ("package.json" if by_npm else "requirements.txt")
    runs_on = said_by("node", "--version") if by_npm else platform.python_version()
    if by_npm and int(runs_on.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        raise Missing(f"it needs Node {OLDEST_NODE} or newer, and this machine has {runs_on}")
    lock = named / "package-lock.json"
    stays = lock.read_text() if lock.exists() else AS_OF
    key = "\n".join([wanted.read_text(), stays, runs_on, platform.machine()])
    target = _kept() / f"{named.name}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    if hurried and not target.exists() and "allowScripts" in wanted.read_text():
        raise Missing(f"{versions(named)} may take minutes to compile, once, and nobody waits for that here")
    if not target.exists():
        by = NPM_CI if lock.exists() else NPM
        _install(by if by_npm else PIP, wanted, target)
    return target


def needs(program: str) -> None:
    """Raises: Missing when there is no such program."""
    if shutil.which(program) is None:
        raise Missing(f"there is no {program} on this machine")


def versions(named: Path) -> str:
    """The packages that a folder names, with their versions."""
    if (named / "package.json").exists():
        told: dict[str, str] = json.loads((named / "package.json").read_text())["dependencies"]
        return ", ".join(f"{name} {version}" for name, version in told.items())
    lines = (named / "requirements.txt").read_text().splitlines()
    return ", ".join(line.split()[0].replace("==", " ") for line in lines if "==" in line)


def said_by(*words: str) -> str:
    """The first line that a program prints."""
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()[0]


def _kept() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME")
    folder = (Path(cache) if cache else Path.home() / ".cache") / "signedin-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _install(words: list[str], wanted: Path, target: Path) -> None:
    """Whole or not at all: what is half installed never gets the name."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="making-") as making:
        made = Path(making) / "made"
        made.mkdir()
        for file in wanted, wanted.with_name("package-lock.json"):
            if file.exists():
                shutil.copy(file, made)
        print(f"installing {versions(wanted.parent)}, once", file=sys.stderr, flush=True)
        if not _done(words, made):
            raise Missing(
                f"{'pip' if words is PIP else 'npm'} could not install {versions(wanted.parent)}, as without a network"
            )
        with suppress(OSError):  # another run was faster
            made.rename(target)


def _done(words: list[str], folder: Path) -> bool:
    """Run an installer to its end, or end it with all that it has started."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        words, cwd=folder, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    ) as process:
        try:
            return process.wait(LONGEST) == 0
        except BaseException as why:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(why, subprocess.TimeoutExpired):
                return False
            raise
