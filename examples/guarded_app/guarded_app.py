"""A tiny app that is guarded by the proxy in front of it: it says who is signed in, by the headers it is given.

python guarded_app.py [PORT]

It listens on loopback alone, so that nobody reaches it but through the proxy.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIServer, make_server

IDENTITY = ("Signedin-Account", "Signedin-Session", "Signedin-App-Type", "Signedin-Scopes")


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Tell whoever is signed in what is known of them; refuse whoever comes without all four headers."""
    said = {name: environ.get("HTTP_" + name.upper().replace("-", "_"), "") for name in IDENTITY}
    if not all(said.values()):
        start_response("403 Forbidden", [("Content-Type", "text/plain"), ("Guarded-App", "refused")])
        return [b"This app is only there behind its proxy.\n"]
    start_response("200 OK", [("Content-Type", "application/json"), ("Guarded-App", "let in")])
    # What came with the request: wsgiref puts this process's own environment beside it, which is nobody's business.
    everything = {
        name: value for name, value in environ.items() if "SIGNEDIN" in name and name.startswith("HTTP_")
    }
    sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    more = {"path": environ.get("PATH_INFO"), "length": str(len(sent)), "everything": everything}
    return [json.dumps(said | more).encode()]


class Threading(ThreadingMixIn, WSGIServer):
    """Several requests at once."""

    daemon_threads = True


if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9000, app, Threading).serve_forever()
