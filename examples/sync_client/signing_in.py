"""Signing in, as a program on somebody's own machine does: by their own browser, or by a code on another device.

RFC 8252 (native apps), RFC 7636 (PKCE), RFC 9207 (`iss`) and RFC 8628 (device codes). The program never sees a password.
"""

from __future__ import annotations

import secrets
import threading
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from urllib.parse import parse_qs, urlencode, urlsplit

SCOPE = "openid offline_access"
PATIENCE = 300
"""Seconds that the browser may take."""
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
DONE = b"<!doctype html><meta charset=utf-8><title>Example Sync</title><h1>You are signed in</h1><p>You can close this page."
REFUSED = b"<!doctype html><meta charset=utf-8><title>Example Sync</title><h1>You are not signed in</h1><p>Example Sync says why."


class NotSignedIn(Exception):
    """Nobody was signed in, and why."""


class Service:
    """What the service says of itself, where it is: nothing is guessed (RFC 8414)."""

    def __init__(self, http, issuer):
        told = http.get(f"{issuer}/.well-known/oauth-authorization-server").raise_for_status().json()
        if told["issuer"] != issuer:
            raise NotSignedIn(f"What answers at {issuer} calls itself {told['issuer']}.")
        self.http, self.issuer, self.told = http, issuer, told

    def asked(self, endpoint, **fields):
        """The answer of one of its endpoints to a form."""
        return self.http.post(self.told[endpoint], data=fields)


def by_browser(service, client_id, resource, show):
    """The tokens for whoever signs in at their browser; `show` brings it to the address that it is given."""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    with waiting_for_the_browser(state, service.issuer) as (redirect_uri, answers):
        show(service.told["authorization_endpoint"] + "?" + urlencode({
            "response_type": "code", "client_id": client_id, "redirect_uri": redirect_uri, "scope": SCOPE,
            "resource": resource, "state": state, "code_challenge": challenge, "code_challenge_method": "S256",
        }))  # fmt: skip
        code = code_in(answers)
    return tokens_in(service.asked(
        "token_endpoint", grant_type="authorization_code", code=code, redirect_uri=redirect_uri,
        client_id=client_id, code_verifier=verifier,
    ))  # fmt: skip


def by_device(service, client_id, resource, say, wait=time.sleep):
    """The tokens for whoever types a code into a browser anywhere else."""
    told = service.asked("device_authorization_endpoint", client_id=client_id, scope=SCOPE, resource=resource)
    if told.status_code != 200:
        raise NotSignedIn(told.json()["error_description"])
    told = told.json()
    say(f"Go to {told['verification_uri']} on any device, and type {told['user_code']}")
    interval, until = told.get("interval", 5), time.monotonic() + told["expires_in"]
    while time.monotonic() < until:
        wait(interval)
        answer = service.asked(
            "token_endpoint", grant_type=DEVICE_CODE, device_code=told["device_code"], client_id=client_id
        )
        error = answer.json().get("error") if answer.status_code < 500 else "authorization_pending"
        if error == "slow_down":
            interval += 5
        elif error != "authorization_pending":
            return tokens_in(answer)
    raise NotSignedIn("The code has expired.")


class waiting_for_the_browser:  # noqa: N801  # read as a verb: with waiting_for_the_browser(...)
    """A server of one page, on this machine alone and on a free port, for as long as the block lasts."""

    def __init__(self, state, issuer):
        self.answers = Queue()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._page(state, issuer))
        self.server.daemon_threads = True

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}/callback", self.answers

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def _page(self, state, issuer):
        answers = self.answers

        class Page(BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self):
                where = urlsplit(self.path)
                told = {name: values[0] for name, values in parse_qs(where.query).items() if len(values) == 1}
                # What does not know the state was not asked for by this program: it is left alone, and waited on.
                is_ours = where.path == "/callback" and compare_digest(
                    told.get("state", "").encode(), state.encode()
                )
                if is_ours:
                    told = told if told.get("iss") == issuer else {"error": "another service has answered"}
                self._answer(404 if not is_ours else 200, DONE if "code" in told and is_ours else REFUSED)
                if is_ours:  # after the page, which would not arrive if the program ended first
                    answers.put(told)

            def _answer(self, status, page):
                self.send_response(status)
                for name, value in (
                    ("Content-Type", "text/html"), ("Content-Length", str(len(page))), ("Cache-Control", "no-store"),
                    ("Referrer-Policy", "no-referrer"), ("Content-Security-Policy", "default-src 'none'"),
                    ("Connection", "close"),
                ):  # fmt: skip
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_):
                """The address holds the code: it is written nowhere."""

        return Page


def code_in(answers):
    """The code that the browser has brought."""
    try:
        told = answers.get(timeout=PATIENCE)
    except Empty:
        raise NotSignedIn("Nobody came back from the browser.") from None
    if "code" not in told:
        raise NotSignedIn(told.get("error_description") or told.get("error") or "The answer holds no code.")
    return told["code"]


def tokens_in(answer):
    """The tokens in an answer."""
    if answer.status_code != 200:
        raise NotSignedIn(
            answer.json().get("error_description", f"The service answered {answer.status_code}.")
        )
    return answer.json()
