"""Foreign clients and a foreign server, as they are really started: they find `.test` names and ask certificates."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.installing import Missing, installed

HERE = Path(__file__).parent


class Wrong(Exception):
    """What a foreign client would not take: `code` in its own words."""

    def __init__(self, code: str, said: str, why: str | None) -> None:
        super().__init__(f"{code}: {said} ({why})")
        self.code, self.said, self.why = code, said, why or ""


class Foreign:
    """A client that runs: one step a line, one answer a line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._answers: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def does(self, step: str, **said: Any) -> Any:
        """Let it do that; what came of it. Raises: Wrong when it refuses what the server said."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"step": step} | said) + "\n")
        self._process.stdin.flush()
        line = self._answers.get(timeout=90)
        assert line is not None, "it ended"
        answer = json.loads(line)
        if "wrong" in answer:
            raise Wrong(answer["wrong"], answer["said"], answer["why"])
        return answer["came"]

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(None)


def packages() -> Path:
    """Where the foreign packages are; without them there is nothing to test with."""
    try:
        return installed(HERE)
    except Missing as missing:
        pytest.skip(str(missing))


@contextmanager
def node(program: str, trusted: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A program of this folder, beside its packages, with the tests' authority and names."""
    known = os.environ | {"NODE_EXTRA_CA_CERTS": str(trusted)}
    with tempfile.TemporaryDirectory(prefix="foreign-") as folder:
        (Path(folder) / "node_modules").symlink_to(packages() / "node_modules")
        for file in HERE.glob("*.mjs"):  # packages are looked for where a program really lies
            shutil.copy(file, folder)
        with subprocess.Popen(
            ["node", "--import", f"{folder}/names.mjs", f"{folder}/{program}", *words],
            env=known, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as process:  # fmt: skip
            try:
                yield process
            finally:
                process.kill()
