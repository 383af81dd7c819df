"""Says for which systems and Pythons every pin of the lock files has a wheel; needs uv, installs nothing.

The outcome is copied by hand to docs/support.md, with its date.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLATFORMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "aarch64-apple-darwin", "x86_64-apple-darwin")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-mutants.lock")


def main() -> None:
    for lock in LOCKS:
        print(lock)
        for platform in PLATFORMS:
            answers = [
                f"{python} {'yes' if resolves(lock, platform, python) else 'NO'}" for python in PYTHONS
            ]
            print(f"  {platform:24} {'  '.join(answers)}")


def resolves(lock: str, platform: str, python: str) -> bool:
    command = ["uv", "pip", "compile", "--quiet", "--no-deps", "--only-binary", ":all:", "--no-annotate"]
    command += ["--python-platform", platform, "--python-version", python, "--output-file", "/dev/null", lock]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode == 0


if __name__ == "__main__":
    main()
