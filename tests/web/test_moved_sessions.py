"""Sessions that have moved in from an app go on by a token that follows from their old one, as long as they live."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from people import ADA, BERLIN, SAFARI_ON_IPHONE, Clock, done_apart, running
from signedin.actions.issue_key import issue_service_key
from signedin.actions.move_people import move_people
from signedin.actions.move_sessions import Moving, move_sessions
from signedin.actions.organisations import make_from_shell
from signedin.actions.set_policy import set_policy_from_shell
from signedin.actions.sign_in import Visit
from signedin.client import SyncClient
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.access_key import Wish
from signedin.rules.account import OutsideId
from signedin.rules.moving_in import person_of, session_of
from signedin.rules.policy_wish import Wish as Rule
from signedin.rules.scope import OF_SERVICES
from signedin.rules.session import AppType
from signedin.server.jobs import flush_now
from signedin.store import organisations, outside

pytestmark = pytest.mark.xdist_group("moved sessions")
OLD = "the old app's secret of this browser"
VISIT = Visit(BERLIN, SAFARI_ON_IPHONE, read_device(SAFARI_ON_IPHONE, {}), ruleset())


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running(tmp_path_factory.mktemp("house"), Clock()) as house:
        house.somebody(ADA)
        house.shop = key(house, "shop")
        yield house


@pytest.fixture
def anna(house):
    """Somebody who has moved in with one session; known by a new id each time."""
    house.people = getattr(house, "people", 0) + 1
    whose = f"anna{house.people}"
    now = house.clock()
    moved(move_people(house.means, [person_of(1, {"id": whose}, "shop", now)], now, **WRITTEN))
    moved(moving(house, whose))
    return whose


WRITTEN = {"is_trial": False, "skip_refused": False}


def moving(house, whose, token=OLD, **fields):
    said = {"account": whose, "token": token, "last_at": house.clock().isoformat()} | fields
    return move_sessions(
        house.means, [Moving(session_of(1, said, "shop", house.clock()), VISIT)], house.clock(), **WRITTEN
    )


def moved(deed):
    done = done_apart(deed)
    assert (done.added, done.refused) == (1, []), done
    return done


def key(house, name, types=(AppType.WEB, AppType.MOBILE)):
    return done_apart(issue_service_key(house.means, Wish(name, OF_SERVICES), types, house.clock())).token


def handed(house, whose, token=None, **fields):
    person = {"app_type": "web", "address": BERLIN, "moved_from": OLD} | fields
    with house.browser("httpx/1.0", "192.0.2.20").http as http:
        return http.post(
            f"/v1/accounts/outside:{whose}/sessions", json=person,
            headers={"authorization": f"Bearer {token or house.shop}"},
        )  # fmt: skip


def let_in(house, token):
    with house.browser().http as http:
        return http.get("/v1/check?app_type=web", headers={"authorization": f"Bearer {token}"})


@pytest.mark.guide("D31", "R48")
def test_however_often_the_app_asks_the_session_and_its_token_are_the_same(house, anna):
    with ThreadPoolExecutor(4) as at_once:
        answers = list(at_once.map(lambda _: handed(house, anna), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    ((token, row),) = {(answer.json()["token"], answer.json()["session"]["id"]) for answer in answers}
    answer = let_in(house, token)
    assert (answer.status_code, answer.headers["signedin-session"]) == (200, row)
    assert answers[0].json()["session"]["device"] == "Safari on iOS"


@pytest.mark.guide("R42", "R48")
@pytest.mark.security("7.4.1", "attack-14")
def test_what_has_ended_is_over_for_the_old_token_too_and_does_not_move_in_again(house, anna):
    first = handed(house, anna).json()
    with house.browser("httpx/1.0", "192.0.2.20").http as http:
        ended = http.delete(
            f"/v1/accounts/outside:{anna}/sessions?reason=lost",
            headers={"authorization": f"Bearer {house.shop}"},
        )
    assert ended.status_code == 200
    assert let_in(house, first["token"]).status_code == 401
    answer = handed(house, anna)
    assert (answer.status_code, answer.json()["code"]) == (410, "session_already_ended")
    assert first["token"] not in answer.text
    again = done_apart(moving(house, anna))
    assert (again.added, again.already) == (0, 1)
    house.clock.move(minutes=1)
    other = done_apart(moving(house, anna, "another secret of the app", first_at=_ago(house, hours=1)))
    assert [each.code for each in other.refused] == ["logged_out_everywhere"], "it began before that"


def _ago(house, **span):
    return (house.clock() - timedelta(**span)).isoformat()


@pytest.mark.guide("R68", "R73")
@pytest.mark.security("7.3.1")
def test_it_lives_for_30_days_after_its_last_use_in_the_app_and_no_longer(house, anna):
    moved(moving(house, anna, "a secret used 29 days ago", last_at=_ago(house, days=29)))
    assert handed(house, anna, moved_from="a secret used 29 days ago").status_code == 200
    moved(moving(house, anna, "a secret that is not asked for", last_at=_ago(house, days=29)))
    house.clock.move(days=2)
    assert handed(house, anna, moved_from="a secret used 29 days ago").status_code == 200, "a use of its own"
    answer = handed(house, anna, moved_from="a secret that is not asked for")
    assert answer.status_code == 410


def under_a_rule_of_an_hour(house, whose):
    now, name = house.clock(), f"Employer of {whose}"
    made = done_apart(make_from_shell(house.means, name, now))
    account_id = house.means.database.read_now(outside.find, OutsideId("shop", whose))
    house.means.database.write_now(organisations.join, account_id, made.id, now)
    done_apart(set_policy_from_shell(house.means, name, "all", Rule(idle_seconds=3600), now))


@pytest.mark.guide("R48", "R73")
@pytest.mark.security("7.3.1", "7.4.1")
def test_what_the_rule_of_an_organisation_has_ended_does_not_go_on_by_the_old_token(house, anna):
    token = handed(house, anna).json()["token"]
    under_a_rule_of_an_hour(house, anna)
    house.clock.move(minutes=50)
    assert handed(house, anna).json()["token"] == token, "a use within the hour"
    house.clock.move(minutes=50)
    assert let_in(house, token).status_code == 200
    house.clock.move(hours=5)
    for _ in range(2):  # it is buried by the first
        answer = handed(house, anna)
        assert (answer.status_code, answer.json()["code"]) == (410, "session_already_ended")
    checked = let_in(house, token)
    assert (checked.status_code, checked.json()["reason"]) == (401, "policy")


@pytest.mark.security("attack-17", "4.2.1")
def test_nobody_else_goes_on_with_it(house, anna):
    other = key(house, "another shop")
    refused = {
        "another service": handed(house, anna, other),
        "another token": handed(house, anna, moved_from=OLD + "."),
        "another person": handed(house, "nobody"),
        "another app type": handed(house, anna, app_type="mobile"),
    }
    assert {why: answer.status_code for why, answer in refused.items()} == dict.fromkeys(refused, 404)
    assert handed(house, anna, "sgn_svc_none").status_code == 401
    assert handed(house, anna, key(house, "shop", (AppType.MOBILE,))).status_code == 403
    assert handed(house, anna, moved_from="short").status_code == 422
    done_apart(moving(house, "nobody at all"))
    assert handed(house, anna).status_code == 200


@pytest.mark.guide("D31")
def test_the_keyring_may_be_rotated_in_between(house, anna):
    before = handed(house, anna).json()["token"]
    house.means.keyring.rotate()
    assert handed(house, anna).json()["token"] == before
    assert let_in(house, before).status_code == 200
    assert done_apart(moving(house, anna)).already == 1


@pytest.mark.guide("D31")
def test_the_client_library_asks_for_the_token_and_tells_over_from_unknowable(house, anna):
    with SyncClient(house.base_url, house.shop) as client:
        token = client.go_on(anna, OLD, address=BERLIN, agent=SAFARI_ON_IPHONE)
        who = client.check({"authorization": f"Bearer {token}"}, address=BERLIN)
        assert who.session == handed(house, anna).json()["session"]["id"]
        assert client.go_on(anna, "never was a session's", address=BERLIN) is None


@pytest.mark.guide("D16", "D31")
@pytest.mark.parametrize("address", ["", "unknown", "testclient", "1.2.3.4.5", "x" * 200])
def test_what_is_no_address_of_the_person_is_left_out_and_the_place_stays_as_it_was(house, anna, address):
    with SyncClient(house.base_url, house.shop) as client:
        token = client.go_on(anna, OLD, address=address, agent=SAFARI_ON_IPHONE)
        assert client.check({"authorization": f"Bearer {token}"}).account
    done_apart(flush_now(house.server))
    shown = {"authorization": f"Bearer {house.shop}"}
    [row] = house.browser().http.get(f"/v1/accounts/outside:{anna}/sessions", headers=shown).json()["items"]
    assert row["location"].startswith("Berlin")


@pytest.mark.guide("D16", "D31")
def test_a_session_that_begins_needs_the_address_of_its_person_and_one_that_goes_on_no_wrong_one(house, anna):
    refused = [handed(house, anna, moved_from="", address=""), handed(house, anna, address="unknown")]
    assert [(each.status_code, each.json()["field"]) for each in refused] == [(422, "address")] * 2
    assert handed(house, anna, address="").status_code == 200
