"""Networks of an organisation through the client library: one answer is no answer for who comes from elsewhere."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from client.inside_only import InsideOnly
from client.shops import bound_to_berlin, client_of, sent_by, until
from people import ADA, ADELAIDE, BERLIN, Clock, running
from signedin.client import NotSignedIn, SignedIn

FROM = [BERLIN] * 2 + [ADELAIDE] * 10
"""Who asks at once: those from inside first."""


def told(found, session):
    assert found[:2] == [SignedIn(session.account, session.id, "web")] * 2
    assert found[2:] == [NotSignedIn("policy")] * 10


@pytest.mark.guide("D7", "D12")
@pytest.mark.security("6.3.8")
def test_who_asks_from_outside_at_the_same_time_as_from_inside_is_not_let_in_on_a_loop():
    service = InsideOnly()
    client, ada = service.client(), service.sign_in("7")

    async def story():
        return await asyncio.gather(*(client.check(ada.headers, address=each) for each in FROM))

    told(asyncio.run(story()), ada)


@pytest.mark.guide("R49", "D7")
@pytest.mark.security("6.3.8")
def test_beside_a_service_what_is_open_from_inside_goes_on_and_what_is_from_outside_does_not(tmp_path):
    with running(tmp_path, Clock()) as house:
        house.somebody()
        phone = house.signed_in(address=BERLIN)
        with client_of(house) as client:
            inside = client.open(sent_by(phone), lambda _: None, address=BERLIN)
            outside = client.open(sent_by(phone), lambda _: None, address=ADELAIDE)
            with inside as here, outside as away:
                assert client.still(here)
                assert client.still(away)
                bound_to_berlin(house, ADA)
                until(lambda: not client.still(away))
                assert away.reason == "policy"
                until(lambda: here.good_until < client._knowing.asked_now())
                assert client.still(here)


@pytest.mark.guide("D7", "D12")
@pytest.mark.security("6.3.8")
def test_who_asks_from_outside_at_the_same_time_as_from_inside_is_not_let_in_by_threads():
    class Slow(InsideOnly):
        """Answers nobody before all of them have asked."""

        may_answer = threading.Event()

        def ask(self, question, seconds):
            self.may_answer.wait(20)
            return super().ask(question, seconds)

    service = Slow()
    client, ada = service.sync_client(ask_within=timedelta(seconds=20)), service.sign_in("7")
    flights, waiting = client._flights, []
    board = flights.board

    def counted(key):
        waiting.append(key)
        return board(key)

    flights.board = counted
    with ThreadPoolExecutor(len(FROM)) as hands:
        asking = []
        for each in FROM:
            asking.append(hands.submit(client.check, ada.headers, address=each))
            until(lambda: len(waiting) == len(asking))
        service.may_answer.set()
        told([each.result() for each in asking], ada)
