"""Signedin, an app and a proxy in front of both: real processes, one set for each proxy."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from clients.proxies import PROXIES, Proxy, guarded_app
from people import CHROME_ON_MACOS, Browser
from ports import free_ports
from served import Place, Served, a_place, served


@dataclass
class Guarded:
    """An app behind a proxy that asks Signedin."""

    proxy: Proxy
    place: Place
    server: Served

    def signed_in(self, agent: str = CHROME_ON_MACOS) -> Browser:
        browser = self.proxy.browser(agent)
        answer = browser.sign_in()
        assert answer.status_code == 303, answer.text
        return browser


@pytest.fixture(scope="module", params=PROXIES)
def guarded(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    port, app_port = free_ports(2)
    known = {"SIGNEDIN_BASE_URL": f"http://localhost:{port}", "SIGNEDIN_TRUSTED_PROXIES": "127.0.0.1/32"}
    known |= {"SIGNEDIN_INACTIVITY": "9m"}  # so short that each use is on disk before the answer
    with ExitStack() as stack:
        place = stack.enter_context(a_place(**known))
        proxy = stack.enter_context(PROXIES[request.param](folder, port, place.port, app_port))
        stack.enter_context(guarded_app(app_port))
        place.somebody()
        yield Guarded(proxy, place, stack.enter_context(served(place)))
