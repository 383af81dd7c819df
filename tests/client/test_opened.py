"""Connections that are open under sessions while no lease is held: asked about together, and in turn."""

from __future__ import annotations

import pytest

from client.inside_only import InsideOnly
from people import ADELAIDE, BERLIN
from signedin.client.asking import Credential, Question
from signedin.client.opened import Open, Opened
from signedin.testing import StandIn


def opened(client, session, count, closed):
    return [client._hold_open(session.headers, closed.append) for _ in range(count)]


@pytest.mark.guide("R49")
def test_without_a_lease_one_question_is_asked_for_all_that_is_open_under_one_session():
    service, closed = StandIn(), []
    client, ada, grace = service.sync_client(), service.sign_in("1"), service.sign_in("2")
    held = opened(client, ada, 50, closed) + opened(client, grace, 50, closed)
    client._knowing.memory.give_up()
    before = service.asked
    client._knowing._look_after_open()
    assert (service.asked - before, closed) == (2, [])
    service._living.pop(ada.token)  # it has ended, and nothing was heard of that
    client._knowing._look_after_open()
    assert closed == ["unknown"] * 50
    assert {one.reason for one in held[50:]} == {None}


@pytest.mark.guide("R49", "D12")
@pytest.mark.security("attack-19")
def test_what_cannot_be_known_is_closed():
    service, closed = StandIn(), []
    client, ada = service.sync_client(), service.sign_in()
    opened(client, ada, 3, closed)
    service.go_away()
    client._knowing._look_after_open()
    assert closed == ["unavailable"] * 3


@pytest.mark.guide("R49", "D7")
@pytest.mark.security("6.3.8")
def test_what_is_open_from_outside_an_organisations_networks_is_closed_and_what_is_from_inside_goes_on():
    service, closed = InsideOnly(), []
    client, ada = service.sync_client(), service.sign_in()
    for address in (BERLIN, ADELAIDE, "", BERLIN, ADELAIDE):
        client._hold_open(
            ada.headers, lambda reason, at=address: closed.append((at, reason)), address=address
        )
    before = service.asked
    client._knowing._look_after_open()
    assert sorted(closed) == sorted([("", "policy"), (ADELAIDE, "policy"), (ADELAIDE, "policy")])
    assert service.asked - before == 3, "once from each address"
    assert len([one for one in client._knowing.opened._all() if one.reason is None]) == 2


def test_who_waits_longest_is_asked_about_first():
    everything = Opened()
    for name, until in ((b"b", 2.0), (b"a", 1.0), (b"c", 3.0)):
        one = Open(name * 32, Question(Credential("", name, by_cookie=True, is_session=True)), print)
        one.good_until = until
        everything.add(one)
    assert [many[0].digest[:1] for many in everything.due(5.0)] == [b"a", b"b", b"c"]
