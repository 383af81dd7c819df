"""A house that is furnished once, and only looked at."""

from __future__ import annotations

import pytest

from browser.authority import OURS
from browser.looks.gallery import furnish
from people import Clock, running


@pytest.fixture(scope="session")
def gallery(tmp_path_factory, authority, chromium):
    with running(tmp_path_factory.mktemp("gallery"), Clock(), authority.vouch_for(OURS)) as house:
        yield furnish(chromium, house)
