"""Sessions that an app begins for its own people: for whom, on what, and what they are not (D31)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from people import (
    ADA,
    BERLIN,
    CHROME_ON_MACOS,
    GRACE,
    SAFARI_ON_IPHONE,
    SAN_FRANCISCO,
    Clock,
    done_apart,
    running,
)
from signedin.actions import begin_session as beginning
from signedin.actions import operate
from signedin.actions.issue_key import issue_service_key
from signedin.actions.revoke_key import revoke_any_key
from signedin.rules.access_key import Wish
from signedin.rules.account import OutsideId
from signedin.rules.scope import OF_SERVICES
from signedin.rules.session import AppType
from signedin.server.jobs import flush_now
from signedin.store import accounts, journal, outbox, outside

pytestmark = pytest.mark.xdist_group("begun by apps")
THE_APP = "192.0.2.20"
IDENTITY = ("signedin-account", "signedin-session", "signedin-app-type", "signedin-scopes")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running(tmp_path_factory.mktemp("house"), Clock()) as house:
        house.somebody(ADA)
        house.somebody(GRACE, "Grace Hopper")
        house.shop = key(house)
        yield house


def key(house, *scopes, name="shop", types=(AppType.WEB, AppType.MOBILE)):
    made = issue_service_key(house.means, Wish(name, scopes or OF_SERVICES), types, house.clock())
    return done_apart(made).token


def asked(house, token, path, method="GET", address=THE_APP, **more):
    """A program's request: it comes from where the program runs."""
    with house.browser("httpx/1.0", address).http as http:
        return http.request(method, path, headers={"authorization": f"Bearer {token}"}, **more)


def begin(house, whose, token=None, **fields):
    person = {"app_type": "web", "address": BERLIN, "user_agent": SAFARI_ON_IPHONE} | fields
    path = f"/v1/accounts/{whose}/sessions"
    return asked(house, token or house.shop, path, "POST", json=person)


def begun(house, whose, **fields):
    answer = begin(house, whose, **fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def account(house, email=ADA):
    return house.means.database.read_now(accounts.find_by_email, email)


def history(house, account_id):
    return [each.event for each in house.means.database.read_now(journal.since, int(account_id), 0)]


def counted(house, table="accounts"):
    return house.means.database.read_now(lambda conn: conn.scalar(sa.text(f"SELECT count(*) FROM {table}")))


@pytest.mark.guide("D31", "R16")
def test_an_app_begins_a_session_and_its_token_opens_what_the_app_checks(house):
    made = begun(house, account(house).id)
    assert made["account_id"] == str(account(house).id)
    assert made["token"].startswith("sgn_app_")
    answer = asked(house, made["token"], "/v1/check")
    said = [answer.headers[name] for name in IDENTITY]
    assert (answer.status_code, said) == (200, [made["account_id"], made["session"]["id"], "web", "*"])
    assert asked(house, made["token"], "/v1/check?app_type=mobile").json()["reason"] == "wrong_app_type"
    in_a_cookie = house.browser().http.get("/v1/check", headers={"cookie": f"signedin={made['token']}"})
    assert in_a_cookie.json()["reason"] == "wrong_kind"


@pytest.mark.guide("D16", "R6", "R7", "R9", "R18")
def test_the_row_tells_the_persons_device_and_place_and_never_those_of_the_app(house):
    made = begun(house, account(house, GRACE).id, app_type="mobile")
    [row] = [row for row in house.signed_in(email=GRACE).sessions() if row["id"] == made["session"]["id"]]
    assert (row["device"], row["location"]) == ("Safari on iOS", "Berlin, DE")
    assert (row["app_type"], row["session_type"]) == ("mobile", "mobile_session")
    assert row["masked_ip"] == BERLIN.rpartition(".")[0] + ".•••"
    mine = asked(house, made["token"], "/v1/sessions/current", address=SAN_FRANCISCO).json()
    assert (mine["id"], mine["current"]) == (row["id"], True)
    for said in (row["device"], row["location"], row["masked_ip"]):
        assert said in made["session"].values()


@pytest.mark.guide("D31")
def test_the_details_say_with_password_only_of_a_session_that_began_with_one(house):
    laptop = house.signed_in()

    def told():
        return len(laptop.sessions()), laptop.open("/settings/sessions").text.count("with password")

    rows, with_password = told()
    assert with_password >= 1
    begun(house, account(house).id)
    assert told() == (rows + 1, with_password)


@pytest.mark.guide("R22", "R23", "D30")
def test_an_app_of_ones_own_is_called_by_its_name(house):
    made = begun(house, account(house).id, app_type="mobile", app_name="Shop",
                 user_agent="Shop/2.1 (iPhone 15; iOS 18.6)")  # fmt: skip
    assert made["session"]["device"].startswith("Shop on iPhone 15")


@pytest.mark.guide("R48", "R84")
def test_it_is_a_row_like_any_other_and_is_revoked_like_one(house):
    laptop, made = house.signed_in(), begun(house, account(house).id)
    assert asked(house, made["token"], "/v1/sessions").status_code == 200
    assert laptop.revoke(made["session"]["id"]).status_code == 303
    assert asked(house, made["token"], "/v1/check").json()["reason"] == "revoked"
    other = begun(house, account(house).id)
    assert asked(house, other["token"], "/v1/sessions/current", "DELETE").status_code == 204
    assert asked(house, other["token"], "/v1/check").json()["reason"] == "logged_out"


@pytest.mark.guide("D31")
def test_who_is_known_by_an_outside_id_gets_an_account_on_the_fly_and_only_one(house):
    before = counted(house)
    first = begun(house, "outside:anna%20b%40x", name="Anna", email="Anna@Example.org")
    again = begun(house, "outside:anna%20b%40x", name="Somebody else")
    assert first["account_id"] == again["account_id"]
    assert begun(house, first["account_id"])["account_id"] == first["account_id"]
    assert counted(house) == before + 1
    made = house.means.database.read_now(accounts.find, int(first["account_id"]))
    assert (made.name, made.email) == ("Anna", "anna@example.org")
    known = house.means.database.read_now(outside.subjects, "shop", [made.id])
    assert known == {made.id: ("anna b@x",)}


@pytest.mark.guide("D31", "R5")
def test_an_outside_id_belongs_to_its_service_and_stays_with_it_when_the_key_is_changed(house):
    ours = begun(house, "outside:7")["account_id"]
    theirs = begun(house, "outside:7", token=key(house, name="forum"))["account_id"]
    next_key = begun(house, "outside:7", token=key(house, name="shop"))["account_id"]
    assert ours == next_key != theirs


@pytest.mark.guide("D31")
def test_the_address_of_somebody_an_app_knows_is_for_letters_and_signs_nobody_in(house):
    made = begun(house, "outside:victim", email=ADA, name="Ada?")
    assert made["account_id"] != str(account(house).id)
    assert house.means.database.read_now(accounts.find_by_email, ADA).name == "Ada Lovelace"
    assert house.browser().sign_in(ADA, "").status_code != 303
    assert house.signed_in().is_signed_in


@pytest.mark.guide("D31")
def test_calls_at_once_for_somebody_new_make_one_account(house):
    before, ready = counted(house), Barrier(6)

    def call(_):
        ready.wait(20)
        return begun(house, "outside:all-at-once")["account_id"]

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(call, range(6)))) == 1
    assert counted(house) == before + 1


@pytest.mark.guide("D31")
def test_who_finds_the_account_made_meanwhile_takes_that_one(house, monkeypatch):
    made = begun(house, "outside:meanwhile")["account_id"]
    found = outside.find
    looks = iter([None])
    monkeypatch.setattr(outside, "find", lambda conn, whose: next(looks, found(conn, whose)))
    assert begun(house, "outside:meanwhile")["account_id"] == made


@pytest.mark.guide("D31", "R16")
@pytest.mark.security("8.2.1", "attack-20")
def test_only_the_app_types_of_the_key_and_only_with_the_scope(house):
    mine, before = account(house).id, counted(house, "sessions")
    for app_type in ("admin", "sync", "oauth"):
        answer = begin(house, mine, app_type=app_type)
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_permission")
    answer = begin(house, mine, token=key(house, "sessions:check", "accounts:manage"))
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_permission")
    assert 'scope="sessions:begin"' in answer.headers["www-authenticate"]
    own = house.signed_in()
    for answer in (
        own.http.post(f"/v1/accounts/{mine}/sessions", json={}, headers=own.own()),
        begin(house, mine, token=begun(house, mine)["token"]),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_permission")
    assert house.browser().http.post(f"/v1/accounts/{mine}/sessions", json={}).status_code == 401
    assert counted(house, "sessions") == before + 2


@pytest.mark.guide("D31")
def test_never_for_an_operators_account(house):
    house.somebody("root@example.org", "Root")
    root, before = account(house, "root@example.org"), counted(house, "sessions")
    ours = accounts.accounts.c.account_id == root.id
    made = accounts.accounts.update().where(ours).values(operator_role="viewer")
    house.means.database.write_now(lambda conn: conn.execute(made))
    answer = begin(house, root.id)
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_permission")
    assert "operator" in answer.json()["title"]
    assert counted(house, "sessions") == before


@pytest.mark.security("7.4.2", "attack-25")
def test_never_for_an_account_that_is_disabled_and_its_sessions_end_with_it(house):
    house.somebody("eve@example.org", "Eve")
    eve = account(house, "eve@example.org")
    made = begun(house, eve.id)
    done_apart(operate.disable(house.means, eve.email, house.clock()))
    assert asked(house, made["token"], "/v1/check").json()["reason"] == "account_disabled"
    answer = begin(house, eve.id)
    told = answer.json()
    assert (answer.status_code, told["code"], told["reason"]) == (409, "account_inactive", "account_disabled")


@pytest.mark.guide("D23", "R58", "R62")
def test_what_was_begun_before_logout_all_is_dead_and_what_is_begun_after_lives(house):
    email = house.somebody("mary@example.org", "Mary")
    mary = account(house, email)
    before = begun(house, mary.id)
    assert house.signed_in(email=email).log_out_all().status_code == 303
    after = begun(house, mary.id)
    assert asked(house, before["token"], "/v1/check").json()["reason"] == "logged_out_everywhere"
    assert asked(house, after["token"], "/v1/check").status_code == 200


@pytest.mark.guide("D17", "D31")
def test_it_carries_no_factor_so_what_needs_a_fresh_proof_sends_the_person_back_to_the_app(house):
    made = begun(house, account(house).id)
    wanted = {"name": "backup", "scopes": ["sessions:read"]}
    for password in ("", "four unrelated words make it"):
        answer = asked(house, made["token"], "/v1/access-keys", "POST", json=wanted | {"password": password})
        assert (answer.status_code, answer.json()["code"]) == (403, "back_to_app")


@pytest.mark.guide("D31")
def test_the_history_says_which_service_began_it_and_with_which_key(house):
    made = begun(house, "outside:told", name="Told")
    created, started = history(house, made["account_id"])
    assert [created.kind, started.kind] == ["account_created", "session_started"]
    for event in (created, started):
        assert (event.facts["by"], event.facts["service"]) == ("service", "shop")
        assert len(event.facts["key"]) == 26
    assert started.subject == made["session"]["id"]


def test_who_has_no_address_gets_no_letters_and_is_no_trouble_to_the_mail_room(house):
    made = begun(house, "outside:silent")
    begun(house, "outside:silent", address=SAN_FRANCISCO, user_agent=CHROME_ON_MACOS)
    mine = outbox.outbox.c.account_id == int(made["account_id"])
    waiting = sa.select(outbox.outbox.c.kind).where(mine)
    assert house.means.database.read_now(lambda conn: conn.execute(waiting).all()) == []


@pytest.mark.guide("R76", "D21")
def test_an_app_that_keeps_the_mark_of_a_browser_is_not_told_each_time_that_it_is_new(house):
    first = begun(house, "outside:marked", email="marked@example.org", remember=True)
    mark = first["known_browser"]
    assert mark.startswith("sgn_brw_")
    unknown = begun(house, "outside:marked")
    known = begun(house, "outside:marked", known_browser=mark)
    rows = asked(house, known["token"], "/v1/sessions").json()["items"]
    flags = {row["id"]: [flag["kind"] for flag in row["flags"]] for row in rows}
    assert flags[unknown["session"]["id"]] == ["new_device"]
    assert flags[known["session"]["id"]] == flags[first["session"]["id"]] == []
    [said] = [row["flags"][0]["sentence"] for row in rows if row["flags"]]
    assert "by an app that vouched for you" in said
    assert "password" not in said


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"address": "nowhere"}, 422, "invalid_input", "address"),
        ({"address": ""}, 422, "invalid_input", "address"),
        ({"address": None}, 422, "invalid_input", "address"),
        ({"app_type": "fridge"}, 422, "invalid_input", "app_type"),
        ({"email": "nobody"}, 422, "invalid_input", "email"),
        ({"adress": BERLIN}, 422, "unknown_field", "adress"),
        ({"remember": "yes"}, 422, "invalid_input", "remember"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused_by_its_name(house, change, status, code, field):
    answer = begin(house, "outside:nobody", **change)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (status, code, field)
    assert house.means.database.read_now(outside.find, OutsideId("shop", "nobody")) is None


def test_an_id_that_names_nobody_is_refused(house):
    for whose, status in (
        ("1", 404), ("0", 404), (str(2**62), 404), (str(2**63), 422), ("9" * 30, 422), ("-1", 422),
        ("outside:", 422), ("outside", 422), ("anna", 422), ("outside:" + "x" * 201, 422), ("outside:%00", 404),
        ("outside:%FF", 422), ("outside:a%0Ab", 422), ("outside:a%2Fb", 404), ("%D9%A1", 422),
    ):  # fmt: skip
        answer = begin(house, whose)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert begin(house, "outside:" + "x" * 200).status_code == 201


@pytest.mark.security("7.4.1", "attack-1")
def test_a_key_that_is_revoked_while_it_asks_begins_nothing(house, monkeypatch):
    made = done_apart(
        issue_service_key(house.means, Wish("late", ("sessions:begin",)), [AppType.WEB], house.clock())
    )
    judged = beginning.whose

    def late(*given):
        done_apart(revoke_any_key(house.means, made.key.id, house.clock()))
        return judged(*given)

    monkeypatch.setattr(beginning, "whose", late)
    before = counted(house, "sessions")
    answer = begin(house, "outside:late", token=made.token)
    assert (answer.status_code, answer.json()["reason"]) == (401, "revoked")
    assert counted(house, "sessions") == before


@pytest.mark.security("T2", "T4", "SM-2")
def test_the_secret_is_shown_once_and_kept_nowhere(house, log_lines):
    made = begun(house, "outside:secret")
    done_apart(flush_now(house.server))
    kept = house.means.database.read_now(
        lambda conn: repr([conn.execute(sa.select(table)).all() for table in accounts.metadata.sorted_tables])
    )
    assert made["token"] not in kept
    assert made["token"] not in repr(log_lines())
    assert begin(house, "outside:secret").headers["cache-control"] == "no-store"


@pytest.mark.guide("R68")
def test_it_expires_like_a_session_of_its_type(house):
    made = begun(house, "outside:resting")
    house.clock.move(days=29)
    assert asked(house, made["token"], "/v1/check").status_code == 200
    done_apart(flush_now(house.server))
    house.clock.move(days=30, minutes=5)
    assert asked(house, made["token"], "/v1/check").json()["reason"] == "expired_idle"
    assert timedelta(days=30) == house.means.lifetimes.of(AppType.WEB).idle
