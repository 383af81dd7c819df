"""A store of one's own, without a server."""

from __future__ import annotations

import pytest

from people import settings_in
from signedin.server.means import close_means, open_means


@pytest.fixture
def means(tmp_path):
    opened = open_means(settings_in(tmp_path, 8000))
    yield opened
    close_means(opened)
