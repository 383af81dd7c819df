"""What the server is compared with: an ASGI callable that answers the same bytes and does nothing else.

python -m bench.bare bare PORT FOLDER     answers 204 at once
python -m bench.bare check PORT FOLDER    answers 200 at once, with the bytes of a check that lets somebody in
python -m bench.bare gate PORT FOLDER     the same behind the gate: the check of the session and the use noted
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

from bench.filling import opened, settings_in
from signedin.gate.middleware import App, Gate, Receive, Scope, Send
from signedin.gate.recognise import Recogniser
from signedin.gate.security_headers import ALWAYS, SecurityHeaders
from signedin.rules.sent import CookieNames
from signedin.server.means import utc_now

LET_IN = [
    *ALWAYS, (b"cache-control", b"no-store"), (b"signedin-account", b"4611686018427387904"),
    (b"signedin-session", b"A3ZH1km2o74nXp0IJ51rL1ocxA"), (b"signedin-app-type", b"web"), (b"signedin-scopes", b"*"),
    (b"content-length", b"0"),
]  # fmt: skip
HEADERS = [*ALWAYS, (b"content-type", b"text/html"), (b"cache-control", b"no-store")]


async def nothing(scope: Scope, _: Receive, send: Send) -> None:
    """204, with the headers that the product's answer has."""
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 204, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b""})


async def let_in(scope: Scope, _: Receive, send: Send) -> None:
    """200, as a check says it."""
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": LET_IN})
    await send({"type": "http.response.body", "body": b""})


async def guarded(scope: Scope, _: Receive, send: Send) -> None:
    """204 or 401, as the gate has recognised."""
    status = 204 if scope["signedin"].recognised else 401
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def main(layer: str, port: int, folder: Path) -> None:
    """Serve until stopped."""
    if layer in {"bare", "check"}:
        serve(nothing if layer == "bare" else let_in, port)
        return
    with opened(folder) as means:
        settings = settings_in(folder, port)
        names = CookieNames.for_base_url(settings.base_url)
        gate = Gate(guarded, means, Recogniser(means), names, settings.trusted_proxies, utc_now)
        serve(SecurityHeaders(_http_only(gate), is_secure=False), port)


def _http_only(app: App) -> App:
    async def pass_on(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await app(scope, receive, send)

    return pass_on


def serve(app: App, port: int) -> None:
    """Run uvicorn as the product does (server/serving.py)."""
    uvicorn.run(
        app,
        host="127.0.0.1", port=port, access_log=False, log_level="warning", server_header=False, proxy_headers=False,
        lifespan="off",
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
