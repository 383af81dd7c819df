"""oidc-agent as Debian brings it: it keeps a person's refresh tokens, and hands access tokens to their programs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from client.shops import until
from clients.proxies import found
from fences import beginning
from foreign.servers import Registered

NAME = "ada"


class Agent:
    """One that runs, with nothing in it, and its commands."""

    def __init__(self, folder: Path, reached: dict[str, str]) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OIDC")}
        self._folder, self._trusted = folder, reached["SSL_CERT_FILE"]
        self._password = ("--pw-file", str(folder / "password"))
        self.known = kept | {
            "HOME": str(folder), "TMPDIR": str(folder), "OIDC_CONFIG_DIR": str(folder / "kept"),
            "OIDC_SOCK": str(folder / "socket"), "HTTPS_PROXY": reached["HTTPS_PROXY"],
        }  # fmt: skip

    @contextmanager
    def asks_for(self, flow: str, issuer: str, known: Registered, back: str) -> Iterator[str]:
        """Let it ask for a sign-in; what it says to its person. When the block is left it has tokens."""
        words = [
            *self._as_the_page_shows(flow, issuer, known, back), "--cert-path", self._trusted, *self._password,
            "--no-url-call", "--no-scheme", "--prompt=none", "--confirm-default",
        ]  # fmt: skip
        said = self._folder / "said"
        with (
            said.open("w") as out,
            subprocess.Popen(
                words, env=self.known, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            ) as process,
        ):
            try:
                until(lambda: re.search(r"https://\S+\n", said.read_text()) or process.poll() is not None)
                yield said.read_text()
                assert process.wait(60) == 0, said.read_text()
            finally:
                process.kill()
        assert "Everything setup correctly!" in said.read_text()

    @staticmethod
    def _as_the_page_shows(flow: str, issuer: str, known: Registered, back: str) -> list[str]:
        """The command of docs/connect-an-app.md, for this server and this address."""
        instead = {
            "https://account.example.org": issuer, "http://localhost:4242": back, "ID": known.id, "SECRET": known.secret,
            "code": flow,
        }  # fmt: skip
        words = shlex.split(beginning("docs/connect-an-app.md", f"oidc-gen {NAME}"))
        assert instead.keys() <= set(words)
        return [instead.get(word, word) for word in words]

    def token(self, *words: str) -> str:
        """An access token; with --force-new it is a new one."""
        done = self._done("oidc-token", *words, NAME)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def forgets(self) -> None:
        """Let it give back what it has, and forget it."""
        done = self._done("oidc-gen", "--delete", NAME, *self._password, "--prompt=none", "--confirm-yes")
        assert done.returncode == 0, done.stderr
        assert self._done("oidc-token", NAME).returncode != 0

    def _done(self, *words: str) -> subprocess.CompletedProcess[str]:
        quiet = subprocess.DEVNULL
        return subprocess.run(
            words, check=False, env=self.known, stdin=quiet, capture_output=True, text=True, timeout=60
        )


@contextmanager
def running_agent(reached: dict[str, str]) -> Iterator[Agent]:
    """An agent of its own, until the block ends."""
    program = found("oidc-agent")
    folder = Path(tempfile.mkdtemp(prefix="agent-"))  # short: the name of a socket may not be long
    (folder / "kept").mkdir(mode=0o700)
    (folder / "password").write_text("only for this test\n")
    agent = Agent(folder, reached)
    words = (program, "--console", "--no-scheme", "--socket-path", agent.known["OIDC_SOCK"])
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, env=agent.known, stdin=quiet, stdout=quiet, stderr=quiet) as process:
        try:
            until(lambda: (folder / "socket").exists() or process.poll() is not None)
            yield agent
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            shutil.rmtree(folder)
