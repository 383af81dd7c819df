"""The code as it was before the newest version of the schema, as the history of the project has it.

It moves by itself: after a new migration it is the last commit before that. When a migration leaves no earlier code
a place (`oldest_code`), an upgrade has to go through a version in between, and the tests that run this code say so.
"""

from __future__ import annotations

import re
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from signedin.store import schema_version

ROOT = Path(__file__).parents[1]
VERSIONS = "src/signedin/store/migrations/versions"


def code_of_before(folder: Path) -> Path:
    """Unpack it into a folder; returns what goes onto PYTHONPATH."""
    commit = commit_of_before()
    if commit is None:
        pytest.skip("there is no history here: git clone with all of it")
    with zipfile.ZipFile(BytesIO(git("archive", "--format=zip", commit, "src"))) as files:
        files.extractall(folder)
    return folder / "src"


def schema_of(code: Path) -> str:
    """The version of the schema that code works with."""
    names = (file.name[:4] for file in (code / "signedin/store/migrations/versions").glob("[0-9]*.py"))
    return max(names)


def commit_of_before() -> str | None:
    """The last commit with an older schema whose code knows that a database may be newer.

    Of the trunk: on a branch another migration may have had that number before it was merged.
    """
    try:
        commits = git(
            "log",
            "--first-parent",
            "--format=%H",
            "HEAD",
            "--",
            VERSIONS,
            "src/signedin/store/installation.py",
        )
        return next(filter(is_of_before, commits.decode().split()), None)
    except (subprocess.CalledProcessError, FileNotFoundError):
        return None


def is_of_before(commit: str) -> bool:
    """Whether code can go on with a database of the newest schema, as far as itself says."""
    names = git("ls-tree", "--name-only", commit, f"{VERSIONS}/").decode()
    head = max(re.findall(r"/(\d{4})_", names), default="")
    code = git("show", f"{commit}:src/signedin/store/installation.py").decode()
    return head < schema_version.newest() and "def oldest_code" in code


def git(*words: str) -> bytes:
    """What git says."""
    return subprocess.run(["git", "-C", ROOT, *words], check=True, capture_output=True).stdout
