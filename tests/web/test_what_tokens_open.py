"""Every route there is, by every kind of token that OAuth gives: what each opens is in one table, and nothing else is.

A route that is not in the table takes a token for nobody: it is answered as `tests/web/test_who_may_what.py` says there.
"""

from __future__ import annotations

import pytest

from given import a_service, asking, redeemed, refreshed
from people import GRACE, Clock, done_apart
from proofs import Prover
from routes import PUBLIC, fingerprint, still
from signedin.actions.exchange import client_credentials
from signedin.rules.client import ClientKind
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.scope import OF_PEOPLE
from signedin.rules.secret import Kind, make_token
from signedin.rules.session import AppType
from signedin.store import clients
from web.elsewhere import APP_HOSTS
from web.for_clients import BY_CLIENTS
from web.test_who_may_what import CALLS, EXPECTED, World, is_whole, said, says_of_ada

pytestmark = pytest.mark.xdist_group("what tokens open")
FILES = "https://files.example.org"
COLUMNS = "own own- acc acc- nar- oth dpop bare res svc none"
"""Which access token is shown, by `Authorization`, living; it is Ada's and what is asked about is hers:

own    of the session of one's own app, with every scope      dpop   of a consent, bound to a key, with the proof of it
own-   the same without the scope                             bare   the same shown as if it were bound to none
acc    of a consent, with every scope                         res    of a consent, for another resource server
acc-   the same without the scope                             svc    a service's own, with the scope that it may have
nar-   of a consent from which the scope was taken since      none   whatever has ended, is no access token, or comes in
oth    of a consent of Grace's, with every scope                     a cookie
"""

TABLE = """
GET    /oauth/userinfo                          200   403   200   403   200   200   200   401   401   401   401
POST   /oauth/userinfo                          200   403   200   403   200   200   200   401   401   401   401
GET    /v1/access-keys                          200   403   200   403   403   200   200   401   401   401   401
POST   /v1/access-keys                          403   403   403   403   403   403   403   401   401   401   401
DELETE /v1/access-keys/{row_id}                 403   403   403   403   403   403   403   401   401   401   401
GET    /v1/account                              200   403   200   403   403   200   200   401   401   401   401
GET    /v1/accounts                             403   403   403   403   403   403   403   401   401   401   401
POST   /v1/accounts                             403   403   403   403   403   403   403   401   401   401   401
DELETE /v1/accounts/{account_id}                403   403   403   403   403   403   403   401   401   401   401
GET    /v1/accounts/{account_id}                403   403   403   403   403   403   403   401   401   401   401
PATCH  /v1/accounts/{account_id}                403   403   403   403   403   403   403   401   401   401   401
DELETE /v1/accounts/{account_id}/sessions       403   403   403   403   403   403   403   401   401   401   401
GET    /v1/accounts/{account_id}/sessions       403   403   403   403   403   403   403   401   401   401   401
POST   /v1/accounts/{account_id}/sessions       403   403   403   403   403   403   403   401   401   401   401
GET    /v1/activity                             200   403   200   403   403   200   200   401   401   401   401
GET    /v1/feed                                 403   403   403   403   403   403   403   401   401   401   401
POST   /v1/feed/ack                             403   403   403   403   403   403   403   401   401   401   401
GET    /v1/sessions                             200   403   200   403   403   200   200   401   401   401   401
DELETE /v1/sessions/current                     204!  204!  403   403   403   403   403   401   401   401   401
GET    /v1/sessions/current                     200   403   404   403   403   404   404   401   401   401   401
POST   /v1/sessions/current/ticket              403   403   403   403   403   403   403   401   401   401   401
GET    /v1/sessions/events                      200   403   200   403   403   200   200   401   401   401   401
POST   /v1/sessions/logout-all                  200!  403   200!  403   403   200!  200!  401   401   401   401
DELETE /v1/sessions/{row_id}                    204!  403   204!  403   403   404   204!  401   401   401   401
GET    /v1/sessions/{row_id}                    200   403   200   403   403   404   200   401   401   401   401
GET    /v1/admin/accounts                       403   403   403   403   403   403   403   401   401   401   401
GET    /v1/admin/accounts/{person_id}           403   403   403   403   403   403   403   401   401   401   401
PATCH  /v1/admin/accounts/{person_id}           403   403   403   403   403   403   403   401   401   401   401
GET    /v1/admin/accounts/{person_id}/access-keys 403   403   403   403   403   403   403   401   401   401   401
POST   /v1/admin/accounts/{person_id}/end       403   403   403   403   403   403   403   401   401   401   401
POST   /v1/admin/accounts/{person_id}/logout-all 403   403   403   403   403   403   403   401   401   401   401
GET    /v1/admin/accounts/{person_id}/rules     403   403   403   403   403   403   403   401   401   401   401
GET    /v1/admin/accounts/{person_id}/sessions  403   403   403   403   403   403   403   401   401   401   401
POST   /v1/admin/accounts/{person_id}/sessions/{row_id}/reveal 403   403   403   403   403   403   403   401   401   401   401
GET    /v1/admin/deeds                          403   403   403   403   403   403   403   401   401   401   401
GET    /v1/admin/endings                        403   403   403   403   403   403   403   401   401   401   401
POST   /v1/admin/endings                        403   403   403   403   403   403   403   401   401   401   401
GET    /v1/admin/endings/{ending_id}            403   403   403   403   403   403   403   401   401   401   401
POST   /v1/admin/endings/{ending_id}/resume     403   403   403   403   403   403   403   401   401   401   401
POST   /v1/admin/endings/{ending_id}/stop       403   403   403   403   403   403   403   401   401   401   401
POST   /v1/admin/endings/preview                403   403   403   403   403   403   403   401   401   401   401
GET    /v1/admin/health                        403   403   403   403   403   403   403   401   401   401   401
GET    /v1/admin/overview                      403   403   403   403   403   403   403   401   401   401   401
GET    /v1/admin/overview.csv                  403   403   403   403   403   403   403   401   401   401   401
GET    /v1/admin/operators                      403   403   403   403   403   403   403   401   401   401   401
POST   /v1/admin/operators                      403   403   403   403   403   403   403   401   401   401   401
DELETE /v1/admin/operators/{person_id}          403   403   403   403   403   403   403   401   401   401   401
GET    /v1/admin/organisations                  403   403   403   403   403   403   403   401   401   401   401
POST   /v1/admin/organisations                  403   403   403   403   403   403   403   401   401   401   401
DELETE /v1/admin/organisations/{organisation_id} 403   403   403   403   403   403   403   401   401   401   401
GET    /v1/admin/organisations/{organisation_id} 403   403   403   403   403   403   403   401   401   401   401
PATCH  /v1/admin/organisations/{organisation_id} 403   403   403   403   403   403   403   401   401   401   401
GET    /v1/admin/organisations/{organisation_id}/members 403   403   403   403   403   403   403   401   401   401   401
POST   /v1/admin/organisations/{organisation_id}/members 403   403   403   403   403   403   403   401   401   401   401
DELETE /v1/admin/organisations/{organisation_id}/members/{person_id} 403   403   403   403   403   403   403   401   401   401   401
DELETE /v1/admin/organisations/{organisation_id}/rules/{app_type} 403   403   403   403   403   403   403   401   401   401   401
PUT    /v1/admin/organisations/{organisation_id}/rules/{app_type} 403   403   403   403   403   403   403   401   401   401   401
GET    /v1/check?app_type=web                   401   401   401   401   401   401   401   401   401   401   401
GET    /v1/check?app_type=sync                  401   401   401   401   401   401   401   401   401   401   401
GET    /v1/check?app_type=mobile                401   401   401   401   401   401   401   401   401   401   401
GET    /v1/check?scope=account:read             200   403   200   403   403   200   401   401   401   401   401
GET    /v1/check?scope=account:read&resource=https://files.example.org 401 401 401 401 401 401 401 401 200 401 401
GET    /v1/check?scope=sessions:check           403   403   403   403   403   403   401   401   401   401   401
"""
"""A status, as in the other table. Without the scope means without the one that the call asks for, or openid."""


def table():
    lines = [line.split() for line in TABLE.strip().splitlines()]
    return {(method, path): dict(zip(COLUMNS.split(), cells, strict=True)) for method, path, *cells in lines}


OPENED = table()
ASKS_FOR = {
    "DELETE /v1/sessions/{row_id}": "sessions:manage",
    "POST /v1/sessions/logout-all": "sessions:manage",
}
"""The scope, where the call says it to people in another way than as `scope`."""
FOR_NOBODY = sorted(set(EXPECTED) - set(OPENED), key=lambda how: how[::-1])
A_FEW = ("own", "acc", "dpop")
"""Enough where everybody is answered alike (see the other table)."""


def scope_of(how):
    """What the call asks for: what a token without the scope goes without."""
    if how[1].startswith("/oauth/userinfo"):
        return "openid"
    named = how[1].partition("scope=")[2].partition("&")[0] or ASKS_FOR.get(" ".join(how), "")
    scope = named or (CALLS[how].scope if how in CALLS else "")
    return scope if scope in OF_PEOPLE else "account:read"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with still(tmp_path_factory.mktemp("tokens"), Clock(), app_hosts=APP_HOSTS) as house:
        yield Tokens(house)


class Tokens(World):
    """The same house, and whoever holds a token of each kind."""

    def made(self, who, scope):
        """A program with that token, which lives."""
        every = tuple(OF_PEOPLE)
        without = tuple(each for each in OF_PEOPLE if each != scope)
        ways = {
            "own": lambda: self.bearing(self.tokens(self.ours(), every)),
            "own-": lambda: self.bearing(self.tokens(self.ours(), without)),
            "acc": lambda: self.bearing(self.tokens(self.theirs(), every)),
            "acc-": lambda: self.bearing(self.tokens(self.theirs(), without)),
            "nar-": lambda: self.bearing(self.narrowed(every, without)),
            "oth": lambda: self.bearing(self.tokens(self.theirs(), every, email=GRACE)),
            "dpop": lambda: self.proving(every), "bare": lambda: self.proving(every, is_shown_rightly=False),
            "res": lambda: self.bearing(self.tokens(self.theirs(resources=(FILES,)), every, resources=(FILES,))),
            "svc": lambda: self.bearing(self.services()),
        }  # fmt: skip
        return ways[who]() if who in ways else super().made(who, scope)

    def theirs(self, **values):
        return self.clients.client(scopes=frozenset(OF_PEOPLE), **values)

    def ours(self, app_type=AppType.SYNC):
        return self.theirs(kind=ClientKind.FIRST_PARTY, app_type=app_type)

    def tokens(self, client, scopes, **values):
        return self.clients.tokens(client, scopes, **values)

    def bearing(self, tokens):
        return self.holding(bearer=tokens.access_token)

    def narrowed(self, every, left):
        """Tokens from before Ada took something back in the details of the row."""
        tokens = self.tokens(self.theirs(), every)
        path = f"/settings/sessions/{tokens.grant.row_id}/scopes"
        answer = self.adas.send(path, dict.fromkeys(left, "1"), page="/settings/sessions")
        assert answer.status_code == 303, answer.text
        return tokens

    @property
    def adas(self):
        return self.caller("ses", "")

    def proving(self, scopes, *, is_shown_rightly=True):
        """A program that shows with every request a new proof of its key."""
        prover = Prover()
        token = self.tokens(self.theirs(), scopes, key_thumbprint=prover.thumbprint).access_token
        program = self.holding(bearer=token)
        if not is_shown_rightly:
            return program

        def prove(request):
            url = self.house.base_url + request.url.path
            proof = prover.proof(request.method, url, self.house.clock(), token=token)
            request.headers["dpop"] = proof

        program.http.headers["authorization"] = f"DPoP {token}"
        program.http.event_hooks = {"request": [prove]}
        return program

    def services(self):
        client = a_service(self.house, id=f"service{next(self.numbers)}")
        request = asking(client, scopes=("sessions:check",))
        return done_apart(client_credentials(self.house.means, request, self.house.clock()))

    def made_nobodies(self):
        """Whatever opens nothing: tokens that have ended in each way, other things that clients hold, and all in a cookie."""
        every, keys = tuple(OF_PEOPLE), self.house.means.keyring.way_keys
        old = self.tokens(self.ours(), every).access_token
        self.house.clock.move(hours=1)
        living = {"acc": self.tokens(self.theirs(), every), "own": self.tokens(self.ours(), every)}
        waits = self.clients.allowed(self.theirs(), scopes=every)
        signed = self.tokens(
            self.theirs(resources=(FILES,), signed_resources=(FILES,)), every, resources=(FILES,)
        )
        bearers = {
            "an expired token": old, **self.ended(), "a code": waits.code,
            "a refresh token": living["acc"].refresh_token, "an id token": living["acc"].id_token,
            "a refresh token of one's own app": living["own"].refresh_token,
            "a signed token": signed.access_token, "a device code": self.clients.device()["device_code"],
            "a client's secret": self.clients.keeping()[1], "a made-up token": make_token(Kind.ACC, self.ada, keys),
        }  # fmt: skip
        cookies = {name: tokens.access_token for name, tokens in living.items()}
        cookies["ref"] = living["own"].refresh_token
        return {
            **{f"{name} as bearer": {"bearer": token} for name, token in bearers.items()},
            **{f"{name} in the cookie": {"cookie": token} for name, token in cookies.items()},
        }  # fmt: skip

    def ended(self):
        """Tokens that were ended, each in its way."""
        every = tuple(OF_PEOPLE)
        names = (
            "revoked",
            "given back",
            "disabled",
            "its app logged out",
            "replayed code",
            "replayed refresh token",
        )
        held = {}
        for name in names:
            client = self.ours() if name == "its app logged out" else self.theirs()
            it = self.clients.allowed(client, scopes=every)
            tokens = redeemed(self.house, it)
            held[name] = tokens.access_token
            self.end(name, it, tokens)
        return held

    def end(self, name, it, tokens):
        post = self.backend.http.post
        match name:
            case "revoked":
                assert self.adas.revoke(tokens.grant.row_id).status_code == 303
            case "given back":
                form = {"client_id": it.client.id, "token": tokens.access_token}
                assert post("/oauth/revoke", data=form).status_code == 200
            case "disabled":
                from dataclasses import replace

                off = replace(it.client, disabled_at=self.house.clock())
                self.house.means.database.write_now(clients.change, off)
            case "its app logged out":
                form = {"client_id": it.client.id, "token": tokens.refresh_token}
                assert post("/oauth/revoke", data=form).status_code == 200
            case "replayed code":
                with pytest.raises(OAuthRefused):
                    redeemed(self.house, it)
            case "replayed refresh token":
                later = refreshed(self.house, it.client, tokens.refresh_token)
                refreshed(self.house, it.client, later.refresh_token)
                with pytest.raises(OAuthRefused):
                    refreshed(self.house, it.client, tokens.refresh_token)

    def state(self):
        """As in the other table; that a proof was used is remembered, and is no change to anybody."""
        return fingerprint(self.house, without=("activity", "used_once"))

    def caller(self, who, scope):
        """The same as before, unless it has ended; one that opens nothing anyway is made once."""
        which = (who, scope if who[-1] == "-" else "")
        if who in ("bare", "svc") and which in self.living:
            return self.living[which]
        return super().caller(who, scope)


def test_what_no_token_opens_is_in_the_other_table_and_every_other_route_in_this_one():
    at_v1 = {how for how in EXPECTED if how[1].startswith("/v1/") and how[1] != "/v1/leaked-tokens"}
    checks = {how for how in at_v1 if how[1].startswith("/v1/check")}
    assert at_v1 - checks <= set(OPENED)


@pytest.mark.security("8.2.1", "8.4.1", "10.3.1", "10.3.2", "attack-17", "attack-25", "attack-26")
@pytest.mark.guide("R26", "D3", "D11", "D12")
@pytest.mark.parametrize("how", OPENED, ids=" ".join)
def test_each_token_opens_what_the_table_says_and_changes_nothing_else(world, how):
    target, row = world.target(how[1]), {}
    for who in COLUMNS.split()[:-1]:
        program, before = world.caller(who, scope_of(how)), world.state()
        answer = world.asked(program, how, target)
        row[who] = said(answer, world.state() != before)
        assert is_whole(how, answer), who
        assert who != "oth" or not says_of_ada(answer)
        if row[who][-1] == "!":
            target = world.target(how[1])
    assert row == {who: cell for who, cell in OPENED[how].items() if who != "none"}


@pytest.mark.security("8.2.1", "7.2.2", "10.3.1", "attack-17", "attack-25")
@pytest.mark.guide("R26", "R49", "D12")
@pytest.mark.parametrize("how", OPENED, ids=" ".join)
def test_what_has_ended_or_is_no_access_token_opens_nothing(world, how):
    target, before = world.target(how[1]), world.state()
    for name in world.nobodies:
        answer = world.asked(world.nobody(name), how, target)
        assert said(answer, is_changed=False) == OPENED[how]["none"], name
        assert not says_of_ada(answer), name
    assert world.state() == before


@pytest.mark.security("8.2.1", "10.3.1", "attack-17", "N14")
@pytest.mark.guide("R26", "D12")
@pytest.mark.parametrize("how", FOR_NOBODY, ids=" ".join)
def test_every_other_route_takes_a_token_for_nobody(world, how):
    of_nobody = EXPECTED[how]["none"]
    is_changing = of_nobody[-1] == "!"
    target = world.target(how[1])
    for who in A_FEW if is_changing or how in PUBLIC else COLUMNS.split()[:-1]:
        if is_changing and how[1] in BY_CLIENTS:
            target = world.target(how[1])
        program, before = world.caller(who, "account:read"), world.state()
        answer = world.asked(program, how, target)
        assert said(answer, world.state() != before) == of_nobody, who
        assert how in PUBLIC or not says_of_ada(answer), who
