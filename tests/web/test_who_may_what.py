"""Every route there is, by everybody there is, with a request that is right: one table has each answer.

`tests/api/test_who_may.py` asks the same with requests that are wrong in one field; here what is allowed happens.
"""

from __future__ import annotations

import re
from itertools import count

import msgspec
import pytest

from people import ADA, BERLIN, CHROME_ON_MACOS, GRACE, PASSWORD, Clock, done_apart
from routes import ENDLESS, PUBLIC, every_route, filled, fingerprint, still
from signedin.actions.end_many import begin_from_shell
from signedin.actions.issue_key import issue_key_for, issue_service_key
from signedin.actions.make_account import invite
from signedin.actions.organisations import make_from_shell
from signedin.actions.preview_many import preview_from_shell
from signedin.actions.revoke_key import revoke_any_key
from signedin.api import shapes
from signedin.rules.access_key import Wish
from signedin.rules.bulk import Wanted
from signedin.rules.scope import OF_SERVICES, PERSONAL
from signedin.rules.secret import Kind, make_token
from signedin.rules.session import AppType
from signedin.server.app import calls
from signedin.store import accounts
from web.elsewhere import APP_HOSTS, SHOP, Elsewhere
from web.for_clients import BY_CLIENTS, ForClients

pytestmark = pytest.mark.xdist_group("who may what")
OLIVE, EVE, IVY = "olive@example.org", "eve@example.org", "ivy@example.org"

COLUMNS = "ses app mob hst other oper key key- svc svc- none"
"""Who asks, by a living credential, and whose is what is asked about (Ada's):

ses    Ada, by the cookie of her browser               key    Ada's access key with every scope
app    Ada, by a web session that an app has begun     key-   an access key of hers without the scope
mob    the same of another app type, mobile            svc    a service key with every scope
hst    Ada, by the cookie that a ticket has brought    svc-   a service key without the scope
other  Grace, by the cookie of her browser             none   nobody: anonymous, whatever has ended, every kind of
oper   an operator, by the cookie of theirs                   token that signs nobody in, and others in a wrong place
"""

TABLE = """
GET    /                                         303   in    in    303   303   303   in    in    in    in    in
GET    /.well-known/oauth-authorization-server   200   200   200   200   200   200   200   200   200   200   200
GET    /.well-known/openid-configuration         200   200   200   200   200   200   200   200   200   200   200
GET    /device                                   200   in    in    200   200   200   in    in    in    in    in
POST   /device                                   200!  in    in    200!  200!  200!  in    in    in    in    in
POST   /device/decide                            200!  in    in    422   422   422   in    in    in    in    in
GET    /docs                                     200   200   200   200   200   200   200   200   200   200   200
GET    /health/live                              200   200   200   200   200   200   200   200   200   200   200
GET    /health/ready                             200   200   200   200   200   200   200   200   200   200   200
GET    /health/revocation                        200   200   200   200   200   200   200   200   200   200   200
GET    /help/active-sessions                     200   200   200   200   200   200   200   200   200   200   200
GET    /invite                                   200   200   200   200   200   200   200   200   200   200   200
POST   /language                                 303!  303   303   303!  303!  303!  303   303   303   303   303
GET    /logos/{name}                             200   200   200   200   200   200   200   200   200   200   200
GET    /oauth/authorize                          303!  303!  303!  303!  303!  303!  303!  303!  303!  303!  303!
POST   /oauth/authorize                          303!  303!  303!  303!  303!  303!  303!  303!  303!  303!  303!
POST   /oauth/consent                            303!  in    in    410   410   410   in    in    in    in    in
POST   /oauth/device_authorization               200!  200!  200!  200!  200!  200!  200!  200!  200!  200!  200!
GET    /oauth/end_session                        200   200   200   200   200   200   200   200   200   200   200
POST   /oauth/end_session                        303!  303!  303!  303!  303!  303!  303!  303!  303!  303!  303!
POST   /oauth/introspect                         200   200   200   200   200   200   200   200   200   200   200
GET    /oauth/jwks                               200   200   200   200   200   200   200   200   200   200   200
POST   /oauth/logout                             in!   in    in    in!   in!   in!   in    in    in    in    in
POST   /oauth/par                                201!  201!  201!  201!  201!  201!  201!  201!  201!  201!  201!
POST   /oauth/revoke                             200!  200!  200!  200!  200!  200!  200!  200!  200!  200!  200!
POST   /oauth/token                              200!  200!  200!  200!  200!  200!  200!  200!  200!  200!  200!
GET    /oauth/userinfo                           401   401   401   401   401   401   401   401   401   401   401
POST   /oauth/userinfo                           401   401   401   401   401   401   401   401   401   401   401
GET    /openapi.json                             200   200   200   200   200   200   200   200   200   200   200
GET    /privacy                                  200   200   200   200   200   200   200   200   200   200   200
GET    /register                                 200   200   200   200   200   200   200   200   200   200   200
POST   /register                                 in!   in!   in!   in!   in!   in!   in!   in!   in!   in!   in!
GET    /settings                                 303   in    in    303   303   303   in    in    in    in    in
GET    /settings/access-keys                     200   in    in    200   200   200   in    in    in    in    in
POST   /settings/access-keys                     200!  in    in    403   200!  200!  in    in    in    in    in
GET    /settings/access-keys/{row_id}/revoke     200   in    in    200   404   404   in    in    in    in    in
POST   /settings/access-keys/{row_id}/revoke     303!  in    in    303!  404   404   in    in    in    in    in
GET    /settings/active-sessions                 200   in    in    200   200   200   in    in    in    in    in
GET    /settings/sessions                        200   in    in    200   200   200   in    in    in    in    in
GET    /settings/sessions/alive                  204   401   401   204   204   204   401   401   401   401   401
GET    /settings/sessions/events                 200   401   401   200   200   200   401   401   401   401   401
GET    /settings/sessions/logout-all             200   in    in    200   200   200   in    in    in    in    in
POST   /settings/sessions/logout-all             303!  in    in    303!  303!  303!  in    in    in    in    in
POST   /settings/sessions/{row_id}/not-me        303!  in    in    303!  404   404   in    in    in    in    in
POST   /settings/sessions/{row_id}/recognize     303!  in    in    303!  404   404   in    in    in    in    in
GET    /settings/sessions/{row_id}/revoke        200   in    in    200   404   404   in    in    in    in    in
POST   /settings/sessions/{row_id}/revoke        303!  in    in    303!  404   404   in    in    in    in    in
POST   /settings/sessions/{row_id}/scopes        303!  in    in    303!  404   404   in    in    in    in    in
GET    /setup                                    in    in    in    in    in    in    in    in    in    in    in
POST   /setup                                    in    in    in    in    in    in    in    in    in    in    in
GET    /sign-in                                  303   200   200   303   303   303   200   200   200   200   200
POST   /sign-in                                  303!  303!  303!  303!  303!  303!  303!  303!  303!  303!  303!
POST   /sign-in/room                             410   410   410   410   410   410   410   410   410   410   410
POST   /sign-out                                 in!   in    in    in!   in!   in!   in    in    in    in    in
GET    /static/{path}                            200   200   200   200   200   200   200   200   200   200   200
GET    /ticket                                   200   200   200   200   200   200   200   200   200   200   200
POST   /ticket                                   303!  303!  303!  303!  303!  303!  303!  303!  303!  303!  303!
GET    /to-app                                   200!  in    in    200!  200!  200!  in    in    in    in    in
GET    /v1/access-keys                           200   200   200   200   200   200   200   403   403   403   401
POST   /v1/access-keys                           201!  403   403   403   201!  201!  403   403   403   403   401
DELETE /v1/access-keys/{row_id}                  204!  204!  204!  204!  404   404   403   403   403   403   401
GET    /v1/account                               200   200   200   200   200   200   200   403   403   403   401
GET    /v1/accounts                              403   403   403   403   403   403   403   403   200   403   401
POST   /v1/accounts                              403   403   403   403   403   403   403   403   201!  403   401
DELETE /v1/accounts/{account_id}                 403   403   403   403   403   403   403   403   204!  403   401
GET    /v1/accounts/{account_id}                 403   403   403   403   403   403   403   403   200   403   401
PATCH  /v1/accounts/{account_id}                 403   403   403   403   403   403   403   403   200!  403   401
DELETE /v1/accounts/{account_id}/sessions        403   403   403   403   403   403   403   403   200!  403   401
GET    /v1/accounts/{account_id}/sessions        403   403   403   403   403   403   403   403   200   403   401
POST   /v1/accounts/{account_id}/sessions        403   403   403   403   403   403   403   403   201!  403   401
GET    /v1/activity                              200   200   200   200   200   200   200   403   403   403   401
GET    /v1/feed                                  403   403   403   403   403   403   403   403   200   403   401
POST   /v1/feed/ack                              403   403   403   403   403   403   403   403   200   403   401
POST   /v1/leaked-tokens                         204!  204!  204!  204!  204!  204!  204!  204!  204!  204!  204!
GET    /v1/sessions                              200   200   200   200   200   200   200   403   403   403   401
DELETE /v1/sessions/current                      204!  204!  204!  204!  204!  204!  403   403   403   403   401
GET    /v1/sessions/current                      200   200   200   200   200   200   404   403   403   403   401
POST   /v1/sessions/current/ticket               403   201!  201!  403   403   403   403   403   403   403   401
GET    /v1/sessions/events                       200   200   200   200   200   200   200   403   403   403   401
POST   /v1/sessions/logout-all                   200!  200!  200!  200!  200!  200!  403   403   403   403   401
DELETE /v1/sessions/{row_id}                     204!  204!  204!  204!  404   404   403   403   403   403   401
GET    /v1/sessions/{row_id}                     200   200   200   200   404   404   200   403   403   403   401
GET    /admin                                    ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
GET    /admin/accounts                           ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
GET    /admin/accounts/{person_id}               ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
GET    /admin/accounts/{person_id}/disable       ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/accounts/{person_id}/disable       ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
GET    /admin/accounts/{person_id}/enable        ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/accounts/{person_id}/enable        ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/accounts/{person_id}/end           ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
GET    /admin/accounts/{person_id}/logout-all    ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/accounts/{person_id}/logout-all    ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
GET    /admin/accounts/{person_id}/sessions/{row_id}/reveal ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/accounts/{person_id}/sessions/{row_id}/reveal ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
GET    /admin/endings                            ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/endings                            ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
GET    /admin/endings/preview                    ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
GET    /admin/endings/{ending_id}                ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/endings/{ending_id}/resume         ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/endings/{ending_id}/stop           ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
GET    /admin/health                         ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
GET    /admin/operators                          ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/operators                          ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/operators/{person_id}/dismiss      ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
GET    /admin/organisations                      ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/organisations                      ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
GET    /admin/organisations/{organisation_id}    ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/organisations/{organisation_id}/members ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/organisations/{organisation_id}/members/{person_id}/remove ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/organisations/{organisation_id}/remove ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/organisations/{organisation_id}/rename ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/organisations/{organisation_id}/rules ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/organisations/{organisation_id}/rules/{app_type}/clear ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
GET    /admin/overview                       ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
GET    /admin/overview.csv                   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
GET    /admin/overview.json                  ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/sign-out                           ain   ain   ain   ain   ain   ain   ain   ain   ain   ain   ain
POST   /admin/language                           303   303   303   303   303   303   303   303   303   303   303
GET    /admin/sign-in                            200   200   200   200   200   200   200   200   200   200   200
POST   /admin/sign-in                            303!   303!   303!   303!   303!   303!   303!   303!   303!   303!   303!
GET    /settings/activity                        200   in   in   200   200   200   in   in   in   in   in
GET    /v1/admin/accounts                        401   403   403   401   401   401   403   403   200   403   401
GET    /v1/admin/accounts/{person_id}            401   403   403   401   401   401   403   403   200   403   401
PATCH  /v1/admin/accounts/{person_id}            401   403   403   401   401   401   403   403   403   403   401
GET    /v1/admin/accounts/{person_id}/access-keys 401   403   403   401   401   401   403   403   200   403   401
POST   /v1/admin/accounts/{person_id}/end        401   403   403   401   401   401   403   403   200!   403   401
POST   /v1/admin/accounts/{person_id}/logout-all 401   403   403   401   401   401   403   403   200!   403   401
GET    /v1/admin/accounts/{person_id}/rules      401   403   403   401   401   401   403   403   200   403   401
GET    /v1/admin/accounts/{person_id}/sessions   401   403   403   401   401   401   403   403   200   403   401
POST   /v1/admin/accounts/{person_id}/sessions/{row_id}/reveal 401   403   403   401   401   401   403   403   200!   403   401
GET    /v1/admin/deeds                           401   403   403   401   401   401   403   403   200   403   401
GET    /v1/admin/endings                         401   403   403   401   401   401   403   403   200   403   401
POST   /v1/admin/endings                         401   403   403   401   401   401   403   403   403   403   401
GET    /v1/admin/endings/{ending_id}             401   403   403   401   401   401   403   403   200   403   401
POST   /v1/admin/endings/{ending_id}/resume      401   403   403   401   401   401   403   403   403   403   401
POST   /v1/admin/endings/{ending_id}/stop        401   403   403   401   401   401   403   403   403   403   401
POST   /v1/admin/endings/preview                 401   403   403   401   401   401   403   403   403   403   401
GET    /v1/admin/health                    401   403   403   401   401   401   403   403   200   403   401
GET    /v1/admin/operators                       401   403   403   401   401   401   403   403   200   403   401
POST   /v1/admin/operators                       401   403   403   401   401   401   403   403   403   403   401
DELETE /v1/admin/operators/{person_id}           401   403   403   401   401   401   403   403   403   403   401
GET    /v1/admin/organisations                   401   403   403   401   401   401   403   403   200   403   401
POST   /v1/admin/organisations                   401   403   403   401   401   401   403   403   403   403   401
DELETE /v1/admin/organisations/{organisation_id} 401   403   403   401   401   401   403   403   403   403   401
GET    /v1/admin/organisations/{organisation_id} 401   403   403   401   401   401   403   403   200   403   401
PATCH  /v1/admin/organisations/{organisation_id} 401   403   403   401   401   401   403   403   403   403   401
GET    /v1/admin/organisations/{organisation_id}/members 401   403   403   401   401   401   403   403   200   403   401
POST   /v1/admin/organisations/{organisation_id}/members 401   403   403   401   401   401   403   403   403   403   401
DELETE /v1/admin/organisations/{organisation_id}/members/{person_id} 401   403   403   401   401   401   403   403   403   403   401
DELETE /v1/admin/organisations/{organisation_id}/rules/{app_type} 401   403   403   401   401   401   403   403   403   403   401
PUT    /v1/admin/organisations/{organisation_id}/rules/{app_type} 401   403   403   401   401   401   403   403   403   403   401
GET    /v1/admin/overview                  401   403   403   401   401   401   403   403   200   403   401
GET    /v1/admin/overview.csv              401   403   403   401   401   401   403   403   200   403   401
GET    /v1/check?app_type=web                    200   200   401   200   200   200   401   401   401   401   401
GET    /v1/check?app_type=mobile                 401   401   200   401   401   401   401   401   401   401   401
GET    /v1/check?scope=account:read              200   200   401   200   200   200   200   403   401   401   401
GET    /v1/check?scope=account:read&resource=https://files.example.org 200 200 401 200 200 200 401 401 401 401 401
"""
"""A status; `in` is 303 to the sign-in page, `ain` to that of operators; `!` changes something in the database, and nothing else does."""


def table():
    """The answers by (method, path), and within by column."""
    lines = [line.split() for line in TABLE.strip().splitlines()]
    return {(method, path): dict(zip(COLUMNS.split(), cells, strict=True)) for method, path, *cells in lines}


EXPECTED = table()
CHECKS = {how for how in EXPECTED if how[1].startswith("/v1/check")}
"""Answered in front of the routes (`gate/check.py`)."""
CALLS = {
    (str(next(iter(each.http_methods))), next(iter(each.paths)).replace(":str", "")): each.opt["call"]
    for each in calls()
}
"""What each call says of itself."""
OF_ADA = "/v1/admin/accounts/{person_id}"
FORMS = {
    "/admin/sign-in": {"email": OLIVE, "password": PASSWORD},
    "/sign-in": {"email": GRACE, "password": PASSWORD},
    "/settings/access-keys": {"name": "backup", "account:read": "1", "expires": "90"},
    "/settings/sessions/logout-all": {"except": "current"},
}
NOT_ISSUED = set(Kind) - set(map(Kind, ("ses", "app", "hst", "key", "svc", "tik", "brw", "inv")))
"""Kinds of token that nothing issues, or that nothing does here; of the others real ones are shown."""
SOME = ("anonymous", "an ended ses in the cookie", "tik in the cookie", "brw as bearer")
"""Enough where everybody is answered alike: the forms hash a password each time, or want a ticket of their own."""
PERSON = {"app_type": "web", "address": BERLIN, "user_agent": CHROME_ON_MACOS}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with still(tmp_path_factory.mktemp("who"), Clock(), app_hosts=APP_HOSTS) as house:
        yield World(house)


class World:
    """One house, and a living credential of each kind: made anew where a request has ended it."""

    def __init__(self, house):
        self.house, self.numbers = house, count(1)
        for email, name in ((ADA, "Ada Lovelace"), (GRACE, "Grace Hopper"), (OLIVE, "Olive"), (EVE, "Eve")):
            house.somebody(email, name)
        ours = accounts.accounts.c.account_id == self.number_of(OLIVE)
        made = accounts.accounts.update().where(ours).values(operator_role="owner")
        house.means.database.write_now(lambda conn: conn.execute(made))
        marine = done_apart(make_from_shell(house.means, "Tidewater Marine", house.clock()))
        self.marine = str(marine.id)
        self.ada, self.shop = self.number_of(ADA), self.service(*OF_SERVICES)
        self.living, self.backend = {}, house.browser("httpx/1.0", "192.0.2.20")
        self.clients = ForClients(house)
        self.nobodies = self.made_nobodies()
        self.ending = self.an_ending()

    def an_ending(self):
        """The id of an ending for many, which nobody goes on with here."""
        self.begun()
        shown = done_apart(preview_from_shell(self.house.means, Wanted(everyone=True), self.house.clock()))
        return done_apart(begin_from_shell(self.house.means, shown.sealed, "a drill", self.house.clock())).id

    def number_of(self, email):
        return self.house.means.database.read_now(accounts.find_by_email, email).id

    def service(self, *scopes):
        types = [each for each in AppType if each is not AppType.OAUTH]
        return done_apart(
            issue_service_key(self.house.means, Wish("shop", scopes), types, self.house.clock())
        ).token

    def key(self, *scopes):
        return done_apart(issue_key_for(self.house.means, ADA, Wish("backup", scopes), self.house.clock()))

    def begun(self, app_type="web", whose=None):
        """What an app is answered for whom it has signed in: Ada, or somebody it names."""
        answer = self.asked_by(
            self.shop,
            "POST",
            f"/v1/accounts/{whose or self.ada}/sessions",
            json=PERSON | {"app_type": app_type},
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    def ticket(self, whose=None):
        return self.asked_by(self.begun(whose=whose)["token"], "POST", "/v1/sessions/current/ticket").json()[
            "ticket"
        ]

    def asked_by(self, token, method, path, **more):
        return self.backend.http.request(method, path, headers={"authorization": f"Bearer {token}"}, **more)

    def holding(self, cookie=None, bearer=None):
        """A browser that has nothing but this, at an address of its own."""
        browser = self.house.browser(address=f"198.51.{next(self.numbers) % 250}.7")
        if cookie:
            browser.http.cookies.set("signedin", cookie, domain="localhost.local", path="/")
        if bearer:
            browser.http.headers["authorization"] = f"Bearer {bearer}"
        return browser

    def nobody(self, name):
        """The same browser as at the last request, without what it was given there."""
        held = self.nobodies[name]
        if name not in self.living:
            self.living[name] = self.holding(**held)
        browser = self.living[name]
        browser.http.cookies.clear()
        if "cookie" in held:
            browser.http.cookies.set("signedin", held["cookie"], domain="localhost.local", path="/")
        return browser

    def entered(self):
        browser = self.house.browser()
        assert browser.send("/ticket", {"ticket": self.ticket()}, page="/ticket").status_code == 303
        return browser

    def made(self, who, scope):
        """A browser or program with that credential, which lives."""
        without = [each for each in (PERSONAL if who == "key-" else OF_SERVICES) if each != scope]
        return {
            "ses": self.house.signed_in,
            "other": lambda: self.house.signed_in(email=GRACE),
            "oper": lambda: self.house.signed_in(email=OLIVE), "hst": self.entered,
            "app": lambda: self.holding(bearer=self.begun()["token"]),
            "mob": lambda: self.holding(bearer=self.begun("mobile")["token"]),
            "key": lambda: self.holding(bearer=self.key(*PERSONAL).token),
            "key-": lambda: self.holding(bearer=self.key(*without).token),
            "svc": lambda: self.holding(bearer=self.shop),
            "svc-": lambda: self.holding(bearer=self.service(*without)),
        }[who]()  # fmt: skip

    def caller(self, who, scope):
        """The same as before, unless it has ended."""
        which = (who, scope if who[-1] == "-" else "")
        known = self.living.get(which)
        if known is None or known.http.get("/v1/account").status_code == 401:
            self.living[which] = known = self.made(who, scope)
        return known

    def made_nobodies(self):
        """Whoever signs nobody in, by what they hold; what could live does, as Ivy's, whom nothing here logs out."""
        keys, ivy = self.house.means.keyring.way_keys, self.house.browser()
        assert ivy.sign_in(self.house.somebody(IVY, "Ivy"), remember="1").status_code == 303
        self.shop_host = shop = Elsewhere(ivy).entered()
        self.held = held = {
            **{f"a made-up {kind}": make_token(kind, self.ada, keys) for kind in NOT_ISSUED},
            "tik": self.ticket(self.number_of(IVY)), "brw": ivy.http.cookies["signedin-browser"],
            "inv": done_apart(invite(self.house.means, "new@example.org", self.house.clock())),
            "hst of another host": shop.jar[shop.cookie], **self.ended(),
        }  # fmt: skip
        in_cookie = held | {"app": self.begun()["token"], "key": self.key(*PERSONAL).token, "svc": self.shop}
        as_bearer = held | {name: self.made(name, "").secret for name in ("ses", "hst")}
        return {
            "anonymous": {}, **{f"{name} in the cookie": {"cookie": token} for name, token in in_cookie.items()},
            **{f"{name} as bearer": {"bearer": token} for name, token in as_bearer.items()},
        }  # fmt: skip

    def ended(self):
        """Secrets of what has ended."""
        browser, entered = self.house.signed_in(), self.entered()
        app, key = self.begun()["token"], self.key(*PERSONAL)
        eves, secret = self.house.signed_in(email=EVE), browser.secret
        asked = self.asked_by(app, "DELETE", "/v1/sessions/current")
        assert asked.status_code == 204
        browser.log_out()
        child = entered.secret
        entered.log_out()
        wish, types = Wish("gone", OF_SERVICES), [AppType.WEB]
        service = done_apart(issue_service_key(self.house.means, wish, types, self.house.clock()))
        for each in (key, service):
            done_apart(revoke_any_key(self.house.means, each.key.id, self.house.clock()))
        assert self.asked_by(self.shop, "DELETE", f"/v1/accounts/{self.number_of(EVE)}").status_code == 204
        return {
            "an ended ses": secret, "an ended app": app, "an ended hst": child, "a closed account's ses": eves.secret,
            "a revoked key": key.token, "a revoked svc": service.token,
        }  # fmt: skip

    def asked(self, browser, how, target):
        """A request that is right, about something of Ada's that lives."""
        method, path = how
        if path in BY_CLIENTS:
            return self.clients.asked(browser, how, target)
        path = path.replace("{account_id}", target).replace("{ending_id}", self.ending)
        path = filled(path, target, str(self.ada), self.marine)
        if path in (*ENDLESS, "/v1/feed"):
            with browser.http.stream(
                method, path, params={"after": "0"} if path == "/v1/feed" else {}
            ) as answer:
                if answer.status_code != 200:
                    answer.read()
                else:
                    answer.extensions["begun"] = next(answer.iter_text())
                return answer
        if path.startswith("/v1/") or method == "GET":
            return browser.http.request(
                method, path, headers=self.headers(browser, method), **self.body(how, target)
            )
        fields = FORMS.get(path, {})
        if path == "/register":
            fields = {"email": f"p{next(self.numbers)}@example.org", "name": "P", "password": PASSWORD}
        if path == "/settings/access-keys":
            fields = fields | {"once": browser.carried(path).get("once", "")}
        if path == "/ticket":
            fields = {"ticket": self.ticket()}
        if path.endswith("/language"):
            is_again = browser is self.living.get(("hst", ""))  # it is Ada, who has chosen before
            fields = {"lang": "en" if is_again else "de", "back": "/privacy"}
        answer = browser.send(
            path, fields, page="/admin/sign-in" if path.startswith("/admin") else "/privacy"
        )
        if browser.http.cookies.get(
            "signedin-admin"
        ):  # it is an operator's browser now, and is to be nobody's again
            browser.http.cookies.delete("signedin-admin")
        return answer

    def state(self):
        """All that is in the database, but for what any use and any ending of a lease changes."""
        return fingerprint(self.house, without=("activity",))

    def target(self, path):
        """What the path names, living: somebody whom an app knows, or a key or a session of Ada's."""
        if path in BY_CLIENTS:
            return self.clients.target(path, self.caller("ses", ""))
        if "{account_id}" in path:
            return self.begun(whose=f"outside:p{next(self.numbers)}")["account_id"]
        if "{row_id}" not in path and not path.endswith("{person_id}/end"):
            return ""
        return self.key("account:read").key.id if "access-keys" in path else self.begun()["session"]["id"]

    def headers(self, browser, method):
        return browser.own() if method != "GET" else {}

    def body(self, how, target):
        new = f"p{next(self.numbers)}@example.org"
        bodies = {
            "POST /v1/access-keys": {"name": "backup", "scopes": ["account:read"]},
            "POST /v1/accounts": {"email": new, "name": "P", "password": PASSWORD},
            "PATCH /v1/accounts/{account_id}": {"name": f"Called {new}"},
            "POST /v1/accounts/{account_id}/sessions": PERSON,
            "POST /v1/feed/ack": {"node": f"node{next(self.numbers):08}", "boot": "0123456789", "join": True},
            "POST /v1/leaked-tokens": [{"token": "sgn_key_"}],
            f"POST {OF_ADA}/end": {"ids": [target], "reason": "lost"},
            f"POST {OF_ADA}/logout-all": {"reason": "lost"},
            f"POST {OF_ADA}/sessions/{{row_id}}/reveal": {"reason": "lost"},
            f"PATCH {OF_ADA}": {"state": "disabled", "reason": "left"},
            "POST /v1/admin/operators": {"email": GRACE, "role": "viewer"},
            "POST /v1/admin/endings/preview": {"app_types": ["sync"]},
            "POST /v1/admin/endings": {"preview": "none of ours", "reason": "withdrawn"},
        }
        if how == ("GET", "/v1/admin/accounts"):
            return {"params": {"q": "ada"}}
        if how[1] == "/v1/leaked-tokens":
            return {"json": [{"token": self.key("account:read").token}]}
        if how[1] == "/to-app":
            return {"params": {"host": SHOP, "state": "0" * 64, "next": "/"}}
        body = bodies.get(" ".join(how))
        return {} if body is None else {"json": body}


def said(answer, is_changed):
    """What the table says of an answer."""
    where = answer.headers.get("location", "").partition("?")[0] if answer.status_code == 303 else ""
    ways_in = {"/sign-in": "in", "/admin/sign-in": "ain"}
    return ways_in.get(where, str(answer.status_code)) + "!" * is_changed


def is_whole(how, answer):
    """Whether there is what the status promises: a page, a stream that has begun, JSON of the described shape."""
    kind, call = answer.headers.get("content-type", "").partition(";")[0], CALLS.get(how)
    if answer.status_code in (204, 303) or how[1].endswith(("/alive", "/oauth/revoke")):
        return not answer.content
    if how[1].startswith("/v1/"):
        if answer.status_code >= 400:
            problem = msgspec.json.decode(answer.content, type=shapes.Problem)
            return kind == "application/problem+json" and problem.status == answer.status_code
        if how in CHECKS:
            return bool(re.fullmatch("[0-9]{1,19}|[0-9a-f]{40}", answer.headers["signedin-account"]))
        if call.gives is None:
            is_there = "begun" in answer.extensions or answer.text.startswith("day,measure,part,count\r\n")
            return kind == call.media_type and is_there
        return msgspec.json.decode(answer.content, type=call.gives) is not None
    if how[1].startswith("/oauth/") and kind == "application/json":
        return ("error" in answer.json()) == (answer.status_code >= 400)
    if kind == "text/html":
        return "</html>" in answer.text
    return "begun" in answer.extensions if kind == "text/event-stream" else bool(answer.content)


def test_every_route_there_is_has_a_line_in_the_table(world):
    assert set(EXPECTED) - CHECKS == set(every_route(world.house))


@pytest.mark.security("8.2.1", "8.2.2", "8.4.1", "attack-17", "SM-2", "T2")
@pytest.mark.guide("R5", "R26", "D3", "D11", "D12", "D31")
@pytest.mark.parametrize("how", EXPECTED, ids=" ".join)
def test_each_gets_the_answer_of_the_table_and_nothing_else_is_changed(world, how):
    scope = CALLS[how].scope if how in CALLS else ""
    target, row = world.target(how[1]), {}
    for who in COLUMNS.split()[:-1]:
        browser, before = world.caller(who, scope or "account:read"), world.state()
        answer = world.asked(browser, how, target)
        row[who] = said(answer, world.state() != before)
        assert is_whole(how, answer), who
        if who in ("other", "oper") and how not in PUBLIC:
            assert not says_of_ada(answer), who
        if row[who][-1] == "!":
            target = world.target(how[1])
        if "signedin=" in answer.headers.get("set-cookie", ""):
            world.living.pop((who, ""), None)  # somebody else is signed in there now, or nobody
    assert row == {who: cell for who, cell in EXPECTED[how].items() if who != "none"}


@pytest.mark.security("8.2.1", "7.2.2", "attack-17", "SM-2", "SM-3", "T2")
@pytest.mark.guide("R26", "D12")
@pytest.mark.parametrize("how", EXPECTED, ids=" ".join)
def test_whatever_signs_nobody_in_is_answered_as_nobody(world, how):
    is_public, target = how in PUBLIC, world.target(how[1])
    before = world.state()
    for name in SOME if is_public else world.nobodies:
        if how[1] in BY_CLIENTS and EXPECTED[how]["none"][-1] == "!":
            target, before = world.target(how[1]), world.state()  # a code counts once
        answer = world.asked(world.nobody(name), how, target)
        may_change = how[0] == "POST" or how[1] in BY_CLIENTS
        is_changed = is_public and may_change and world.state() != before
        assert said(answer, is_changed) == EXPECTED[how]["none"], name
        assert is_whole(how, answer), name
        assert is_public or not says_of_ada(answer), name
    assert is_public or world.state() == before


def says_of_ada(answer):
    text = answer.extensions.get("begun") or answer.text
    return any(word in text for word in (ADA, "Lovelace"))


@pytest.mark.guide("D12", "R26")
def test_what_signed_nobody_in_lives_and_opens_what_it_is_for(world):
    assert world.shop_host.check().status_code == 200, "hst, at its own host"
    phone = world.house.browser()
    assert (
        phone.send("/ticket", {"ticket": world.held["tik"]}, page="/ticket").headers["location"] != "/sign-in"
    )
    applicant = {
        "email": "new@example.org",
        "name": "New",
        "password": PASSWORD,
        "invitation": world.held["inv"],
    }
    assert phone.send("/register", applicant, page="/privacy").status_code == 303
    assert world.house.signed_in(email="new@example.org").is_signed_in
