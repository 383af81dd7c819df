#!/usr/bin/env python3
"""Makes .venv from a hashed lock file, with plain pip, and leaves a stamp so that it is done once.

    python3 tools/environment.py run     what the server needs   (requirements.lock)
    python3 tools/environment.py dev     what the tests need too (requirements-dev.lock)
    python3 tools/environment.py mutants what `make mutants` needs beside that (requirements-mutants.lock)

The project itself is not installed but linked: one .pth file leads to src/, one script is the command
`signedin`. So nothing is built and nothing outside the lock is needed (docs/decisions/0004).

Written for old Pythons too, so that they can say what is missing instead of failing on the syntax.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCKS = {
    "run": ROOT / "requirements.lock",
    "dev": ROOT / "requirements-dev.lock",
    "mutants": ROOT / "requirements-mutants.lock",
}
OLDEST = (3, 11)

# The two first lines are a shell command to sh and a string to Python: the path may hold spaces.
SCRIPT = """#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import sys

from signedin.server.cli import main

if __name__ == "__main__":
    sys.exit(main())
"""


def main() -> None:
    kind = sys.argv[1] if len(sys.argv) > 1 else "run"
    if kind not in LOCKS:
        stop("Say `run`, `dev` or `mutants`.")
    check_python()
    for each in ("dev", "mutants") if kind == "mutants" else (kind,):
        if not is_made(each):
            make(each)


def check_python() -> None:
    if sys.version_info < OLDEST:
        found = ".".join(str(part) for part in sys.version_info[:3])
        advice = (
            "brew install python@3.13" if sys.platform == "darwin" else "apt install python3 python3-venv"
        )
        stop(
            f"Signedin needs Python 3.11 or newer; this is {found} ({sys.executable}).\n"
            f"Install one ({advice}), or name one: make PYTHON=/path/to/python3.13 ..."
        )
    try:
        import ensurepip  # noqa: F401 - Debian's python3 comes without it
    except ImportError:
        stop("Python's venv module is incomplete here. On Debian and Ubuntu: apt install python3-venv")


def is_made(kind: str) -> bool:
    """A dev environment serves `run` as well, as long as neither lock has changed."""
    kinds = ["run", "dev"] if kind == "run" else [kind]
    return (VENV / "bin" / "signedin").exists() and any(stamp(each).exists() for each in kinds)


def stamp(kind: str) -> Path:
    told = hashlib.sha256()
    for part in (str(VENV), LOCKS["run"].read_text(), LOCKS[kind].read_text(), Path(__file__).read_text()):
        told.update(part.encode())
    return VENV / "stamps" / f"{kind}-{told.hexdigest()[:16]}"


def make(kind: str) -> None:
    start_afresh_if_broken()
    say(f"Making .venv from {LOCKS[kind].name} (about half a minute, once)")
    install(LOCKS[kind])
    link_the_project()
    stamps = VENV / "stamps"
    if kind != "mutants":  # it is laid over what `dev` has made
        shutil.rmtree(stamps, ignore_errors=True)
    stamps.mkdir(exist_ok=True)
    stamp(kind).write_text("")


def start_afresh_if_broken() -> None:
    """A copied, moved or half-made environment is made anew; so is one whose Python has gone."""
    python = VENV / "bin" / "python"
    answer = [str(python), "-m", "pip", "--version"]
    if any((VENV / "stamps").glob("*")) and python.exists() and succeeds(answer, capture_output=True):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if not succeeds([sys.executable, "-m", "venv", str(VENV)]):
        shutil.rmtree(VENV, ignore_errors=True)
        stop("`python3 -m venv` failed. On Debian and Ubuntu: apt install python3-venv")


def install(lock: Path) -> None:
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    command = [*pip, "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(lock)]
    if not succeeds(command):
        stop(f"pip could not install {lock.name}: its own message stands above.")


def succeeds(command: list[str], capture_output: bool = False) -> bool:
    return subprocess.run(command, capture_output=capture_output, check=False).returncode == 0


def link_the_project() -> None:
    [site_packages] = (VENV / "lib").glob("python3.*/site-packages")
    (site_packages / "signedin.pth").write_text(str(ROOT / "src") + "\n")
    script = VENV / "bin" / "signedin"
    script.write_text(SCRIPT.format(python=VENV / "bin" / "python"))
    script.chmod(0o755)


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def stop(sentence: str) -> None:
    say(sentence)
    raise SystemExit(1)


if __name__ == "__main__":
    os.umask(0o022)
    main()
