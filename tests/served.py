"""The server as it is really started: `signedin serve` in a process of its own, as somebody who may do little."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import trustme

from people import ADA, PASSWORD, Browser
from ports import free_port

SIGNEDIN = Path(sys.executable).parent / "signedin"
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER = 24, 1, 2, 3


@dataclass
class Place:
    """A folder for one installation, the settings that point into it, and its commands."""

    folder: Path
    port: int
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.folder / "data" / "signedin.db"

    @property
    def base_url(self) -> str:
        return f"http://localhost:{self.port}"

    def environment(self) -> dict[str, str]:
        ours = {
            "SIGNEDIN_DATABASE_URL": f"sqlite:///{self.database}",
            "SIGNEDIN_SECRET_FILE": str(self.folder / "keys" / "secret.json"),
            "SIGNEDIN_GEO_DB": str(self.folder / "places.mmdb"),
            "SIGNEDIN_MAIL_DIR": str(self.folder / "mail"),
            "SIGNEDIN_TRUSTED_PROXIES": "127.0.0.0/8",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SIGNEDIN_")}
        return kept | {"HOME": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"} | ours | self.settings

    def started(self, *words: str, largest_file: int | None = None, **more: Any) -> subprocess.Popen[str]:
        """Start the command; it may write no file larger than that."""

        def limit() -> None:
            if os.getuid() == 0:
                _without_a_roots_rights()
            if largest_file is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

        given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL} | more
        return subprocess.Popen(
            [SIGNEDIN, *words], cwd=self.folder, env=self.environment(), text=True,
            preexec_fn=limit,  # noqa: PLW1509  # the limits of a process can only be set from within
            **given,
        )  # fmt: skip

    def run(self, *words: str, typed: str = "", **more: Any) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        with self.started(*words, stdin=subprocess.PIPE, **more) as process:
            try:
                out, err = process.communicate(typed, timeout=60)
            finally:
                process.kill()
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def somebody(self) -> None:
        """Make the database and Ada's account in it."""
        made = self.run("db", "upgrade")
        assert made.returncode == 0, made.stderr
        made = self.run("account", "add", ADA, "--name", "Ada", "--password-stdin", typed=PASSWORD + "\n")
        assert made.returncode == 0, made.stderr


@dataclass
class Served:
    """A server that runs, and what it has said."""

    place: Place
    process: subprocess.Popen[str]
    said: Path

    def browser(self) -> Browser:
        return Browser(self.place.base_url)

    def signed_in(self) -> Browser:
        browser = self.browser()
        answer = browser.sign_in()
        assert answer.status_code == 303, answer.text
        return browser

    def log(self) -> list[dict[str, Any]]:
        """The lines of its log; anything that is no JSON object fails here."""
        return [json.loads(line) for line in self.said.read_text().splitlines() if line]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


@contextmanager
def a_place_that_calls(folder: Path) -> Iterator[Place]:
    """A place with somebody in it, that trusts receivers on this machine; `localhost.pem` in the folder is theirs."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "localhost.pem")
    trusting = {
        "SSL_CERT_FILE": str(folder / "authority.pem"),
        "SIGNEDIN_PRIVATE_RECEIVERS": "127.0.0.0/8, ::1/128",
    }
    with a_place(**trusting) as place:
        place.settings["SIGNEDIN_BASE_URL"] = place.base_url
        place.somebody()
        yield place


@contextmanager
def a_place(**settings: str) -> Iterator[Place]:
    """A folder that is gone afterwards, whatever its rights are then."""
    folder = Path(tempfile.mkdtemp(prefix="signedin-"))
    place = Place(folder, free_port(), settings)
    for name in ("data", "keys"):
        (folder / name).mkdir(mode=0o700)
    try:
        yield place
    finally:
        for path in [folder, *folder.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o700)
        shutil.rmtree(folder)


@contextmanager
def served(place: Place, **more: Any) -> Iterator[Served]:
    """A running server at the place."""
    said = place.folder / "server.log"
    with said.open("w") as log:
        process = place.started("serve", "--port", str(place.port), stderr=more.pop("stderr", log),
                                stdout=subprocess.DEVNULL, **more)  # fmt: skip
        running = Served(place, process, said)
        try:
            _wait_until_live(running)
            yield running
        finally:
            running.stop()


def _without_a_roots_rights() -> None:
    """Let the rights of files hold for root too, from the next program on."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for right in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER):
        if prctl(PR_CAPBSET_DROP, right, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "cannot give up a right")


def _wait_until_live(running: Served) -> None:
    pause = threading.Event()
    for _ in range(2000):
        if running.process.poll() is not None:
            raise AssertionError(f"the server stopped: {running.said.read_text()}")
        try:
            if httpx.get(f"{running.place.base_url}/health/live").status_code == 200:
                return
        except httpx.TransportError:
            pause.wait(0.02)
    raise TimeoutError("the server did not start")
