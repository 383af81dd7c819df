"""Signing in: the same work for whoever it is, exact limits, and one session for one deed."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa

from people import ADA, CHROME_ON_MACOS, PASSWORD, Clock, recognised, settings_in
from signedin.actions import operate
from signedin.actions.make_account import Applicant, add_by_operator, register
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.user_agent import read_device
from signedin.rules import errors
from signedin.rules.attempts import ACCOUNT, BROWSER
from signedin.server.means import close_means, open_means
from signedin.store import accounts, limits, outbox, session_rows
from signedin.store.passwords import HashingBusy

DISABLED = "disabled@example.org"
NOBODY = "nobody@example.org"
WRONG = "not the password at all"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def means(tmp_path, clock):
    opened = open_means(settings_in(tmp_path, 8000))
    for email in (ADA, DISABLED):
        asyncio.run(add_by_operator(opened, Applicant(email, "Ada", PASSWORD), clock()))
    asyncio.run(operate.disable(opened, DISABLED, clock()))
    yield opened
    close_means(opened)


def visit(number=1, known_browser=None):
    address = f"198.51.100.{number}"
    return Visit(address, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS), "1", known_browser)


def attempt(means, clock, email=ADA, password=WRONG, where=None):
    """Try to sign in; returns what came of it."""
    try:
        return asyncio.run(sign_in(means, email, password, where or visit(), Ticks(remember=True), clock()))
    except errors.Refused as refusal:
        return refusal


@contextmanager
def counting(means):
    """The statements and hashings of a block, without their values."""
    done = []
    argon2 = means.hasher._argon2

    class Counted:
        def __getattr__(self, name):
            done.append(f"argon2 {name}") if name in ("verify", "hash") else None
            return getattr(argon2, name)

    def executed(conn, cursor, statement, parameters, context, executemany):
        done.append(" ".join(statement.split()))

    sa.event.listen(sa.Engine, "before_cursor_execute", executed)
    means.hasher._argon2 = Counted()
    yield done
    means.hasher._argon2 = argon2
    sa.event.remove(sa.Engine, "before_cursor_execute", executed)


@pytest.mark.security("6.3.8", "AUTHN-1")
@pytest.mark.parametrize("password", [WRONG, PASSWORD])
def test_known_unknown_and_disabled_accounts_cost_the_same_statements_and_one_hashing(means, clock, password):
    done = {}
    for number, email in enumerate((ADA, NOBODY, DISABLED, "no address")):
        if email == ADA and password == PASSWORD:
            continue
        with counting(means) as done[email]:
            refusal = attempt(means, clock, email, password, visit(number + 1))
        assert type(refusal) is errors.SignInRefused
    assert len({tuple(sorted(each)) for each in done.values()}) == 1
    assert done[NOBODY].count("argon2 verify") == 1


@pytest.mark.security("6.3.8")
def test_registering_a_taken_and_a_free_address_costs_the_same_statements_and_one_hashing(means, clock):
    done = {}
    for email in (ADA, "grace@example.org", DISABLED):
        with counting(means) as done[email]:
            applicant = Applicant(email, "Grace", "a nanosecond of copper wire")
            asyncio.run(register(means, applicant, None, "198.51.100.1", clock()))

    taken_back, kept = "ROLLBACK TO SAVEPOINT sa_savepoint_1", "RELEASE SAVEPOINT sa_savepoint_1"
    shapes = {
        tuple(kept if each == taken_back else each for each in statements) for statements in done.values()
    }
    assert len(shapes) == 1
    assert done[ADA].count("argon2 hash") == 1
    assert means.database.read_now(accounts.find_by_email, "grace@example.org").name == "Grace"
    everyone = means.database.read_now(accounts.every)
    assert {account.email for account in everyone} == {ADA, DISABLED, "grace@example.org"}
    kinds = [message.kind for message in means.database.read_now(outbox.due, clock())]
    assert sorted(kinds) == ["account_made", "address_already_registered", "address_already_registered"]


@pytest.mark.security("2.4.1")
def test_who_registers_an_address_again_and_again_sets_off_one_letter_a_day(means, clock):
    applicant = Applicant(ADA, "Somebody", "a nanosecond of copper wire")
    for number in range(5):
        asyncio.run(register(means, applicant, None, f"198.51.100.{number}", clock()))
    assert len(means.database.read_now(outbox.due, clock())) == 1
    clock.move(days=1)
    asyncio.run(register(means, applicant, None, "198.51.100.1", clock()))
    assert len(means.database.read_now(outbox.due, clock())) == 2


@pytest.mark.security("2.4.1", "15.2.2")
def test_registrations_from_one_network_are_few_before_any_password_is_hashed(means, clock, monkeypatch):
    hashed = []

    async def counted(password):
        hashed.append(password)
        return "hash"

    monkeypatch.setattr(type(means.hasher), "hash", lambda _, password: counted(password))

    async def all_at_once():
        applicants = [Applicant(f"{n}@example.org", "X", "a nanosecond of copper wire") for n in range(60)]
        done = [register(means, each, None, "198.51.100.1", clock()) for each in applicants]
        return await asyncio.gather(*done, return_exceptions=True)

    outcomes = asyncio.run(all_at_once())
    assert sum(isinstance(each, errors.TooManyRequests) for each in outcomes) == 10
    assert len(hashed) == 50


@pytest.mark.security("6.3.1", "15.4.2", "AUTHN-2")
def test_of_five_hundred_guesses_at_once_five_are_judged_and_a_restart_changes_nothing(
    means, clock, tmp_path
):
    async def guesses(means, count):
        one = [sign_in(means, ADA, WRONG, visit(n % 250), Ticks(), clock()) for n in range(count)]
        return await asyncio.gather(*one, return_exceptions=True)

    with counting(means) as done:
        outcomes = asyncio.run(guesses(means, 500))
    assert done.count("argon2 verify") == ACCOUNT.free
    assert sum(isinstance(each, errors.SignInRefused) for each in outcomes) == ACCOUNT.free
    others = [each for each in outcomes if not isinstance(each, errors.SignInRefused)]
    # Whoever cannot even ask in time on a busy PostgreSQL is judged as little.
    assert all(isinstance(each, errors.TooManyRequests | errors.Unavailable) for each in others)
    assert any(isinstance(each, errors.TooManyRequests) for each in others)
    again = open_means(settings_in(tmp_path, 8000))
    try:
        assert isinstance(attempt(again, clock, password=PASSWORD), errors.TooManyRequests)
        clock.move(minutes=1)
        assert attempt(again, clock, password=PASSWORD).session
    finally:
        close_means(again)


@pytest.mark.security("6.1.1")
def test_a_thousand_wrong_guesses_from_everywhere_leave_the_known_browser_its_own_attempts(means, clock):
    mark = attempt(means, clock, password=PASSWORD).browser_token
    for number in range(1000):
        attempt(means, clock, where=visit(number % 250)) if number < 30 else None
        subjects = limits.subjects(
            means.keyring, email=ADA, address=f"198.51.100.{number % 250}", browser=None
        )
        means.database.write_now(limits.reserve, subjects, clock())
    assert isinstance(attempt(means, clock, password=PASSWORD), errors.TooManyRequests)
    assert attempt(means, clock, password=PASSWORD, where=visit(9, mark)).session


@pytest.mark.security("6.1.1", "6.3.1")
def test_a_stolen_mark_of_a_known_browser_has_its_own_limit(means, clock):
    mark = attempt(means, clock, password=PASSWORD).browser_token
    outcomes = [attempt(means, clock, where=visit(9, mark)) for _ in range(BROWSER.free + 3)]
    assert sum(isinstance(each, errors.SignInRefused) for each in outcomes) == BROWSER.free


@pytest.mark.security("15.2.2", "6.3.1")
def test_a_guess_that_nobody_judged_because_of_the_crowd_counts_against_nobody(means, clock, monkeypatch):
    async def busy(*_):
        raise HashingBusy

    with monkeypatch.context() as crowded:
        crowded.setattr(type(means.hasher), "verify", busy)
        for _ in range(20):
            assert type(attempt(means, clock, password=PASSWORD)) is errors.Unavailable
    assert attempt(means, clock, password=PASSWORD).session


@pytest.mark.security("2.3.3", "15.4.2")
def test_a_session_begins_and_its_attempts_are_forgiven_in_one_transaction_or_neither(
    means, clock, monkeypatch
):
    def fails(*_):
        raise errors.DatabaseProblem

    with monkeypatch.context() as broken:
        broken.setattr(limits, "forgive", fails)
        assert isinstance(attempt(means, clock, password=PASSWORD), errors.DatabaseProblem)
    account = means.database.read_now(accounts.find_by_email, ADA)
    assert means.database.read_now(session_rows.of, account.id)[0] == []


@pytest.mark.security("16.3.1", "LOG-2", "SM-8", "16.2.5")
def test_every_sign_in_and_every_refused_one_is_recorded_without_naming_anybody(means, clock, log_lines):
    begun = attempt(means, clock, password=PASSWORD)
    for email in (ADA, NOBODY, ADA, ADA, ADA, ADA, ADA):
        attempt(means, clock, email)
    lines = [line for line in log_lines() if line["event"] in ("signed in", "refused")]
    assert [line["event"] for line in lines] == ["signed in"] + ["refused"] * 7
    assert lines[0]["session"] == begun.session.id
    assert [line.get("code") for line in lines[1:]] == ["sign_in_refused"] * 6 + ["too_many_requests"]
    assert len({line["account"] for line in lines}) == 2
    assert {line["origin"] for line in lines} == {"198.51.100.•••"}
    assert not any(word in str(lines) for word in (ADA, NOBODY, WRONG, PASSWORD, begun.token, "198.51.100.1"))


@pytest.mark.security("7.2.4", "SM-5", "attack-11")
def test_who_signs_in_where_somebody_is_signed_in_ends_that_session(means, clock):
    first = attempt(means, clock, password=PASSWORD)
    [presence] = recognised(means, first.token, now=clock())
    second = attempt(means, clock, password=PASSWORD, where=replace(visit(), signed_in=presence))
    assert second.token != first.token
    before, after = recognised(means, first.token, second.token, now=clock())
    assert before.reason == "logged_out"
    assert after.current_id == second.session.id


def test_a_wrong_password_ends_nothing(means, clock):
    first = attempt(means, clock, password=PASSWORD)
    [presence] = recognised(means, first.token, now=clock())
    attempt(means, clock, where=replace(visit(), signed_in=presence))
    assert recognised(means, first.token, now=clock()) == [presence]
    assert presence.current_id == first.session.id
