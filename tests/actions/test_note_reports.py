"""What a client library reports brings back nothing that has ended, also by a rule of an organisation."""

from __future__ import annotations

from datetime import timedelta

import pytest

from people import ADA, BERLIN, CHROME_ON_MACOS, PASSWORD, Clock, done_apart, recognised
from signedin.actions.issue_key import issue_service_key
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.note_reports import note_reports
from signedin.actions.organisations import add_member_from_shell, make_from_shell
from signedin.actions.set_policy import set_policy_from_shell
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.access_key import Wish as KeyWish
from signedin.rules.feed import Use
from signedin.rules.policy_wish import Wish
from signedin.rules.presence import Presence, Service
from signedin.rules.revocation import EndReason
from signedin.rules.scope import OF_SERVICES
from signedin.rules.session import AppType
from signedin.store import tombstones

NOW = Clock()()
HOUR = timedelta(hours=1)
VISIT = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())


@pytest.fixture
def house(means):
    """Ada's organisation lets a session live for an hour without use."""
    done_apart(add_by_operator(means, Applicant(ADA, "Ada", PASSWORD), NOW))
    done_apart(make_from_shell(means, "Tidewater Marine", NOW))
    done_apart(add_member_from_shell(means, "Tidewater Marine", ADA, NOW))
    done_apart(set_policy_from_shell(means, "Tidewater Marine", "all", Wish(idle_seconds=3600), NOW))
    return means


def signed_in(means):
    return done_apart(sign_in(means, ADA, PASSWORD, VISIT, Ticks(), NOW))


def shop_of(means, *types):
    key = done_apart(issue_service_key(means, KeyWish("shop", OF_SERVICES), types, NOW)).key
    return Service(key.id, "shop", OF_SERVICES, frozenset(types))


def reported(means, shop, begun, now, *agos):
    uses = [Use(begun.session.account_id, begun.session.id, ago, BERLIN) for ago in agos]
    return done_apart(note_reports(means, shop, uses, now))


def who(means, begun, now):
    [found] = recognised(means, begun.token, now=now)
    return found


@pytest.mark.guide("R48", "R73")
@pytest.mark.security("7.3.1")
def test_what_a_rule_has_ended_is_buried_by_a_report_and_never_brought_back(house):
    begun, later = signed_in(house), NOW + 3 * HOUR
    assert reported(house, shop_of(house, AppType.WEB), begun, later, 0) == 0
    stone = house.database.read_now(tombstones.tombstone_of, begun.session.account_id, begun.session.id)
    assert (stone.reason, stone.ended_at) == (EndReason.POLICY, NOW + HOUR)
    assert who(house, begun, later).reason == "policy"


@pytest.mark.guide("R15")
def test_uses_within_the_period_of_a_rule_prolong_it_however_late_they_are_reported(house):
    begun, later = signed_in(house), NOW + 2 * HOUR
    assert reported(house, shop_of(house, AppType.WEB), begun, later, 1800, 4500) == 2
    assert isinstance(who(house, begun, later), Presence)


@pytest.mark.security("8.2.2")
def test_a_service_buries_nothing_that_is_not_of_its_own_app_types(house):
    begun, later = signed_in(house), NOW + 3 * HOUR
    assert reported(house, shop_of(house, AppType.MOBILE), begun, later, 0) == 0
    asked = (tombstones.tombstone_of, begun.session.account_id, begun.session.id)
    assert house.database.read_now(*asked) is None
