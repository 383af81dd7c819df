"""oidc-agent, really started, at Signedin and at the reference: by the person's browser, and by a code on a device."""

from __future__ import annotations

import re

import httpx
import pytest

from foreign.agent import running_agent
from foreign.servers import Wish, visitor
from ports import free_ports

pytestmark = pytest.mark.xdist_group("oidc-agent")


@pytest.fixture
def agent(reached):
    with running_agent(reached) as agent:
        yield agent


@pytest.fixture
def program(authority):
    """A program of the person's, which asks the agent for tokens."""
    with visitor(authority) as http:
        yield http


@pytest.fixture
def back():
    return f"http://localhost:{free_ports(1)[0]}"


@pytest.fixture
def known(server, back):
    return server.registers(Wish(back=back, bye=(), is_native=True))


def sub_of(token, document, program):
    """Whose token it is, as userinfo tells it."""
    answer = program.get(document["userinfo_endpoint"], headers={"authorization": f"Bearer {token}"})
    return answer.raise_for_status().json()["sub"]


def test_it_signs_in_by_the_browser_refreshes_and_gives_back(agent, server, known, back, document, program):
    """oidc-agent: discovery, sign-in, refresh, revocation.

    The command is that of docs/connect-an-app.md.
    """
    with agent.asks_for("code", server.issuer, known, back) as said:
        led = server.goes(server.person(), re.search(r"https://\S+", said)[0])
        assert "Success" in httpx.get(led, timeout=30).text
    tokens = [
        agent.token(),
        *(agent.token("--force-new") for _ in range(2)),
    ]  # so it kept the next one to refresh by
    assert len(set(tokens)) == 3
    assert len({sub_of(token, document, program) for token in tokens}) == 1
    agent.forgets()
    for token in tokens:
        shown = {"authorization": f"Bearer {token}"}
        assert program.get(document["userinfo_endpoint"], headers=shown).status_code == 401


def test_it_signs_in_by_a_code_that_is_typed_elsewhere(agent, server, known, back, document, program):
    """oidc-agent: device flow."""
    with agent.asks_for("device", server.issuer, known, back) as said:
        where, code = re.search(r"(https://\S+)", said)[1], re.search(r"code: (\S+)", said)[1]
        device = {"user_code": code, "verification_uri_complete": f"{where}?user_code={code}"}
        server.types(server.person(), device)
    assert sub_of(agent.token(), document, program)
