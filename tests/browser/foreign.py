"""A foreign site: a server of its own, on another name, that serves whatever page an attacker wants."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from people import Secured


class ForeignSite:
    """Another origin; `page` puts a page there and says where it is."""

    def __init__(self, host: str, port: int) -> None:
        self.origin = f"https://{host}:{port}"
        self.pages: dict[str, str] = {}

    def page(self, body: str) -> str:
        """Put a page there; returns its address."""
        path = f"/{len(self.pages)}"
        self.pages[path] = f"<!doctype html><title>foreign</title><link rel=icon href=data:,>{body}"
        return self.origin + path


@contextmanager
def foreign_site(secured: Secured) -> Iterator[ForeignSite]:
    """A foreign site over TLS, for as long as the block lasts."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = site.pages.get(self.path.partition("?")[0], "").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads a log of this."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(secured.certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    site = ForeignSite(secured.host, server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
