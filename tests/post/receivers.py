"""Servers of clients, which hear of sign-outs: good ones, and all that can be wrong with one."""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import trustme


class Receiver:
    """What came, by path; the path says how it is answered: /200, /204, /400, /302, /503, /hangs, /huge."""

    def __init__(self, port, authority):
        self.origin = f"https://localhost:{port}"
        self.heard: list[tuple[str, str]] = []
        self.kinds: list[tuple[str, str]] = []
        self.goes_on = threading.Event()
        self.trusted = ssl.create_default_context()
        authority.configure_trust(self.trusted)

    def tokens(self, path):
        return [token for at, token in self.heard if at == path]


@contextmanager
def receiving():
    class Answer(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            site.kinds.append((self.headers["content-type"], self.headers["host"]))
            [token] = parse_qs(body, strict_parsing=True)["logout_token"]
            site.heard.append((self.path, token))
            kind = self.path.split("/")[1]
            if kind == "hangs":
                site.goes_on.wait(30)
            self.send_response(int(kind) if kind.isdecimal() else 200)
            if kind == "302":
                self.send_header("location", f"{site.origin}/200")
            if kind == "huge":
                self.send_header("content-length", str(10**12))
            self.end_headers()
            if kind == "huge":
                self.wfile.write(b"x" * 10**6)

        def log_message(self, *_):
            """Nobody reads a log of this."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            """Whoever calls hangs up when they have read enough."""

    authority = trustme.CA()
    server = Server(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    site = Receiver(server.server_address[1], authority)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.goes_on.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
