"""An app on another host, over TLS, and the proxy in front of it: as its browser sees both."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from people import House, Secured, ToLoopback

SHOP = "shop.test"


@contextmanager
def shop(secured: Secured, port: int, house: House) -> Iterator[str]:
    """The app at its address; what comes without its cookie is sent out for it, as the proxies of examples/ do."""
    host = f"{secured.host}:{port}"
    wire = httpx.Client(transport=ToLoopback(verify=secured.trusted), base_url=house.base_url)

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept = {"cookie": self.headers.get("cookie", "")}
            if self.path.startswith("/.signedin/"):
                passed = wire.get(self.path, headers=kept | {"host": host})
                self._answer(passed.status_code, b"", [*passed.headers.multi_items()])
                return
            checked = wire.get("/v1/check", params={"host": host}, headers=kept)
            if checked.status_code == 200:
                self._answer(200, f"<title>shop</title>let in at {self.path}".encode(), [])
            else:
                self._answer(303, b"", [("location", "/.signedin/start?next=" + self.path)])

        def _answer(self, status: int, body: bytes, headers: list[tuple[str, str]]) -> None:
            self.send_response(status)
            for name, value in headers:
                if name.lower() in {"location", "set-cookie", "referrer-policy", "cache-control"}:
                    self.send_header(name, value)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nobody reads a log of this."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(secured.certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://{host}"
    finally:
        server.shutdown()
        server.server_close()
        wire.close()
        thread.join(10)
