"""The mail room: one letter for one deed, one process for a letter, and nobody held up by a silent server."""

from __future__ import annotations

import asyncio
import socket
import time
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from people import ADA, BERLIN, FIREFOX_ON_WINDOWS, Clock, running
from ports import free_port
from signedin.actions.tell import take_due
from signedin.post.deliver import deliver, to_folder, to_server
from signedin.server import jobs
from signedin.store import outbox

SENDER = "signedin@example.org"


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A house whose own post never goes out: these tests carry it."""
    monkeypatch.setattr(jobs, "_post", _nobody_carries)
    with running(tmp_path, Clock()) as house:
        house.somebody(ADA)
        yield house


@pytest.fixture
def mail_server():
    class Inbox:
        def __init__(self):
            self.letters = []

        async def handle_DATA(self, server, session, envelope):  # noqa: N802  # aiosmtpd's name for it
            self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
            return "250 taken"

    inbox = Inbox()
    port = free_port()
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    inbox.url = f"smtp://127.0.0.1:{port}"
    yield inbox
    controller.stop()


@pytest.mark.guide("R65")
def test_logging_out_all_devices_brings_one_letter_to_the_owner(house, mail_server):
    laptop = house.signed_in()
    house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    laptop.log_out_all()
    carried_out(house, to_server(mail_server.url))
    told = [letter for letter in mail_server.letters if "All devices" in letter["Subject"]]
    assert len(told) == 1
    assert told[0]["To"] == ADA
    assert "2 sessions" in told[0].get_content()


def test_what_a_mail_server_refuses_is_tried_again_later_and_not_lost(house, mail_server):
    house.signed_in().log_out_all()
    assert carried_out(house, to_server("smtp://127.0.0.1:1")) == 0
    assert carried_out(house, to_server(mail_server.url)) == 0, "it is not due again yet"
    house.clock.move(seconds=60)
    assert carried_out(house, to_server(mail_server.url)) >= 1


def test_a_mail_server_that_never_answers_holds_up_nobody(house):
    laptop = house.signed_in()
    laptop.log_out_all()
    laptop.sign_in()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        carrier = to_server(f"smtp://127.0.0.1:{silent.getsockname()[1]}")

        async def while_waiting():
            waiting = asyncio.create_task(post(house, carrier))
            turns = 0
            until = time.monotonic() + 0.2
            while time.monotonic() < until:
                await asyncio.sleep(0)
                turns += 1
            assert not waiting.done()
            waiting.cancel()
            return turns

        assert asyncio.run(while_waiting()) > 100, "the loop was held up by a letter"


def test_two_processes_do_not_deliver_the_same_letter(house, tmp_path):
    house.signed_in().log_out_all()
    first = asyncio.run(take_due(house.means, house.clock()))
    second = asyncio.run(take_due(house.means, house.clock()))
    assert first
    assert not second


def test_a_letter_whose_process_was_killed_is_delivered_by_another_after_the_claim(house, tmp_path):
    house.signed_in().log_out_all()
    claimed = asyncio.run(take_due(house.means, house.clock()))
    house.clock.move(seconds=(outbox.CLAIMED_FOR + timedelta(seconds=1)).total_seconds())
    folder = tmp_path / "letters"
    assert carried_out(house, to_folder(folder)) == len(claimed)
    assert len(list(folder.glob("*.eml"))) == len(claimed)


async def _nobody_carries(server):
    """In place of the server's own job."""


def post(house, carrier):
    return deliver(house.means, carrier, SENDER, house.base_url, house.clock())


def carried_out(house, carrier):
    return asyncio.run(post(house, carrier))
