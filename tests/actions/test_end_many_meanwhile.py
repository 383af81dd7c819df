"""An ending for many while something else happens: two owners at once, a role taken away, an account disabled."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from actions.test_end_many import (
    EVERYONE,
    HANK,
    LATER,
    NOW,
    ROSA,
    VISIT,
    WEB,
    Asked,
    asking,
    begun,
    carried_out,
    closed_after,
    furnished,
    history,
    how,
    in_web,
    number_of,
    previewed,
)
from multitude import Wanted, somebody_with
from people import ADA, GRACE, PASSWORD, done_apart, recognised
from signedin.actions import go_on_ending
from signedin.actions.appoint import appoint_from_shell, dismiss_from_shell
from signedin.actions.audit import audit
from signedin.actions.end_many import (
    begin_from_shell,
    begin_many,
    find_from_shell,
    find_many,
    many_before,
    resume_many,
    stop_many,
)
from signedin.actions.go_on_ending import go_on
from signedin.actions.organisations import add_member_from_shell, make_from_shell
from signedin.actions.preview_many import count_on
from signedin.actions.sign_in import Ticks, sign_in
from signedin.actions.stop_for import disable_for, enable_for
from signedin.rules import errors
from signedin.rules.account import LONGEST_REASON
from signedin.rules.bulk_job import KNOWN_AFTER, NothingToEnd, PreviewTooOld, State
from signedin.rules.location import mask_address
from signedin.rules.operator import Role, RoleNeeded
from signedin.rules.session import AppType
from signedin.store import bulk_endings, outbox
from signedin.store.activity import activity

pytestmark = pytest.mark.usefixtures("without_rest")


@pytest.fixture
def house(means):
    return furnished(means)


def another_owner(means):
    done_apart(appoint_from_shell(means, HANK, Role.OWNER, NOW))
    return asking(means, HANK)


@pytest.mark.guide("R51")
@pytest.mark.security("2.3.3", "15.4.2")
def test_two_owners_who_begin_the_same_preview_at_once_begin_one_ending(house):
    in_web(house, ADA)
    rosa, hank = asking(house), another_owner(house)
    sealed = previewed(house, WEB, rosa).sealed

    async def both():
        return await asyncio.gather(*(begin_many(house, who, sealed, "why", NOW) for who in (rosa, hank) * 4))

    found = done_apart(both())
    assert len({(each.id, each.begun_by, each.entry) for each in found}) == 1
    entries = [
        each.kind for email in (ROSA, HANK) for each in history(house, email) if "ending" in each.facts
    ]
    assert entries == ["bulk_ending_begun"]
    assert carried_out(house, found[0]).ended.sessions == 2
    assert done_apart(audit(house)).broken == ()


@pytest.mark.guide("D2")
def test_what_another_owner_was_shown_is_begun_as_it_was_shown_and_spares_whose_it_was(house):
    in_web(house, ADA)
    rosa, hank = asking(house), another_owner(house)
    preview = previewed(house, EVERYONE, rosa)
    shown = done_apart(count_on(house, hank, preview.sealed, NOW))
    assert shown.counted.many.by_type["admin"] == 1, "Hank's, and not Rosa's"
    ending = done_apart(begin_many(house, hank, shown.sealed, "why", NOW))
    assert ending.begun_by == hank.account_id
    assert carried_out(house, ending).ended == preview.counted.many
    assert done_apart(many_before(house, rosa, None, 5))[0].id == ending.id
    with pytest.raises(errors.NotSignedIn):
        done_apart(many_before(house, hank, None, 5))


@pytest.mark.security("8.2.1", "8.3.2")
def test_whose_role_was_taken_away_since_the_preview_begins_and_stops_nothing(house):
    made, hank = in_web(house, ADA), another_owner(house)
    sealed, ending = previewed(house, WEB, hank).sealed, begun(house, WEB)
    done_apart(dismiss_from_shell(house, HANK, NOW))
    done_apart(appoint_from_shell(house, HANK, Role.HELPER, NOW))
    again = asking(house, HANK)
    for who in (hank, again):
        for deed in (
            lambda who=who: begin_many(house, who, sealed, "why", NOW),
            lambda who=who: count_on(house, who, sealed, NOW),
            lambda who=who: stop_many(house, who, ending.id, NOW),
        ):
            with pytest.raises((RoleNeeded, errors.NotSignedIn)):
                done_apart(deed())
    assert [each.id for each in done_apart(many_before(house, again, None, 5))] == [ending.id]
    assert done_apart(find_from_shell(house, ending.id)).state is State.RUNNING
    assert how(house, made) == ["in"] * len(made)


@pytest.mark.guide("D10")
@pytest.mark.security("7.4.2")
def test_an_account_that_is_disabled_meanwhile_is_told_of_that_alone_and_nothing_comes_back(house):
    made, rosa = in_web(house, ADA, GRACE), asking(house)
    ending = begun(house, WEB, rosa)
    number = number_of(house)

    async def disabled_meanwhile():
        await disable_for(house, rosa, number, "left the company", NOW)
        await go_on(house, ending.id, "this process", lambda: LATER)

    done_apart(closed_after(house, disabled_meanwhile()))
    finished = done_apart(find_from_shell(house, ending.id))
    assert (finished.state, finished.ended.people, finished.ended.sessions) == (State.FINISHED, 1, 2)
    assert "sessions_ended" not in [each.kind for each in history(house)]
    letters = house.database.read_now(outbox.due, NOW + timedelta(days=1), 50)
    assert [each.fields["to"] for each in letters if each.kind == "ended_by_operator"] == [GRACE]
    done_apart(closed_after(house, enable_for(house, rosa, number, "back", LATER)))
    assert "in" not in how(house, made)[:3]
    assert done_apart(audit(house)).broken == ()


@pytest.mark.guide("D23")
def test_whoever_signs_in_while_it_goes_on_lives_on_also_in_an_account_that_comes_later(house, monkeypatch):
    made = in_web(house, ADA, GRACE, "third@example.org")
    monkeypatch.setattr(go_on_ending, "HEARD_AFTER", 1)
    monkeypatch.setattr(go_on_ending, "MOST_AT_ONCE", 1)
    ending, tokens = begun(house, EVERYONE), []

    async def signs_in():
        visit = sign_in(house, ROSA, PASSWORD, VISIT, Ticks(), LATER, AppType.WEB)
        tokens.append((await visit).token)

    async def go():
        coming = []
        await go_on(
            house, ending.id, "one", lambda: LATER, lambda _: coming.append(asyncio.ensure_future(signs_in()))
        )
        await asyncio.gather(*coming)

    done_apart(closed_after(house, go()))
    assert set(how(house, made)) == {"ended_by_operator"}
    assert len(tokens) >= 3
    assert not [each for each in recognised(house, *tokens, now=LATER) if hasattr(each, "reason")]


def test_a_reason_as_long_as_may_be_is_kept_whole_and_a_longer_one_begins_nothing(house):
    in_web(house, ADA)
    rosa, longest = asking(house), "é" * LONGEST_REASON
    sealed = previewed(house, WEB, rosa).sealed
    with pytest.raises(errors.InvalidInput) as refused:
        done_apart(begin_many(house, rosa, sealed, longest + "!", NOW))
    assert refused.value.field == "reason"
    assert done_apart(many_before(house, rosa, None, 5)) == []
    carried_out(house, done_apart(begin_many(house, rosa, sealed, f" {longest}\n", NOW)))
    [event] = [each for each in history(house) if each.kind == "sessions_ended"]
    assert event.personal["reason"] == longest


@pytest.mark.parametrize("text", ["\udcff", "ä.ä", "\0", ".", "=.", "A" * 9000])
def test_what_is_no_preview_at_all_is_refused_as_one(house, text):
    with pytest.raises(PreviewTooOld):
        done_apart(begin_from_shell(house, text, "why", NOW))


@pytest.mark.parametrize("ending_id", ["\0", "\udcff", "'; --", "A" * 9000, ""])
def test_an_id_that_none_can_have_is_the_id_of_none(house, ending_id):
    rosa = asking(house)
    for deed in (
        lambda: find_many(house, rosa, ending_id),
        lambda: stop_many(house, rosa, ending_id, NOW),
        lambda: find_from_shell(house, ending_id),
    ):
        with pytest.raises(errors.NotFound):
            done_apart(deed())


@pytest.mark.parametrize("field", ["unused_since", "begun_before"])
def test_a_moment_before_all_moments_is_none_and_the_first_there_is_means_nothing(house, field):
    in_web(house, ADA)
    before_all = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    with pytest.raises(errors.InvalidInput) as refused:
        previewed(house, Asked(**{field: before_all}))
    assert refused.value.field == field
    first = previewed(house, Asked(**{field: datetime(1, 1, 1, tzinfo=UTC)}))
    assert done_apart(count_on(house, asking(house), first.sealed, NOW)).counted.many.total == 0
    with pytest.raises(NothingToEnd):
        done_apart(begin_many(house, asking(house), first.sealed, "why", NOW))


@pytest.mark.security("8.2.2", "8.4.1")
def test_an_operator_of_one_organisation_learns_nothing_of_what_ends_for_everybody(house):
    done_apart(make_from_shell(house, "Tidewater Marine", NOW))
    done_apart(add_member_from_shell(house, "Tidewater Marine", HANK, NOW))
    somebody_with(house, ADA, [Wanted()], NOW)
    ending = begun(house, WEB)
    done_apart(appoint_from_shell(house, HANK, Role.HELPER, NOW, "Tidewater Marine"))
    hank = asking(house, HANK)
    assert done_apart(many_before(house, hank, None, 5)) == []
    with pytest.raises(errors.NotFound):
        done_apart(find_many(house, hank, ending.id))


@pytest.mark.guide("D10")
def test_letters_stay_a_second_apart_after_a_day_of_rest_and_beside_another_ending(house):
    emails = [f"{number}@example.org" for number in range(3)]
    in_web(house, *emails)
    rosa = asking(house)
    ending, other = begun(house, WEB, rosa), begun(house, Asked(frozenset({AppType.SYNC})), rosa, LATER)
    done_apart(stop_many(house, rosa, ending.id, NOW))
    later = NOW + timedelta(hours=10)
    done_apart(resume_many(house, rosa, ending.id, later))
    for each in (ending, other):
        carried_out(house, each, later)
    for seconds in range(6):
        due = house.database.read_now(outbox.due, later + timedelta(seconds=seconds), 50)
        assert len([each for each in due if each.kind == "ended_by_operator"]) == seconds + 1


def test_accounts_with_nothing_to_end_are_passed_also_where_looking_takes_long(house, monkeypatch):
    monkeypatch.setattr(go_on_ending, "LOOKS_FOR", -1)
    monkeypatch.setattr(go_on_ending, "STRETCH", 1)
    in_web(house, *(f"{number}@example.org" for number in range(4)), each=0)
    made = in_web(house, ADA)
    assert carried_out(house, begun(house, WEB)).ended.sessions == 2
    assert how(house, made) == ["ended_by_operator", "ended_by_operator", "in"]


@pytest.mark.guide("R15", "R77")
@pytest.mark.parametrize("is_stopped_first", [False, True], ids=["at once", "after a rest"])
def test_what_another_process_had_seen_used_before_it_began_is_known_before_anything_ends(
    house, is_stopped_first
):
    old, rosa = Wanted(began=60, used=20), asking(house)
    used_elsewhere, unused = somebody_with(house, ADA, [old, old], NOW)
    ending, began = begun(house, Asked(unused_since=NOW - timedelta(days=10)), rosa), NOW
    assert ending.waits_until == NOW + KNOWN_AFTER
    if is_stopped_first:
        began = NOW + timedelta(days=1)
        done_apart(stop_many(house, rosa, ending.id, NOW))
        done_apart(resume_many(house, rosa, ending.id, began))
    too_early = began + KNOWN_AFTER - timedelta(seconds=1)
    assert house.database.read_now(bulk_endings.left_alone, too_early) == []
    assert carried_out(house, ending, too_early).ended.sessions == 0
    used(house, used_elsewhere, "198.51.100.4", began)  # the other process writes what it has seen
    finished = carried_out(house, ending, began + KNOWN_AFTER)
    assert (finished.state, finished.ended.sessions, finished.waits_until) == (State.FINISHED, 1, None)
    assert how(house, [used_elsewhere, unused], began + KNOWN_AFTER) == ["in", "ended_by_operator"]


def test_what_is_about_anything_else_waits_for_nobody(house):
    in_web(house, ADA)
    ending = begun(house, WEB)
    assert ending.waits_until is None
    assert house.database.read_now(bulk_endings.left_alone, NOW) == [ending.id]


@pytest.mark.guide("R77")
def test_of_a_network_ends_what_was_last_used_there_at_its_turn(house):
    there, elsewhere = "203.0.113.77", "198.51.100.4"
    rows = [Wanted(address=elsewhere, used_from=each) for each in (there, there, elsewhere, elsewhere)]
    stayed, left, came, apart = somebody_with(house, ADA, rows, NOW)
    ending = begun(house, Asked(network="203.0.113.0/24"))
    assert ending.found.sessions == 2
    for row, address in ((stayed, there), (left, elsewhere), (came, there)):
        used(house, row, address, LATER)
    assert carried_out(house, ending).ended.sessions == 2
    assert how(house, [stayed, left, came, apart]) == [
        "ended_by_operator", "in", "ended_by_operator", "in",
    ]  # fmt: skip


def used(means, row, address, now):
    """A session is used from somewhere, and that is written."""
    mine = (activity.c.account_id == row.account_id) & (activity.c.row_id == row.row_id)
    change = activity.update().where(mine).values(last_at=now, masked_ip=mask_address(address))
    means.database.write_now(lambda conn: conn.execute(change))
