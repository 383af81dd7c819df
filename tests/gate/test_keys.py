"""Access keys and service keys at the gate: what each opens, what it does not, and when it ends."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from litestar import get
from litestar.response.base import ASGIResponse

from people import (
    ADA,
    BERLIN,
    FIREFOX_ON_WINDOWS,
    GRACE,
    SAFARI_ON_IPHONE,
    SAN_FRANCISCO,
    Clock,
    done_apart,
    running,
)
from signedin.actions import operate
from signedin.actions.issue_key import issue_key_for, issue_service_key
from signedin.actions.list_keys import list_keys_of, list_service_keys
from signedin.actions.revoke_key import revoke_any_key
from signedin.api.asking import Ask, arrival_of
from signedin.rules.access_key import Wish
from signedin.rules.errors import InvalidInput
from signedin.rules.scope import OF_SERVICES, PERSONAL, SENTENCES
from signedin.rules.secret import Kind, make_token
from signedin.rules.session import AppType
from signedin.server import app
from signedin.server.jobs import flush_now
from signedin.store import accounts

pytestmark = pytest.mark.xdist_group("keys")
CHECK = "/v1/check"
IDENTITY = ("signedin-account", "signedin-session", "signedin-app-type", "signedin-scopes")


@get("/v1/shop")
async def a_services_door(request: Ask) -> ASGIResponse:
    """A door for service keys that may begin sessions, as the tests know it."""
    service = arrival_of(request).service_with("sessions:begin")
    return ASGIResponse(body=f"{service.name} {min(service.app_types).value}")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        pages = app._pages
        patched.setattr(app, "_pages", lambda: [*pages(), a_services_door])
        with running(tmp_path_factory.mktemp("house"), Clock()) as house:
            house.somebody(ADA)
            house.somebody(GRACE, "Grace Hopper")
            yield house


def issued(house, *scopes, email=ADA, expires_in=None):
    """A key of somebody's: its id and its secret."""
    now = house.clock()
    wish = Wish("backup", scopes or PERSONAL, now + expires_in if expires_in else None)
    made = done_apart(issue_key_for(house.means, email, wish, now))
    return made.key.id, made.token


def service_key(house, *scopes, expires_in=None):
    now = house.clock()
    wish = Wish("shop", scopes or OF_SERVICES, now + expires_in if expires_in else None)
    made = done_apart(issue_service_key(house.means, wish, [AppType.WEB], now))
    return made.key.id, made.token


def asked(house, token, path="/v1/sessions", method="GET", address=SAN_FRANCISCO, **headers):
    """A program's request with a key; it sends nothing that only browsers send."""
    shown = {"authorization": f"Bearer {token}"} | headers
    return house.browser(address=address).http.request(method, path, headers=shown)


def account(house, email=ADA):
    return house.means.database.read_now(accounts.find_by_email, email).id


@pytest.mark.guide("R26", "D3")
def test_a_key_reads_the_list_and_is_nobody_in_it(house):
    house.signed_in()
    _, token = issued(house, "sessions:read")
    answer = asked(house, token)
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert items
    assert not [item for item in items if item["current"]]
    current = asked(house, token, "/v1/sessions/current")
    assert (current.status_code, current.json()["code"]) == (404, "no_current_session")
    assert asked(house, token, f"/v1/sessions/{items[0]['id']}").json()["current"] is False


@pytest.mark.guide("R26")
def test_a_key_is_no_row_of_the_list_however_often_it_is_used(house):
    laptop = house.signed_in()
    key_id, token = issued(house)
    before = len(laptop.sessions())
    assert asked(house, token).status_code == 200
    done_apart(flush_now(house.server))
    assert len(laptop.sessions()) == before
    assert laptop.open(f"/v1/sessions/{key_id}").status_code == 404
    assert laptop.http.delete(f"/v1/sessions/{key_id}", headers=laptop.own()).status_code == 404


@pytest.mark.guide("R86", "D11")
@pytest.mark.security("8.2.1")
def test_a_key_ends_nothing_and_is_told_which_scope_that_would_need(house):
    laptop = house.signed_in()
    row = laptop.current()["id"]
    _, token = issued(house)
    for path, method, scope in (
        (f"/v1/sessions/{row}", "DELETE", "sessions:manage"),
        ("/v1/sessions/logout-all", "POST", "sessions:manage"),
        ("/v1/sessions/current", "DELETE", None),
    ):
        answer = asked(house, token, path, method)
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_permission")
        said = f'Bearer error="insufficient_scope", scope="{scope}"' if scope else None
        assert answer.headers.get("www-authenticate") == said
    assert laptop.is_signed_in


@pytest.mark.guide("D11")
def test_a_key_without_the_scope_is_refused_by_the_name_of_the_scope(house):
    _, token = issued(house, "account:read")
    answer = asked(house, token)
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_permission")
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="sessions:read"'


@pytest.mark.guide("D11")
def test_no_key_can_be_issued_with_more_than_its_kind_may_hold(house):
    for scope in SENTENCES:
        for issue, allowed in ((issued, PERSONAL), (service_key, OF_SERVICES)):
            if scope in allowed:
                issue(house, scope)
            else:
                with pytest.raises(InvalidInput):
                    issue(house, scope)


@pytest.mark.security("7.2.2")
def test_a_key_opens_no_page_and_is_nothing_in_a_cookie(house):
    _, token = issued(house)
    _, service = service_key(house)
    for each in (token, service):
        page = asked(house, each, "/settings/sessions")
        assert (page.status_code, page.headers["location"].partition("?")[0]) == (303, "/sign-in")
        answer = house.browser().http.get("/v1/sessions", headers={"cookie": f"signedin={each}"})
        assert (answer.status_code, answer.json()["reason"]) == (401, "wrong_kind")
        both = asked(house, each, cookie=f"signedin={house.signed_in().secret}")
        assert (both.status_code, both.json()["reason"]) == (401, "malformed")


@pytest.mark.security("7.2.1", "7.2.2", "T3")
def test_what_is_no_key_is_told_why(house):
    keys = house.means.keyring.way_keys
    _, token = issued(house)
    for shown, reason in (
        (make_token(Kind.KEY, account(house), keys), "unknown"),
        (make_token(Kind.KEY, 1, keys), "unknown"),
        (make_token(Kind.SVC, 0, keys), "unknown"),
        (token[:-1] + ("0" if token[-1] != "0" else "1"), "malformed"),
        (token[:-1], "malformed"),
        (token.replace("sgn_key_", "sgn_svc_"), "malformed"),
        ("sgn_key_", "malformed"),
        (make_token(Kind.ACC, account(house), keys), "unknown"),
    ):
        answer = asked(house, shown)
        assert (answer.status_code, answer.json()["reason"]) == (401, reason), shown[:8]


@pytest.mark.guide("R16", "D3")
def test_an_apps_session_marks_its_own_row_by_its_bearer_token(house):
    import sqlalchemy as sa

    from signedin.rules.secret import digest

    browser = house.signed_in(SAFARI_ON_IPHONE)
    row, token = browser.current()["id"], make_token(Kind.APP, account(house), house.means.keyring.way_keys)
    statement = sa.text("UPDATE sessions SET digest = :d, app_type = 'mobile' WHERE session_id = :id")
    house.means.database.write_now(lambda conn: conn.execute(statement.bindparams(d=digest(token), id=row)))
    assert asked(house, token, "/v1/sessions/current").json()["id"] == row
    assert asked(house, token, "/v1/sessions/current", "DELETE").status_code == 204
    assert asked(house, token, "/v1/sessions/current").json()["reason"] == "logged_out"


@pytest.mark.guide("R60")
def test_a_key_works_before_during_and_after_logout_all_devices_without_a_gap(house):
    laptop = house.signed_in(email=GRACE)
    _, token = issued(house, "sessions:read", email=GRACE)
    assert asked(house, token).status_code == 200
    told, stop = [], threading.Event()

    def go_on_asking():
        with house.browser().http as http:
            while not stop.is_set():
                told.append(
                    http.get("/v1/sessions", headers={"authorization": f"Bearer {token}"}).status_code
                )

    asking = [threading.Thread(target=go_on_asking) for _ in range(3)]
    for thread in asking:
        thread.start()
    for _ in range(5):
        before = len(told)
        assert (
            laptop.http.post("/v1/sessions/logout-all", headers=laptop.own()).json()["access_keys_kept"] == 1
        )
        laptop = house.signed_in(email=GRACE)
        assert len(told) > before
    stop.set()
    for thread in asking:
        thread.join()
    assert set(told) == {200}
    assert asked(house, token, f"{CHECK}?scope=sessions:read").status_code == 200


@pytest.mark.security("7.4.2", "attack-25")
@pytest.mark.guide("R26")
def test_keys_end_with_the_account_that_is_disabled_and_do_not_come_back(house):
    email = "eve@example.org"
    house.somebody(email, "Eve")
    _, token = issued(house, email=email)
    assert asked(house, token).status_code == 200
    done_apart(operate.disable(house.means, email, house.clock()))
    assert asked(house, token).json()["reason"] == "account_disabled"
    done_apart(operate.enable(house.means, email, house.clock()))
    assert asked(house, token).json()["reason"] == "account_disabled"
    assert done_apart(list_keys_of(house.means, email)) == []
    done_apart(operate.disable(house.means, email, house.clock()))
    with pytest.raises(InvalidInput):
        issued(house, email=email)


@pytest.mark.security("7.4.2", "attack-25")
def test_a_key_of_a_disabled_account_opens_nothing_even_if_it_was_left_behind(house):
    email = "mallory@example.org"
    house.somebody(email, "Mallory")
    _, token = issued(house, email=email)
    disabled = accounts.accounts.update().values(state="disabled")
    mine = disabled.where(accounts.accounts.c.account_id == account(house, email))
    house.means.database.write_now(lambda conn: conn.execute(mine))
    assert asked(house, token).json()["reason"] == "account_disabled"
    assert asked(house, token, f"{CHECK}?scope=sessions:read").json()["reason"] == "account_disabled"


@pytest.mark.security("7.4.1", "attack-1")
def test_a_revoked_key_is_refused_at_the_next_request_with_the_reason(house):
    for make, path in ((issued, "/v1/sessions"), (service_key, "/v1/shop")):
        key_id, token = make(house)
        assert asked(house, token, path).status_code == 200
        done_apart(revoke_any_key(house.means, key_id, house.clock()))
        answer = asked(house, token, path)
        assert answer.status_code == 401
        assert answer.json()["reason"] in {"ended_by_operator", "revoked"}


def test_a_key_ends_at_the_moment_that_was_chosen_for_it(house):
    for make, path in ((issued, "/v1/sessions"), (service_key, "/v1/shop")):
        _, token = make(house, expires_in=timedelta(hours=1))
        house.clock.move(minutes=59, seconds=59)
        assert asked(house, token, path).status_code == 200
        house.clock.move(seconds=1)
        assert asked(house, token, path).json()["reason"] == "expired_overall"


@pytest.mark.guide("D12")
def test_a_check_lets_a_key_in_only_where_it_names_a_scope_that_the_key_holds(house):
    _, token = issued(house, "activity:read", "sessions:read")
    for query in ("", "?app_type=web", "?app_type=web,mobile,admin,sync"):
        answer = asked(house, token, CHECK + query)
        assert (answer.status_code, answer.json()["reason"]) == (401, "wrong_kind")
    answer = asked(house, token, f"{CHECK}?scope=sessions:read")
    said = {name: answer.headers.get_list(name) for name in IDENTITY}
    wanted = [[str(account(house))], ["-"], ["-"], ["activity:read sessions:read"]]
    assert (answer.status_code, said) == (200, dict(zip(IDENTITY, wanted, strict=True)))
    assert asked(house, token, f"{CHECK}?scope=sessions:read%20activity:read").status_code == 200
    for more in ("account:read", "sessions:read%20account:read", "sessions:manage"):
        answer = asked(house, token, f"{CHECK}?scope={more}")
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_permission")
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
        assert not set(IDENTITY) & set(answer.headers)


@pytest.mark.guide("D12", "D31")
def test_a_service_key_is_nobody_and_passes_no_check(house):
    _, token = service_key(house)
    for query in ("", "?scope=sessions:manage", "?scope=sessions:check", "?scope=account:read"):
        assert asked(house, token, CHECK + query).json()["reason"] == "wrong_kind"


@pytest.mark.guide("D31")
@pytest.mark.security("8.2.1")
def test_a_services_door_opens_to_a_service_key_with_the_scope_alone_and_no_other_door_to_it(house):
    assert asked(house, service_key(house)[1], "/v1/shop").text == "shop web"
    laptop = house.signed_in()
    for answer in (
        asked(house, service_key(house, "sessions:check")[1], "/v1/shop"),
        asked(house, issued(house)[1], "/v1/shop"),
        laptop.open("/v1/shop"),
        asked(house, service_key(house)[1], "/v1/sessions"),
        asked(house, service_key(house)[1], f"/v1/sessions/{laptop.current()['id']}", "DELETE"),
        asked(house, service_key(house)[1], "/v1/sessions/logout-all", "POST"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_permission")
    assert house.browser().open("/v1/shop").json()["reason"] == "missing"
    assert laptop.is_signed_in


@pytest.mark.guide("R7", "R9")
def test_the_last_use_of_a_key_is_noted_when_and_from_where_without_a_write_for_each_request(house):
    key_id, token = issued(house, email=GRACE)
    service_id, service = service_key(house)

    def both():
        keys = done_apart(list_keys_of(house.means, GRACE)) + done_apart(list_service_keys(house.means))
        return [key for key in keys if key.id in {key_id, service_id}]

    assert [(key.last_at, key.last_from) for key in both()] == [(None, None)] * 2
    written = house.means.database.read_now(accounts.history_number, account(house, GRACE))
    for _ in range(3):
        assert asked(house, token, address=BERLIN).status_code == 200
        assert asked(house, service, "/v1/shop", address=BERLIN).status_code == 200
    assert asked(house, token, f"{CHECK}?scope=sessions:read", address=BERLIN).status_code == 200
    done_apart(flush_now(house.server))
    for key in both():
        assert key.last_at == house.clock()
        assert key.last_from.masked_ip.endswith(".•••")
        assert key.last_from.location.city == "Berlin"
    assert house.means.database.read_now(accounts.history_number, account(house, GRACE)) == written


@pytest.mark.security("3.5.1")
def test_a_bearer_needs_no_token_of_a_form_but_a_cookie_does(house):
    laptop = house.signed_in(FIREFOX_ON_WINDOWS)
    row = house.signed_in().current()["id"]
    foreign = laptop.http.delete(f"/v1/sessions/{row}", headers={"origin": "https://evil.test"})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "cross_site_request")
    beside = laptop.http.delete(f"/v1/sessions/{row}", headers={"authorization": "Bearer somebody-elses"})
    assert (beside.status_code, beside.json()["code"]) == (403, "cross_site_request")
