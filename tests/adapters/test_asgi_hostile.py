"""Whatever is sent: the app behind the ASGI middleware is reached by a living session, or where a path is open."""

from __future__ import annotations

import asyncio
import posixpath
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signedin.adapters.open_paths import OpenPaths
from signedin.client.asking import Credential, credential_of
from signedin.middleware import Signedin
from signedin.rules.sent import CookieNames
from signedin.testing import BASE_URL, StandIn

SERVICE = StandIn()
ADA, ENDED, SYNC = SERVICE.sign_in("7"), SERVICE.sign_in("7"), SERVICE.sign_in("7", "sync")
SERVICE.end(ENDED)
CLIENT = SERVICE.client()
NAMES = CookieNames.for_base_url(BASE_URL)
TOKENS = st.sampled_from([
    ADA.token, ENDED.token, SYNC.token, ADA.token[:-1], ADA.token + "x", ADA.token.replace("_ses_", "_app_"),
    "sgn_key_1", "sgn_svc_1", "", "\x00", "é",
])  # fmt: skip
COOKIES = st.tuples(
    st.sampled_from(["signedin", "Signedin", "__Host-signedin", "xsignedin", " signedin", "a"]), TOKENS
).map("=".join)
LINES = st.tuples(st.sampled_from(["; ", ";", " ", ",", ";\t"]), st.lists(COOKIES, max_size=3)).map(
    lambda said: said[0].join(said[1])
)
OTHERS = st.tuples(
    st.sampled_from(["signedin-account", "signedin_account", "signedin-key", "signedin-quiet", "x-forwarded-for",
                     "sec-fetch-mode", "host"]), st.sampled_from(["7", ADA.token, "navigate", "203.0.113.9"]),
)  # fmt: skip
HEADERS = st.lists(
    st.one_of(
        st.tuples(st.just("cookie"), LINES),
        st.tuples(
            st.just("authorization"),
            st.tuples(st.sampled_from(["Bearer", "bearer", "Basic", "Session"]), TOKENS).map(" ".join),
        ),
        OTHERS,
    ),
    max_size=5,
).map(lambda pairs: [(name.encode(), value.encode("latin-1")) for name, value in pairs])


@pytest.mark.guide("D12")
@pytest.mark.security("attack-20", "attack-33", "7.2.1")
@settings(max_examples=600, deadline=None)
@given(HEADERS, st.sampled_from(["http", "websocket"]))
def test_no_headers_reach_the_app_without_a_living_session_and_none_of_ours_is_left(headers, kind):
    reached, sent, incoming = [], [], [{"type": "websocket.connect"}]

    async def app(scope, receive, send):
        reached.append(scope)
        if kind == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})

    async def ask():
        async def receive():
            return incoming.pop()

        async def send(message):
            sent.append(message)

        scope = {"type": kind, "method": "GET", "path": "/orders", "query_string": b"", "headers": headers}
        await Signedin(app, CLIENT, proxies=1)(scope, receive, send)

    asyncio.run(ask())
    found = credential_of(headers, NAMES)
    may_pass = isinstance(found, Credential) and found.token == ADA.token
    assert bool(reached) is may_pass
    for scope in reached:
        assert scope["signedin"].session == ADA.id
        assert not [name for name, _ in scope["headers"] if name.startswith(b"signedin")]
    if not may_pass:
        assert sent[0].get("status", 401) in {303, 401}
        assert sent[0].get("code", 4401) == 4401


PARTS = st.sampled_from(
    ["static", "orders", "..", ".", "", "%2e%2e", "%2E.", "..;", "\\..", "a.css", "%2f", "%"]
)


@pytest.mark.security("attack-20")
@settings(max_examples=600)
@given(st.lists(PARTS, max_size=6).map(lambda parts: "/" + "/".join(parts)))
def test_a_path_that_is_open_lies_below_what_was_opened_however_it_is_read(path):
    if OpenPaths(["/static/*"]).has(path):
        for read in (path, unquote(path), unquote(unquote(path)), path.replace("\\", "/")):
            assert f"{posixpath.normpath(read)}/".startswith("/static/")
