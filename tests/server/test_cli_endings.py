"""`signedin ending`: what is shown first is what ends, also in the shell."""

from __future__ import annotations

import asyncio
import shlex
import signal
import sqlite3

import pytest

from fences import beginning
from people import ADA, CHROME_ON_MACOS, GRACE, PASSWORD, SAN_FRANCISCO, wait_until
from signedin.actions.sign_in import Ticks, Visit, begin, sign_in
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.bulk_job import CLAIMED_FOR
from signedin.rules.session import AppType
from signedin.server import cli_endings
from signedin.server.cli_shared import carried_out
from signedin.server.means import shared_now
from signedin.store import accounts, bulk_endings

VISIT = Visit(SAN_FRANCISCO, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
NO_SUCH = "0" * 24


def signed_in(app_type=AppType.WEB, email=ADA):
    work = lambda means: sign_in(means, email, PASSWORD, VISIT, Ticks(), shared_now(means), app_type)  # noqa: E731
    return carried_out(work)


@pytest.fixture
def installed(installed):
    """Ada has two sessions; Grace is an owner."""
    added = ("account", "add", GRACE, "--name", "Grace", "--password-stdin", "--operator")
    installed.done(*added, typed=f"{PASSWORD}\n")
    signed_in()
    signed_in(AppType.SYNC)
    return installed


def types_left(installed):
    return sorted(each["app_type"] for each in installed.done("session", "list", ADA, "--json").value)


@pytest.mark.guide("R48")
def test_the_commands_of_the_page_end_for_many(installed):
    """docs/operators.md."""
    lines = beginning("docs/operators.md", "signedin ending preview").splitlines()
    look, begin, listed, stop, resume = (shlex.split(line)[1:] for line in lines)
    assert installed.done(*look, "--json").value["would_end"]["sessions"] == 0  # used just now
    shown = installed.done("ending", "preview", "--app-type", "sync", "--json").value
    assert (shown["is_complete"], shown["would_end"]["sync"], len(shown["sample"])) == (True, 1, 1)
    begun = [shown["preview"] if word == "PREVIEW" else word for word in begin]
    ended = installed.done(*begun, "--json").value
    assert (ended["state"], ended["ended"]["sync"], ended["operator_id"]) == ("finished", 1, None)
    assert types_left(installed) == ["web"]
    assert [each["id"] for each in installed.done(*listed).value] == [ended["id"]]
    assert installed.done(*begun, "--json").value == ended
    for words in (stop, resume):
        said = installed(*(ended["id"] if word == "ID" else word for word in words))
        assert (said.status, said.err.splitlines()[0]) == (1, "This has come to its end already.")


def test_one_that_is_left_to_the_servers_is_stopped_shown_and_resumed(installed):
    shown = installed.done("ending", "preview", "--everyone", "--json").value["preview"]
    left = installed.done("ending", "begin", shown, "--reason", "a drill", "--leave", "--json").value
    assert (left["state"], left["ended"]["sessions"]) == ("running", 0)
    assert installed.done("ending", "stop", left["id"], "--json").value["state"] == "stopped"
    assert types_left(installed) == ["sync", "web"]
    assert "stopped  0 %" in installed.done("ending", "show", left["id"]).out
    resumed = installed.done("ending", "resume", left["id"])
    assert "finished  100 %  2 sessions, 0 connected apps of 1 person" in resumed.out
    assert types_left(installed) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("preview",), "Nothing is said of what is to end."),
        (("preview", "--network", "203.0.113.7"), "Only the first part of an address is kept in the open; a finer network cannot be asked for."),
        (("begin", "nonsense", "--reason", "why"), "What would end was looked at too long ago."),
        (("show", NO_SUCH), "There is no such ending."),
        (("stop", NO_SUCH), "There is no such ending."),
        (("resume", NO_SUCH), "There is no such ending."),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_a_sentence(installed, words, sentence):
    said = installed("ending", *words)
    assert (said.status, said.err.splitlines()[0]) == (1, sentence)


def test_what_is_shown_is_said_for_people_with_the_command_that_begins_it(installed):
    said = installed.done("ending", "preview", "--everyone").out
    assert said.startswith("Would end: 2 sessions, 0 connected apps of 1 person.")
    assert "Ada: sync, Chrome on macOS" in said
    assert "signedin ending begin " in said


@pytest.fixture
def many(installed):
    """Two hundred people with a session each."""

    def add(conn, means):
        for number in range(200):
            account = accounts.add(conn, f"{number}@example.org", "A Person", shared_now(means))
            begin(conn, means, account, VISIT, Ticks(), 0, shared_now(means))

    async def work(means):
        await means.database.write(add, means)

    carried_out(work)
    return installed


@pytest.mark.guide("R48")
def test_what_is_interrupted_says_how_to_stop_it_and_is_gone_on_with_where_it_was(many, process):
    shown = many.done("ending", "preview", "--everyone", "--json").value
    running = process("ending", "begin", shown["preview"], "--reason", "a drill")

    def ended():
        with sqlite3.connect(many.database) as file:
            return [after for (after,) in file.execute("SELECT after FROM bulk_endings") if after >= 0]

    wait_until(ended)
    said = running.stopped(signal.SIGINT)
    [one] = many.done("ending", "list", "--json").value
    assert said.status == 1, said
    assert said.err.splitlines() == [
        "It is not over, and servers that run go on with it. What has ended has ended.",
        f"Stop it with: signedin ending stop {one['id']}",
        f"Go on here with: signedin ending resume {one['id']}",
    ]
    assert one["state"] == "running"
    resumed = many.done("ending", "resume", one["id"], "--json").value
    assert (resumed["state"], resumed["ended"]) == ("finished", shown["would_end"])
    assert many.done("verify-audit").status == 0


@pytest.mark.guide("R63")
def test_after_a_restore_nothing_goes_on_that_may_have_been_stopped_since(installed):
    shown = installed.done("ending", "preview", "--everyone", "--access-keys", "--json").value["preview"]
    left = installed.done("ending", "begin", shown, "--reason", "a drill", "--leave", "--json").value
    installed.done("backup", "copy.db")
    installed.done("ending", "stop", left["id"])
    installed.done("restore", "copy.db", "--yes", "--keep-access-keys")
    assert installed.done("ending", "show", left["id"], "--json").value["state"] == "stopped"
    resumed = installed.done("ending", "resume", left["id"], "--json").value
    assert (resumed["state"], resumed["ended"]["sessions"]) == ("finished", 0), "the restore has ended them"


def test_the_command_waits_while_a_server_goes_on_and_takes_over_when_nobody_does(installed, monkeypatch):
    shown = installed.done("ending", "preview", "--everyone", "--json").value["preview"]
    left = installed.done("ending", "begin", shown, "--reason", "a drill", "--leave", "--json").value

    async def claimed(means):
        until = shared_now(means)
        await means.database.write(bulk_endings.claim, left["id"], "a server", until)

    carried_out(claimed)
    looked, waits = [], asyncio.sleep

    async def looks_again(seconds):
        if seconds == cli_endings.LOOKS_AGAIN_AFTER:
            looked.append(seconds)
            monkeypatch.setattr(cli_endings, "shared_now", lambda means: shared_now(means) + CLAIMED_FOR)
        await waits(0)

    monkeypatch.setattr(cli_endings.asyncio, "sleep", looks_again)
    assert installed.done("ending", "resume", left["id"], "--json").value["state"] == "finished"
    assert len(looked) == 1
