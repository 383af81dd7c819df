"""Letters are delivered after the deed, by a judged connection, and hold up nobody."""

from __future__ import annotations

import asyncio
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from people import ADA, BERLIN, FIREFOX_ON_WINDOWS, PASSWORD, Clock, running, settings_in, wait_until
from ports import free_port
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.post import deliver as mail_room
from signedin.post.deliver import deliver, to_folder, to_server
from signedin.server.means import close_means, open_means
from signedin.store import accounts, outbox

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Box:
    """A mail server's box."""

    def __init__(self):
        self.letters = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.letters.append(envelope.content.decode())
        return "250 OK"


@pytest.fixture
def house(tmp_path):
    with running(tmp_path, Clock()) as house:
        house.somebody(ADA)
        yield house


@pytest.fixture
def means(tmp_path):
    """What the mail room works with, and no server that delivers by itself."""
    opened = open_means(settings_in(tmp_path, 8000))
    asyncio.run(add_by_operator(opened, Applicant(ADA, "Ada", PASSWORD), NOW))
    yield opened
    close_means(opened)


def queue(means, kind="address_already_registered", **fields):
    account = means.database.read_now(accounts.find_by_email, ADA)
    told = {"to": ADA, "name": "Ada", "at": NOW.isoformat()} | fields
    means.database.write_now(outbox.queue, account.id, kind, told, NOW)


def waiting(means):
    return means.database.read_now(outbox.backlog)


def sent(means, carrier, now=NOW):
    return asyncio.run(deliver(means, carrier, "s@example.org", "https://account.test", now))


def tls(authority, name):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def mail_server():
    """A mail server that wants STARTTLS and a password; the certificate's authority is not known here."""
    box, authority = Box(), trustme.CA()
    port = free_port()
    controller = Controller(
        box, hostname="127.0.0.1", port=port, tls_context=tls(authority, "localhost"), require_starttls=True,
        auth_required=True, authenticator=lambda *_: AuthResult(success=True),
    )  # fmt: skip
    controller.start()
    box.authority = authority
    box.url = f"smtp://user:a%20password@localhost:{port}"
    yield box
    controller.stop()


@pytest.mark.security("12.3.1")
def test_a_mail_server_that_cannot_show_who_it_is_gets_neither_password_nor_letter(means, mail_server):
    queue(means)
    assert sent(means, to_server(mail_server.url)) == 0
    assert mail_server.letters == []
    assert waiting(means) == 1


@pytest.mark.security("12.3.1")
def test_a_mail_server_that_can_show_who_it_is_gets_the_letter(means, mail_server, monkeypatch):
    def trusting():
        context = ssl.create_default_context()
        mail_server.authority.configure_trust(context)
        return context

    fake = type("ssl", (), {"create_default_context": staticmethod(trusting)})
    monkeypatch.setattr(mail_room, "ssl", fake)
    queue(means)
    assert sent(means, to_server(mail_server.url)) == 1
    assert "You already have a Signedin account" in mail_server.letters[0]
    assert waiting(means) == 0


@pytest.mark.security("FP-2", "attack-29", "6.3.6")
def test_links_in_letters_begin_with_the_configured_address_and_hold_no_secret(house, tmp_path):
    forged = {"host": "evil.example", "x-forwarded-host": "evil.example", "forwarded": "host=evil.example"}
    laptop = house.signed_in()
    stranger = house.browser(FIREFOX_ON_WINDOWS, BERLIN)
    stranger.http.headers.update({name: value for name, value in forged.items() if name != "host"})
    assert stranger.sign_in().status_code == 303
    token = stranger.form_token("/settings/sessions")
    headers = stranger.own() | forged
    fields = {"csrf": token}
    assert (
        stranger.http.post("/settings/sessions/logout-all", data=fields, headers=headers).status_code == 303
    )
    assert not laptop.is_signed_in
    fresh = tmp_path / "letters"
    sent(house.means, to_folder(fresh), house.clock())
    wait_until(lambda: waiting(house.means) == 0)  # the server delivers too, and may be in the middle of it
    letters = [file.read_text() for folder in (fresh, tmp_path / "mail") for file in folder.glob("*.eml")]
    assert len(letters) >= 2
    for letter in letters:
        assert "evil.example" not in letter
        assert "https://account.test/" in letter or house.base_url in letter
        assert "sgn_" not in letter
        assert "token=" not in letter


def test_a_letter_in_a_folder_may_be_read_by_its_owner_only(means, tmp_path):
    queue(means)
    assert sent(means, to_folder(tmp_path / "letters")) == 1
    [letter] = (tmp_path / "letters").iterdir()
    assert letter.stat().st_mode & 0o777 == 0o600
    assert letter.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.security("16.5.2", "15.2.2")
def test_a_mail_server_that_never_answers_keeps_no_check_and_no_sign_in_waiting(house, monkeypatch):
    asked, go = threading.Event(), threading.Event()

    async def slow(mail):
        asked.set()
        await asyncio.to_thread(go.wait, 30)

    monkeypatch.setattr("signedin.server.jobs.to_folder", lambda _: slow)
    queue(house.means)
    laptop = house.signed_in()
    assert asked.wait(15), "the post goes out every five seconds"
    assert laptop.is_signed_in
    assert house.signed_in().is_signed_in
    assert not go.is_set()
    go.set()


@pytest.mark.security("16.5.2")
@pytest.mark.parametrize("bad", [{"kind": "no such letter"}, {"at": "no moment"}, {"to": "a@b\r\nBcc: evil"}])
def test_a_letter_that_cannot_be_written_holds_up_no_other(means, bad, tmp_path):
    queue(means, **bad)
    queue(means)
    assert sent(means, to_folder(tmp_path / "letters")) == 1
    assert waiting(means) == 1


@pytest.mark.security("16.5.2")
def test_a_letter_that_could_not_be_delivered_is_tried_again_later(means, tmp_path):
    async def broken(mail):
        raise ConnectionRefusedError

    queue(means)
    assert sent(means, broken) == 0
    assert sent(means, to_folder(tmp_path / "letters")) == 0
    assert sent(means, to_folder(tmp_path / "letters"), NOW + timedelta(seconds=15)) == 1
