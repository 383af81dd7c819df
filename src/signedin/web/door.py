"""The door for people: what every page needs to read a form and to answer."""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from jinja2 import Environment
from litestar import Request
from litestar.response.base import ASGIResponse

from signedin.actions.means import Means
from signedin.actions.seal import seal
from signedin.actions.sign_in import Begun, Ticks
from signedin.gate.answers import status_of, waiting
from signedin.gate.arrival import Arrival
from signedin.gate.credentials import set_cookie
from signedin.gate.languages import LANGUAGES
from signedin.gate.middleware import is_for_operators
from signedin.gate.recognise import Recogniser
from signedin.gate.record import record_refusal
from signedin.gate.same_site import came_from_ourselves, form_token, refuse_foreign_form
from signedin.rules import errors
from signedin.rules.lifetime import INACTIVITY
from signedin.rules.presence import Presence
from signedin.rules.sent import DUPLICATED, CookieNames
from signedin.rules.session import AppType
from signedin.rules.ticket import is_own_path
from signedin.web.form_fields import FEW, form_fields
from signedin.web.language import Reader, reader_of
from signedin.web.tabs import is_of_another_tab

HTML = "text/html"
NOTICE_SECONDS = 60
PAGES_OF_THEIR_FORM = frozenset({"/sign-in", "/setup", "/register", "/admin/sign-in"})
HOME, OPERATORS_HOME = "/settings/sessions", "/admin"
Ask = Request[Any, Any, Any]
_NOBODYS = frozenset({"malformed", "unknown", "wrong_kind", "wrong_app_type"})
"""What a browser need not go on sending: no session of ours, and none that ended and could tell why."""


@dataclass(frozen=True, slots=True)
class Door:
    """What the pages work with."""

    means: Means
    recogniser: Recogniser
    names: CookieNames
    templates: Environment
    base_url: str
    brand: str
    support: str
    setup_code: Callable[[], str | None]
    clock: Callable[[], datetime]
    hosts: Mapping[str, str] = field(default_factory=dict)

    def page(
        self, ask: Ask, template: str, *, headers: Iterable[tuple[str, str]] = (), **values: Any
    ) -> ASGIResponse:
        """A page as an answer, private and never kept by anybody; a refusal in `values` gives the status."""
        refusal = values.get("refusal")
        if refusal is not None:
            record_refusal(refusal, arrival_of(ask), ask.method, ask.scope["path"])
        status = status_of(refusal) if refusal is not None else 200
        reader = self.reader(ask)
        headers = [*headers, ("content-language", reader.lang)]
        if refusal is not None:
            headers += waiting(refusal, now_of(ask))
        fresh: list[str] = []
        bound = self._bound_to(ask)
        if not bound:
            bound = secrets.token_urlsafe(16)
            fresh = [set_cookie(self.names, self.names.form, bound)]
        csrf = form_token(self.means, bound)
        text = self.templates.get_template(template).render(self._frame(ask, reader, csrf) | values)
        if self.names.flash in arrival_of(ask).cookies and not is_of_another_tab(ask):
            fresh.append(set_cookie(self.names, self.names.flash, "", max_age=0))
        return respond(text, status, cookies=fresh, headers=headers)

    def _frame(self, ask: Ask, reader: Reader, csrf: str) -> dict[str, Any]:
        limits = self.means.lifetimes.of(AppType.WEB)
        return {
            "csrf": csrf, "brand": self.brand, "site": self.means_host, "lang": reader.lang, "dir": reader.dir,
            "speech": reader.speech, "zone": reader.zone_name or "UTC", "attribution": self.means.places.attribution,
            "support": self.support, "path": ask.scope["path"], "account": None, "refusal": None, "notice": None,
            "idle_said": reader.speech.span(limits.idle), "overall_said": reader.speech.span(limits.overall),
            "idle_fills_strip": limits.idle == INACTIVITY, "languages": LANGUAGES, "here": address_of_page(ask),
        }  # fmt: skip

    @property
    def means_host(self) -> str:
        """The host as people know it."""
        return self.base_url.partition("://")[2]

    def reader(self, ask: Ask) -> Reader:
        """Who reads the page: language and time zone."""
        arrival = arrival_of(ask)
        accepted = ",".join([*arrival.wants_languages.split(), ask.headers.get("accept-language", "")])
        return reader_of(accepted, arrival.cookies, arrival.now)

    async def form(
        self, ask: Ask, *, or_from_before_sign_in: bool = False, most: int = FEW
    ) -> dict[str, str]:
        """The fields of a form that one of our own pages sent, to whoever this browser is signed in as.

        Raises:
            CrossSite: it came from elsewhere, or its token is not this browser's.
            CookiesUnreadable: it cannot be told whether the token is this browser's.
            InvalidInput: it cannot be read as a form.
        """
        if not came_from_ourselves(ask.scope["headers"], self.base_url):
            raise errors.CrossSite
        fields = await form_fields(ask, most)
        arrival_of(ask).refuse_unread_cookies()
        bounds = [self._bound_to(ask), *([self.form_mark(ask)] if or_from_before_sign_in else [])]
        refuse_foreign_form(self.means, bounds, fields.pop("csrf", None))
        return fields

    def _bound_to(self, ask: Ask) -> str:
        arrival = arrival_of(ask)
        if arrival.leaving is not None and arrival.credential:
            return arrival.credential
        return self.form_mark(ask)

    def form_mark(self, ask: Ask) -> str:
        """What tells this browser from others before and after sign-in; empty while it has no cookie for it."""
        form = arrival_of(ask).cookies.get(self.names.form, "")[:64]
        return "" if form == DUPLICATED else form

    def signed_in(self, ask: Ask) -> Presence:
        """Who is signed in in this browser; raises NotSignedIn, by which the page sends one to sign in and back."""
        return arrival_of(ask).signed_in()

    def to_sign_in(self, ask: Ask, headers: Iterable[tuple[str, str]] = ()) -> ASGIResponse:
        """To the sign-in page, and back to what one wanted (R4)."""
        known = ask.method == "GET" and ask.scope["path"] != "/"
        absence, for_operators = arrival_of(ask).absence, is_for_operators(ask.scope["path"])
        is_nobodys = absence is not None and absence.reason in _NOBODYS
        cookie = self.names.admin if for_operators else self.names.session
        forgotten = [set_cookie(self.names, cookie, "", max_age=0)] if is_nobodys else []
        page = "/admin/sign-in" if for_operators else "/sign-in"
        where = f"{page}?next={quote(address_of_page(ask), safe='/')}" if known else page
        return see_other(where, cookies=forgotten, headers=headers)

    def sign_out_cookies(self, *, of_operator: bool = False) -> list[str]:
        """Forget the session's own cookies by name, never the neighbours' (D18)."""
        names = (self.names.admin,) if of_operator else (self.names.session, self.names.form)
        return [set_cookie(self.names, name, "", max_age=0) for name in names]

    def begun_cookies(self, begun: Begun, ticks: Ticks) -> list[str]:
        """The cookies of a session that has begun; a shared computer is never remembered (D35)."""
        cookies = [self._session_cookie(begun.token, begun.session.app_type, shared=ticks.shared)]
        if begun.browser_token:
            cookies.append(self._browser_cookie(begun.browser_token))
        elif ticks.shared:
            cookies.append(set_cookie(self.names, self.names.browser, "", max_age=0))
        return cookies

    def child_cookie(self, token: str) -> str:
        """The session's cookie as a ticket brings it: it goes with the browser's window."""
        return self._session_cookie(token, AppType.WEB, shared=True)

    def _session_cookie(self, token: str, app_type: AppType, *, shared: bool) -> str:
        """The session's cookie, of its own name for operators; on a shared computer it goes with the window (D35)."""
        seconds = int(self.means.lifetimes.of(app_type).overall.total_seconds())
        name = self.names.admin if app_type is AppType.ADMIN else self.names.session
        return set_cookie(self.names, name, token, max_age=None if shared else seconds)

    def _browser_cookie(self, token: str) -> str:
        """The mark of a known browser: never a credential."""
        return set_cookie(self.names, self.names.browser, token, max_age=34_560_000)

    def notice_cookie(self, notice: dict[str, Any]) -> str:
        """A notice for the next page, which only this server can have written."""
        body = urlsafe_b64encode(json.dumps(notice).encode()).decode()
        mark = seal(self.means, "notice", body)
        return set_cookie(self.names, self.names.flash, f"{body}.{mark}", max_age=NOTICE_SECONDS)

    def notice(self, ask: Ask) -> dict[str, Any] | None:
        """The notice that the page before left, if it is ours."""
        cookies = {} if is_of_another_tab(ask) else arrival_of(ask).cookies
        body, _, mark = cookies.get(self.names.flash, "").rpartition(".")
        expected = seal(self.means, "notice", body)
        if not body or not secrets.compare_digest(mark.encode("latin-1"), expected.encode()):
            return None
        read: dict[str, Any] = json.loads(urlsafe_b64decode(body))
        return read


def arrival_of(ask: Ask) -> Arrival:
    """What the gate recognised of this request."""
    arrival: Arrival = ask.scope["signedin"]  # type: ignore[typeddict-item]  # put there by gate/middleware.py
    return arrival


def now_of(ask: Ask) -> datetime:
    """The one moment that everything in this request happens at."""
    return arrival_of(ask).now


def respond(
    body: str | bytes = b"", status: int = 200, *, media_type: str = HTML, cookies: Iterable[str] = (),
    headers: Iterable[tuple[str, str]] = (),
) -> ASGIResponse:  # fmt: skip
    """An answer with as many cookies as it needs."""
    pairs = [*headers, *(("set-cookie", cookie) for cookie in cookies)]
    return ASGIResponse(body=body, status_code=status, media_type=media_type, headers=pairs)


def see_other(
    where: str, *, cookies: Iterable[str] = (), headers: Iterable[tuple[str, str]] = ()
) -> ASGIResponse:
    """303 to another of our pages."""
    return respond(status=303, cookies=cookies, headers=[("location", where), *headers])


def own_path(text: str | None, otherwise: str = HOME) -> str:
    """A page of ours to go on to after sign-in, or the usual one.

    >>> own_path("//evil.example"), own_path("/settings/sessions?type=web")
    ('/settings/sessions', '/settings/sessions?type=web')
    """
    if text is None or not is_own_path(text) or text.startswith(("/sign-in", "/sign-out")):
        return otherwise
    return text


def address_of_page(ask: Ask) -> str:
    """The page one is at, to come back to; after a form, the page that the form stands on."""
    path = quote(ask.scope["path"], safe="/")
    if ask.method != "GET":
        home = OPERATORS_HOME if is_for_operators(path) else HOME
        return path if path in PAGES_OF_THEIR_FORM else home
    return "?".join(filter(None, (path, ask.scope.get("query_string", b"").decode("latin-1"))))
