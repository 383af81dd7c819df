"""Two servers on names of their own: Signedin, and a reference that shows that the tests are right."""

from __future__ import annotations

import socket

import pytest

from browser.authority import Authority
from browser.names import known_names
from foreign.servers import ours, theirs, visitor


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def trusted(authority, tmp_path_factory):
    file = tmp_path_factory.mktemp("trusted") / "authority.pem"
    authority._authority.cert_pem.write_to_path(file)
    return file


@pytest.fixture(scope="module")
def signedin(authority, trusted, tmp_path_factory):
    """It runs in this process, which finds every name under .test on loopback and trusts the tests' authority."""
    look_up = socket.getaddrinfo

    def at_home(host, *rest, **more):
        return look_up("127.0.0.1" if str(host).endswith(".test") else host, *rest, **more)

    with pytest.MonkeyPatch.context() as told, ours(authority, tmp_path_factory.mktemp("signedin")) as server:
        told.setattr(socket, "getaddrinfo", at_home)
        told.setenv("SSL_CERT_FILE", str(trusted))
        yield server


@pytest.fixture(scope="module")
def reference(authority, trusted):
    with theirs(authority, trusted) as server:
        yield server


@pytest.fixture(scope="module")
def reached(authority, tmp_path_factory):
    """What a program's environment says, so that it finds names under .test, and whom it trusts."""
    with known_names(authority, tmp_path_factory.mktemp("names")) as known:
        yield known


@pytest.fixture(params=["signedin", "reference"])
def server(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def document(server, authority):
    """What the server tells of itself."""
    with visitor(authority) as http:
        return http.get(f"{server.issuer}/.well-known/openid-configuration").json()
