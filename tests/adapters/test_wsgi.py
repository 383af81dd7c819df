"""The adapters for Django and Flask in an app's own tests, beside a stand-in for the service."""

from __future__ import annotations

import asyncio
import json
import socket

import django
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import JsonResponse, StreamingHttpResponse
from django.test import RequestFactory, override_settings
from flask import Flask, Response, g

from client.inside_only import InsideOnly
from people import BERLIN
from signedin.adapters.django import SignedinMiddleware
from signedin.adapters.flask import Signedin
from signedin.adapters.wsgi import Guard
from signedin.testing import StandIn

OPEN = ["/health", "/static/*"]


class Pieces:
    """A body that an app makes piece by piece; what is done in between is told to it."""

    def __init__(self, between):
        self.between, self.is_closed = between, False

    def __iter__(self):
        yield b"one "
        self.between()
        yield b"two "

    def close(self):
        self.is_closed = True


class Connection:
    """What a server names as the one that it answers on."""

    is_cut = False

    def shutdown(self, how):
        assert how == socket.SHUT_RDWR
        self.is_cut = True


def of_flask(service, **given):
    """How a Flask app answers: status, who it is, and headers."""
    app = Flask(__name__, static_folder=None)
    Signedin(app, **({"client": service.sync_client(), "open_paths": OPEN} | given))
    app.route("/<path:_>")(lambda _: {"who": g.signedin and g.signedin.account})

    def ask(path="/orders", **headers):
        answer = app.test_client(use_cookies=False).get(
            path, headers=[(name.replace("_", "-"), value) for name, value in headers.items()]
        )
        return answer.status_code, (answer.get_json() or {}).get("who"), answer.headers

    return ask


def of_django(service, token=None, **given):
    """The same of a Django app."""
    if not settings.configured:
        settings.configure(DEBUG=False)
    django.setup()
    settled = {"client": service.sync_client(), "open_paths": OPEN, **given}
    if token:
        settled["token"] = lambda request, client, address: token(client, address)

    def view(request):
        return JsonResponse({"who": request.signedin and request.signedin.account})

    with override_settings(SIGNEDIN=settled):
        middleware = SignedinMiddleware(view)

    def ask(path="/orders", **headers):
        answer = middleware(
            RequestFactory().get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        )
        who = json.loads(answer.content)["who"] if answer.status_code == 200 else None
        return answer.status_code, who, answer.headers

    return ask


@pytest.fixture(params=[of_flask, of_django], ids=["flask", "django"])
def made(request):
    service = StandIn()
    return service, lambda **given: request.param(service, **given)


@pytest.mark.guide("R48")
def test_an_app_tries_sessions_and_endings_without_a_service(made):
    service, app = made
    ask, ada = app(), service.sign_in("7")
    assert ask(**ada.headers)[:2] == (200, "7")
    service.end(ada)
    status, _, headers = ask(**ada.headers)
    assert (status, headers["WWW-Authenticate"]) == (401, 'Session error="revoked"')
    grace = service.sign_in("8")
    service.go_away()
    assert ask(**grace.headers)[0] == 503
    service.come_back()
    assert ask(**grace.headers)[:2] == (200, "8")


@pytest.mark.security("4.1.3")
def test_only_what_is_named_as_open_is_open(made):
    _service, app = made
    ask = app()
    for path in ("/health", "/static/app.css", "/static/deep/app.css"):
        assert ask(path)[:2] == (200, None), path
    for path in ("/static", "/static/../orders", "/static//orders", "/static/a;b", "/staticx/a", "/healthz"):
        assert ask(path)[0] == 401, path


@pytest.mark.guide("D31")
def test_a_token_that_the_app_keeps_counts_only_where_the_browser_sends_none_of_ours(made):
    service, app = made
    anna, ada, asked = service.sign_in("9", "mobile"), service.sign_in("7"), []

    def token(client, address):
        asked.append(address)
        return kept_token

    kept_token = None
    ask = app(token=token, client=service.sync_client(["web", "mobile"]))
    assert ask()[0] == 401
    assert ask(**ada.headers)[:2] == (200, "7")
    assert asked == ["127.0.0.1"]
    kept_token = anna.token
    assert ask()[:2] == (200, "9")
    service.end(ada)
    assert ask(**ada.headers)[0] == 401, "what has ended is not made good by what is kept"
    assert len(asked) == 2


def test_mistaken_settings_are_told_at_once():
    for wrong in ({}, {"address": "https://app.example.org"}, {"address": "nowhere", "key": "k"},
                  {"address": "https://app.example.org", "key": "k", "open_paths": ["health"]}):  # fmt: skip
        with override_settings(SIGNEDIN=wrong), pytest.raises(ImproperlyConfigured):
            SignedinMiddleware(None)
    with pytest.raises(ValueError, match="no path"):
        Guard(StandIn().sync_client(), "health")


@pytest.mark.guide("R12")
@pytest.mark.security("15.3.4")
def test_where_the_person_is_is_what_the_own_proxies_have_reported():
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "6.6.6.6, 203.0.113.9, 10.0.0.2"}
    client = StandIn().sync_client()
    assert [Guard(client, proxies=n).address(environ) for n in range(5)] == [
        "127.0.0.1", "10.0.0.2", "203.0.113.9", "6.6.6.6", "127.0.0.1",
    ]  # fmt: skip


def streamed_by_flask(service, body, **more):
    app = Flask(__name__, static_folder=None)
    Signedin(app, client=service.sync_client())
    app.route("/")(lambda: Response(body, **more))

    def ask(session, method="GET", **environ):
        asking = app.test_client(use_cookies=False)
        with asking.open("/", method=method, headers=session.headers, environ_overrides=environ) as answer:
            return answer.data

    return ask


def streamed_by_django(service, body, **more):
    with override_settings(SIGNEDIN={"client": service.sync_client()}):
        middleware = SignedinMiddleware(lambda _: StreamingHttpResponse(body, **more))

    def ask(session, method="GET", **environ):
        answer = middleware(RequestFactory().generic(method, "/", headers=session.headers, **environ))
        pieces = b"".join(answer.streaming_content) if method == "GET" else b""
        answer.close()
        return pieces

    return ask


@pytest.fixture(params=[streamed_by_flask, streamed_by_django], ids=["flask", "django"])
def streamed(request):
    of_django(StandIn())  # Django is set up
    return request.param


@pytest.mark.guide("R49", "R58")
@pytest.mark.security("attack-2")
def test_nothing_of_a_stream_is_passed_on_after_the_end_of_its_session(streamed):
    service, connection = StandIn(), Connection()
    ada, grace = service.sign_in("7"), service.sign_in("8")
    body = Pieces(lambda: service.end(ada))
    assert streamed(service, body)(ada, **{"gunicorn.socket": connection}) == b"one "
    assert body.is_closed
    assert connection.is_cut
    connection = Connection()
    assert streamed(service, Pieces(lambda: None))(grace, **{"gunicorn.socket": connection}) == b"one two "
    service.end(grace)
    assert not connection.is_cut, "what has been answered is not cut off"


@pytest.mark.guide("R49")
def test_a_response_that_says_how_long_it_is_goes_on_to_its_end(streamed):
    service = StandIn()
    ada = service.sign_in()
    body = Pieces(lambda: service.end(ada))
    assert streamed(service, body, headers={"Content-Length": "8"})(ada) == b"one two "


@pytest.mark.guide("R49", "D12")
@pytest.mark.security("attack-19")
def test_what_cannot_be_known_is_passed_on_to_nobody(streamed):
    service = StandIn()
    assert streamed(service, Pieces(service.go_away))(service.sign_in()) == b"one "


@pytest.mark.guide("R49", "D7")
@pytest.mark.security("6.3.8")
def test_a_stream_from_inside_an_organisations_networks_goes_on_to_its_end(streamed):
    service = InsideOnly()
    assert streamed(service, Pieces(lambda: None))(service.sign_in(), REMOTE_ADDR=BERLIN) == b"one two "


def test_a_connection_that_answers_several_at_once_is_not_cut(streamed):
    service, connection = StandIn(), Connection()
    ada = service.sign_in()
    shared = {"gunicorn.socket": connection, "SERVER_PROTOCOL": "HTTP/2"}
    assert streamed(service, Pieces(lambda: service.end(ada)))(ada, **shared) == b"one "
    assert not connection.is_cut


def test_a_stream_that_nobody_asks_for_pieces_of_is_held_by_nobody(streamed):
    service = StandIn()
    body = Pieces(lambda: None)
    streamed(service, body)(service.sign_in(), method="HEAD")
    assert body.is_closed
    assert [len(client._knowing.opened) for client in service._clients] == [0]


@pytest.mark.guide("R49")
def test_an_awaited_stream_of_django_ends_before_its_next_piece():
    of_django(StandIn())
    service = StandIn()
    ada = service.sign_in()

    async def body():
        yield b"one "
        service.end(ada)
        yield b"two "

    async def story():
        with override_settings(SIGNEDIN={"client": service.sync_client()}):
            middleware = SignedinMiddleware(lambda _: StreamingHttpResponse(body()))
        answer = middleware(RequestFactory().get("/", headers=ada.headers))
        return [piece async for piece in answer.streaming_content]

    assert asyncio.run(story()) == [b"one "]
