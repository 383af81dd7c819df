"""A real Redis of the tests' own."""

from __future__ import annotations

import shutil
import signal
import subprocess
from contextlib import closing, suppress

import pytest
from redis import Redis, RedisError

from ports import free_port


class OwnRedis:
    """A Redis of the test's own that can be stopped and started again."""

    def __init__(self, folder):
        if shutil.which("redis-server") is None:
            pytest.skip("there is no redis-server on this machine")
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self):
        words = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(
            ["redis-server", *words], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        with closing(Redis.from_url(self.url)) as asked:
            while not answers(asked):
                assert self.process.poll() is None

    def pause(self):
        """Who connects is taken by the system, and hears nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.process.kill()
        self.process.wait()


def answers(asked):
    with suppress(RedisError):
        return asked.ping()
