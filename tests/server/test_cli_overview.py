"""`signedin overview`: counted at once, for people, for programs and for spreadsheets."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from people import ADA, CHROME_ON_MACOS, PASSWORD, SAN_FRANCISCO
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.user_agent import read_device, ruleset
from signedin.server.cli_shared import carried_out
from signedin.server.means import shared_now

VISIT = Visit(SAN_FRANCISCO, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())


@pytest.fixture
def installed(installed):
    carried_out(lambda means: sign_in(means, ADA, PASSWORD, VISIT, Ticks(), shared_now(means)))
    return installed


@pytest.mark.guide("D11", "R16")
def test_what_is_signed_in_is_counted_and_told(installed):
    said = installed.done("overview").out
    assert "sessions" in said
    assert "  web" in said
    item = installed.done("overview", "--json").value
    told = {(each["measure"], each["part"]): each["by_day"] for each in item["series"]}
    assert told["sessions", "web"][-1] == told["sign_ins", "all"][-1] == 1
    assert item["organisation_id"] is None
    assert item["counted_at"].endswith("Z")


def test_a_spreadsheet_reads_a_line_for_each_number(installed):
    columns, *lines = csv.reader(StringIO(installed.done("overview", "--csv").out))
    assert columns == ["day", "measure", "part", "count"]
    assert ["sessions", "web", "1"] in [line[1:] for line in lines]
