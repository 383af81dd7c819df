"""What docs/api.md tells one to type is typed here, as it stands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from people import ADA, Clock, done_apart
from routes import still
from signedin.actions.issue_key import issue_key_for, issue_service_key
from signedin.rules.access_key import Wish
from signedin.rules.scope import OF_SERVICES, PERSONAL
from signedin.rules.session import AppType
from signedin.server.settings import Settings

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
SNIPPETS = [
    line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.replace("\\\n", "").splitlines()
]  # fmt: skip


@pytest.fixture
def house(tmp_path):
    with still(tmp_path, Clock()) as house:
        house.somebody(ADA)
        yield house


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl on this machine")
def test_every_line_for_the_shell_does_what_the_page_says(house):
    key = done_apart(issue_key_for(house.means, ADA, Wish("x", PERSONAL), house.clock())).token
    made = issue_service_key(house.means, Wish("shop", OF_SERVICES), [AppType.WEB], house.clock())
    known = {"SIGNEDIN": house.base_url, "KEY": key, "SERVICE": done_apart(made).token}
    said = []
    for line in SNIPPETS:
        done = subprocess.run(
            ["sh", "-c", line], env=os.environ | known, capture_output=True, text=True, check=True, timeout=60
        )
        said.append(done.stdout)
        if tag := re.search(r"^etag: (.*?)\r?$", done.stdout, re.MULTILINE | re.IGNORECASE):
            known["TAG"] = tag[1]
    sessions, account, head, unchanged, begun, ended = said
    assert '"next_cursor": null' in sessions
    assert ADA in account
    assert 'ratelimit-policy: "calls";q=' in head.lower()
    assert unchanged == "304\n"
    assert '"token": "sgn_app_' in begun
    assert '"sessions_ended": 1' in ended


def test_the_limits_are_those_that_the_page_names():
    assert f"has {Settings().calls_a_minute} calls a minute" in PAGE
    assert Settings().cors_origins == ()
