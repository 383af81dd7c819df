"""What a preview shows is what ends, once, under one parent entry, account by account; and nothing beside it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databases import ON_POSTGRES
from multitude import ADDRESSES, Wanted, an_app, rows_left, somebody_with
from people import ADA, BERLIN, CHROME_ON_MACOS, GRACE, PASSWORD, Clock, done_apart, recognised
from signedin.actions import go_on_ending, preview_many
from signedin.actions.appoint import appoint_from_shell, dismiss_from_shell
from signedin.actions.audit import audit
from signedin.actions.end_many import (
    begin_from_shell,
    begin_many,
    find_from_shell,
    many_before,
    resume_many,
    stop_many,
)
from signedin.actions.go_on_ending import go_on, go_on_with_all
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.organisations import add_member_from_shell, make_from_shell
from signedin.actions.set_policy import set_policy_from_shell
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules import errors
from signedin.rules.bulk import Wanted as Asked
from signedin.rules.bulk_job import (
    CLAIMED_FOR,
    EndingFinished,
    NothingToEnd,
    PreviewTooOld,
    PreviewUnfinished,
    State,
)
from signedin.rules.location import mask_address
from signedin.rules.network import masks_of
from signedin.rules.operator import Role, RoleNeeded
from signedin.rules.policy_wish import Wish
from signedin.rules.presence import Presence
from signedin.rules.session import AppType
from signedin.store import accounts, bulk_endings, deeds, journal, outbox, session_rows

NOW = Clock()()
LATER = NOW + timedelta(minutes=2)
VISIT = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
ROSA, HANK = "rosa@signedin.example", "hank@signedin.example"
EXAMPLES = count()
EVERYONE, WEB = Asked(everyone=True), Asked(frozenset({AppType.WEB}))


pytestmark = pytest.mark.usefixtures("without_rest")


@pytest.fixture
def house(means):
    return furnished(means)


def furnished(means):
    """Rosa is an owner, Hank a helper; there are a connected app and a sync program of one's own."""
    for email, role in ((ROSA, Role.OWNER), (HANK, Role.HELPER)):
        done_apart(add_by_operator(means, Applicant(email, email[:4], PASSWORD), NOW))
        done_apart(appoint_from_shell(means, email, role, NOW))
    for client_id in ("tidewater", "quill"):
        an_app(means, client_id, NOW)
    an_app(means, "mirror", NOW, is_own=True)
    return means


def asking(means, email=ROSA):
    session = done_apart(sign_in(means, email, PASSWORD, VISIT, Ticks(), NOW, AppType.ADMIN)).session
    return Presence(session.account_id, session.id, AppType.ADMIN, NOW)


def rosas(means):
    """Rosa at the console, begun once for all examples."""
    number = number_of(means, ROSA)
    mine = [
        row for row in means.database.read_now(session_rows.of, number)[0] if row.app_type is AppType.ADMIN
    ]
    return Presence(number, mine[0].id, AppType.ADMIN, NOW) if mine else asking(means)


def previewed(means, asked, who=None, now=NOW):
    who = who or asking(means)
    return done_apart(preview_many.preview_many(means, who, asked, now))


def begun(means, asked, who=None, now=NOW, reason="a stolen build machine"):
    who = who or asking(means)
    return done_apart(begin_many(means, who, previewed(means, asked, who, now).sealed, reason, now))


def carried_out(means, ending, now=LATER, who="this process"):
    done_apart(closed_after(means, go_on(means, ending.id, who, lambda: now)))
    return done_apart(find_from_shell(means, ending.id))


async def closed_after(means, work):
    try:
        return await work
    finally:
        if means.lines is not None:
            await means.lines.close()


def number_of(means, email=ADA):
    return means.database.read_now(accounts.find_by_email, email).id


def history(means, email=ADA):
    return [each.event for each in means.database.read_now(journal.before, number_of(means, email), None, 20)]


rows = st.builds(
    Wanted, st.sampled_from(["web", "admin", "sync", "mobile", "oauth", "key"]), st.sampled_from([0.5, 3, 20, 50, 400]),
    st.sampled_from([0, 0.01, 2, 29, 31, 70]), st.sampled_from(ADDRESSES), st.sampled_from(("", *ADDRESSES)),
    st.sampled_from(["", "mirror"]),
).map(lambda row: Wanted(row.kind, row.began, min(row.used, row.began), row.address, row.used_from, row.client * (row.kind == "sync")))  # fmt: skip
filters = st.builds(
    Asked, st.frozensets(st.sampled_from(list(AppType)), max_size=3), st.sampled_from(["", "", "tidewater", "mirror", "quill"]),
    st.sampled_from([None, None, 1, 25, 60]).map(lambda days: days and NOW - timedelta(days=days)),
    st.sampled_from([None, None, 2, 30]).map(lambda days: days and NOW - timedelta(days=days)),
    st.sampled_from(["", "", "203.0.113.0/24", "203.0.0.0/16", "2001:db8:85a3::/48", "2001:db8::/32"]),
    access_keys=st.booleans(), own_session=st.just(False),
)  # fmt: skip


def one_of_each(wanted):
    """An account gives a client one consent."""
    consents = [row for row in wanted if row.kind == "oauth"][:1]
    return [row for row in wanted if row.kind != "oauth"] + consents


def is_meant(asked, made):
    """The same in plain words, of a row as it was made."""
    row = made.wanted
    if row.kind != "key" and (row.used >= 30 or (row.began >= 365 and row.kind != "oauth")):
        return False  # it has ended by itself; connected apps have no limit in all
    if row.kind == "key" and not asked.access_keys:
        return False
    if asked.app_types and row.kind not in asked.app_types:
        return False
    client = {"oauth": "tidewater", "sync": row.client}.get(row.kind, "")
    if asked.client_id and client != asked.client_id:
        return False
    if asked.unused_since and not NOW - timedelta(days=row.used) < asked.unused_since:
        return False
    if asked.begun_before and not NOW - timedelta(days=row.began) < asked.begun_before:
        return False
    if asked.network:
        whole, begins = masks_of(asked.network)
        shown = (
            [row.used_from] if row.kind in {"oauth", "key"} else [row.used_from or row.address, row.address]
        )
        masks = [mask_address(each) for each in shown if each]
        return any(mask in whole or mask.startswith(begins or "none") for mask in masks)
    return True


@pytest.mark.guide("R48", "R60")
@pytest.mark.security("8.2.1")
@settings(
    max_examples=4 if ON_POSTGRES else 12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(people=st.lists(st.lists(rows, max_size=6).map(one_of_each), min_size=1, max_size=4), asked=filters)
def test_every_filter_ends_exactly_what_its_preview_showed(house, monkeypatch, people, asked):
    monkeypatch.setattr(go_on_ending, "HEARD_AFTER", 2)
    monkeypatch.setattr(preview_many, "STRETCH", 3)
    monkeypatch.setattr(preview_many, "COUNTS_FOR", 60)
    monkeypatch.setattr(go_on_ending, "STRETCH", 2)
    asked = Asked(asked.app_types, asked.client_id, asked.unused_since, asked.begun_before, asked.network,
                  access_keys=asked.access_keys and not asked.app_types and not asked.client_id )  # fmt: skip
    if asked == Asked(access_keys=asked.access_keys):
        asked = Asked(everyone=True, access_keys=asked.access_keys)
    who = rosas(house)
    made = [
        row
        for number, wanted in enumerate(people)
        for row in somebody_with(house, f"{number}-{next(EXAMPLES)}@example.org", wanted, NOW)
    ]
    before = rows_left(house)
    expected = {row.row_id for row in made if is_meant(asked, row)}
    preview = previewed(house, asked, who)
    ours = {row.row_id for row in made}
    others = preview.counted.many.total - len(expected)
    if not preview.counted.many.total:
        with pytest.raises(NothingToEnd):
            done_apart(begin_many(house, who, preview.sealed, "why", NOW))
        return
    ending = done_apart(begin_many(house, who, preview.sealed, "why", NOW))
    finished = carried_out(house, ending)
    gone = before.keys() - rows_left(house).keys()
    assert gone & ours == expected
    assert len(gone - ours) == others  # operators have sessions too
    assert (finished.state, finished.ended) == (State.FINISHED, preview.counted.many)
    assert finished.ended.people == len({before[row] for row in gone})


def in_web(means, *emails, each=2):
    """Some people with web sessions, and a sync session each."""
    wanted = [Wanted()] * each + [Wanted("sync")]
    return [row for email in emails for row in somebody_with(means, email, wanted, NOW)]


def how(means, made, now=LATER):
    return [
        getattr(each, "reason", "in") for each in recognised(means, *(row.token for row in made), now=now)
    ]


@pytest.mark.guide("R48", "D10", "R51")
@pytest.mark.security("7.4.5", "16.2.1")
def test_all_of_an_app_type_end_and_each_history_says_who_why_and_how_much(house):
    made, rosa = in_web(house, ADA, GRACE), asking(house)
    finished = carried_out(house, begun(house, WEB, rosa))
    assert (finished.ended.people, finished.ended.sessions, finished.percent) == (2, 4, 100)
    expected = ["ended_by_operator", "ended_by_operator", "in"] * 2
    assert how(house, made) == expected
    [event] = [each for each in history(house) if each.kind == "sessions_ended"]
    assert (event.facts["operator"], event.facts["ending"]) == (str(rosa.account_id), finished.id)
    assert (event.facts["by_type"]["web"], event.facts["by_type"]["all"]) == (2, 2)
    assert event.personal == {"reason": "a stolen build machine"}
    parents = [each.kind for each in history(house, ROSA) if "ending" in each.facts]
    assert parents == ["bulk_ending_finished", "bulk_ending_begun"]
    record = [each.event.kind for each in house.database.read_now(deeds.before, None, 20).done]
    assert [kind for kind in record if kind.startswith("bulk")] == parents
    assert "sessions_ended" not in record
    assert done_apart(audit(house)).broken == ()


@pytest.mark.guide("D10")
def test_each_owner_has_one_letter_and_the_letters_are_spread_over_time(house):
    in_web(house, ADA, GRACE, "third@example.org")
    carried_out(house, begun(house, WEB), now=NOW)
    letters = house.database.read_now(outbox.due, NOW + timedelta(days=1), 50)
    ours = [each for each in letters if each.kind == "ended_by_operator"]
    assert {each.fields["to"] for each in ours} == {ADA, GRACE, "third@example.org"}
    assert {(each.fields["sessions"], each.fields["reason"]) for each in ours} == {
        ("2", "a stolen build machine")
    }
    for seconds, number in ((0, 1), (1, 2), (2, 3)):
        due = house.database.read_now(outbox.due, NOW + timedelta(seconds=seconds), 50)
        assert len([each for each in due if each.kind == "ended_by_operator"]) == number


@pytest.mark.guide("D23", "R62")
def test_whoever_signs_in_after_the_preview_lives_on(house):
    made, rosa = in_web(house, ADA), asking(house)
    preview = previewed(house, EVERYONE, rosa)
    ending = done_apart(begin_many(house, rosa, preview.sealed, "why", LATER))
    meanwhile = somebody_with(house, ADA, [Wanted(began=-1 / 24 / 60, used=-1 / 24 / 60)], NOW)
    finished = carried_out(house, ending, LATER)
    assert finished.ended == preview.counted.many
    assert how(house, made + meanwhile) == ["ended_by_operator"] * 3 + ["in"]


@pytest.mark.guide("D2", "R60")
def test_the_session_that_asks_and_access_keys_stay_unless_they_are_asked_for(house):
    rosa = asking(house)
    somebody_with(house, ADA, [Wanted(), Wanted("key")], NOW)
    kept = previewed(house, EVERYONE, rosa).counted.many
    assert (kept.by_type["admin"], kept.access_keys, kept.sessions) == (0, 0, 1)
    every = previewed(house, replace(EVERYONE, access_keys=True, own_session=True), rosa)
    assert (every.counted.many.by_type["admin"], every.counted.many.access_keys) == (1, 1)
    finished = carried_out(house, done_apart(begin_many(house, rosa, every.sealed, "all of it", NOW)))
    assert (finished.ended.sessions, finished.ended.access_keys) == (2, 1)
    assert not rows_left(house)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (Asked(), "everyone"),
        (Asked(access_keys=True), "everyone"),
        (Asked(frozenset({AppType.WEB}), everyone=True), "everyone"),
        (Asked(frozenset({AppType.WEB}), access_keys=True), "access_keys"),
        (Asked(unused_since=NOW + timedelta(days=1)), "unused_since"),
        (Asked(network="203.0.113.77"), "network"),
        (Asked(client_id="a\0b"), "client_id"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_field(house, asked, field):
    with pytest.raises(errors.InvalidInput) as refused:
        previewed(house, asked)
    assert refused.value.field == field


@pytest.mark.security("8.2.1", "8.2.2")
def test_only_an_owner_looks_begins_stops_and_lets_go_on(house):
    in_web(house, ADA)
    rosa, hank = asking(house), asking(house, HANK)
    preview = previewed(house, WEB, rosa)
    for deed in (
        lambda: preview_many.preview_many(house, hank, WEB, NOW),
        lambda: preview_many.count_on(house, hank, preview.sealed, NOW),
        lambda: begin_many(house, hank, preview.sealed, "why", NOW),
        lambda: begin_many(house, hank, "no preview", "", NOW),
    ):
        with pytest.raises(RoleNeeded):
            done_apart(deed())
    ending = done_apart(begin_many(house, rosa, preview.sealed, "why", NOW))
    for deed in (stop_many, resume_many):
        with pytest.raises(RoleNeeded):
            done_apart(deed(house, hank, ending.id, NOW))
    assert [each.id for each in done_apart(many_before(house, hank, None, 5))] == [ending.id]


def test_a_preview_that_is_sent_again_begins_nothing_new_not_even_much_later(house):
    in_web(house, ADA)
    rosa = asking(house)
    preview = previewed(house, WEB, rosa)
    first = done_apart(begin_many(house, rosa, preview.sealed, "why", NOW))
    again = done_apart(begin_many(house, rosa, preview.sealed, "another", NOW + timedelta(days=2)))
    assert (again.id, again.reason) == (first.id, "why")
    assert len(done_apart(many_before(house, rosa, None, 5))) == 1
    assert [each.kind for each in history(house, ROSA) if "ending" in each.facts] == ["bulk_ending_begun"]


def test_a_preview_that_is_old_forged_unfinished_or_empty_begins_nothing(house, monkeypatch):
    in_web(house, ADA)
    rosa = asking(house)
    sealed = previewed(house, WEB, rosa).sealed
    monkeypatch.setattr(preview_many, "COUNTS_FOR", -1)
    unfinished = previewed(house, WEB, rosa)
    monkeypatch.undo()
    empty = previewed(house, Asked(frozenset({AppType.MOBILE})), rosa)
    for text, now, refusal in (
        (sealed, NOW + timedelta(hours=1), PreviewTooOld),
        (sealed, NOW - timedelta(minutes=1), PreviewTooOld),
        ("A" + sealed, NOW, PreviewTooOld),
        ("", NOW, PreviewTooOld),
        (unfinished.sealed, NOW, PreviewUnfinished),
        (empty.sealed, NOW, NothingToEnd),
    ):
        with pytest.raises(refusal):
            done_apart(begin_many(house, rosa, text, "why", now))
    with pytest.raises(errors.InvalidInput):
        done_apart(begin_many(house, rosa, sealed, " ", NOW))
    assert done_apart(many_before(house, rosa, None, 5)) == []


def test_what_takes_long_to_count_is_counted_on_and_shows_a_few_of_the_rows(house, monkeypatch):
    in_web(house, *(f"{number}@example.org" for number in range(12)))
    rosa = asking(house)
    monkeypatch.setattr(preview_many, "STRETCH", 5)
    monkeypatch.setattr(preview_many, "COUNTS_FOR", -1)
    preview = previewed(house, WEB, rosa)
    assert (preview.counted.is_complete, preview.counted.many.total, preview.sample) == (False, 0, ())
    monkeypatch.setattr(preview_many, "COUNTS_FOR", 60)
    whole = done_apart(preview_many.count_on(house, rosa, preview.sealed, LATER))
    assert (whole.id, whole.which, whole.counted.is_complete) == (preview.id, preview.which, True)
    assert (whole.counted.many.people, whole.counted.many.sessions) == (12, 24)
    assert len(whole.sample) == preview_many.SHOWN
    assert {each.row.app_type for each in whole.sample} == {AppType.WEB}


def test_it_stops_when_it_is_asked_to_and_goes_on_from_there(house, monkeypatch):
    made, rosa = in_web(house, ADA, GRACE, "third@example.org"), asking(house)
    monkeypatch.setattr(go_on_ending, "HEARD_AFTER", 1)
    ending, clock = begun(house, WEB, rosa), Clock()

    def stop(ended):
        assert ended.people == 1, "nothing more after it was stopped"
        done_apart(stop_many(house, rosa, ending.id, NOW))

    done_apart(closed_after(house, go_on(house, ending.id, "one", clock, stop)))
    stopped = done_apart(find_from_shell(house, ending.id))
    assert stopped.state is State.STOPPED
    assert stopped.ended.people == 1
    assert how(house, made).count("ended_by_operator") == stopped.ended.sessions
    done_apart(closed_after(house, go_on_with_all(house, "two", clock)))
    assert done_apart(find_from_shell(house, ending.id)) == stopped
    resumed = done_apart(resume_many(house, rosa, ending.id, NOW))
    finished = carried_out(house, resumed)
    assert (finished.state, finished.ended.people, finished.ended.sessions) == (State.FINISHED, 3, 6)
    assert [each.kind for each in history(house) if each.kind == "sessions_ended"] == ["sessions_ended"]
    for deed in (stop_many, resume_many):
        with pytest.raises(EndingFinished):
            done_apart(deed(house, rosa, ending.id, NOW))
    with pytest.raises(errors.NotFound):
        done_apart(stop_many(house, rosa, "0" * 24, NOW))


def test_two_processes_never_go_on_with_the_same_and_a_claim_that_ran_out_is_taken_over(house):
    made = in_web(house, ADA, GRACE)
    ending = begun(house, WEB)
    assert house.database.write_now(bulk_endings.claim, ending.id, "one", NOW)
    assert not done_apart(go_on(house, ending.id, "two", lambda: NOW))
    assert house.database.read_now(bulk_endings.left_alone, NOW) == []
    assert how(house, made).count("in") == len(made)
    late = NOW + CLAIMED_FOR
    assert house.database.read_now(bulk_endings.left_alone, late) == [ending.id]
    assert carried_out(house, ending, late, "two").ended.sessions == 4
    number = number_of(house)
    rows, _ = house.database.write_now(go_on_ending._end_account, house, ending.id, "one", number, late)
    assert rows is None, "whoever has lost it changes nothing any more"


def test_many_processes_at_once_end_each_account_once(house):
    emails = [f"{number}@example.org" for number in range(9)]
    in_web(house, *emails)
    ending, clock = begun(house, WEB), Clock()

    async def all_at_once():
        await asyncio.gather(*(go_on(house, ending.id, f"process {each}", clock) for each in range(4)))

    done_apart(closed_after(house, all_at_once()))
    finished = done_apart(find_from_shell(house, ending.id))
    assert (finished.state, finished.ended.people, finished.ended.sessions) == (State.FINISHED, 9, 18)
    for email in emails:
        assert [each.kind for each in history(house, email)].count("sessions_ended") == 1


def test_an_account_with_very_many_rows_ends_in_pieces_and_counts_once(house, monkeypatch):
    in_web(house, ADA, each=7)
    monkeypatch.setattr(go_on_ending, "MOST_AT_ONCE", 3)
    finished = carried_out(house, begun(house, EVERYONE))
    assert (finished.ended.people, finished.ended.sessions) == (1, 8)
    told = [each.facts["by_type"]["all"] for each in history(house) if each.kind == "sessions_ended"]
    assert sorted(told) == [2, 3, 3]


@pytest.mark.guide("R15", "R77")
def test_what_was_used_since_lives_on_also_where_that_is_not_written_yet(house):
    old = [Wanted(began=60, used=20), Wanted(began=60, used=20)]
    used, unused = somebody_with(house, ADA, old, NOW)
    ending = begun(house, Asked(unused_since=NOW - timedelta(days=10)))
    assert ending.found.sessions == 2
    house.recent.note(number_of(house), used.row_id, BERLIN, LATER)
    assert carried_out(house, ending).ended.sessions == 1
    assert how(house, [used, unused]) == ["in", "ended_by_operator"]


@pytest.mark.guide("R15", "R77")
@pytest.mark.parametrize("many", [4, 5, 9])
def test_what_stands_behind_very_many_that_were_used_since_ends_too(house, monkeypatch, many):
    monkeypatch.setattr(go_on_ending, "MOST_AT_ONCE", 3)
    rows = somebody_with(house, ADA, [Wanted(began=60, used=20)] * many, NOW)
    ending = begun(house, Asked(unused_since=NOW - timedelta(days=10)))
    first = sorted(row.row_id for row in rows)[:-1]
    for row_id in first:
        house.recent.note(number_of(house), row_id, BERLIN, LATER)
    ended = carried_out(house, ending).ended
    assert (ended.people, ended.sessions) == (1, 1)
    assert how(house, rows) == ["in" if row.row_id in first else "ended_by_operator" for row in rows]


def test_in_the_shell_it_stands_in_the_history_of_an_owner_and_names_nobody(house):
    made = in_web(house, ADA)
    preview = done_apart(preview_many.preview_from_shell(house, WEB, NOW))
    ending = done_apart(begin_from_shell(house, preview.sealed, "a drill", NOW))
    finished = carried_out(house, ending)
    assert (finished.begun_by, finished.ended.sessions) == (None, 2)
    assert how(house, made) == ["ended_by_operator", "ended_by_operator", "in"]
    [event] = [each for each in history(house) if each.kind == "sessions_ended"]
    assert "operator" not in event.facts
    assert [each.kind for each in history(house, ROSA)][:2] == ["bulk_ending_finished", "bulk_ending_begun"]


def test_it_goes_on_when_its_owner_is_none_any_more(house):
    done_apart(appoint_from_shell(house, HANK, Role.OWNER, NOW))
    made = in_web(house, ADA)
    ending = begun(house, WEB)
    done_apart(dismiss_from_shell(house, ROSA, NOW))
    assert carried_out(house, ending).state is State.FINISHED
    assert how(house, made) == ["ended_by_operator", "ended_by_operator", "in"]


def test_one_that_cannot_go_on_holds_up_no_other(house, monkeypatch):
    in_web(house, ADA)
    rosa = asking(house)
    stuck, other = begun(house, WEB, rosa), begun(house, Asked(frozenset({AppType.SYNC})), rosa, LATER)
    really = go_on_ending.go_on

    async def fails_for_the_first(means, ending_id, who, clock):
        if ending_id == stuck.id:
            raise errors.Unavailable
        return await really(means, ending_id, who, clock)

    monkeypatch.setattr(go_on_ending, "go_on", fails_for_the_first)
    with pytest.raises(errors.Unavailable):
        done_apart(closed_after(house, go_on_with_all(house, "one", lambda: LATER)))
    assert done_apart(find_from_shell(house, other.id)).state is State.FINISHED
    assert done_apart(find_from_shell(house, stuck.id)).state is State.RUNNING


def under_rules(means, email, **by_app_type):
    """Somebody's organisation wants this, from now on."""
    done_apart(make_from_shell(means, f"Employer of {email}", NOW))
    done_apart(add_member_from_shell(means, f"Employer of {email}", email, NOW))
    for app_type, wish in by_app_type.items():
        done_apart(set_policy_from_shell(means, f"Employer of {email}", app_type, Wish(**wish), NOW))


@pytest.mark.guide("D10")
@pytest.mark.security("7.3.1", "7.3.2")
def test_what_the_rule_of_an_organisation_has_ended_is_neither_counted_nor_ended(house):
    day, minute = 1, 1 / 1440
    wanted = [
        Wanted(used=30 * minute), Wanted(used=65 * minute), Wanted(used=75 * minute), Wanted(began=9, used=minute),
        Wanted("sync", used=day), Wanted("oauth", began=3, used=minute),
    ]  # fmt: skip
    made = somebody_with(house, ADA, wanted, NOW)
    others = somebody_with(house, GRACE, wanted, NOW)
    web = {"idle_seconds": 3600, "overall_seconds": 5 * 86400}
    under_rules(house, ADA, oauth={"overall_seconds": 2 * 86400}, web=web)
    asked = Asked(frozenset({AppType.WEB, AppType.SYNC, AppType.OAUTH}))
    many = previewed(house, asked).counted.many
    assert (many.people, many.sessions, many.consents) == (2, 3 + 5, 1)
    finished = carried_out(house, begun(house, asked), now=NOW)
    assert finished.ended == many
    ended, over = "ended_by_operator", "policy"
    # One that was used 65 minutes ago may have been used since: that is not written at once.
    assert how(house, made[:5], NOW) == [ended, ended, over, over, ended]
    assert how(house, others[:5], NOW) == [ended] * 5


@pytest.mark.security("7.3.1")
def test_a_rule_for_all_app_types_and_one_of_two_organisations_hold_for_what_is_counted(house):
    somebody_with(house, ADA, [Wanted(used=1), Wanted("sync", used=1), Wanted("oauth", used=1)], NOW)
    under_rules(house, ADA, all={"most": 9})
    asked = Asked(frozenset({AppType.WEB, AppType.SYNC, AppType.OAUTH}))
    assert previewed(house, asked).counted.many.people == 1
    done_apart(make_from_shell(house, "Another", NOW))
    done_apart(add_member_from_shell(house, "Another", ADA, NOW))
    done_apart(set_policy_from_shell(house, "Another", "all", Wish(idle_seconds=3600), NOW))
    assert previewed(house, asked).counted.many.people == 0
