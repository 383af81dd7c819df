"""What docs/connect-an-app.md shows of the worked ways: it stands in the examples, and its commands register them."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from connecting.programs import ROOT
from fences import fences
from signedin.gate.user_agent import read_device

pytestmark = pytest.mark.xdist_group("docs of connected apps")
PAGE = "docs/connect-an-app.md"
TEXT = (ROOT / PAGE).read_text()
WORKED = TEXT.partition("## Worked ways\n")[2].partition("\n## ")[0]


def test_what_the_page_shows_stands_in_the_examples_that_are_started():
    shown = re.findall(r"<!-- (\S+) -->\n```python\n(.*?)```", WORKED, re.DOTALL)
    assert len(shown) == WORKED.count("```python") == 5
    for file, lines in shown:
        assert len(lines.splitlines()) <= 10
        assert lines in (ROOT / file).read_text(), file


def test_the_commands_of_the_worked_ways_register_what_the_examples_need(place):
    made = {}
    lines = [each.text for each in fences(PAGE) if each.text in WORKED and each.text.startswith("signedin ")]
    for line in lines:
        done = place.run(*shlex.split(line)[1:])
        assert done.returncode == 0, (line, done.stderr)
        known = json.loads(done.stdout)
        made[known["name"]] = known
    assert made.keys() == {"Example Sync", "Pocket", "files", "billing"}
    assert (made["Example Sync"]["type"], made["Pocket"]["type"]) == ("sync", "mobile")
    assert made["files"]["scopes"] == ["sessions:check"]


@pytest.mark.guide("R22", "D16")
@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        ("ExampleSync/1.0 (Ubuntu 24.04; x86_64)", "Example Sync on Ubuntu"),
        ("Pocket/1.0 (iPhone 15; iOS 18.6)", "Pocket on iPhone 15"),
        ("Pocket/1.0 (iOS 18.6; iPhone15,4)", "Pocket on iPhone 15"),
    ],
)
def test_what_apps_call_themselves_is_read_as_the_page_says(agent, shown):
    assert read_device(agent, {}).name == shown
    if ";" in agent and "15,4" not in agent:
        assert f"`{agent}`" in TEXT


def test_the_page_leads_to_each_example():
    for name in ("sync_client", "mobile_client", "third_party", "service_client"):
        assert f"(../examples/{name}/README.md)" in WORKED
