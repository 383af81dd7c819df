"""For Django: a middleware, and `request.signedin` in every view.

MIDDLEWARE = ["signedin.adapters.django.SignedinMiddleware", ...]
SIGNEDIN = {"address": "https://app.example.org", "key": os.environ["SIGNEDIN_KEY"], "open_paths": ["/health"]}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.module_loading import import_string

from signedin.adapters.wsgi import Admitted, Guard, Refusal
from signedin.client import SyncClient

_FOR_THE_GUARD = ("open_paths", "proxies", "sign_in")


class SignedinMiddleware:
    """Lets in whoever is signed in, as `request.signedin`; it is `None` on paths that are open to everybody.

    It stands first, so that nothing of the app is done for anybody else. What else `SIGNEDIN` says is given to the
    client library: `app_types`, `cookie`, `ask_within`, `outage_grace`; or `client` is one that was made before. `token` names a
    function that gives the session's token which the app keeps for this browser (docs/move-in.md): of the request, the
    client, and where the person is. Then the middleware stands behind whatever that needs.

    Raises:
        ImproperlyConfigured: `SIGNEDIN` is missing, or not usable as it is.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        given = dict(getattr(settings, "SIGNEDIN", {}))
        token = given.pop("token", None)
        self._get_response = get_response
        self._token = import_string(token) if isinstance(token, str) else token
        self._guard = _guard(given)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = self._guard.decide(request.META, partial(self._token, request) if self._token else None)
        request.__dict__.pop("headers", None)  # read anew, without what was taken away
        if isinstance(found, Refusal):
            return HttpResponse(found.body, status=found.status, headers=found.headers)
        request.signedin = found and found.who
        response = self._get_response(request)
        if isinstance(found, Admitted) and response.streaming and not response.has_header("Content-Length"):
            self._end_with_session(request, response, found)
        return response

    def _end_with_session(
        self, request: HttpRequest, response: StreamingHttpResponse, admitted: Admitted
    ) -> None:
        stream = self._guard.stream_of_a_loop if response.is_async else self._guard.stream
        response.streaming_content = stream(request.META, admitted, response.streaming_content)


def _guard(given: dict[str, Any]) -> Guard:
    rules: Mapping[str, Any] = {name: given.pop(name) for name in _FOR_THE_GUARD if name in given}
    try:
        client = given.get("client") or SyncClient(given.pop("address"), given.pop("key"), **given)
        return Guard(client, **rules)
    except (KeyError, TypeError, ValueError) as problem:
        raise ImproperlyConfigured(f"settings.SIGNEDIN cannot be used: {problem}") from problem
