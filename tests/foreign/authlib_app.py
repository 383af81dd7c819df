"""A web application on Flask with Authlib, as Authlib's documentation shows it, at a name of its own over TLS."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from authlib.integrations.flask_client import OAuth
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from foreign.servers import Registered
from people import Secured

SCOPE = "openid email offline_access"


@dataclass
class Site:
    """The application, which knows one person at a time: their tokens, and what was told of them."""

    address: str
    tokens: dict[str, Any] = field(default_factory=dict)


class Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Nobody reads a log of this."""


@contextmanager
def serving(site: Site, issuer: str, known: Registered, secured: Secured, **reached: Any) -> Iterator[None]:
    """The application at its address, until the block ends."""
    server = make_server(
        "127.0.0.1", int(site.address.rpartition(":")[2]), application(site, issuer, known, **reached),
        threaded=True, request_handler=Quiet, ssl_context=_context(secured),
    )  # fmt: skip
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def application(site: Site, issuer: str, known: Registered, **reached: Any) -> Flask:
    app = Flask(__name__)
    app.secret_key = "only for the cookie of this test"
    oauth = OAuth(app, update_token=lambda _name, token, **_: site.tokens.update(token))
    account = oauth.register(
        "account", client_id=known.id, client_secret=known.secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": SCOPE, "code_challenge_method": "S256", **reached},
    )  # fmt: skip

    @app.get("/sign-in")
    def sign_in():
        return account.authorize_redirect(f"{site.address}/callback", prompt="consent")

    @app.get("/callback")
    def callback():
        site.tokens = dict(account.authorize_access_token())
        return {"sub": site.tokens["userinfo"]["sub"]}

    @app.get("/me")
    def me():
        return dict(account.userinfo(token=site.tokens))

    @app.get("/log-out")
    def log_out():
        return account.logout_redirect(f"{site.address}/bye", id_token_hint=site.tokens["id_token"])

    @app.get("/bye")
    def bye():
        return account.validate_logout_response()

    return app


def _context(secured: Secured) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(secured.certificate)
    return context
