"""The files of Example Sync: a small resource server, which asks Signedin about each request before it does anything.

SIGNEDIN_KEY=sgn_svc_... python -m examples.sync_client.files_server --folder var/files
"""

from __future__ import annotations

import argparse
import json
import os
import re
import threading
import time
from collections import defaultdict
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import httpx

from examples.sync_client.folder import NAME

ISSUER, PORT = "http://localhost:8000", 9171
SCOPE = "openid"
ASKS_AGAIN_AFTER = 1
"""Seconds between two questions while somebody waits: so soon does a revoke end the waiting."""
LARGEST = 10 * 1024 * 1024


class Refused(Exception):
    """Nobody is let in: the status and why."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status, self.reason = status, reason


class Guard:
    """Asks Signedin whose a token is. Nothing is remembered, so what is revoked is refused from the next request on."""

    def __init__(self, issuer, key, resource):
        self.http = httpx.Client(base_url=issuer, headers={"signedin-key": key}, timeout=5)
        self.query = {"app_type": "sync", "scope": SCOPE, "resource": resource}

    def let_in(self, headers, address):
        """The number of the account; a token is for this server, or opens nothing here."""
        shown = {"signedin-address": address, "user-agent": headers.get("user-agent", "")}
        if "authorization" in headers:
            shown["authorization"] = headers["authorization"]
        try:
            answer = self.http.get("/v1/check", params=self.query, headers=shown)
        except (httpx.TransportError, ValueError):
            raise Refused(503, "unavailable") from None
        if answer.status_code == 401:
            raise Refused(401, answer.json()["reason"])
        if answer.status_code != 200:
            raise Refused(503, "unavailable")
        return answer.headers["signedin-account"]


class Shelf:
    """Everybody's files, each account's in a folder of its own, and a number that grows with every change."""

    def __init__(self, folder):
        self.folder = folder
        self.changed = threading.Condition()
        self.versions = defaultdict(lambda: time.time_ns() // 1_000_000)

    def of(self, account):
        folder = self.folder / re.fullmatch(r"[0-9]+", account)[0]
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def listed(self, account):
        with self.changed:
            files = {
                path.name: sha256(path.read_bytes()).hexdigest()
                for path in self.of(account).iterdir()
                if NAME.fullmatch(path.name)
            }
            return {"version": self.versions[account], "files": files}

    def read(self, account, name):
        path = self.of(account) / name
        return path.read_bytes() if path.is_file() else None

    def write(self, account, name, content, before):
        """False when it is not the one any more that the client has seen; no content deletes it."""
        path = self.of(account) / name
        with self.changed:
            known = sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            if known != before:
                return False
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)
            self.versions[account] += 1
            self.changed.notify_all()
        return True

    def wait(self, account, version, seconds):
        """Whether there is a newer version within so many seconds."""
        with self.changed:
            return self.changed.wait_for(lambda: self.versions[account] != version, seconds)


class Request(BaseHTTPRequestHandler):
    """One request: who it is first, then what is wanted."""

    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self):
        where = urlsplit(self.path)
        if where.path == "/files":
            self._told(lambda account: self._json(200, self.server.shelf.listed(account)))
        elif where.path == "/changes":
            asked = {
                name: int(values[0])
                for name, values in parse_qs(where.query).items()
                if values[0].isdecimal()
            }
            self._told(
                lambda account: self._wait(account, asked.get("after", 0), min(asked.get("wait", 5), 25))
            )
        else:
            self._told(lambda account: self._content(self.server.shelf.read(account, self._name())))

    def do_PUT(self):
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > LARGEST:
            self._json(413, {"error": "too_large"}, is_last=True)
            return
        content = self.rfile.read(int(length))
        self._told(lambda account: self._written(account, content))

    def do_DELETE(self):
        self._told(lambda account: self._written(account, None))

    def _told(self, deed):
        try:
            deed(self._who())
        except Refused as refusal:
            self._refuse(refusal)

    def _who(self):
        return self.server.guard.let_in(self.headers, self.client_address[0])

    def _wait(self, account, version, seconds):
        until = time.monotonic() + seconds
        while not self.server.shelf.wait(account, version, ASKS_AGAIN_AFTER) and time.monotonic() < until:
            self._who()
        self._answer(204)

    def _name(self):
        name = unquote(self.path.removeprefix("/files/"))
        if not NAME.fullmatch(name):
            raise Refused(404, "not_found")
        return name

    def _content(self, content):
        if content is None:
            raise Refused(404, "not_found")
        self._answer(200, content, {"Content-Type": "application/octet-stream"})

    def _written(self, account, content):
        before = self.headers.get("if-match", '""').strip('"')
        is_written = self.server.shelf.write(account, self._name(), content, before)
        self._answer(204 if is_written else 412)

    def _refuse(self, refusal):
        more = {}
        if refusal.status == 401:  # RFC 6750, section 3, with the reason code for the program
            said = (
                ""
                if refusal.reason == "missing"
                else f' error="invalid_token", error_description="{refusal.reason}"'
            )
            more = {"WWW-Authenticate": f"Bearer{said}"}
        self._json(refusal.status, {"error": "invalid_token", "reason": refusal.reason}, more)

    def _json(self, status, value, more=None, *, is_last=False):
        self.close_connection = self.close_connection or is_last
        self._answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"} | (more or {}))

    def _answer(self, status, body=b"", headers=None):
        self.send_response(status)
        for name, value in ((headers or {}) | {"Cache-Control": "no-store"}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nobody reads a log of this."""


def serving(port, folder, issuer, key, resource=None):
    """The server, ready for `serve_forever`."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Request)
    server.daemon_threads = True
    server.guard = Guard(issuer, key, resource or f"http://127.0.0.1:{server.server_address[1]}")
    server.shelf = Shelf(folder)
    return server


def main(words=None):
    reader = argparse.ArgumentParser(prog="files", description=__doc__.partition("\n")[0])
    reader.add_argument("--issuer", default=ISSUER, help="the address of Signedin")
    reader.add_argument("--port", type=int, default=PORT)
    reader.add_argument("--folder", type=Path, default=Path("var/files"))
    args = reader.parse_args(words)
    with serving(args.port, args.folder, args.issuer, os.environ["SIGNEDIN_KEY"]) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
