"""The client library in an app's process, against a real server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest

from client.shops import Moved, client_of, forked, sent_by, service_key, until
from people import (
    ADA,
    ADELAIDE,
    BERLIN,
    FIREFOX_ON_WINDOWS,
    SAFARI_ON_IPHONE,
    Clock,
    done_apart,
    recognised,
    running,
)
from signedin.actions.enter_host import give_ticket, take_ticket
from signedin.actions.issue_key import issue_key_for
from signedin.client import Client, KeyRefused, NotAllowed, NotSignedIn, SyncClient, Unavailable
from signedin.client.address import Address
from signedin.client.exchange import Answer
from signedin.client.wires import Wires
from signedin.middleware import Signedin
from signedin.rules.access_key import Wish
from signedin.rules.session import AppType
from signedin.rules.ticket import HERE
from signedin.server.jobs import flush_now
from signedin.store import endings

pytestmark = pytest.mark.xdist_group("client library")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running(tmp_path_factory.mktemp("house"), Clock()) as house:
        house.somebody(ADA)
        yield house


@pytest.fixture(scope="module")
def key(house):
    return service_key(house)


@pytest.fixture
def client(house, key):
    made = client_of(house, key)
    yield made
    made.close()


@pytest.fixture
def phone(house):
    return house.signed_in(agent=SAFARI_ON_IPHONE)


def revoked(house, phone):
    """End the phone's session from the laptop; how long that took."""
    laptop, row = house.signed_in(), phone.current()["id"]
    began = time.monotonic()
    assert laptop.http.delete(f"/v1/sessions/{row}", headers=laptop.own()).status_code == 204
    return time.monotonic() - began


def asks(house):
    return house.server.recogniser.asked


@pytest.mark.guide("R48", "D31", "D34")
@pytest.mark.security("attack-1", "C2")
def test_a_cookie_that_a_ticket_has_brought_is_remembered_and_forgotten_with_its_session(
    house, client, phone
):
    [presence] = recognised(house.means, phone.secret, now=house.clock())
    row = phone.current()["id"]
    ticket = done_apart(give_ticket(house.means, presence, HERE, b"", house.clock()))
    brought = done_apart(take_ticket(house.means, ticket, HERE, b"", house.clock())).token
    headers = [(b"cookie", f"signedin={brought}".encode())]
    before = asks(house)
    assert {client.check(headers, address=BERLIN).session for _ in range(20)} == {row}
    assert asks(house) == before + 1
    revoked(house, phone)
    assert client.check(headers, address=BERLIN) == NotSignedIn("revoked")


@pytest.mark.guide("R48", "D34")
def test_the_service_is_asked_once_and_memory_answers_from_then_on(house, client, phone):
    row, before = phone.current()["id"], asks(house)
    first = client.check(sent_by(phone), address=BERLIN)
    assert (first.session, first.app_type, first.scopes) == (row, "web", {"*"})
    assert asks(house) == before + 1
    for _ in range(100):
        assert client.check(sent_by(phone), address=BERLIN) == first
    assert client.known(sent_by(phone)) == first
    assert asks(house) == before + 1


@pytest.mark.guide("R48", "D34")
def test_when_revoke_has_returned_the_app_refuses_at_its_next_request(house, client, phone):
    assert client.check(sent_by(phone))
    assert revoked(house, phone) < 2.5, "acknowledged, and not waited out"
    assert client.known(sent_by(phone)) is None
    assert client.check(sent_by(phone)) == NotSignedIn("revoked")


@pytest.mark.guide("R58", "D23")
def test_when_logout_all_devices_has_returned_the_app_refuses_everybody_of_the_account(house, client, phone):
    laptop = house.signed_in()
    assert client.check(sent_by(phone))
    assert client.check(sent_by(laptop))
    stolen = sent_by(laptop)
    assert laptop.log_out_all().status_code == 303
    for headers in (sent_by(phone), stolen):
        assert client.check(headers) == NotSignedIn("logged_out_everywhere")


@pytest.mark.guide("R48")
def test_a_connection_that_is_open_under_a_session_is_closed_within_a_second_of_its_end(house, client, phone):
    closed, laptop = [], house.signed_in()
    client.check(sent_by(phone))
    with client.open(sent_by(phone), closed.append), client.open(sent_by(laptop), closed.append):
        revoked(house, phone)
        until(lambda: closed == ["ended"], 1.0)
        laptop.log_out_all()
        until(lambda: closed == ["ended", "ended"], 1.0)


@pytest.mark.guide("R48", "R49")
def test_what_goes_wrong_in_an_app_that_is_told_of_an_end_keeps_nobody_else_from_hearing_of_it(house, client):
    def broken(_):
        raise RuntimeError("the event loop is closed")

    closed, heard, phones = [], [], [house.signed_in(agent=SAFARI_ON_IPHONE) for _ in range(2)]
    client.on_end(broken)
    client.on_end(heard.append)
    for phone in phones:
        headers = sent_by(phone)
        assert client.check(headers)
        with client.open(headers, broken), client.open(headers, closed.append), client.open(headers, broken):
            assert revoked(house, phone) < 2.5
            until(lambda: closed, 1.0)
        closed.clear()
        assert client.check(headers) == NotSignedIn("revoked")
    assert len(heard) >= 2
    assert client.may_answer


@pytest.mark.guide("R48")
def test_a_connection_that_is_opened_under_a_session_which_has_just_ended_is_closed_too(house, client, phone):
    closed, headers = [], sent_by(phone)
    revoked(house, phone)
    with client.open(headers, closed.append):
        until(lambda: closed == ["revoked"], 3.0)


def test_who_sends_nothing_or_nonsense_costs_no_question(house, client):
    before = asks(house)
    for headers, reason in (
        ([], "missing"),
        ([(b"cookie", b"signedin=nonsense")], "malformed"),
        ([(b"cookie", b"signedin=a; signedin=b")], "malformed"),
        ({"Authorization": "Bearer sgn_key_whatever"}, "wrong_kind"),
        ({"Cookie": "signedin=" + "x" * 20_000}, "malformed"),
    ):
        assert client.check(headers) == NotSignedIn(reason)
    assert asks(house) == before


@pytest.mark.guide("D12")
def test_a_key_that_may_not_check_is_the_apps_mistake_and_nobody_is_let_in_or_signed_out(house, phone):
    with SyncClient(house.base_url, service_key(house, "accounts:read")) as client:
        with pytest.raises(KeyRefused):
            client.check(sent_by(phone))
        assert not client.may_answer
    with (
        SyncClient(house.base_url, service_key(house, app_types=(AppType.MOBILE,))) as client,
        pytest.raises(KeyRefused),
    ):
        client.check(sent_by(phone))


@pytest.mark.guide("R15", "D16")
def test_uses_that_memory_let_in_show_in_the_list_with_the_persons_address_and_device(house, phone):
    clock = Moved()
    client = client_of(house, clock=clock)
    laptop, row = house.signed_in(), phone.current()["id"]
    house.clock.move(minutes=10)
    client.check(sent_by(phone), address=BERLIN, agent=FIREFOX_ON_WINDOWS)
    assert told(house, laptop, row) == ("Berlin, DE", "Firefox on Windows")
    house.clock.move(minutes=10)
    assert client.known(sent_by(phone), address=ADELAIDE, agent="curl/8.5.0")
    assert client.known(sent_by(phone), address=ADELAIDE, agent="Mozilla/5.0\r\nFirefox/149.0")
    clock.by += 21
    until(lambda: len(client._knowing.uses) == 0)
    assert told(house, laptop, row) == ("Adelaide, SA, AU", "curl")
    client.close()


def told(house, laptop, row):
    done_apart(flush_now(house.server))
    [found] = [each for each in laptop.sessions() if each["id"] == row]
    return found["location"], found["last_device"]


class OfBefore:
    """The way to a service that knows no agents: it takes no report that has one."""

    def __init__(self, wires):
        self.wires, self.refused = wires, 0

    def ask(self, question, seconds):
        if b'"agent"' in question:
            self.refused += 1
            return Answer(422, {}, b'{"code": "unknown_field", "field": "agent"}')
        return self.wires.ask(question, seconds)

    def close(self):
        self.wires.close()


@pytest.mark.guide("R15", "D16")
def test_a_service_of_before_is_told_the_uses_without_agents_and_the_lease_goes_on(house, key, phone):
    clock, laptop, row = Moved(), house.signed_in(), phone.current()["id"]
    way = OfBefore(Wires(Address.of(house.base_url)))
    with SyncClient(house.base_url, key, clock=clock, carried_by=way) as client:
        client.check(sent_by(phone))
        until(lambda: client.may_answer)
        client.check(sent_by(phone))
        for where in (BERLIN, ADELAIDE):
            house.clock.move(minutes=10)
            assert client.known(sent_by(phone), address=where, agent=FIREFOX_ON_WINDOWS)
            clock.by += 21
            until(lambda: len(client._knowing.uses) == 0)
            assert client.may_answer or until(lambda: client.may_answer) is None
        assert told(house, laptop, row) == ("Adelaide, SA, AU", "Safari on iOS")
        assert way.refused == 1, "and not asked again for a while"
        client._knowing.feed._tell_agents_from = 0.0
        assert client.known(sent_by(phone), address=BERLIN, agent=FIREFOX_ON_WINDOWS)
    assert way.refused == 2


@pytest.mark.guide("R68", "R15")
def test_a_session_that_is_used_only_through_the_library_lives_from_day_29_to_day_58(house, phone):
    clock, headers = Moved(), sent_by(phone)

    def later(**span):
        house.clock.move(**span)
        clock.by += timedelta(**span).total_seconds()

    for _ in range(3):
        client = client_of(house, clock=clock)
        assert client.check(headers)
        later(days=29)
        until(lambda client=client: client.may_answer)
        before = asks(house)
        assert client.check(headers)
        assert asks(house) == before, "from memory"
        client.close()
    later(days=31)
    client = client_of(house, clock=clock)
    assert client.check(headers) == NotSignedIn("expired_idle")
    client.close()


@pytest.mark.guide("R15")
def test_while_uses_cannot_be_reported_everything_is_asked(house, client, phone):
    assert client.check(sent_by(phone))
    client._knowing.uses._oldest = 0.0
    client._knowing.uses.is_due = lambda: False
    assert client.known(sent_by(phone)) is None
    before = asks(house)
    assert client.check(sent_by(phone))
    assert asks(house) == before + 1


@pytest.mark.guide("R48")
def test_without_a_clock_that_runs_through_suspend_everything_is_asked(house, key, phone, monkeypatch):
    monkeypatch.setattr("signedin.client.any_client.boot_clock", lambda: None)
    client = SyncClient(house.base_url, key).start()
    before = asks(house)
    for _ in range(2):
        assert client.check(sent_by(phone))
    assert asks(house) == before + 2
    assert client.known(sent_by(phone)) is None
    client.close()


@pytest.mark.guide("R48", "D34")
def test_a_forked_process_is_another_node_with_an_empty_memory_and_wires_of_its_own(house, client, phone):
    headers = sent_by(phone)
    assert client.check(headers)
    until(lambda: client._knowing.feed._stream is not None)
    mine = client._knowing.lease.node_id

    parents = [wire._socket for wire in client._knowing._wires._idle]
    parents.append(client._knowing.feed._stream[0]._socket)
    assert [each for each in parents if each.fileno() == -1] == []

    def in_child():
        assert client._knowing.lease.node_id != mine
        assert {each.fileno() for each in parents} == {-1}, "no end of the parent's connections is held here"
        assert client.known(headers) is None
        assert client.check(headers)
        until(lambda: client.may_answer)
        assert client.check(headers)
        assert client.known(headers)
        client.close()
        return True

    assert forked(in_child) == "True"
    assert client.known(headers), "the parent knows on"
    assert -1 not in {each.fileno() for each in parents}
    assert client.check([(b"cookie", b"signedin=none")]) == NotSignedIn("malformed")
    assert revoked(house, phone) < 2.5
    assert client.known(headers) is None


def test_many_threads_that_ask_at_once_ask_the_service_a_few_times(house, client, phone):
    before, found = asks(house), []
    threads = [threading.Thread(target=lambda: found.append(client.check(sent_by(phone)))) for _ in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    assert len(found) == 20
    assert len(set(found)) == 1
    assert asks(house) - before <= 5


@pytest.mark.guide("R48")
def test_on_an_event_loop_it_is_the_same(house, key, phone):
    headers, before = sent_by(phone), asks(house)

    async def app():
        closed = asyncio.Event()
        async with Client(house.base_url, key) as client:
            await asyncio.to_thread(until, lambda: client.may_answer)
            found = await asyncio.gather(*(client.check(headers, address=BERLIN) for _ in range(20)))
            assert len(set(found)) == 1
            assert asks(house) - before <= 3
            assert client.known(headers) == found[0]
            async with client.open(headers, lambda reason: closed.set()):
                await asyncio.to_thread(revoked, house, phone)
                await asyncio.wait_for(closed.wait(), 1)
            assert await client.check(headers) == NotSignedIn("revoked")
            assert not await client.check({})

    asyncio.run(app())


def test_what_is_no_service_is_never_somebody(key, phone):
    with pytest.raises(Unavailable):
        SyncClient("http://localhost:9", key).check(sent_by(phone))
    for wrong in ("localhost:8000", "ftp://localhost", "http://"):
        with pytest.raises(ValueError, match="no address"):
            SyncClient(wrong, key)
    with pytest.raises(ValueError, match="app_types"):
        SyncClient("http://localhost:9", key, app_types=())
    with pytest.raises(ValueError, match="service key"):
        SyncClient("http://localhost:9", "two\r\nlines")


@pytest.mark.guide("R48", "D34")
def test_an_app_that_ends_without_closing_its_client_is_waited_for_by_nobody(house, key):
    program = (
        "import sys, time; from signedin.client import SyncClient; client = SyncClient(*sys.argv[1:]).start()\n"
        "while not client.may_answer: time.sleep(0.01)\n"
        "sys.stdout.write(client._knowing.lease.node_id)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, house.base_url, key],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    names = [node.node_id for node, _ in house.means.database.read_now(endings.every_node)]
    assert ended.stdout
    assert not [name for name in names if name.endswith(ended.stdout)]


@pytest.mark.guide("D12", "D11")
@pytest.mark.security("8.2.1", "16.5.3")
def test_a_personal_key_without_the_scope_is_403_for_the_person_and_no_outage(house, key):
    def bearer(scope):
        made = done_apart(issue_key_for(house.means, ADA, Wish(scope, (scope,), None), house.server.clock()))
        return [(b"host", b"shop.test"), (b"authorization", f"Bearer {made.token}".encode())]

    async def app(scope, receive, send):
        assert scope["signedin"].scopes == {"sessions:read"}
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def story():
        async with Client(house.base_url, key) as client:
            guarded = Signedin(app, client, scope="sessions:read")
            for headers, status in ((bearer("account:read"), 403), (bearer("sessions:read"), 204)):
                sent = []

                async def send(message, sent=sent):
                    sent.append(message)

                asked = {
                    "type": "http",
                    "method": "GET",
                    "path": "/",
                    "query_string": b"",
                    "headers": headers,
                }
                await guarded(asked, None, send)
                assert sent[0]["status"] == status
                if status == 403:
                    said = b'Bearer error="insufficient_scope", scope="sessions:read"'
                    assert (b"www-authenticate", said) in sent[0]["headers"]
                    assert b"insufficient_permission" in sent[1]["body"]
                    assert await client.check(headers, scope="sessions:read") == NotAllowed()

    asyncio.run(story())
    few = service_key(house, "accounts:read")
    with SyncClient(house.base_url, few) as client, pytest.raises(KeyRefused):
        client.check(bearer("account:read"), scope="sessions:read")
