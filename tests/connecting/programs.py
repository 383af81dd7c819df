"""The programs of examples/ as they are really started, and their people at a browser and at the keyboard."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from apps import decide
from people import Browser

ROOT = Path(__file__).parents[2]


class Program:
    """An example that runs: what it says is waited for, and lines are typed to it."""

    def __init__(self, module, *words, folder, **known):
        known = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "HOME": str(folder)} | known
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, words)], cwd=folder, env=known, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.said, self._lines = [], queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def says(self, pattern, seconds=90):
        """The next line in which that is found."""
        until = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"it did not say {pattern!r}, but:\n{''.join(self.said)}") from None
            if line is None:
                raise AssertionError(f"it ended before it said {pattern!r}:\n{''.join(self.said)}")
            if found := re.search(pattern, line):
                return found

    def typed(self, line=""):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def leaves(self, seconds=30):
        """Its exit status, when nobody types any more."""
        self.process.stdin.close()
        return self.process.wait(seconds)

    def _read(self):
        for line in self.process.stdout:
            self.said.append(line)
            self._lines.put(line)
        self._lines.put(None)


@contextmanager
def started(module, *words, folder, **known):
    """A program, for as long as the block lasts."""
    program = Program(module, *words, folder=folder, **known)
    try:
        yield program
    finally:
        program.process.kill()
        program.process.wait()


def told_by(place, *words):
    """What a command of `signedin` prints as JSON."""
    done = place.run(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def allowed_back(browser: Browser, address: str, decision: str = "allow", **fields) -> str:
    """Go where a program sends its person, and decide, where anything is asked; the address that leads back."""
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}" == browser.base_url
    answer = browser.open(f"{parts.path}?{parts.query}")
    while answer.status_code == 303 and answer.headers["location"].startswith("/"):
        answer = browser.open(answer.headers["location"])
    if answer.status_code == 200:
        answer = decide(browser, answer, decision, **fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def allowed(browser: Browser, address: str, **fields) -> httpx.Response:
    """The same, and go back to the program as a browser does."""
    return httpx.get(allowed_back(browser, address, **fields), timeout=30)


def row_of(browser: Browser, app_type: str):
    """The one row of that type in the list."""
    (found,) = [row for row in browser.sessions() if row["app_type"] == app_type]
    return found
