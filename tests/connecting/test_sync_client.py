"""Example Sync as it is really started: it signs in, keeps a folder in step, and stops at once when it is revoked."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path

import httpx
import pytest

from client.shops import until
from connecting.programs import allowed, row_of, started, told_by
from people import ADA, PASSWORD
from ports import free_port

pytestmark = pytest.mark.xdist_group("example sync")
CLIENT, FILES = "examples.sync_client.sync_client", "examples.sync_client.files_server"
AT_ONCE = 4
"""Seconds: it asks again after one, and this machine may be busy."""


@pytest.fixture(scope="module")
def files(server, tmp_path_factory):
    """The address of the files, which ask about every request."""
    key = told_by(
        server.place, "key", "issue", "--service", "files", "--scope", "sessions:check", "--app-type", "sync"
    )
    port, folder = free_port(), tmp_path_factory.mktemp("files")
    words = ("--issuer", server.place.base_url, "--port", port, "--folder", folder / "kept")
    with started(FILES, *words, folder=folder, SIGNEDIN_KEY=key["token"]):
        address = f"http://127.0.0.1:{port}"
        until(lambda: answers(address))
        yield address


def answers(address):
    try:
        return httpx.get(f"{address}/files", timeout=5).status_code == 401
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def client_id(server, files):
    return told_by(
        server.place, "app", "add", "--type", "sync", "--name", "Example Sync", "--redirect-uri", "http://127.0.0.1/callback",
        "--device-flow", "--resource", files,
    )["client_id"]  # fmt: skip


class Machine:
    """Somebody's machine: a folder, and the state of the program beside it."""

    def __init__(self, server, files, client_id, home):
        self.server, self.home, self.folder, self.state = server, home, home / "Synced", home / "state"
        self.words = (
            "--client-id", client_id, "--issuer", server.place.base_url, "--files", files, "--folder", self.folder,
            "--state", self.state, "--no-browser",
        )  # fmt: skip

    def started(self, *more):
        return started(CLIENT, *self.words, *more, folder=self.home)

    @property
    def kept(self) -> Path:
        return self.state / "session.json"

    @property
    def token(self):
        return json.loads(self.kept.read_text())["refresh_token"]


@pytest.fixture
def machine(server, files, client_id, tmp_path):
    return Machine(server, files, client_id, tmp_path)


@pytest.fixture
def other_machine(server, files, client_id, tmp_path_factory):
    return Machine(server, files, client_id, tmp_path_factory.mktemp("other"))


@pytest.fixture
def ada(server):
    browser = server.signed_in()
    yield browser
    browser.log_out_all()


def signed_in(program, browser):
    page = allowed(browser, program.says(r"Sign in at (\S+)")[1])
    assert "You are signed in" in page.text
    assert page.headers["content-security-policy"] == "default-src 'none'"
    program.says("In step")


def revoked(browser, app_type="sync"):
    """Revoke it in Settings; returns when that had returned."""
    assert browser.revoke(row_of(browser, app_type)["id"]).status_code == 303
    return time.monotonic()


@pytest.mark.guide("R22", "R25", "R42", "R49", "D3", "D10", "D13")
@pytest.mark.security("7.4.1", "10.4.9")
def test_it_signs_in_keeps_a_folder_in_step_stops_at_once_when_revoked_says_why_and_signs_in_again(
    ada, machine, other_machine
):
    with machine.started() as program, other_machine.started() as other:
        signed_in(program, ada)
        row = row_of(ada, "sync")
        assert row["device"].startswith("Example Sync on "), row
        assert row["session_type"] != "oauth"
        assert stat.S_IMODE(machine.kept.stat().st_mode) == 0o600
        signed_in(other, ada)
        (machine.folder / "notes.txt").write_text("from the one")
        other.says("fetched: notes.txt")
        assert (other_machine.folder / "notes.txt").read_text() == "from the one"
        (other_machine.folder / "notes.txt").write_text("from the other")
        program.says("fetched: notes.txt")
        ended = [each for each in ada.sessions() if each["app_type"] == "sync" and each["id"] != row["id"]]
        assert ada.revoke(ended[0]["id"]).status_code == 303
        over = time.monotonic()
        said = other.says("Signed out at")
        assert time.monotonic() - over < AT_ONCE
        assert "revoked by you in Settings > Sessions (revoked)" in said.string
        assert not other_machine.kept.exists()
        (machine.folder / "later.txt").write_text("not for who was signed out")
        program.says("sent: later.txt")
        assert sorted(path.name for path in other_machine.folder.iterdir() if path.suffix == ".txt") == [
            "notes.txt"
        ]
        other.typed()
        signed_in(other, ada)
        assert (other_machine.folder / "later.txt").exists()


@pytest.mark.guide("R22")
@pytest.mark.security("10.7.1")
def test_without_a_browser_of_its_own_it_signs_in_by_a_code(ada, machine):
    with machine.started("--device-flow") as program:
        where, code = program.says(r"Go to (\S+) on any device, and type (\S+)").groups()
        assert where == f"{ada.base_url}/device"
        assert ada.send("/device", {"user_code": code}, page="/device").status_code == 200
        ada.send("/device/decide", {"user_code": code, "decision": "allow"}, page="/device")
        program.says("In step")
        assert row_of(ada, "sync")["device"].startswith("Example Sync on ")
        revoked(ada)
        program.says("Signed out at .*revoked by you")
        assert program.leaves() == 3


@pytest.mark.guide("R58", "D23")
@pytest.mark.parametrize(
    ("how", "said"),
    [("logged out everywhere", "you logged out all devices"), ("disabled", "no longer let in")],
)
def test_it_says_what_else_has_ended_it(server, ada, machine, client_id, how, said):
    with machine.started() as program:
        signed_in(program, ada)
        if how == "disabled":
            told_by(server.place, "app", "disable", client_id)
        else:
            ada.log_out_all()
        program.says(f"Signed out at .*{said}")
    told_by(server.place, "app", "enable", client_id)
    ada.sign_in(ADA, PASSWORD)


@pytest.mark.security("10.4.5")
def test_it_goes_on_after_a_restart_with_a_new_refresh_token_each_time(ada, machine):
    seen = set()
    for _ in range(3):
        with machine.started() as program:
            if seen:
                program.says("In step")
            else:
                signed_in(program, ada)
            seen.add(machine.token)
    assert len(seen) == 3
    assert len([row for row in ada.sessions() if row["app_type"] == "sync"]) == 1


@pytest.mark.security("10.4.5")
def test_a_copied_refresh_token_that_comes_too_late_ends_the_session_of_both(ada, machine):
    with machine.started() as program:
        signed_in(program, ada)
        stolen = machine.token
    for _ in range(2):
        with machine.started() as program:
            program.says("In step")
    machine.kept.write_text(json.dumps({"refresh_token": stolen, "client_id": machine.words[1]}))
    with machine.started() as program:
        program.says(r"Signed out at .*\(reused\)")
    assert not [row for row in ada.sessions() if row["app_type"] == "sync"]


def test_signing_out_takes_it_off_the_list(ada, machine):
    with machine.started() as program:
        signed_in(program, ada)
    with machine.started("--sign-out") as program:
        program.says("Signed out.")
        assert program.leaves() == 0
    assert [row["app_type"] for row in ada.sessions()] == ["web"]
    assert not machine.kept.exists()


def test_an_answer_that_was_not_asked_for_is_left_alone_and_that_of_another_service_is_refused(ada, machine):
    with machine.started() as program:
        where = httpx.URL(program.says(r"Sign in at (\S+)")[1])
        back, state = where.params["redirect_uri"], where.params["state"]
        assert where.params["code_challenge_method"] == "S256"
        assert (
            httpx.get(back, params={"code": "x", "state": "guessed", "iss": ada.base_url}).status_code == 404
        )
        assert program.process.poll() is None
        page = httpx.get(back, params={"code": "x", "state": state, "iss": "https://evil.example"})
        assert "You are not signed in" in page.text
        program.says("Not signed in: another service has answered")
        assert program.leaves() == 1


def test_two_changes_at_once_lose_nothing(ada, machine, other_machine):
    with machine.started() as program:
        signed_in(program, ada)
        (machine.folder / "both.txt").write_text("first")
        program.says("sent: both.txt")
    with other_machine.started() as other:
        signed_in(other, ada)
        (machine.folder / "both.txt").write_text("mine")
        (other_machine.folder / "both.txt").write_text("theirs")
        other.says("sent: both.txt")
    with machine.started() as program:
        program.says("kept as: both .from here..txt")
        program.says("In step")
    assert (machine.folder / "both.txt").read_text() == "theirs"
    assert (machine.folder / "both (from here).txt").read_text() == "mine"


def test_a_token_for_something_else_opens_no_files(server, ada, files):
    for headers, reason in (
        ({}, "missing"),
        ({"authorization": "Bearer nonsense"}, "malformed"),
        ({"authorization": f"Bearer {ada.secret}"}, "wrong_kind"),
    ):
        answer = httpx.get(f"{files}/files", headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (401, reason)
        assert answer.headers["www-authenticate"].startswith("Bearer")
