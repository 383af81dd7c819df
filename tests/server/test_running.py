"""The page "Running it": whoever types what stands there gets what it says."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import trustme

from fences import beginning
from people import PASSWORD
from ports import free_port
from server.conftest import answer_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "running.md"


def commands(first):
    """The lines of the page's block that begins with this one."""
    fenced = re.compile(r"^```(?P<language>\w*)\n(?P<lines>.*?)^```$", re.MULTILINE | re.DOTALL)
    for block in (found["lines"] for found in fenced.finditer(PAGE.read_text()) if not found["language"]):
        if block.startswith(first):
            return block.splitlines()
    raise AssertionError(f"no block of {PAGE} begins with {first}")


@pytest.fixture
def clone(tmp_path):
    """The folder as somebody has it who cloned the project: nothing under var/ yet."""
    for name in ("Makefile", "tools", "src", "requirements.lock", "requirements-dev.lock", ".venv"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "password.txt").write_text(f"{PASSWORD}\n")
    return tmp_path


@pytest.fixture
def shell(clone):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SIGNEDIN_")}
    serving = []

    def run(line):
        place = {"cwd": clone, "env": environment, "text": True, "shell": True}
        if " serve " not in line:
            return subprocess.run(line, **place, capture_output=True, timeout=120, check=False)
        process = subprocess.Popen(
            line, **place, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        serving.append(process)
        return process

    yield run
    for process in serving:
        if process.poll() is None:
            os.killpg(process.pid, 9)
        process.communicate()


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_the_commands_for_others_work_as_they_stand_on_the_page(shell, clone):
    port = free_port()
    for line in commands("make env"):
        done = shell(line.replace("--port 8000", f"--port {port}"))
        if " serve " in line:
            assert answer_of(f"http://localhost:{port}/health/ready").text == "ready\n"
        else:
            assert done.returncode == 0, (line, done.stdout, done.stderr)
        if " serve " in line:
            server = done
    assert "ok    keyring" in done.stdout
    (copy,), (put_back,) = commands(".venv/bin/signedin backup"), commands(".venv/bin/signedin restore")
    assert shell(copy).returncode == 0
    assert "A server is running" in shell(put_back).stderr
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(60)
    assert "Restored from signedin-backup.db: 1 account." in shell(put_back).stdout
    assert (clone / "var" / "signedin.db").exists()


def test_the_commands_that_end_everybodys_sessions_work_as_they_stand_on_the_page(shell, clone):
    shell(".venv/bin/signedin db upgrade")
    for name in ("ada", "grace"):
        shell(
            f".venv/bin/signedin account add {name}@example.org --name {name} --password-stdin < password.txt"
        )
    done = shell("\n".join(commands(".venv/bin/signedin account list --json")))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("sessions_ended: 0") == 2


def found(program):
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin")
    return path or pytest.skip(f"there is no {program} on this machine")


def test_the_proxies_of_the_page_take_what_stands_there(tmp_path):
    nginx, caddy = (
        beginning("docs/running.md", "server {").replace("listen 443 ", f"listen {free_port()} "),
        beginning("docs/running.md", "account.example.org {"),
    )
    trustme.CA().issue_cert("account.example.org").private_key_and_cert_chain_pem.write_to_path(
        tmp_path / "both.pem"
    )
    known = f"ssl_certificate {tmp_path}/both.pem; ssl_certificate_key {tmp_path}/both.pem;"
    whole = f"pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}} http {{ access_log off; {known} {nginx} }}"
    (tmp_path / "nginx.conf").write_text(whole)
    (tmp_path / "Caddyfile").write_text(caddy)
    for words in ([found("nginx"), "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "log"],
                  [found("caddy"), "adapt", "--validate", "--config", tmp_path / "Caddyfile"]):  # fmt: skip
        done = subprocess.run(
            words,
            env=os.environ | {"HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
