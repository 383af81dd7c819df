"""Every route there is, against everybody who may not use it and every way to ask for a change from elsewhere."""

from __future__ import annotations

import asyncio

import pytest

from people import ADA, BERLIN, FIREFOX_ON_WINDOWS, GRACE, PASSWORD, SAFARI_ON_IPHONE, Clock
from routes import ENDLESS, OF_CLIENTS, PUBLIC, every_route, filled, fingerprint, still
from signedin.actions import operate
from signedin.rules.access_key import AccessKey
from signedin.rules.operator import Role
from signedin.rules.secret import Kind, digest, make_token
from signedin.server.jobs import flush_now
from signedin.store import access_keys, accounts
from web.operators import at_the_console, operator_in

pytestmark = pytest.mark.xdist_group("every route")
EVE, OLIVE = "eve@example.org", "olive@example.org"
WAYS_IN = ("/sign-in", "/register", "/setup", "/admin/sign-in")
OF_OPERATORS = ("/admin", "/v1/admin/")
ASKS_NOBODY = "/v1/leaked-tokens"
"""Acts for no cookie: whoever holds a token may end it, from wherever; what no token ends changes nothing."""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Ada with two sessions and a key, Grace, and Eve whose account is disabled."""
    with still(tmp_path_factory.mktemp("house"), Clock()) as house:
        for email, name in ((ADA, "Ada Lovelace"), (GRACE, "Grace Hopper"), (EVE, "Eve")):
            house.somebody(email, name)
        house.laptop, house.phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
        house.graces = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN, GRACE)
        house.row_id = house.phone.current()["id"]
        house.console = at_the_console(house, operator_in(house, OLIVE, Role.OWNER, "Olive"))
        yield house


@pytest.fixture(scope="module")
def dead(house):
    """Secrets that sign nobody in, by what they are."""
    secrets = {}
    for name in ("revoked", "logged out", "logged out everywhere"):
        browser = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN, GRACE)
        secrets[name] = browser.secret
        if name == "revoked":
            house.graces.revoke(browser.current()["id"])
        elif name == "logged out":
            browser.log_out()
    house.graces.log_out_all(**{"except": "current"})
    eves = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN, EVE)
    secrets["disabled"] = eves.secret
    asyncio.run(operate.disable(house.means, EVE, house.clock()))
    asyncio.run(operate.enable(house.means, EVE, house.clock()))
    keys, account = house.means.keyring.way_keys, house.means.database.read_now(accounts.find_by_email, ADA)
    made = {kind.value: make_token(kind, account.id, keys) for kind in Kind}
    key = AccessKey("k1", account.id, "backup", ("account:read",), house.clock(), made["key"][-4:])
    house.means.database.write_now(access_keys.add, key, digest(made["key"]))
    house.means.database.write_now(accounts.remember_browser, account.id, digest(made["brw"]), house.clock())
    return secrets | {f"a token of kind {kind}": token for kind, token in made.items()}


def pytest_generate_tests(metafunc):
    """One test for each route of the application, which is built once for its list."""
    wanted = {"guarded", "changing", "looking", "with_an_id", "any_route"} & set(metafunc.fixturenames)
    for name in wanted:
        routes = [each for each in _routes() if _fits(name, each)]
        metafunc.parametrize(name, routes, ids=[f"{method} {path}" for method, path in routes])


def _routes():
    if not hasattr(_routes, "found"):
        import tempfile
        from pathlib import Path

        from people import settings_in
        from signedin.server.app import build

        class House:
            pass

        with tempfile.TemporaryDirectory() as folder:
            House.server = build(settings_in(Path(folder), 8000))
            _routes.found = every_route(House)
            House.server.close()
    return _routes.found


def _fits(name, route):
    method, path = route
    if name == "guarded":
        return route not in PUBLIC and path not in ("/sign-out", "/admin/sign-out")
    if name == "changing":
        return method != "GET" and path not in OF_CLIENTS
    if name == "with_an_id":
        return "{row_id}" in path and not path.startswith(OF_OPERATORS)
    return name == "any_route" or method == "GET"


def asked(browser, method, path, **more):
    """Ask; of an endless answer only the beginning."""
    if path in ENDLESS:
        with browser.http.stream(method, path, **more) as answer:
            if answer.status_code != 200:
                answer.read()
            return answer
    return browser.http.request(method, path, **more)


def is_refused_as_nobody(answer, method, path):
    if path.startswith("/v1/") or path in (*ENDLESS, "/settings/sessions/alive"):
        return answer.status_code == 401
    return answer.status_code == 303 and answer.headers["location"].startswith(("/sign-in", "/admin/sign-in"))


@pytest.mark.security("8.2.1", "4.1.4")
def test_what_is_there_for_everybody_is_there(house):
    assert set(every_route(house)) >= PUBLIC


@pytest.mark.security("8.2.1", "7.2.1", "7.2.2", "7.4.1", "7.4.2", "attack-15", "attack-25", "T2", "SM-2")
def test_nobody_is_let_in_without_a_living_session_by_whatever_else_they_hold(house, dead, guarded):
    method, path = guarded[0], filled(guarded[1], house.row_id)
    before = fingerprint(house)
    for name, secret in {"nothing": None, **dead}.items():
        browser = house.browser(address="198.51.100.1")
        own = browser.own() if method != "GET" else {}
        headers = own | ({"cookie": f"signedin={secret}"} if secret else {})
        answer = asked(browser, method, path, headers=headers)
        assert is_refused_as_nobody(answer, method, path), (name, answer.status_code)
        body = "" if path in ENDLESS and answer.status_code == 200 else answer.text
        assert not any(word in body for word in (ADA, "Lovelace", "Safari on iOS", house.row_id)), name
    assert fingerprint(house) == before


@pytest.mark.security("7.2.2", "SM-3", "8.2.1")
def test_a_living_secret_signs_nobody_in_from_any_other_place_than_its_cookie(house, guarded):
    method, path = guarded[0], filled(guarded[1], house.row_id)
    secret, browser = house.laptop.secret, house.browser(address="198.51.100.1")
    before = fingerprint(house)
    elsewhere = [
        {"headers": {"authorization": f"Bearer {secret}"}},
        {"headers": {"authorization": f"Session {secret}"}},
        {"headers": {"cookie": f"signedin-browser={secret}"}},
        {"headers": {"cookie": f"__Host-signedin={secret}"}},
        {"headers": {"cookie": f"SIGNEDIN={secret}"}},
        {"headers": {"cookie": f'signedin="{secret}"'}},
        {"headers": {"x-signedin": secret, "signedin": secret}},
        {"params": {"signedin": secret, "token": secret, "access_token": secret}},
    ]
    for more in elsewhere:
        headers = more.get("headers", {}) | (browser.own() if method != "GET" else {})
        answer = asked(browser, method, path, **(more | {"headers": headers}))
        assert is_refused_as_nobody(answer, method, path), more
    assert fingerprint(house) == before


@pytest.mark.security("8.2.2", "8.4.1", "attack-17")
def test_what_is_another_accounts_is_like_what_never_was(house, with_an_id):
    method, path = with_an_id
    before = fingerprint(house, without=("activity",))
    token = house.graces.form_token("/settings/sessions")
    answers = []
    for row_id in (house.row_id, "0" * 26, house.row_id[::-1]):
        fields = {"csrf": token} if method == "POST" else None
        headers = house.graces.own() if method != "GET" else {}
        answer = house.graces.http.request(method, filled(path, row_id), data=fields, headers=headers)
        answers.append((answer.status_code, answer.text.replace(token, "").replace(row_id, "")))
    assert answers[0][0] == 404
    assert len({status for status, _ in answers}) == 1
    if path.startswith("/v1/"):
        assert len(set(answers)) == 1
    assert fingerprint(house, without=("activity",)) == before
    assert house.phone.is_signed_in


@pytest.mark.security("3.5.3", "7.6.2", "7.4.2")
def test_looking_changes_nothing_whoever_looks(house, looking):
    path = filled(looking[1], house.row_id)
    before = fingerprint(house, without=("activity",))
    for browser in (house.laptop, house.graces, house.browser()):
        for headers in ({}, {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}):
            answer = asked(browser, "GET", path, headers=headers)
            assert answer.status_code < 500
            assert "signedin=sgn_" not in answer.headers.get("set-cookie", "")
    assert fingerprint(house, without=("activity",)) == before


def own(browser, **changed):
    """The headers of our own page, with some of them changed or, by None, left out."""
    headers = browser.own() | {name.replace("_", "-"): value for name, value in changed.items()}
    return {name: value for name, value in headers.items() if value is not None}


def from_elsewhere(browser, token, foreign):
    """Everything that is wrong with a request, one thing at a time."""
    form = {"email": ADA, "password": PASSWORD, "name": "Mallory", "code": "x", "next": "/"}
    right = form | {"csrf": token}
    plain = "&".join(f"{name}={value}" for name, value in right.items())
    yield "no token", {"data": form, "headers": own(browser)}
    yield "another's token", {"data": form | {"csrf": foreign}, "headers": own(browser)}
    yield "an empty token", {"data": form | {"csrf": ""}, "headers": own(browser)}
    yield "the token in the address", {"data": form, "params": {"csrf": token}, "headers": own(browser)}
    yield (
        "the token twice",
        {
            "content": plain + f"&csrf={token}",
            "headers": own(browser, content_type="application/x-www-form-urlencoded"),
        },
    )
    yield "a plain text", {"content": plain, "headers": own(browser, content_type="text/plain")}
    yield (
        "a file form",
        {"files": {name: (None, value) for name, value in right.items()}, "headers": own(browser)},
    )
    yield "another origin", {"data": right, "headers": own(browser, origin="https://evil.example")}
    yield "no origin that can be named", {"data": right, "headers": own(browser, origin="null")}
    for site in ("cross-site", "same-site", "none"):
        yield site, {"data": right, "headers": own(browser, sec_fetch_site=site)}
    yield "another origin alone", {
        "data": right, "headers": own(browser, sec_fetch_site=None, origin="https://evil.example"),
    }  # fmt: skip
    yield (
        "neither site nor origin",
        {"data": right, "headers": own(browser, sec_fetch_site=None, origin=None)},
    )
    yield (
        "a referrer instead",
        {
            "data": right,
            "headers": own(
                browser, sec_fetch_site=None, origin=None, referer=browser.base_url + "/settings/sessions"
            ),
        },
    )


@pytest.mark.security(
    "3.5.1", "3.5.2", "CSRF-1", "CSRF-2", "CSRF-3", "CSRF-4", "CSRF-5", "N8", "C4", "7.6.2", "attack-11"
)
def test_a_change_that_is_not_asked_for_by_this_very_browser_is_refused_and_nothing_is_changed(
    house, changing
):
    method, path = changing[0], filled(changing[1], house.row_id)
    is_way_in, is_call = path in WAYS_IN, path.startswith("/v1/")
    of_operators = path.startswith(OF_OPERATORS)
    browser = house.browser() if is_way_in else house.console if of_operators else house.laptop
    page = "/settings/sessions" if not (is_way_in or of_operators) else "/admin/operators"
    page = ("/admin/sign-in" if of_operators else "/sign-in") if is_way_in else page
    token, foreign = browser.form_token(page), house.graces.form_token("/settings/sessions")
    asyncio.run(flush_now(house.server))
    before = fingerprint(house)
    for what, request in from_elsewhere(browser, token, foreign):
        if is_call and "token" in what:
            continue  # a call carries no form; that it came from here is told by site and origin
        answer = browser.http.request(method, path, **request)
        is_judged = path != ASKS_NOBODY and is_call
        assert answer.status_code in ((403,) if is_judged else (403, 422)), what
        assert fingerprint(house) == before, what
    assert house.laptop.is_signed_in
    assert house.phone.is_signed_in


@pytest.mark.security("3.5.3", "4.1.4")
def test_no_method_is_smuggled_in_by_another(house, any_route):
    path = filled(any_route[1], house.row_id)
    asyncio.run(flush_now(house.server))
    before = fingerprint(house, without=("activity",))
    token = house.laptop.form_token("/settings/sessions")
    for wanted in ("POST", "DELETE", "PUT", "PATCH"):
        overriding = {"x-http-method-override": wanted, "x-http-method": wanted, "x-method-override": wanted}
        fields = {"_method": wanted, "csrf": token}
        answer = asked(house.laptop, "GET", path, headers=overriding, params=fields)
        assert answer.status_code < 500
    offered = {each for each, of in every_route(house) if of == any_route[1]}
    for unheard in {
        "PUT",
        "PATCH",
        "TRACE",
        "CONNECT",
        "PROPFIND",
        "QUERY",
        "GET",
        "POST",
        "DELETE",
    } - offered:
        answer = asked(house.laptop, unheard, path, headers=house.laptop.own())
        assert answer.status_code in (404, 405), unheard
    assert fingerprint(house, without=("activity",)) == before
