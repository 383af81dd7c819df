"""The overview is counted by a job, day by day, and told as it was counted: of everybody, or of one organisation alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from multitude import Wanted, an_app, somebody_with
from people import ADA, BERLIN, CHROME_ON_MACOS, GRACE, PASSWORD, SAN_FRANCISCO, Clock, done_apart
from plans import asked_by
from signedin.actions import count_overview as count_overview_module
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.count_overview import count, count_each, count_overview, note_refused
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.organisations import add_member_from_shell, make_from_shell
from signedin.actions.revoke import log_out
from signedin.actions.see_overview import overview_from_shell, see_overview
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.errors import SignInRefused
from signedin.rules.operator import Role, RoleNeeded
from signedin.rules.overview import Measure
from signedin.rules.presence import Presence
from signedin.rules.session import AppType
from signedin.store.overview_counts import ended as deaths
from signedin.store.overview_counts import sign_ins

NOW = Clock()()


def visit(address=SAN_FRANCISCO):
    return Visit(address, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())


def signed_in(means, email=ADA, now=NOW, app_type=AppType.WEB, address=SAN_FRANCISCO):
    begun = done_apart(sign_in(means, email, PASSWORD, visit(address), Ticks(), now, app_type))
    return Presence(begun.session.account_id, begun.session.id, app_type, now)


def refused(means, now=NOW):
    with pytest.raises(SignInRefused):
        done_apart(sign_in(means, ADA, "not the password", visit(), Ticks(), now))


@pytest.fixture
def house(means):
    for email, name in ((ADA, "Ada Lovelace"), (GRACE, "Grace Hopper")):
        done_apart(add_by_operator(means, Applicant(email, name, PASSWORD), NOW))
    return means


@pytest.fixture
def rosa(house):
    done_apart(add_by_operator(house, Applicant("rosa@example.org", "Rosa", PASSWORD), NOW))
    done_apart(appoint_from_shell(house, "rosa@example.org", Role.VIEWER, NOW))
    return lambda now=NOW: signed_in(house, "rosa@example.org", now, AppType.ADMIN)


def counted(means, now=NOW):
    done_apart(count_overview(means, now))


def told(overview, measure, part="all"):
    found = next((each for each in overview.series if (each.measure, each.part) == (measure, part)), None)
    return None if found is None else found.latest


def seen(means, asking, now=NOW):
    return done_apart(see_overview(means, asking, now))


@pytest.mark.guide("D11", "R16")
def test_what_is_signed_in_is_told_by_app_type_with_where_and_why_it_is_worth_a_look(house, rosa):
    an_app(house, "tidewater", NOW)
    somebody_with(house, "mary@example.org", [
        Wanted("web"), Wanted("sync", address=BERLIN), Wanted("mobile", began=28, used=25), Wanted("oauth"),
        Wanted("web", began=40, used=35),
    ], NOW)  # fmt: skip
    asking = rosa()
    counted(house)
    overview = seen(house, asking)
    by_type = {each.part: each.latest for each in overview.parts(Measure.SESSIONS)}
    assert by_type == {"web": 1, "admin": 1, "sync": 1, "mobile": 1, "oauth": 1}
    assert told(overview, Measure.SESSIONS) == 5
    assert told(overview, Measure.FLAGS, "unused") == 1
    assert told(overview, Measure.FLAGS) >= told(overview, Measure.FLAGS, "new_device") >= 1
    assert (
        sum(place.count for place in overview.places) == 4
    )  # nobody has used the connected app from anywhere
    assert overview.counted_at == NOW


@pytest.mark.guide("D11")
def test_sign_ins_failures_and_endings_are_told_by_the_day_on_which_they_were(house, rosa):
    day = timedelta(days=1)
    first = signed_in(house, now=NOW - day)
    signed_in(house, now=NOW - day, app_type=AppType.SYNC)
    done_apart(log_out(house, first, NOW))
    refused(house)
    refused(house)
    asking = rosa()
    counted(house)
    overview = seen(house, asking)
    began = overview.whole(Measure.SIGN_INS).by_day
    assert (began[-3], began[-2], began[-1]) == (0, 2, 1)
    assert {each.part: each.by_day[-2] for each in overview.parts(Measure.SIGN_INS)}["sync"] == 1
    assert overview.whole(Measure.ENDINGS).by_day[-2:] == (0, 1)
    assert told(overview, Measure.ENDINGS, "logged_out") == 1
    assert overview.whole(Measure.FAILURES).by_day[-2:] == (None, 2)
    assert told(overview, Measure.FAILURES, "sign_in_refused") == 2
    assert overview.whole(Measure.SESSIONS).by_day[-2:] == (None, 2)


def test_a_day_is_counted_once_more_when_it_is_over_and_keeps_what_there_was(house, rosa):
    counted(house)
    signed_in(house, now=NOW + timedelta(minutes=2))
    tomorrow = NOW + timedelta(days=1)
    counted(house, tomorrow)
    overview = seen(house, rosa(tomorrow), tomorrow)
    assert overview.whole(Measure.SIGN_INS).by_day[-2:] == (1, 0)
    assert overview.whole(Measure.SESSIONS).by_day[-2:] == (0, 1)
    counted(house, tomorrow + timedelta(minutes=4))
    assert (
        told(seen(house, rosa(tomorrow), tomorrow), Measure.SIGN_INS) == 0
    )  # within five minutes nobody counts again
    counted(house, tomorrow + timedelta(minutes=5))
    assert told(seen(house, rosa(tomorrow), tomorrow), Measure.SIGN_INS) == 2


def test_days_of_long_ago_are_forgotten(house, rosa):
    refused(house)
    counted(house)
    later = NOW + timedelta(days=30)
    counted(house, later)
    overview = seen(house, rosa(later), later)
    assert overview.days[0] == (later - timedelta(days=29)).date()
    assert not any(each.in_all for each in overview.series if each.measure is Measure.FAILURES)


def test_what_a_process_has_refused_is_added_once_also_where_others_add_theirs(house):
    refused(house)
    for _ in range(2):
        done_apart(note_refused(house, NOW))
    refused(house)
    done_apart(note_refused(house, NOW))
    counted(house)
    assert told(done_apart(overview_from_shell(house, NOW)), Measure.FAILURES) == 2


@pytest.mark.security("8.2.2", "attack-17")
def test_an_operator_of_one_organisation_is_told_of_its_members_and_of_nothing_else(house):
    done_apart(make_from_shell(house, "Tidewater Marine", NOW))
    done_apart(add_member_from_shell(house, "Tidewater Marine", ADA, NOW))
    done_apart(add_by_operator(house, Applicant("hugo@example.org", "Hugo", PASSWORD), NOW))
    done_apart(appoint_from_shell(house, "hugo@example.org", Role.VIEWER, NOW, "Tidewater Marine"))
    signed_in(house)
    signed_in(house, GRACE, address=BERLIN)
    refused(house)
    hugo = signed_in(house, "hugo@example.org", app_type=AppType.ADMIN)
    assert seen(house, hugo).counted_at is None
    counted(house)
    overview = seen(house, hugo)
    assert overview.organisation.name == "Tidewater Marine"
    assert {each.measure for each in overview.series} == {
        Measure.SESSIONS, Measure.SIGN_INS, Measure.ENDINGS, Measure.FLAGS
    }  # fmt: skip
    assert told(overview, Measure.SESSIONS) == told(overview, Measure.SIGN_INS) == 1
    assert len(overview.places) == 1
    assert overview.nodes == ()


@pytest.mark.security("8.2.1")
def test_who_is_no_operator_is_refused(house):
    with pytest.raises(RoleNeeded):
        seen(house, signed_in(house))


def test_the_shell_counts_at_once_and_keeps_nothing(house, rosa):
    signed_in(house)
    assert told(done_apart(overview_from_shell(house, NOW)), Measure.SESSIONS) == 1
    assert seen(house, rosa()).counted_at is None


def plans(means, deed, *given):
    """How the database would find what each statement of a deed asks for, when no table may be read whole."""
    is_postgres = means.database.engine.dialect.name == "postgresql"
    found = []
    for statement, values in asked_by(means.database, deed, *given):

        def explained(conn, statement=statement, values=values):
            if is_postgres:
                conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
            how = "EXPLAIN " if is_postgres else "EXPLAIN QUERY PLAN "
            return str(conn.exec_driver_sql(how + statement, values).all())

        found.append(means.database.read_now(explained))
    return found


def test_what_happened_is_found_by_the_indexes_over_its_moments(house):
    today = NOW.date()
    (began,), (ended,) = (plans(house, deed, None, today) for deed in (sign_ins, deaths))
    if house.database.engine.dialect.name == "postgresql":  # an index of a part has a name of its own
        assert "Index Cond: (at >=" in began
        assert "Index Cond: (ended_at >=" in ended
    else:
        assert "ix_journal_started_at" in began
        assert "ix_tombstones_ended_at" in ended


def test_organisations_are_counted_in_as_many_statements_as_one_is(house):
    names = ["Tidewater Marine", "Harbour Bank", "Nobody There"]
    several = [done_apart(make_from_shell(house, name, NOW)).id for name in names]
    for name, email in ((names[0], ADA), (names[1], ADA), (names[1], GRACE)):
        done_apart(add_member_from_shell(house, name, email, NOW))
    signed_in(house)
    signed_in(house, GRACE, app_type=AppType.SYNC, address=BERLIN)

    def passes(*among):
        asked = asked_by(house.database, lambda conn: count_each(conn, among, NOW))
        return [statement for statement, _ in asked if "overview_days" not in statement]

    assert len(passes(*several)) == len(passes(several[0])) == 5
    found = house.database.read_now(count_each, several, NOW)
    for organisation, sessions, here in zip(several, (1, 2, 0), (1, 2, 0), strict=True):
        today = found[organisation][-1]
        assert today.numbers[Measure.SESSIONS]["all"] == today.numbers[Measure.SIGN_INS]["all"] == sessions
        assert len(today.places) == here
        assert found[organisation] == house.database.read_now(count, organisation, NOW)


def test_places_of_each_organisation_are_those_with_the_most(house, monkeypatch):
    monkeypatch.setattr(count_overview_module, "MOST_PLACES", 1)
    several = [done_apart(make_from_shell(house, name, NOW)).id for name in ("One", "Two")]
    for name, email in (("One", ADA), ("One", GRACE), ("Two", GRACE)):
        done_apart(add_member_from_shell(house, name, email, NOW))
    for email, address in ((ADA, SAN_FRANCISCO), (ADA, SAN_FRANCISCO), (GRACE, BERLIN)):
        signed_in(house, email, address=address)
    found = house.database.read_now(count_each, several, NOW)
    assert [[each.count for each in found[whose][-1].places] for whose in several] == [[2], [1]]
