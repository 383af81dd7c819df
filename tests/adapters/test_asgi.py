"""The ASGI middleware message by message, with the real client library and a stand-in for the service."""

from __future__ import annotations

import asyncio
import json

import pytest

from client.inside_only import InsideOnly
from people import ADELAIDE, BERLIN
from signedin.adapters.asgi import path_of
from signedin.adapters.open_paths import OpenPaths
from signedin.client import Client, NotAllowed, SignedIn
from signedin.middleware import Signedin
from signedin.rules.account import AccountId
from signedin.rules.ending import Ending, Scope
from signedin.testing import StandIn

HOST = (b"host", b"shop.example.org")


class Server:
    """A server that has one app: what it sends, and what the other side says."""

    def __init__(self, app):
        self.app, self.sent, self.incoming = app, [], asyncio.Queue()
        self.is_slow = asyncio.Event()
        self.is_slow.set()

    async def send(self, message):
        await self.is_slow.wait()
        self.sent.append(message)

    async def ask(self, session=None, kind="http", path="/orders", headers=(), **more):
        sent = [
            (name.lower().encode(), value.encode())
            for name, value in (session.headers if session else {}).items()
        ]
        scope = {"type": kind, "path": path, "headers": [HOST, *sent, *headers], "query_string": b""} | more
        if kind == "http":
            scope.setdefault("method", "GET")
        else:
            self.incoming.put_nowait({"type": "websocket.connect"})
        await self.app(scope, self.incoming.get, self.send)
        return self

    @property
    def status(self):
        return self.sent[0]["status"]

    @property
    def problem(self):
        return json.loads(self.sent[1]["body"])


async def echoing(scope, receive, send):
    """An app that says who asks."""
    assert scope["state"]["signedin"] is scope["signedin"]
    body = str(scope["signedin"]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def service():
    return StandIn()


def guarded(service, app=echoing, **given):
    return Signedin(app, service.client(), **given)


@pytest.mark.guide("R1", "R48", "D12")
def test_the_app_is_told_who_it_is_and_whoever_is_nobody_is_refused(service):
    ada, app = service.sign_in("7"), guarded(service)
    answer = asyncio.run(Server(app).ask(ada))
    assert answer.sent[1]["body"].decode() == str(SignedIn("7", ada.id, "web"))
    service.end(ada)
    answer = asyncio.run(Server(app).ask(ada))
    assert (answer.status, answer.problem["reason"]) == (401, "revoked")
    assert (b"www-authenticate", b'Session error="revoked"') in answer.sent[0]["headers"]
    assert asyncio.run(Server(app).ask()).problem["reason"] == "missing"


@pytest.mark.guide("D12")
@pytest.mark.security("attack-19", "16.5.3")
def test_what_cannot_be_known_is_503_for_a_request_and_for_a_websocket(service):
    ada, app = service.sign_in(), guarded(service)
    service.go_away()
    answer = asyncio.run(Server(app).ask(ada))
    assert (answer.status, answer.problem["code"]) == (503, "unavailable")
    assert (b"retry-after", b"2") in answer.sent[0]["headers"]
    denial = asyncio.run(Server(app).ask(ada, "websocket", extensions={"websocket.http.response": {}}))
    assert (denial.sent[0]["type"], denial.status) == ("websocket.http.response.start", 503)
    closed = asyncio.run(Server(app).ask(ada, "websocket"))
    assert closed.sent == [{"type": "websocket.close", "code": 1013}]
    assert asyncio.run(Server(app).ask(kind="websocket")).sent == [{"type": "websocket.close", "code": 4401}]


def test_what_is_neither_a_request_nor_a_websocket_lets_nobody_in(service):
    with pytest.raises(ValueError, match="nobody is let in by mail"):
        asyncio.run(Server(guarded(service)).ask(kind="mail"))


def test_a_question_for_the_head_alone_is_answered_without_a_body(service):
    answer = asyncio.run(Server(guarded(service)).ask(method="HEAD"))
    assert answer.status == 401
    assert answer.sent[1]["body"] == b""
    assert int(dict(answer.sent[0]["headers"])[b"content-length"]) > 0


@pytest.mark.parametrize(
    ("path", "is_open"),
    [("/static/a.css", True), ("/static/", True), ("/static", False), ("/static/../orders", False), ("/static//a", False),
     ("/static/%2e%2e/orders", False), ("/static/..\\orders", False), ("/static/.git", False), ("/", True), ("//", False)],
)  # fmt: skip
def test_an_open_path_opens_what_it_says_and_nothing_that_may_be_read_as_another(path, is_open):
    assert OpenPaths(["/", "/static/*"]).has(path) is is_open


def test_a_path_that_is_none_is_not_taken_for_open():
    with pytest.raises(ValueError, match="no path of the app"):
        OpenPaths(["health"])
    assert OpenPaths("/health").has("/health")
    assert not OpenPaths([]).has("/health")


def test_the_path_is_the_one_within_the_app_where_it_is_mounted():
    assert path_of({"path": "/shop/health", "root_path": "/shop"}) == "/health"
    assert path_of({"path": "/shopping", "root_path": "/shop"}) == "/shopping"
    assert path_of({"path": "/health"}) == "/health"


def test_an_origin_is_named_as_browsers_do(service):
    with pytest.raises(ValueError, match="no origin"):
        guarded(service, origins=["shop.example.org/"])
    app = guarded(service, origins=["https://pages.example.org"])
    foreign = [(b"origin", b"https://evil.example")]
    ada = service.sign_in()
    closed = asyncio.run(Server(app).ask(ada, "websocket", headers=foreign))
    assert closed.sent == [{"type": "websocket.close", "code": 4403}]


@pytest.mark.security("4.4")
@pytest.mark.parametrize(("origin", "scheme", "reported", "is_ours"), [
    ("https://shop.example.org", "wss", None, True), ("https://shop.example.org", "ws", "https", True),
    ("https://shop.example.org", "ws", None, True), ("http://shop.example.org", "ws", None, True),
    ("http://shop.example.org", "ws", "http", True), ("https://shop.example.org", None, None, True),
    ("http://shop.example.org", "wss", None, False), ("http://shop.example.org", "ws", "https", False),
    ("http://shop.example.org", "ws", "http, HTTPS", False), ("http://shop.example.org", "ws", "wss", False),
    ("null", "ws", None, False), ("chrome-extension://shop.example.org", "ws", None, False),
    ("https://shop.example.org:444", "wss", None, False), ("", "ws", None, False),
])  # fmt: skip
def test_a_page_without_tls_opens_no_websocket_where_that_is_known_to_have_come_over_it(
    service, origin, scheme, reported, is_ours
):
    async def accepting(scope, receive, send):
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1000})

    headers = [(b"origin", origin.encode())]
    headers += [(b"x-forwarded-proto", reported.encode())] if reported else []
    named = {"scheme": scheme} if scheme else {}
    asked = Server(guarded(service, accepting)).ask(service.sign_in(), "websocket", headers=headers, **named)
    answer = asyncio.run(asked)
    assert answer.sent[0] == (
        {"type": "websocket.accept"} if is_ours else {"type": "websocket.close", "code": 4403}
    )


async def until(happened):
    async with asyncio.timeout(5):
        while not happened():  # noqa: ASYNC110  # what happens is on this very loop
            await asyncio.sleep(0)


class Streaming:
    """An app that sends what it is told to, and what became of it."""

    def __init__(self, *, is_deaf=False):
        self.events, self.is_deaf, self.outcome = asyncio.Queue(), is_deaf, None

    async def __call__(self, scope, receive, send):
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while True:
                event = await self.event()
                await send({"type": "http.response.body", "body": event, "more_body": True})
        except BaseException as error:
            self.outcome = type(error).__name__
            raise

    async def event(self):
        try:
            return await self.events.get()
        except asyncio.CancelledError:
            if not self.is_deaf:
                raise
            return await self.events.get()


LAST = {"type": "http.response.body", "body": b"", "more_body": False}


@pytest.mark.guide("R49")
@pytest.mark.security("attack-2")
def test_a_stream_ends_with_its_session_and_the_app_is_let_go_where_it_waits(service):
    async def story():
        ada, streaming = service.sign_in(), Streaming()
        server = Server(guarded(service, streaming))
        asking = asyncio.create_task(server.ask(ada))
        streaming.events.put_nowait(b"one")
        await until(lambda: len(server.sent) == 2)
        service.end(ada)
        streaming.events.put_nowait(b"two")
        await asking
        assert server.sent[2:] == [LAST], "nothing after the end but the end"
        assert streaming.outcome == "CancelledError"
        assert not len(server.app._client._knowing.opened)

    asyncio.run(asyncio.wait_for(story(), 20))


@pytest.mark.guide("R49")
@pytest.mark.security("attack-2")
def test_an_app_that_does_not_let_itself_be_cancelled_cannot_send_any_more(service):
    async def story():
        ada, streaming = service.sign_in(), Streaming(is_deaf=True)
        server = Server(guarded(service, streaming))
        asking = asyncio.create_task(server.ask(ada))
        await until(lambda: server.sent)
        service.end(ada)
        await until(lambda: len(server.sent) == 2)
        streaming.events.put_nowait(b"two")
        await asking
        assert server.sent[1:] == [LAST]
        assert streaming.outcome == "SessionEnded"

    asyncio.run(asyncio.wait_for(story(), 20))


@pytest.mark.guide("R49")
@pytest.mark.security("attack-2")
def test_what_waits_for_a_slow_listener_when_the_session_ends_is_not_sent_when_they_go_on(service):
    async def story():
        ada, streaming = service.sign_in(), Streaming()
        server = Server(guarded(service, streaming))
        asking = asyncio.create_task(server.ask(ada))
        await until(lambda: server.sent)
        server.is_slow.clear()
        streaming.events.put_nowait(b"one")
        await until(streaming.events.empty)
        service.end(ada)
        await until(lambda: streaming.outcome)
        server.is_slow.set()
        await asking
        assert server.sent[1:] == [LAST]

    asyncio.run(asyncio.wait_for(story(), 20))


@pytest.mark.guide("R49", "D34")
@pytest.mark.security("attack-2", "attack-25")
def test_a_process_that_was_paused_over_the_end_sends_nothing_when_it_goes_on(service):
    """Its lease is over and it has heard of nothing: before a message is sent it is asked."""

    async def story():
        ada, streaming = service.sign_in(), Streaming()
        server = Server(guarded(service, streaming))
        asking = asyncio.create_task(server.ask(ada))
        streaming.events.put_nowait(b"one")
        await until(lambda: len(server.sent) == 2)
        client = service._clients.pop()
        client._knowing.memory.give_up()
        for one in client._knowing.opened._all():
            one.good_until = -1.0
        service.end(ada)
        streaming.events.put_nowait(b"two")
        await asking
        assert server.sent[2:] == [LAST]

    asyncio.run(asyncio.wait_for(story(), 20))


@pytest.mark.guide("R49")
def test_what_says_how_long_it_is_goes_on_to_its_end_and_so_does_a_short_answer(service):
    async def long(scope, receive, send):
        length = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        await send({"type": "http.response.body", "body": b"o", "more_body": True})
        service.end_all("1")
        await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"k"})

    server = asyncio.run(Server(guarded(service, long)).ask(service.sign_in()))
    assert b"".join(each["body"] for each in server.sent[1:]) == b"ok"


async def talking(scope, receive, send):
    """An app that says again what is said."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


@pytest.mark.guide("R49")
@pytest.mark.security("attack-2", "4.4")
def test_a_websocket_is_closed_with_its_session_and_nothing_is_taken_from_it_any_more(service):
    async def story():
        ada, taken = service.sign_in(), []

        async def app(scope, receive, send):
            async def taking():
                message = await receive()
                taken.append(message.get("text"))
                return message

            await talking(scope, taking, send)

        server = Server(guarded(service, app))
        asking = asyncio.create_task(server.ask(ada, "websocket"))
        await until(lambda: server.sent)
        server.incoming.put_nowait({"type": "websocket.receive", "text": "one"})
        await until(lambda: len(server.sent) == 2)
        service.end(ada)
        server.incoming.put_nowait({"type": "websocket.receive", "text": "delete it all"})
        await asking
        assert server.sent[2:] == [
            {"type": "websocket.close", "code": 4401, "reason": "the session has ended"}
        ]
        assert "delete it all" not in taken

    asyncio.run(asyncio.wait_for(story(), 20))


@pytest.mark.guide("R49", "D7")
@pytest.mark.security("6.3.8")
@pytest.mark.parametrize("address", [BERLIN, ADELAIDE])
def test_a_websocket_stays_open_from_inside_an_organisations_networks_and_is_closed_outside(address):
    async def story():
        service = InsideOnly()
        service.is_ruled = False
        server = Server(guarded(service, talking, proxies=1))
        by_proxy = [(b"x-forwarded-for", address.encode())]
        asking = asyncio.create_task(server.ask(service.sign_in(), "websocket", headers=by_proxy))
        await until(lambda: server.sent)
        service.is_ruled = True
        service._tell(Ending(Scope.RULES, AccountId(0)))
        server.incoming.put_nowait({"type": "websocket.receive", "text": "one"})
        await until(lambda: len(server.sent) == 2)
        if address == BERLIN:
            assert server.sent[1] == {"type": "websocket.send", "text": "one"}
            server.incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        else:
            assert server.sent[1]["code"] == 4401
        await asking

    asyncio.run(asyncio.wait_for(story(), 20))


@pytest.mark.guide("R49", "D12")
@pytest.mark.security("attack-19")
def test_a_websocket_of_whom_nothing_can_be_known_is_closed_as_one_to_come_back_to(service):
    async def story():
        server = Server(guarded(service, talking))
        asking = asyncio.create_task(server.ask(service.sign_in(), "websocket"))
        await until(lambda: server.sent)
        service.go_away()
        for one in server.app._client._knowing.opened._all():
            one.good_until = -1.0
        server.incoming.put_nowait({"type": "websocket.receive", "text": "one"})
        await asking
        assert server.sent[1:] == [{"type": "websocket.close", "code": 1013, "reason": "try again later"}]

    asyncio.run(asyncio.wait_for(story(), 20))


@pytest.mark.guide("R49")
def test_a_websocket_whose_session_ends_before_it_is_accepted_is_never_accepted(service):
    async def story():
        ada = service.sign_in()

        async def slow(scope, receive, send):
            await receive()
            service.end(ada)
            await send({"type": "websocket.accept"})

        server = await Server(guarded(service, slow)).ask(ada, "websocket")
        assert [each["type"] for each in server.sent] == ["websocket.close"]

    asyncio.run(asyncio.wait_for(story(), 20))


def test_what_goes_wrong_in_the_app_is_still_the_apps(service):
    async def broken(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        asyncio.run(Server(guarded(service, broken)).ask(service.sign_in()))


def test_who_cancels_the_app_from_outside_is_heard(service):
    async def story():
        server = Server(guarded(service, Streaming()))
        asking = asyncio.create_task(server.ask(service.sign_in()))
        await until(lambda: server.sent)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(asyncio.wait_for(story(), 20))


def test_the_client_lives_with_the_app():
    begun = []

    class Noted(Client):
        async def start(self):
            begun.append("started")
            return self

        async def close(self):
            begun.append("closed")

    async def living(scope, receive, send):
        for kind in ("startup", "shutdown"):
            await receive()
            begun.append(kind)
            await send({"type": f"lifespan.{kind}.complete"})

    async def story():
        messages = asyncio.Queue()
        for kind in ("startup", "shutdown"):
            messages.put_nowait({"type": f"lifespan.{kind}"})

        async def send(message):
            pass

        app = Signedin(living, Noted("http://localhost:9", "a-key"))
        await app({"type": "lifespan"}, messages.get, send)

    asyncio.run(asyncio.wait_for(story(), 20))
    assert begun == ["started", "startup", "shutdown", "closed"]


@pytest.mark.guide("D12")
def test_a_key_without_the_scope_is_refused_also_as_a_websocket():
    class Refusing:
        async def check(self, headers, **asked):
            return NotAllowed()

    app = Signedin(echoing, Refusing(), scope="account:read")
    assert asyncio.run(Server(app).ask()).problem["code"] == "insufficient_permission"
    assert asyncio.run(Server(app).ask(kind="websocket")).sent == [{"type": "websocket.close", "code": 4403}]
