"""`signedin account`: what an operator does for people."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from people import ADA, GRACE, Clock
from ports import free_port
from server.conftest import answer_of
from signedin.server.means import close_means, open_means
from signedin.server.settings import load
from signedin.store import accounts


def with_means(work):
    """Do something in the store that no command does."""
    means = open_means(load({}))
    try:
        return means.database.write_now(work)
    finally:
        close_means(means)


def test_every_account_is_listed_however_many_there_are(installed):
    def many(conn):
        for number in range(1200):
            accounts.add(conn, f"{number:04}@example.org", "Somebody", Clock()())

    with_means(many)
    listed = [each["email"] for each in installed.done("account", "list", "--json").value]
    assert len(listed) == 1201
    assert listed == sorted(listed)


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("environment", [{}, {"SIGNEDIN_BASE_URL": "https://account.example.org"}])
def test_an_invitation_leads_to_where_the_server_is_used_unless_the_address_was_set(
    installed, process, environment, workers
):
    port = free_port()
    assert installed.done("account", "invite", GRACE).out.startswith("http://localhost:8000/invite?token=")
    server = process("serve", "--port", str(port), "--workers", workers)
    assert server.line() == f"Signedin is at http://localhost:{port}\n"
    answer_of(f"http://localhost:{port}/health/live")
    installed.environment |= environment
    link = installed.done("account", "invite", GRACE, "--json").value["link"]
    if environment:
        assert link.startswith("https://account.example.org/invite?token=")
    else:
        assert answer_of(link).status_code == 200
    assert server.stopped().status == 0


def history(command_line):
    """What the journal tells: kinds with the personal fields beside them."""
    with closing(sqlite3.connect(command_line.database)) as conn:
        rows = conn.execute(
            "SELECT kind, fields FROM journal JOIN journal_personal USING (account_id, number)"
        )
        return [(kind, json.loads(fields)) for kind, fields in rows]


DEEDS = {
    "disable": ("account_disabled", {"email": ADA, "state": "disabled", "sessions_ended": 0}),
    "enable": ("account_enabled", {"email": ADA, "state": "active"}),
    "unlock": ("account_unlocked", {"email": ADA}),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_what_was_done_to_an_account_stands_in_its_history_with_the_reason_given(installed, deed):
    kind, value = DEEDS[deed]
    assert installed.done("account", deed, ADA, "--reason", "left the company", "--json").value == value
    installed.done("account", deed, ADA)
    assert history(installed)[1:] == [(kind, {"reason": "left the company"}), (kind, {})]


def test_a_new_password_is_read_from_standard_input_and_is_the_only_one_from_then_on(installed):
    new = "another four unrelated words"
    said = installed.done("account", "set-password", ADA, "--password-stdin", "--json", typed=f"{new}\r\n")
    assert said.value == {"sessions_ended": 0, "consents_ended": 0, "access_keys_kept": 0}
    assert [kind for kind, _ in history(installed)] == ["account_created", "password_changed"]
    refused = installed("account", "set-password", ADA, "--password-stdin", typed="short\n")
    assert refused.status == 1
    assert "15 characters" in refused.err


def test_a_new_password_is_asked_for_twice_and_not_shown(installed):
    new = "another four unrelated words"
    said = installed.done("account", "set-password", ADA, typed=f"{new}\n{new}\n")
    assert new not in said.out


def test_an_address_that_nobody_has_is_told_with_what_to_do(installed):
    said = installed("account", "disable", "nobody@example.org")
    assert said.status == 1
    assert said.err.splitlines() == [
        "There is no account with this address.",
        "`signedin account list` lists them.",
    ]


@pytest.mark.parametrize(
    "command", [("session", "revoke"), ("session", "logout-all"), ("account", "disable")]
)
def test_what_becomes_of_a_reason_is_told_as_it_is(signedin, command):
    said = " ".join(signedin.done(*command, "--help").out.split())
    assert "recorded in the account's history" in said
    assert "shown to the person" not in said
