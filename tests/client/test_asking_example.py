"""The program of docs/feed.md, run as it stands there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from client.shops import service_key
from fences import ROOT, beginning
from people import ADA, Clock, running

FILE = ROOT / "examples" / "asking_app" / "asking.py"


@pytest.fixture
def house(tmp_path):
    with running(tmp_path, Clock()) as house:
        house.somebody(ADA)
        yield house


def said(address, key, cookie):
    known = os.environ | {"SIGNEDIN_ADDRESS": address, "SIGNEDIN_KEY": key}
    done = subprocess.run(
        [sys.executable, FILE],
        env=known,
        input=f"{cookie}\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split()


def test_it_says_who_asks_and_nobody_and_that_it_cannot_be_known(house):
    phone, key = house.signed_in(), service_key(house)
    cookie = f"signedin={phone.secret}"
    account = phone.open("/v1/account").json()["id"]
    assert said(house.base_url, key, cookie) == ["200", account]
    phone.log_out()
    assert said(house.base_url, key, cookie) == ["401", "logged_out"]
    assert said("http://localhost:1", key, cookie)[0] == "503"


def test_it_is_what_the_page_shows():
    assert beginning("docs/feed.md", "async def told").rstrip() in FILE.read_text()
