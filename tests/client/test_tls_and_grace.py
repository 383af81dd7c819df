"""The client library over TLS, and what it does while the service is away, against a real server."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import ExitStack
from datetime import timedelta

import pytest

from browser.authority import Authority
from client.shops import Moved, client_of, sent_by, service_key, until
from nemesis.fault_proxy import FaultProxy, Wire
from people import ADA, SAFARI_ON_IPHONE, Clock, running
from signedin.client import Client, NotSignedIn, SyncClient, Unavailable

pytestmark = pytest.mark.xdist_group("client library over TLS")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def house(tmp_path_factory, authority):
    with running(tmp_path_factory.mktemp("house"), Clock(), authority.vouch_for("localhost")) as house:
        house.somebody(ADA)
        yield house


def sent_over_tls(browser):
    return [(b"cookie", f"__Host-signedin={browser.http.cookies.get('__Host-signedin')}".encode())]


def asked_on_a_loop(house, headers, **given):
    async def ask():
        async with Client(house.base_url, service_key(house), **given) as client:
            return await client.check(headers)

    return asyncio.run(ask())


@pytest.mark.guide("R48", "D34")
@pytest.mark.security("12.3.1")
def test_over_tls_it_is_asked_remembered_and_heard_of_as_without(house):
    phone, laptop = house.signed_in(agent=SAFARI_ON_IPHONE), house.signed_in()
    client = SyncClient(house.base_url, service_key(house), tls=house.secured.trusted).start()
    until(lambda: client.may_answer)
    row = phone.current()["id"]
    assert client.check(sent_over_tls(phone)).session == row
    assert client.known(sent_over_tls(phone)).session == row
    assert asked_on_a_loop(house, sent_over_tls(phone), tls=house.secured.trusted).session == row
    assert laptop.http.delete(f"/v1/sessions/{row}", headers=laptop.own()).status_code == 204
    assert client.check(sent_over_tls(phone)) == NotSignedIn("revoked")
    client.close()


@pytest.mark.security("12.3.1", "attack-19")
def test_a_certificate_that_nobody_here_vouches_for_is_told_nothing_and_believed_nothing(house):
    phone, before = house.signed_in(), house.server.recogniser.asked
    with SyncClient(house.base_url, service_key(house)) as client:
        with pytest.raises(Unavailable):
            client.check(sent_over_tls(phone))
        assert not client.may_answer
    with pytest.raises(Unavailable):
        asked_on_a_loop(house, sent_over_tls(phone))
    assert house.server.recogniser.asked == before


@pytest.mark.security("12.3.1", "attack-19")
def test_a_certificate_of_another_host_is_refused_however_well_it_is_vouched_for(tmp_path, authority):
    other = authority.vouch_for("other.test")
    with running(tmp_path, Clock(), other) as house:
        house.somebody(ADA)
        phone = house.signed_in()
        address = house.base_url.replace("other.test", "localhost")
        with (
            SyncClient(address, service_key(house), tls=other.trusted) as client,
            pytest.raises(Unavailable),
        ):
            client.check(sent_over_tls(phone))


@pytest.mark.security("12.3.1")
def test_only_an_address_over_tls_is_verified_by_something_else():
    with pytest.raises(ValueError, match="TLS context"):
        SyncClient("http://localhost:9", "a-key", tls=ssl.create_default_context())


@pytest.mark.guide("D12", "R49")
@pytest.mark.security("attack-19", "16.5.3")
def test_while_the_service_is_gone_known_sessions_live_on_only_where_a_grace_was_chosen_and_for_no_longer(
    tmp_path,
):
    with ExitStack() as stack:
        house = stack.enter_context(running(tmp_path, Clock()))
        house.somebody(ADA)
        wire = FaultProxy(int(house.base_url.rpartition(":")[2]))
        stack.callback(wire.close)
        known, ended, unknown = (house.signed_in() for _ in range(3))
        clocks, key, address = (Moved(), Moved()), service_key(house), f"http://localhost:{wire.port}"
        lenient = client_of(house, key, address=address, clock=clocks[0], outage_grace=timedelta(minutes=5))
        strict = client_of(house, key, address=address, clock=clocks[1])
        for client in (lenient, strict):
            stack.callback(client.close)
            assert client.check(sent_by(known))
            assert client.check(sent_by(ended))
        ended_headers = sent_by(ended)
        ended.log_out()
        wire.set(Wire.RESET)
        for clock in clocks:
            clock.by += 10
        assert lenient.check(sent_by(known)).session
        assert lenient.guarantee.startswith("While the service cannot be asked")
        closed = []
        with lenient.open(sent_by(known), closed.append):
            until(lambda: not lenient.may_answer)
            assert not closed
        for client, headers in (
            (lenient, ended_headers), (lenient, sent_by(unknown)), (strict, sent_by(known)),
        ):  # fmt: skip
            with pytest.raises(Unavailable):
                client.check(headers)
        clocks[0].by += 300
        with pytest.raises(Unavailable):
            lenient.check(sent_by(known))
        wire.set(Wire.FINE)
        until(lambda: lenient.may_answer)
        assert lenient.check(sent_by(known))
        assert lenient.check(ended_headers) == NotSignedIn("logged_out")
