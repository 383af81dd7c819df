"""`signedin backup` and `signedin restore`: a copy comes back, and nothing comes back that was ended."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from people import ADA, GRACE, SAFARI_ON_IPHONE, Browser
from ports import free_port
from server.conftest import answer_of
from signedin.store.anchors import FILE

NEW = "another four unrelated words"


@pytest.fixture
def served(installed, process):
    """Starts a server on the folder's database; returns it and how its address begins."""

    def start():
        port = free_port()
        running = process("serve", "--port", str(port))
        answer_of(f"http://localhost:{port}/health/ready")
        return running, f"http://localhost:{port}"

    return start


def signed_in(base_url, *agent):
    browser = Browser(base_url, *agent)
    assert browser.sign_in().status_code == 303
    return browser


def table(command_line, statement):
    with closing(sqlite3.connect(command_line.database)) as conn, conn:
        return conn.execute(statement).fetchall()


def test_a_copy_says_what_it_does_not_hold(installed):
    said = installed.done("backup", "copy.db")
    assert said.out.startswith("Copied to copy.db: ")
    assert "It does not hold the keyring, var/secret.json" in said.out
    value = installed.done("backup", "copy2.db", "--json").value
    assert value["bytes"] == (installed.folder / "copy2.db").stat().st_size
    assert set(value["not_in_it"]) == {"keyring", "places", "mail"}
    again = installed("backup", "copy.db")
    assert (again.status, again.err.splitlines()[0]) == (1, "There is something at copy.db already.")


@pytest.mark.guide("R48", "R63")
@pytest.mark.security("7.4.1")
def test_nothing_that_was_ended_after_the_backup_comes_back_with_it(installed, served):
    server, base_url = served()
    laptop, phone = signed_in(base_url), signed_in(base_url, SAFARI_ON_IPHONE)
    installed.done("backup", "copy.db")
    stolen = phone.secret
    phone.log_out()
    late = signed_in(base_url)
    refused = installed("restore", "copy.db", "--yes")
    assert refused.err.splitlines() == ["A server is running on this database.", "Stop it first."]
    assert laptop.is_signed_in
    server.stopped()
    said = installed.done("restore", "copy.db", "--yes")
    assert "Everybody has to sign in again." in said.out
    server, base_url = served()
    for secret in (laptop.secret, stolen, late.secret):
        thief = Browser(base_url)
        thief.http.cookies.set("signedin", secret, domain="localhost.local", path="/")
        assert thief.open("/v1/sessions").status_code == 401
    assert len(signed_in(base_url).sessions()) == 1
    server.stopped()
    assert installed.done("verify-audit").status == 0


def test_a_password_changed_since_is_the_old_one_again_and_who_changed_is_named(installed):
    installed.somebody(GRACE, "Grace")
    installed.done("backup", "copy.db")
    installed.done("account", "set-password", GRACE, "--password-stdin", typed=f"{NEW}\n")
    installed.done("sweep")
    said = installed.done("restore", "copy.db", "--yes", "--json")
    assert (said.value["accounts"], said.value["went_on"]) == (2, [GRACE])
    text = installed.done("restore", "copy.db", "--yes").out
    assert "Passwords, names and which accounts are disabled are as they were at the backup." in text


def test_invitations_letters_and_access_keys_that_may_have_been_used_up_are_forgotten(installed):
    installed.done("account", "invite", GRACE)
    installed.done("session", "logout-all", ADA, "--reason", "test")
    key = "INSERT INTO access_keys SELECT account_id, 'k1', x'00', 'Backup', '[]', 0, 'abcd', NULL, NULL FROM accounts"
    table(installed, key)
    installed.done("backup", "copy.db")
    said = installed.done("restore", "copy.db", "--yes")
    assert "Removed: 1 access key," in said.out
    for name in ("access_keys", "invitations", "outbox", "known_browsers"):
        assert table(installed, f"SELECT * FROM {name}") == []
    installed.done("restore", "copy.db", "--yes", "--keep-access-keys")
    assert len(table(installed, "SELECT * FROM access_keys")) == 1


def test_what_was_there_before_is_kept_beside_it(installed):
    installed.done("backup", "copy.db")
    installed.somebody(GRACE, "Grace")
    kept = installed.done("restore", "copy.db", "--yes", "--json").value["kept"]
    assert [each["email"] for each in installed.done("account", "list", "--json").value] == [ADA]
    with closing(sqlite3.connect(kept)) as conn:
        assert conn.execute("SELECT count(*) FROM accounts").fetchone() == (2,)


def test_a_new_machine_needs_the_keyring_first_and_the_right_one(installed, tmp_path):
    installed.done("backup", "copy.db")
    ring = installed.keyring.read_bytes()
    installed.environment = {
        "SIGNEDIN_DATABASE_URL": "sqlite:///new/signedin.db", "SIGNEDIN_SECRET_FILE": "new/secret.json",
    }  # fmt: skip
    said = installed("restore", "copy.db", "--yes")
    assert said.err.startswith("There is no keyring at new/secret.json.")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "secret.json").write_bytes(ring)
    (tmp_path / "new" / "secret.json").chmod(0o600)
    assert installed.done("restore", "copy.db", "--yes", "--json").value["kept"] is None
    assert (tmp_path / "new" / FILE).exists()
    assert installed.done("verify-audit").status == 0


def test_a_backup_of_another_installation_is_refused(installed, served):
    server, base_url = served()
    signed_in(base_url)
    server.stopped()
    installed.done("backup", "copy.db")
    before = installed.database.read_bytes()
    installed.keyring.unlink()
    installed.environment = {"SIGNEDIN_DATABASE_URL": "sqlite:///other.db"}
    installed.done("db", "upgrade")
    installed.environment = {}
    said = installed("restore", "copy.db", "--yes")
    assert said.status == 1
    assert "is not the keyring" in said.err
    assert installed.database.read_bytes() == before


@pytest.mark.parametrize("content", ["no database", ""])
def test_what_is_no_backup_is_refused_and_nothing_is_changed(installed, content):
    (installed.folder / "copy.db").write_text(content)
    before = installed.database.read_bytes()
    said = installed("restore", "copy.db", "--yes")
    assert said.status == 1
    assert len(said.err.splitlines()) <= 2
    assert installed.database.read_bytes() == before
    assert installed("restore", "nothing.db", "--yes").status == 2


def test_a_person_is_asked_and_a_program_has_to_say_yes(installed, monkeypatch):
    installed.done("backup", "copy.db")
    said = installed("restore", "copy.db")
    assert said.status == 1
    assert "Say so by --yes." in said.err
    monkeypatch.setattr("signedin.server.cli_shared.on_terminal", lambda: True)
    said = installed("restore", "copy.db", typed="n\n")
    assert (said.status, "Nothing was changed." in said.err) == (1, True)
    assert installed.done("restore", "copy.db", typed="y\n").out.startswith(
        "Restored from copy.db: 1 account"
    )
