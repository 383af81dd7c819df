"""The described API with real sessions and keys in a real house, for those who try to break it."""

from __future__ import annotations

from itertools import count

from people import BERLIN, SAFARI_ON_IPHONE, done_apart
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.issue_key import issue_service_key
from signedin.rules.access_key import Wish
from signedin.rules.operator import Role
from signedin.rules.scope import OF_SERVICES
from signedin.rules.session import AppType
from web.operators import at_the_console

OF_SESSIONS = tuple(each for each in AppType if each is not AppType.OAUTH)
NEEDS_A_SIGN_IN = {("POST", "/v1/access-keys"), ("DELETE", "/v1/access-keys/{row_id}")}
"""What asks for a proof of identity: for who was signed in by an app there is none (D31)."""


class Callers:
    """Somebody who may make each call: made anew where a call has ended them."""

    def __init__(self, house):
        self.house = house
        self.service = done_apart(
            issue_service_key(house.means, Wish("shop", OF_SERVICES), OF_SESSIONS, house.clock())
        ).token
        self.session = None
        self.browser = None
        self.operator = None
        self.people = count()

    def headers(self, operation):
        """What to send with a call of that operation."""
        how = (operation.method.upper(), operation.path)
        if how[1].startswith("/v1/admin/") and operation.definition.raw["security"] == [{"adminSession": []}]:
            return self.console()
        if any("serviceKey" in way for way in operation.definition.raw.get("security", [])):
            return self.bearer(self.service)
        if how in NEEDS_A_SIGN_IN:
            return self.cookie()
        if (
            how[1] == "/v1/leaked-tokens"
        ):  # each network may report 60 times a minute, and the clock stands still
            number = next(self.people)
            return {"X-Forwarded-For": f"198.{number // 250 % 250}.{number % 250}.7"}
        return self.bearer(self.living())

    def bearer(self, token):
        return {"Authorization": f"Bearer {token}"}

    def cookie(self):
        """A browser, signed in just now, on our own page; whoever was there before may have been closed."""
        if self.browser is None or self.browser.open("/v1/sessions/current").status_code != 200:
            email = self.house.somebody(f"somebody{next(self.people)}@example.org")
            self.browser = self.house.signed_in(email=email)
        return self.browser.own() | {"Cookie": f"signedin={self.browser.secret}"}

    def console(self):
        """An owner's browser, signed in to the Admin application."""
        if self.operator is None:
            email = self.house.somebody(f"operator{next(self.people)}@example.org")
            done_apart(appoint_from_shell(self.house.means, email, Role.OWNER, self.house.clock()))
            self.operator = at_the_console(self.house, email)
        own = self.operator.http.cookies["signedin-admin"]
        return self.operator.own() | {"Cookie": f"signedin-admin={own}"}

    def living(self):
        """A session that an app has begun for somebody who lives."""
        if self.session is not None:
            asked = self.ask("GET", "/v1/sessions/current", self.session)
            if asked.status_code == 200:
                return self.session
        person = {"app_type": "web", "address": BERLIN, "user_agent": SAFARI_ON_IPHONE}
        begun = self.ask(
            "POST", f"/v1/accounts/outside:{next(self.people)}/sessions", self.service, json=person
        )
        self.session = begun.json()["token"]
        return self.session

    def ask(self, method, path, token, **more):
        """One call of our own."""
        with self.house.browser("httpx/1.0", "192.0.2.20").http as http:
            return http.request(method, path, headers=self.bearer(token), **more)
