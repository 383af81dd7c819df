"""A client's server in a process of its own: it hears of sign-outs, and verifies each as Back-Channel Logout, 2.6 says.

    a_receiver.py PORT CERTIFICATE ISSUER CLIENT_ID FILE [hangs]

Each token that is good becomes a line of the file; one that is not is answered with 400. It knows the provider by
its discovery document and key set alone.
"""

from __future__ import annotations

import json
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet

EVENT = "http://schemas.openid.net/event/backchannel-logout"
port, certificate, issuer, client_id, file, *how = sys.argv[1:]
seen: set[str] = set()


def verified(token: str) -> dict:
    """The claims; raises whatever is wrong with it."""
    said = httpx.get(f"{issuer}/.well-known/openid-configuration").json()
    assert said["issuer"] == issuer
    keys = KeySet.import_key_set(httpx.get(said["jwks_uri"]).json())
    read = jwt.decode(token, keys, algorithms=said["id_token_signing_alg_values_supported"])
    claims, now = read.claims, time.time()
    assert read.header["typ"] == "logout+jwt"
    assert (claims["iss"], claims["aud"]) == (issuer, client_id)
    assert claims["iat"] <= now + 5
    assert now - 5 <= claims["exp"] <= now + 125
    assert claims["events"] == {EVENT: {}}
    assert "nonce" not in claims
    assert claims.get("sub") or claims.get("sid")
    assert claims["jti"] not in seen
    seen.add(claims["jti"])
    return claims


class Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        if how:
            Path(file).with_suffix(".asked").touch()
            threading.Event().wait()
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        try:
            claims = verified(*parse_qs(body, strict_parsing=True)["logout_token"])
        except Exception as error:  # noqa: BLE001  # whatever is wrong with it
            sys.stderr.write(f"refused: {error!r}\n")
            self.send_response(400)
        else:
            with Path(file).open("a") as lines:
                lines.write(json.dumps(claims) + "\n")
            self.send_response(200)
        self.send_header("cache-control", "no-store")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads a log of this."""


server = ThreadingHTTPServer(("127.0.0.1", int(port)), Answer)
server.daemon_threads = True
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate)
server.socket = context.wrap_socket(server.socket, server_side=True)
sys.stdout.write("listening\n")
sys.stdout.flush()
server.serve_forever()
