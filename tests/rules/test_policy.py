"""Which rule applies: never laxer than any that were set, in whatever order they are looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from people import Clock
from signedin.rules import policy_wish
from signedin.rules.account import OrganisationId
from signedin.rules.errors import InvalidInput
from signedin.rules.organisation import Organisation
from signedin.rules.password import SHORTEST
from signedin.rules.policy import Policy, TooMany, admits, in_force
from signedin.rules.policy_wish import Wish, app_type_named, judge_wish
from signedin.rules.session import AppType

MONTH, YEAR = timedelta(days=30), timedelta(days=365)
MARINE = Organisation(OrganisationId(1), "Tidewater Marine", Clock()())
SPANS = st.none() | st.timedeltas(timedelta(minutes=5), timedelta(days=3650))
NETWORKS = st.lists(
    st.sampled_from(["192.0.2.0/24", "192.0.2.128/25", "198.51.100.0/24", "2001:db8::/32"]), max_size=2
)
POLICIES = st.builds(
    Policy,
    organisation_id=st.integers(1, 4).map(OrganisationId),
    organisation=st.sampled_from(["Marine", "Calendar", "Shop"]),
    app_type=st.none() | st.sampled_from(AppType),
    idle=SPANS,
    overall=SPANS,
    most=st.none() | st.integers(1, 9),
    too_many=st.sampled_from(TooMany),
    is_read_only=st.booleans(),
    networks=NETWORKS.map(tuple),
    shortest_password=st.none() | st.integers(SHORTEST, 60),
)
SOME = st.lists(POLICIES, max_size=5)
TYPES = st.sampled_from(AppType)
ADDRESSES = st.sampled_from(
    ["192.0.2.7", "192.0.2.200", "198.51.100.1", "203.0.113.9", "2001:db8::7", "", "none"]
)


@pytest.mark.guide("R86", "D7")
@pytest.mark.security("7.1.2", "8.2.1")
@given(SOME, TYPES)
def test_what_is_in_force_is_never_laxer_than_any_of_its_parts(policies, app_type):
    found = in_force(policies, app_type, MONTH, YEAR)
    assert found.idle.value <= MONTH
    assert found.overall.value <= YEAR
    for each in policies:
        assert each.shortest_password is None or found.shortest_password.value >= each.shortest_password
        if not each.is_for(app_type):
            continue
        assert each.idle is None or found.idle.value <= each.idle
        assert each.overall is None or found.overall.value <= each.overall
        assert found.is_read_only.value or not each.is_read_only
        if each.most is not None and app_type is not AppType.OAUTH:
            assert found.most.value <= each.most
            assert [*TooMany].index(found.too_many.value) >= [*TooMany].index(each.too_many)


@given(SOME, TYPES, ADDRESSES)
def test_nobody_comes_from_where_any_organisation_does_not_let_them(policies, app_type, address):
    found = in_force(policies, app_type, MONTH, YEAR).must_come_from
    bound = [] if app_type is AppType.OAUTH else policies
    asked = [each.networks for each in bound if each.is_for(app_type) and each.networks]
    there = all(
        address not in ("", "none") and any(ip_address(address) in ip_network(network) for network in each)
        for each in asked
    )
    assert admits(found, address) is there


@given(SOME.flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))), TYPES)
def test_the_order_of_rules_is_of_no_consequence(both, app_type):
    one, other = both
    assert in_force(one, app_type, MONTH, YEAR) == in_force(other, app_type, MONTH, YEAR)


@given(SOME, TYPES)
def test_each_value_says_who_wants_it_or_is_the_installations_own(policies, app_type):
    found = in_force(policies, app_type, MONTH, YEAR)
    for each, own in ((found.idle, MONTH), (found.overall, YEAR), (found.most, None)):
        assert (each.value == own) == (not each.because)
    mine = [each for each in policies if each.is_for(app_type)]
    assert set(found.idle.because) <= {each.organisation for each in mine if each.idle == found.idle.value}
    assert set(found.is_read_only.because) == {each.organisation for each in mine if each.is_read_only}


def test_a_rule_for_one_app_type_says_nothing_of_the_others():
    rule = Policy(MARINE.id, MARINE.name, AppType.ADMIN, idle=timedelta(hours=1))
    assert in_force([rule], AppType.ADMIN, MONTH, YEAR).idle.value == timedelta(hours=1)
    assert in_force([rule], AppType.WEB, MONTH, YEAR).idle.value == MONTH


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (Wish(), "idle_seconds"),
        (Wish(idle_seconds=1), "idle_seconds"),
        (Wish(overall_seconds=10**12), "overall_seconds"),
        (Wish(most=0), "most"),
        (Wish(most=3, too_many="sometimes"), "too_many"),
        (Wish(networks=("192.0.2.0/99",)), "networks"),
        (Wish(networks=tuple(f"10.0.{n}.0/24" for n in range(51))), "networks"),
        (Wish(shortest_password=SHORTEST - 1), "shortest_password"),
    ],
)
def test_what_makes_no_sense_is_refused_and_the_field_is_named(wish, field):
    with pytest.raises(InvalidInput) as refused:
        judge_wish(MARINE, None, wish)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("new", "old", "longer"),
    [
        ({"idle": YEAR}, {"idle": YEAR}, False),
        ({"idle": MONTH}, {"idle": YEAR}, False),
        ({"idle": YEAR}, {"idle": MONTH}, True),
        ({}, {"idle": MONTH}, True),
        ({"idle": MONTH}, {}, False),
        ({"idle": MONTH}, {"idle": YEAR, "overall": YEAR}, True),
        ({"overall": YEAR}, {"overall": YEAR, "most": 2}, False),
    ],
)
def test_a_rule_lets_live_longer_only_by_a_limit_that_is_longer_or_gone(new, old, longer):
    rule, before = (Policy(MARINE.id, MARINE.name, **each) for each in (new, old))
    assert rule.lets_live_longer_than(before) is longer


def test_networks_are_written_in_one_way():
    rule = judge_wish(
        MARINE, AppType.WEB, Wish(networks=(" 192.0.2.77/24", "2001:DB8::1/32", "192.0.2.0/24"))
    )
    assert rule.networks == ("192.0.2.0/24", "2001:db8::/32")
    mapped = judge_wish(
        MARINE, AppType.WEB, Wish(networks=("::ffff:192.0.2.7/128", "::ffff:198.51.100.9/120"))
    )
    assert mapped.networks == ("192.0.2.7/32", "198.51.100.0/24")
    assert admits([mapped.networks], "192.0.2.7")
    assert admits([mapped.networks], "198.51.100.77")


def test_connected_apps_are_not_counted():
    with pytest.raises(InvalidInput):
        judge_wish(MARINE, AppType.OAUTH, Wish(most=3))
    everything = replace(judge_wish(MARINE, None, Wish(most=3)), idle=None)
    assert in_force([everything], AppType.OAUTH, MONTH, None).most.value is None


def test_connected_apps_are_bound_to_no_networks_and_no_rule_says_that_they_are():
    with pytest.raises(InvalidInput) as refused:
        judge_wish(MARINE, AppType.OAUTH, Wish(networks=("192.0.2.0/24",)))
    assert refused.value.field == "networks"
    everything = judge_wish(MARINE, None, Wish(networks=("192.0.2.0/24",)))
    assert in_force([everything], AppType.OAUTH, MONTH, None).networks == ()
    assert in_force([everything], AppType.WEB, MONTH, None).must_come_from == (("192.0.2.0/24",),)


def test_what_becomes_of_one_too_many_says_who_wants_that():
    asks = Policy(MARINE.id, MARINE.name, AppType.WEB, most=1, too_many=TooMany.ASK)
    refuses = Policy(OrganisationId(9), "Harbour", None, most=2, too_many=TooMany.REFUSE)
    found = in_force([asks, refuses], AppType.WEB, MONTH, YEAR)
    assert (found.most.value, found.most.because) == (1, (MARINE.name,))
    assert (found.too_many.value, found.too_many.because) == (TooMany.REFUSE, ("Harbour",))
    assert in_force([], AppType.WEB, MONTH, YEAR).too_many.because == ()


def test_a_rule_is_for_one_app_type_or_for_all_of_them():
    assert app_type_named("all") is None
    assert app_type_named("web") is AppType.WEB
    with pytest.raises(InvalidInput):
        app_type_named("telephone")


def test_what_is_too_little_or_too_much_is_refused_with_the_least_and_the_most_that_hold():
    shortest, longest = (
        int(each.total_seconds()) for each in (policy_wish.SHORTEST_LIMIT, policy_wish.LONGEST_LIMIT)
    )
    spans = f"from {shortest // 60} minutes to {longest // 86400:,} days."
    for field, least, most, said in (
        ("idle_seconds", shortest, longest, spans),
        ("overall_seconds", shortest, longest, spans),
        ("most", 1, policy_wish.MOST_SESSIONS, f"from 1 to {policy_wish.MOST_SESSIONS:,}."),
        (
            "shortest_password",
            SHORTEST,
            policy_wish.LONGEST_ASKED,
            f"from {SHORTEST} to {policy_wish.LONGEST_ASKED}.",
        ),
    ):
        for fits in (least, most):
            judge_wish(MARINE, AppType.WEB, Wish(**{field: fits}))
        for wrong in (least - 1, most + 1):
            with pytest.raises(InvalidInput) as refused:
                judge_wish(MARINE, AppType.WEB, Wish(**{field: wrong}))
            assert (refused.value.field, refused.value.hint.endswith(said)) == (field, True)
    with pytest.raises(InvalidInput) as refused:
        judge_wish(MARINE, None, Wish(networks=("192.0.2.0/24",) * (policy_wish.MOST_NETWORKS + 1)))
    assert str(policy_wish.MOST_NETWORKS) in refused.value.hint
