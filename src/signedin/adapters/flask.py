"""For Flask: an extension, and `g.signedin` in every view.

app = Flask(__name__)
Signedin(app, "https://app.example.org", os.environ["SIGNEDIN_KEY"], open_paths=["/health"])
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from flask import Flask, Response, g, request

from signedin.adapters.wsgi import Admitted, Guard, Refusal, Token
from signedin.client import SyncClient


class Signedin:
    """Lets in whoever is signed in, as `g.signedin`; it is `None` on paths that are open to everybody.

    It is set up before anything else of the app, so that nothing is done for anybody else. What else is named is given
    to the client library: `app_types`, `cookie`, `ask_within`, `outage_grace`; or `client` is one that was made before. `token` gives
    the session's token which the app keeps for this browser (docs/move-in.md): of the client, and where the person is.
    Without an app it is set up later, with `init_app`.

    Raises:
        ValueError: the address, the key or a path is none.
    """

    def __init__(
        self, app: Flask | None, address: str = "", key: str = "", *, open_paths: Iterable[str] = (), proxies: int = 0,
        sign_in: str = "/sign-in", token: Token | None = None, client: SyncClient | None = None, **given: Any,
    ) -> None:  # fmt: skip
        self.client = client or SyncClient(address, key, **given)
        self._guard = Guard(self.client, open_paths, proxies, sign_in)
        self._token = token
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Guard an app."""
        app.before_request_funcs.setdefault(None, []).insert(0, self._decide)
        # The first of these is called last, when the response is what will be sent.
        app.after_request_funcs.setdefault(None, []).insert(0, self._end_with_session)
        app.extensions["signedin"] = self

    def _decide(self) -> Response | None:
        found = self._guard.decide(request.environ, self._token)
        if isinstance(found, Refusal):
            return Response(found.body, found.status, found.headers)
        g.signedin = found and found.who
        g.signedin_admitted = found
        return None

    def _end_with_session(self, response: Response) -> Response:
        found = g.get("signedin_admitted")
        if isinstance(found, Admitted) and response.is_streamed and "Content-Length" not in response.headers:
            body = cast("Iterable[bytes]", response.response)
            response.response = self._guard.stream(request.environ, found, body)
            if hasattr(body, "close"):
                response.call_on_close(body.close)
        return response
