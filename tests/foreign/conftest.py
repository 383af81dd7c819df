"""Two servers on names of their own: Signedin, and a reference that shows that the tests are right."""

from __future__ import annotations

import pytest

from browser.authority import Authority
from foreign.servers import ours, theirs


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def trusted(authority, tmp_path_factory):
    file = tmp_path_factory.mktemp("trusted") / "authority.pem"
    authority._authority.cert_pem.write_to_path(file)
    return file


@pytest.fixture(scope="module")
def signedin(authority, tmp_path_factory):
    with ours(authority, tmp_path_factory.mktemp("signedin")) as server:
        yield server


@pytest.fixture(scope="module")
def reference(authority, trusted):
    with theirs(authority, trusted) as server:
        yield server


@pytest.fixture(params=["signedin", "reference"])
def server(request):
    return request.getfixturevalue(request.param)
