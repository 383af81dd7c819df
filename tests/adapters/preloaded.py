"""What Gunicorn loads before it forks: one of the examples, which says with each answer which process has given it.

EXAMPLE=flask or django, each with a page more: a stream that says one thing and then waits for what never comes. With COOKIE the app has let that session in before anything is forked, and holds a lease.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
from pathlib import Path

from werkzeug.test import Client as Asking

from signedin.client import fork

EXAMPLE = os.environ["EXAMPLE"]
WITHIN_SECONDS = 30
sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / f"{EXAMPLE}_app"))
module = importlib.import_module(f"{EXAMPLE}_app")
example = module.app if EXAMPLE == "flask" else module.application


def silence():
    yield "data: an order\n\n"
    threading.Event().wait(60)
    yield "data: too late\n\n"


if EXAMPLE == "flask":
    module.app.get("/silence")(lambda: module.Response(silence(), content_type="text/event-stream"))
else:
    module.urlpatterns.append(
        module.path(
            "silence", lambda _: module.StreamingHttpResponse(silence(), content_type="text/event-stream")
        )
    )


def app(environ, start_response):
    def starting(status, headers, *more):
        return start_response(status, [*headers, ("x-process", str(os.getpid()))], *more)

    return example(environ, starting)


def is_let_in():
    answer = Asking(app, use_cookies=False).get(
        "/orders", headers={"Cookie": f"signedin={os.environ['COOKIE']}"}
    )
    return answer.status_code == 200


def runs():
    """Whether the library does what it does while it runs: a lease, a stream of endings, a session in memory."""
    (client,) = fork._clients
    return client.may_answer and client._knowing.feed._stream is not None and is_let_in()


if "COOKIE" in os.environ:
    assert is_let_in()
    until = time.monotonic() + WITHIN_SECONDS
    while not runs():
        assert time.monotonic() < until, "it does not run"
        time.sleep(0.01)
