"""A house that is furnished once, and only looked at."""

from __future__ import annotations

import pytest

from browser.authority import OURS
from browser.looks import admin_sights, organisation_sights  # noqa: F401 - put their sights among the others
from browser.looks.gallery import furnish
from people import Clock, running


@pytest.fixture(scope="session")
def gallery(tmp_path_factory, authority, chromium):
    def opened(name):
        return running(tmp_path_factory.mktemp(name), Clock(), authority.vouch_for(OURS))

    with opened("gallery") as house, opened("empty") as empty:
        yield furnish(chromium, house, empty)
