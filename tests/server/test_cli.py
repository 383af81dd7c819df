"""The command `signedin` as a whole: its help, its answers for programs, its statuses, its log."""

from __future__ import annotations

import ast
import json
import os
import pty
import re
import shlex
from contextlib import suppress
from pathlib import Path

import click
import pytest

from people import ADA
from signedin.server.cli import main

HOUSE = Path(__file__).parents[2] / "src" / "signedin"


def every_command(group=main, path=()):
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(every_command())


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example_that_it_understands(signedin, path):
    said = signedin.done(*path, "--help").out
    assert said.startswith(f"Usage: main {' '.join(path)}")
    example = re.search(r"Example: (signedin [^<|]+)", " ".join(said.split()))
    command = COMMANDS[path]
    words = shlex.split(re.search(r"Example: (signedin [^<|\n]+)", command.help)[1])[1:]
    assert example
    assert tuple(words[: len(path)]) == path
    command.make_parser(click.Context(command)).parse_args(words[len(path) :])


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_whoever_prints_something_made_or_a_table_prints_it_as_json_too(path):
    serving = {("serve",), ("demo",)}
    assert any("--json" in each.opts for each in COMMANDS[path].params) == (path not in serving)


def test_the_statuses_are_0_1_and_2(signedin):
    assert signedin("settings").status == 0
    assert signedin("account", "list").status == 1
    assert signedin("account", "lst").status == 2
    assert signedin("account", "add").status == 2


def test_what_is_not_utf8_is_understood_by_no_command_and_a_file_may_be_called_so(installed):
    for words in (
        ["account", "find", "\udcff"],
        ["organisation", "set-rule", "\udcff", "--idle", "1h"],
        ["operator", "add", ADA, "--organisation", "\udcff"],
    ):
        said = installed(*words)
        assert said.status == 2, words
        assert "It is not UTF-8 text." in said.err
    assert installed.done("backup", "\udcff.db", "--json").value["file"] == "\udcff.db"
    asked = [param for command in COMMANDS.values() for param in command.params]
    assert not [param.name for param in asked if param.type is click.STRING]


def test_no_other_status_stands_in_the_source():
    for file in (HOUSE / "server").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"sys.exit", "exit", "os._exit"}:
                (status,) = node.args
                is_sentence = isinstance(status, ast.JoinedStr)  # status 1, as any text
                said = is_sentence or (
                    isinstance(status, ast.Constant)
                    and (status.value in (0, 1, 2) or isinstance(status.value, str))
                )
                assert said, f"{file.name}:{node.lineno}"


def test_what_is_made_is_told_to_programs(installed):
    assert set(installed.done("db", "upgrade", "--json").value) == {"version"}
    assert installed.done("secret", "rotate", "--json").value == {"keys": 2}
    assert installed.done("sweep", "--json").value == {"expired": 0, "tidied": 0, "forgotten": 0}


@pytest.mark.security("16.2.3")
def test_the_log_goes_to_standard_error_and_what_is_printed_stays_clean(installed):
    installed.done("sweep")
    (installed.keyring.parent / "journal-heads.jsonl").unlink()
    said = installed.done("sweep", "--json")
    assert json.loads(said.out)
    assert json.loads(said.err)["level"] == "error"


def read_from(terminal):
    """All that was written to a terminal until its other end was closed."""
    said = b""
    with suppress(OSError):
        while piece := os.read(terminal, 4096):
            said += piece
    return said.decode()


def test_how_far_it_is_is_shown_on_a_terminal_and_nowhere_else(installed, process):
    assert installed.done("verify-audit").err == ""
    ours, theirs = pty.openpty()
    running = process("verify-audit", stdin=theirs, stderr=theirs)
    os.close(theirs)
    assert "Judging histories" in read_from(ours)
    assert running.ended().status == 0


def test_sessions_are_listed_in_the_order_of_the_api(tmp_path):
    from people import SAFARI_ON_IPHONE, Clock, running
    from signedin.server import cli_accounts

    clock = Clock()
    with running(tmp_path, clock) as house:
        house.somebody()
        phone = house.signed_in(SAFARI_ON_IPHONE)
        clock.move(days=1)
        laptop = house.signed_in()
        clock.move(hours=1)
        phone.open("/settings/sessions")
        laptop.open("/v1/sessions")
        listed = house.means.database.read_now(cli_accounts.listed, house.means, ADA, clock())
        asked = house.browser()
        asked.sign_in()
        expected = [item["id"] for item in asked.sessions() if not item["current"]]
        assert [item["id"] for item in listed] == expected
