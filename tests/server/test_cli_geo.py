"""`signedin geo`: fetched only with consent, which a person is asked for and a program has to say."""

from __future__ import annotations

import gzip
import json
import os
import pty

import pytest

from server.test_cli import read_from
from signedin.server import cli_geo, geo
from signedin.server.demo_places import DEMO_PLACES_FILE


@pytest.fixture
def fetched(monkeypatch):
    """What was asked for, of a network that has the file."""
    asked = []

    def download(url, tell):
        asked.append(url)
        tell(1, 2)
        return gzip.compress(
            DEMO_PLACES_FILE.read_bytes().replace(b"Signedin-Demo-Places", b"DBIP-City-Lite-Tests")
        )

    monkeypatch.setattr(geo, "download", download)
    return asked


def test_a_program_has_to_say_that_it_accepts_the_licence(signedin, fetched):
    said = signedin("geo", "update")
    assert (said.status, fetched) == (1, [])
    assert "CC BY 4.0" in said.err
    assert "--accept-license" in said.err


def test_what_was_fetched_is_told_to_programs_and_logged_to_standard_error(signedin, fetched):
    said = signedin.done("geo", "update", "--accept-license", "--json")
    assert said.value["file"] == "var/places.mmdb"
    assert said.value["url"] == fetched[0]
    assert json.loads(said.err)["event"] == "places_updated"
    assert signedin.done("geo", "status", "--json").status == 0


@pytest.mark.parametrize(("answer", "count"), [("y", 1), ("n", 0), ("", 0)])
def test_a_person_is_asked(signedin, fetched, monkeypatch, answer, count):
    monkeypatch.setattr(cli_geo, "on_terminal", lambda: True)
    said = signedin("geo", "update", typed=f"{answer}\n")
    assert "every page that shows places will link to DB-IP" in " ".join(said.err.split())
    assert (len(fetched), said.status) == (count, 1 - count)
    assert ("Nothing was fetched." in said.err) == (count == 0)


def test_on_a_real_terminal_the_question_waits_for_an_answer(signedin, process):
    ours, theirs = pty.openpty()
    running = process("geo", "update", stdin=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, b"n\n")
    assert "Fetch it from download.db-ip.com? [y/N]" in read_from(ours)
    assert running.ended().status == 1
