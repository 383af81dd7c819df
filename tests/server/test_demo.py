"""The demo is filled by the real actions, in the order of time: its flags come from what had happened until then."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from people import CHROME_ON_MACOS, SAN_FRANCISCO, Clock, settings_in
from signedin.actions.appoint import who_asks
from signedin.actions.audit import audit
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.event import EventKind
from signedin.rules.operator import Role
from signedin.rules.policy import TooManySessions
from signedin.rules.presence import Presence
from signedin.rules.session import AppType
from signedin.rules.session_list import session_list
from signedin.server.demo import EMAIL, OPERATOR, add_operator, add_organisation, fill
from signedin.server.demo_rows import APPS
from signedin.server.means import close_means, open_means
from signedin.store import journal, session_rows

NOW = Clock()()


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    means = open_means(settings_in(tmp_path_factory.mktemp("demo"), 8000))
    yield means, asyncio.run(fill(means, NOW)).account
    close_means(means)


@pytest.fixture(scope="module")
def listed(demo):
    means, account = demo
    rows, keys = means.database.read_now(session_rows.of, account.id)
    return session_list(rows, None, NOW, keys)


def test_about_twenty_rows_of_five_types_in_nine_places_with_four_consents_and_three_keys(listed):
    assert {kind: count for kind, count in listed.counts().items() if kind != "all"} == {
        "web": 8, "admin": 2, "sync": 3, "mobile": 3, "oauth": 4,
    }  # fmt: skip
    assert len([place for place in listed.places() if place.location.latitude is not None]) == 9
    assert listed.access_keys == 3


@pytest.mark.guide("R76")
def test_exactly_three_rows_are_worth_a_look_each_for_a_reason_of_its_own(listed):
    kinds = Counter(flag.kind.value for flags in listed.flags.values() for flag in flags)
    assert (len(listed.flags), kinds) == (3, {"new_device": 1, "unfamiliar_location": 1, "unused": 1})
    (far,) = (
        f.noticed for flags in listed.flags.values() for f in flags if f.kind.value == "unfamiliar_location"
    )
    assert far.earlier_place == "San Francisco"
    assert far.earlier_at < NOW
    assert far.distance_km > 10_000


def test_what_else_was_noticed_was_recognised_by_its_owner(listed):
    noticed = [row for row in listed.sessions if row.noticed and row.id not in listed.flags]
    assert len(noticed) > 8
    assert all({n.sign.value for n in row.noticed} <= row.recognised for row in noticed)


def test_its_operator_finds_the_account_and_may_do_everything(tmp_path):
    means = open_means(settings_in(tmp_path, 8000))
    password = asyncio.run(add_operator(means, NOW))
    device = read_device(CHROME_ON_MACOS, {})
    visit = Visit(SAN_FRANCISCO, CHROME_ON_MACOS, device, ruleset())
    begun = asyncio.run(sign_in(means, OPERATOR, password, visit, Ticks(), NOW, AppType.ADMIN))
    asking = Presence(begun.session.account_id, begun.session.id, AppType.ADMIN, NOW)
    assert asyncio.run(who_asks(means, asking)).role is Role.OWNER
    close_means(means)


def test_its_organisation_lets_a_newcomer_in_and_asks_at_the_next_sign_in_which_session_ends(tmp_path):
    means = open_means(settings_in(tmp_path, 8000))
    password = asyncio.run(fill(means, NOW)).password
    asyncio.run(add_organisation(means, NOW))
    visit = Visit(SAN_FRANCISCO, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
    begun = asyncio.run(sign_in(means, EMAIL, password, visit, Ticks(), NOW))
    rows, _ = means.database.read_now(session_rows.of, begun.session.account_id)
    assert len([row for row in rows if row.app_type is AppType.WEB]) == 9, "nothing has ended by it"
    with pytest.raises(TooManySessions) as refused:
        asyncio.run(sign_in(means, EMAIL, password, visit, Ticks(), NOW))
    assert refused.value.pending, "it is asked, not refused"
    close_means(means)


@pytest.mark.security("LOG-7")
def test_its_history_is_whole_and_runs_in_the_order_of_time(demo):
    means, account = demo
    told = [each.event for each in means.database.read_now(journal.since, account.id, 0)]
    assert [event.at for event in told] == sorted(event.at for event in told)
    kinds = Counter(event.kind for event in told)
    assert kinds[EventKind.SESSION_STARTED] == 17
    assert kinds[EventKind.CONSENT_GIVEN] == 4
    assert kinds[EventKind.ACCESS_KEY_ISSUED] == 3
    assert kinds[EventKind.SESSION_LOGGED_OUT] == 1
    assert asyncio.run(audit(means)).broken == ()


def test_its_history_names_the_apps_that_were_allowed(demo):
    means, account = demo
    told = [each.event for each in means.database.read_now(journal.before, account.id, None, 200)]
    given = [event for event in told if event.kind is EventKind.CONSENT_GIVEN]
    assert {event.personal["device"] for event in given} == {app.name for app in APPS}
