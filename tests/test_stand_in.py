"""The stand-in for the tests of other apps: it says what it is, and its clients refuse as beside a real service."""

from __future__ import annotations

import asyncio

import pytest

from signedin.client import NotSignedIn, Unavailable
from signedin.testing import StandIn, signed_in_as


@pytest.mark.guide("R48")
def test_what_a_test_ends_is_refused_at_the_next_request():
    service = StandIn()
    client = service.sync_client()
    ada, phone = service.sign_in("1"), service.sign_in("1")
    assert client.check(ada.headers).account == "1"
    assert client.known(ada.headers).session == ada.id
    asked = service.asked
    assert client.check(ada.headers)
    assert service.asked == asked, "from memory, as beside a real one"
    service.end(ada)
    assert client.known(ada.headers) is None
    assert client.check(ada.headers) == NotSignedIn("revoked")
    assert client.check(phone.headers)
    service.end_all("1")
    assert client.check(phone.headers) == NotSignedIn("logged_out_everywhere")


@pytest.mark.guide("D12")
def test_while_it_is_away_nobody_is_let_in_and_nobody_is_signed_out():
    with signed_in_as("7") as (service, ada):
        client = service.sync_client()
        assert client.check(ada.headers)
        service.go_away()
        with pytest.raises(Unavailable):
            client.check(ada.headers)
        service.come_back()
        assert client.check(ada.headers)


@pytest.mark.guide("D12")
def test_app_types_and_secrets_are_told_apart_as_the_service_does():
    service = StandIn()
    phone = service.sign_in("1", "mobile")
    assert phone.headers["Authorization"].startswith("Bearer sgn_app_")
    assert service.sync_client().check(phone.headers) == NotSignedIn("wrong_app_type")
    assert service.sync_client(["mobile"]).check(phone.headers).app_type == "mobile"
    assert service.sync_client().check({"Cookie": "signedin=nonsense"}) == NotSignedIn("malformed")


@pytest.mark.guide("R48")
def test_connections_that_an_app_holds_open_are_closed():
    service, closed = StandIn(), []
    ada, client = service.sign_in(), service.sync_client()
    client.check(ada.headers)
    with client.open(ada.headers, closed.append):
        service.end(ada)
    assert closed == ["ended"]


def test_on_an_event_loop_it_is_the_same():
    service = StandIn()
    ada = service.sign_in("3")

    async def app():
        async with service.client() as client:
            assert (await client.check(ada.headers)).account == "3"
            service.end(ada)
            return await client.check(ada.headers)

    assert asyncio.run(app()) == NotSignedIn("revoked")


def test_it_says_that_it_is_a_stand_in_and_shows_no_secret():
    service = StandIn()
    assert "stand-in" in repr(service)
    ada = service.sign_in()
    assert ada.token not in repr(ada)
