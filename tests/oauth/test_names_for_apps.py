"""By which name an app is told who its person is: somebody else's by its own, wherever it asks (OpenID Connect, 8.1)."""

from __future__ import annotations

from itertools import count

import pytest

from client.shops import service_key
from given import a_client, a_sync_app, account_of, given
from oauth.test_token import FILES, bearer, redeemed
from people import ADA, Clock
from routes import still
from signedin.gate.asking_app import OWN_APP

SCOPES = ("openid", "account:read", "sessions:read", "activity:read")
ALL = frozenset({*SCOPES, "offline_access"})
FOUR = {"signedin-account", "signedin-session", "signedin-app-type", "signedin-scopes"}
_IDS = count()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with still(tmp_path_factory.mktemp("names"), Clock()) as house:
        house.somebody(ADA)
        house.signed_in()
        yield house


@pytest.fixture
def number(house):
    return str(account_of(house).id)


@pytest.fixture
def token(house, program):
    """A function that gives somebody else's app, or one's own, a new token."""

    def token(make=a_client, resources=(), **client):
        app = make(house, id=f"named{next(_IDS)}", resources=resources, scopes=ALL, **client)
        it = given(house, app, scopes=SCOPES, resources=resources)
        return redeemed(program, it).json()["access_token"]

    return token


def checked(program, token, scope="openid", **headers):
    answer = program.get(
        f"/v1/check?scope={scope}",
        headers=bearer(token) | {n.replace("_", "-"): v for n, v in headers.items()},
    )
    assert answer.status_code == 200, answer.text
    said = {name: answer.headers[name] for name in FOUR}
    assert all(said.values())
    return said["signedin-account"]


@pytest.mark.security("10.3.1", "B9")
def test_two_apps_of_others_are_told_two_names_of_a_person_wherever_they_ask(house, program, number, token):
    names = set()
    for mine in (token(), token()):
        name = program.get("/oauth/userinfo", headers=bearer(mine)).json()["sub"]
        assert {checked(program, mine, scope) for scope in SCOPES} == {name}
        assert program.get("/v1/account", headers=bearer(mine)).json()["id"] == name
        names.add(name)
    assert len(names) == 2
    assert number not in names


@pytest.mark.security("10.3.1", "attack-24")
def test_nothing_that_others_apps_can_read_holds_the_number_of_the_account(program, number, token):
    mine = token()
    for where in ("/v1/account", "/v1/sessions", "/v1/activity", "/v1/check?scope=openid", "/oauth/userinfo"):
        answer = program.get(where, headers=bearer(mine))
        assert answer.status_code == 200, answer.text
        assert number not in answer.text + str(answer.headers.multi_items()), where


def test_an_app_of_ones_own_that_guards_by_a_scope_is_told_the_number(house, program, number, token):
    mine, key = token(), service_key(house)
    assert checked(program, mine, signedin_key=key) == number
    there = token(resources=(FILES,))
    assert checked(program, there, f"openid&resource={FILES}", signedin_key=key) == number
    assert checked(program, there, f"openid&resource={FILES}") != number


@pytest.mark.security("10.3.1", "attack-17")
def test_a_service_key_that_may_not_check_shows_nobody_the_number(house, program, number, token):
    mine = token()
    for key in (service_key(house, "accounts:read"), "sgn_svc_none", ""):
        answer = program.get("/v1/check?scope=openid", headers=bearer(mine) | {"signedin-key": key})
        assert answer.status_code == 403
        assert number not in str(answer.headers.multi_items())
    assert checked(program, mine, **{OWN_APP: "1", "signedin_own_app": "1"}) != number


def test_ones_own_apps_and_those_that_share_the_names_are_told_the_number(program, number, token):
    own = token(a_sync_app)
    assert checked(program, own) == number
    assert program.get("/v1/account", headers=bearer(own)).json()["id"] == number
    shares = token(is_pairwise=False)
    assert checked(program, shares) == number
    assert program.get("/oauth/userinfo", headers=bearer(shares)).json()["sub"] == number
