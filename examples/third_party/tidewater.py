"""Tidewater Calendar: somebody else's app, which people connect to their account, and which sees when that is over.

CLIENT_ID=... CLIENT_SECRET=... flask --app examples.third_party.tidewater:app run --port 9172
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from dataclasses import dataclass, field, replace

import httpx
from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    render_template_string,
    request,
)

from examples.third_party.openid import AccessGone, Asked, NotConnected, Provider, Tokens, why_refused
from examples.third_party.pages import CLOSES, HOME

pages = Blueprint("pages", __name__)
SCOPE = "openid profile email sessions:read offline_access"
SOON = 60
WHY = {
    "logged_out": "You were signed out of your account.",
    "revoked": "You revoked it in Settings > Sessions.",
    "logged_out_everywhere": "You logged out all devices.",
    "expired_idle": "It was not used for too long.",
    "ended_by_operator": "An operator ended it.",
    "policy": "The operator of the account site does not let this app in any more.",
    "account_disabled": "Your account is disabled.",
    "account_closed": "Your account is closed.",
}
EXPIRED = frozenset({"unknown", "expired_overall"})
"""What may be said of an access token while the refresh token still works."""


@dataclass
class Person:
    """Who has connected. `sub` is what they are called for this app; `sid` is told so that a sign-out can name it."""

    sub: str
    sid: str
    tokens: Tokens = field(repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class Visitor:
    """A browser, known by a cookie of this app; what it is asked and who it is stays here."""

    asked: Asked | None = None
    person: Person | None = None
    gone: str = ""
    problem: str = ""


class Calendar:
    """The app's visitors, and what it does with the service for them."""

    def __init__(self, provider, http, *, is_secure):
        self.provider, self.http, self.is_secure = provider, http, is_secure
        self.visitors: dict[str, Visitor] = {}
        self.cookie = "__Host-tidewater" if is_secure else "tidewater"

    def end_sessions(self, sub="", sid=""):
        """Sign out here whoever was signed out there: of one browser by its `sid`, without one everywhere."""
        for visitor in list(self.visitors.values()):
            person = visitor.person
            if person and (person.sid == sid if sid else person.sub == sub):
                visitor.person, visitor.gone = None, "logged_out"

    def seen(self, person):
        """What the service tells of the person now, by the token: asked each time, so that a revoke counts at once."""
        me = self._ask(person, self.provider.told["userinfo_endpoint"]).json()
        if me["sub"] != person.sub:
            raise NotConnected("The service tells of somebody else than has connected.")
        sessions = self._ask(person, f"{self.provider.issuer}/v1/sessions")
        return me, sessions.json()["items"] if sessions.status_code == 200 else None

    def _ask(self, person, where):
        for is_last in (False, True):
            answer = self.http.get(where, headers={"authorization": f"Bearer {self._token(person)}"})
            if answer.status_code != 401:
                break
            reason = why_refused(answer)
            if is_last or reason not in EXPIRED:
                raise AccessGone(reason)
            person.tokens.until = 0
        if answer.status_code not in {200, 403}:  # 403: the person has not allowed that, or not any more
            answer.raise_for_status()
        return answer

    def _token(self, person):
        with person.lock:  # one refresh at a time: a refresh token is used once
            if time.monotonic() > person.tokens.until - SOON:
                person.tokens = self.provider.refreshed(person.tokens)
            return person.tokens.access


def make_app(issuer, client_id, client_secret, own_address, http=None):
    """The app, as one client of that service."""
    http = http or httpx.Client(timeout=10)
    provider = Provider(http, issuer, client_id, client_secret, f"{own_address}/callback")
    app = Flask(__name__)
    app.extensions["tidewater"] = Calendar(provider, http, is_secure=own_address.startswith("https://"))
    app.register_blueprint(pages)
    return app


@pages.get("/")
def home():
    known, me, sessions = visitor(), None, None
    try:
        me, sessions = calendar().seen(known.person) if known.person else (None, None)
    except AccessGone as gone:
        known.person, known.gone = None, gone.reason
    except NotConnected as trouble:
        known.person, known.problem = None, str(trouble)
    except httpx.HTTPError:
        return page(HOME, is_unsure=True), 503
    why = WHY.get(known.gone, "The account site does not say why.")
    return page(HOME, me=me, sessions=sessions, gone=known.gone, why=why, problem=known.problem)


@pages.get("/connect")
def connect():
    asked = Asked(is_popup="popup" in request.args)
    try:
        where = calendar().provider.question(asked, SCOPE)
    except httpx.HTTPError:
        return page(HOME, is_unsure=True), 503
    return remembered(redirect(where, 303), replace(visitor(), asked=asked))


@pages.get("/callback")
def callback():
    asked = visitor().asked
    if asked is None:  # nothing was asked for from this browser, so nothing changes in it either
        return redirect("/", 303)
    try:
        claims, tokens = calendar().provider.answered(asked, request.args)
    except NotConnected as refusal:
        known = Visitor(problem=str(refusal))
    else:
        known = Visitor(person=Person(claims["sub"], claims.get("sid", ""), tokens))
    return remembered(make_response(page(CLOSES)) if asked.is_popup else redirect("/", 303), known)


@pages.post("/disconnect")
def disconnect():
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        abort(403)
    if person := visitor().person:
        calendar().provider.given_back(person.tokens)
    return remembered(redirect("/", 303), Visitor())


@pages.post("/signed-out")
def signed_out():
    """The service tells of a sign-out (OpenID Connect Back-Channel Logout 1.0, section 2.5)."""
    try:
        claims = calendar().provider.signed_out(request.form.get("logout_token", ""))
    except NotConnected as refusal:
        return {"error": "invalid_request", "error_description": str(refusal)}, 400
    calendar().end_sessions(claims.get("sub", ""), claims.get("sid", ""))
    return "", 204


@pages.after_request
def guarded(answer):
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce()}'; script-src 'nonce-{nonce()}'; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return answer


def calendar():
    return current_app.extensions["tidewater"]


def visitor():
    return calendar().visitors.get(request.cookies.get(calendar().cookie, ""), Visitor())


def remembered(answer, known):
    """The visitor under a new name: nobody else can have known it before."""
    of = calendar()
    of.visitors.pop(request.cookies.get(of.cookie, ""), None)
    name = secrets.token_urlsafe(24)
    of.visitors[name] = known
    answer.set_cookie(of.cookie, name, httponly=True, secure=of.is_secure, samesite="Lax")
    return answer


def page(template, **told):
    return render_template_string(template, nonce=nonce(), **told)


def nonce():
    """One for each answer, so that nothing in it is run or styled but what was meant."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return g.nonce


def from_environment():
    """The app as whoever runs it has set it up."""
    return make_app(
        os.environ.get("SIGNEDIN_ADDRESS", "http://localhost:8000"), os.environ["CLIENT_ID"],
        os.environ["CLIENT_SECRET"], os.environ.get("OWN_ADDRESS", "http://127.0.0.1:9172"),
    )  # fmt: skip


if "CLIENT_ID" in os.environ:
    app = from_environment()
