"""Sessions and endings for the tests of an app that uses `signedin.client`: a stand-in, in process, without a server.

    def test_the_cart_is_for_who_is_signed_in():
        service = StandIn()
        app.client = service.client()
        ada = service.sign_in(account="1")
        assert app.get("/cart", cookies=ada.cookies).status_code == 200
        service.end(ada)
        assert app.get("/cart", cookies=ada.cookies).status_code == 401

The client is the real one: it remembers, hears of endings and refuses as it does beside a service. What the service
itself decides (expiry, places, proofs) is not here: for that run a real one, `signedin serve` on a database of its own.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from signedin.client import Client, SyncClient, Unavailable
from signedin.client.any_client import AnyClient
from signedin.client.exchange import Answer
from signedin.rules.account import AccountId
from signedin.rules.ending import Ending, Scope
from signedin.rules.feed import EPOCH_HEADER, GOOD_FOR_HEADER, SEQ_HEADER
from signedin.rules.lease import Renewal
from signedin.rules.secret import Kind, WayKeys, digest, make_token

C = TypeVar("C", bound=AnyClient)
BASE_URL = "http://signedin.test"
KEY = "sgn_svc_of_a_stand_in"
LINEAGE = "a stand-in"
A_MONTH = 30 * 86_400
COOKIE = "signedin"


@dataclass(frozen=True)
class StandInSession:
    """A session of the stand-in, with what its browser or app sends."""

    account: str
    id: str
    app_type: str
    token: str = field(repr=False)

    @property
    def cookies(self) -> dict[str, str]:
        """For a test client that takes cookies."""
        return {COOKIE: self.token}

    @property
    def headers(self) -> dict[str, str]:
        """For anything else: a Cookie header, or a bearer token where the app type has no browser."""
        is_browser = self.token.startswith("sgn_ses_")
        return (
            {"Cookie": f"{COOKIE}={self.token}"} if is_browser else {"Authorization": f"Bearer {self.token}"}
        )


class StandIn:
    """What stands in for a Signedin service. It is none: nothing is checked but what a test has said."""

    def __init__(self) -> None:
        self._keys = WayKeys("0", {"0": b"of a stand-in, never of a service"[:32]})
        self._numbers = itertools.count(1)
        self._living: dict[str, StandInSession] = {}
        self._ended: dict[str, str] = {}
        self._clients: list[AnyClient] = []
        self._seq = 0
        self.is_away = False
        self.asked = 0

    def __repr__(self) -> str:
        return "<a stand-in for a Signedin service, for tests>"

    def client(self, app_types: Iterable[str] = ("web",), **given: Any) -> Client:
        """A client library for an app on an event loop that asks this stand-in."""
        return self._with_lease(Client(BASE_URL, KEY, app_types, carried_by=self, clock=_stands, **given))

    def sync_client(self, app_types: Iterable[str] = ("web",), **given: Any) -> SyncClient:
        """A client library for an app in threads that asks this stand-in."""
        return self._with_lease(SyncClient(BASE_URL, KEY, app_types, carried_by=self, clock=_stands, **given))

    def sign_in(self, account: str = "1", app_type: str = "web") -> StandInSession:
        """A new session of an account; account ids are whole numbers, written out."""
        number = next(self._numbers)
        kind = Kind.SES if app_type in {"web", "admin"} else Kind.APP
        token = make_token(kind, int(account), self._keys)
        made = StandInSession(account, f"session{number}", app_type, token)
        self._living[token] = made
        return made

    def end(self, session: StandInSession, reason: str = "revoked") -> None:
        """End a session: every client has heard of it when this returns, as it has of a real one."""
        if self._living.pop(session.token, None) is not None:
            self._ended[session.token] = reason
            self._tell(Ending(Scope.SESSION, AccountId(int(session.account)), (digest(session.token),)))

    def end_all(self, account: str) -> None:
        """Log an account out on all devices."""
        for session in [each for each in self._living.values() if each.account == account]:
            self.end(session, "logged_out_everywhere")

    def go_away(self) -> None:
        """Be unreachable: leases lapse, and nothing can be known."""
        self.is_away = True
        for client in self._clients:
            client._knowing.memory.give_up()  # noqa: SLF001  # what time does beside a real one

    def come_back(self) -> None:
        """Be there again."""
        self.is_away = False
        for client in self._clients:
            self._lend(client)

    def ask(self, question: bytes, seconds: float) -> Answer:  # noqa: ARG002  # answered at once
        """What a service would answer to a check."""
        if self.is_away:
            raise Unavailable("The stand-in is away.")
        self.asked += 1
        head, *_ = question.decode("latin-1").split("\r\n\r\n")
        first, *lines = head.split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        token = (
            headers.get("cookie", "").partition("=")[2] or headers.get("authorization", "").partition(" ")[2]
        )
        app_types = parse_qs(urlsplit(first.split(" ")[1]).query)["app_type"][0].split(",")
        return self._answered(token, app_types)

    def close(self) -> None:
        """Nothing is held open."""

    def _answered(self, token: str, app_types: list[str]) -> Answer:
        session = self._living.get(token)
        if session is None or session.app_type not in app_types:
            reason = self._ended.get(token, "unknown") if session is None else "wrong_app_type"
            return Answer(401, {}, json.dumps({"code": "not_signed_in", "reason": reason}).encode())
        said = {
            "signedin-account": session.account, "signedin-session": session.id,
            "signedin-app-type": session.app_type, "signedin-scopes": "*",
            SEQ_HEADER: str(self._seq), EPOCH_HEADER: "1", GOOD_FOR_HEADER: str(A_MONTH),
        }  # fmt: skip
        return Answer(200, said, b"")

    def _tell(self, ending: Ending) -> None:
        self._seq += 1
        numbered = Ending(ending.scope, ending.account_id, ending.digests, ending.cut_off, self._seq)
        for client in self._clients:
            client._knowing.lease.heard(LINEAGE, [numbered])  # noqa: SLF001

    def _with_lease(self, client: C) -> C:
        client._knowing.holds_by_itself = False  # noqa: SLF001
        client._knowing.cookie.told(COOKIE)  # noqa: SLF001
        self._clients.append(client)
        self._lend(client)
        return client

    def _lend(self, client: AnyClient) -> None:
        lease = client._knowing.lease  # noqa: SLF001
        lease.joined("stand-in", self._seq, LINEAGE)
        lease.answered(lease.ask(), Renewal((), self._seq, lineage=LINEAGE))


@contextmanager
def signed_in_as(account: str = "1", app_type: str = "web") -> Iterator[tuple[StandIn, StandInSession]]:
    """A stand-in with somebody signed in, whose session ends with the block.

    >>> with signed_in_as("7") as (service, session):
    ...     service.sync_client().check(session.headers).account
    '7'
    """
    service = StandIn()
    session = service.sign_in(account, app_type)
    yield service, session
    service.end(session)


def _stands() -> float:
    return 0.0
