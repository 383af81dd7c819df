"""A new password ends what was signed in by the old one, at once and for good."""

from __future__ import annotations

import asyncio

import pytest

from people import ADA, BERLIN, CHROME_ON_MACOS, FIREFOX_ON_WINDOWS, PASSWORD, SAFARI_ON_IPHONE, SAN_FRANCISCO
from signedin.actions.change_factor import set_password
from signedin.actions.operate import account_of
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.gate.user_agent import read_device
from signedin.rules import errors
from signedin.rules.event import EventKind
from signedin.store import access_keys, accounts, journal, outbox

NEW = "another four unrelated words"


def changed(house, password=NEW, email=ADA, **how):
    return asyncio.run(set_password(house.means, email, password, house.clock(), **how))


def account(house):
    return house.means.database.read_now(account_of, ADA)


@pytest.mark.guide("D20")
@pytest.mark.security("7.4.3")
def test_everything_signed_in_ends_with_the_old_password_and_says_why(house):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE, BERLIN)
    counts = changed(house)
    assert (counts.sessions_ended, counts.consents_ended) == (2, 0)
    for browser in (laptop, phone):
        assert browser.open("/v1/sessions").json()["reason"] == "factor_changed"
        assert "Your password or another factor was changed" in browser.open("/sign-in").text
    assert laptop.sign_in(ADA, PASSWORD).status_code == 401
    assert laptop.sign_in(ADA, NEW).status_code == 303


@pytest.mark.guide("D20", "D23")
def test_a_sign_in_that_had_shown_the_old_password_before_does_not_finish(house):
    def first_proof(conn):
        return accounts.history_number(conn, account(house).id)

    before = house.means.database.read_now(first_proof)
    changed(house)
    visit = Visit(SAN_FRANCISCO, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS), "test")
    with pytest.raises(errors.SignInRefused):
        house.means.database.write_now(
            begin, house.means, account(house), visit, Ticks(), before, house.clock()
        )


@pytest.mark.guide("D20", "D21")
def test_known_browsers_are_forgotten_so_that_their_next_sign_in_alerts(still_house):
    house = still_house
    browser = house.browser()
    browser.sign_in(remember="1")
    changed(house)
    browser.sign_in(ADA, NEW)
    kinds = [message.kind for message in house.means.database.read_now(outbox.due, house.clock())]
    assert sorted(kinds) == ["new_sign_in", "password_changed"]


@pytest.mark.guide("D20")
def test_access_keys_stay(house):
    from signedin.rules.access_key import AccessKey

    key = AccessKey("k1", account(house).id, "Nightly backup", ("account:read",), house.clock(), "abcd")
    house.means.database.write_now(access_keys.add, key, b"digest")
    assert changed(house).access_keys_kept == 1


def test_the_history_tells_who_did_it_and_the_reason_can_be_erased(house):
    changed(house, reason="forgot it")
    (told,) = [
        each.event
        for each in house.means.database.read_now(journal.since, account(house).id, 0)
        if each.event.kind is EventKind.PASSWORD_CHANGED
    ]
    assert told.facts == {"by": "operator"}
    personal = house.means.database.read_now(
        lambda conn: conn.exec_driver_sql("SELECT fields FROM journal_personal ORDER BY number DESC").scalar()
    )
    assert personal == '{"reason":"forgot it"}'


@pytest.mark.parametrize("weak", ["short", "ada lovelace ada lovelace", "password password password"])
def test_a_weak_password_is_refused_with_the_reason_and_nothing_ends(house, weak):
    laptop = house.signed_in()
    with pytest.raises(errors.PasswordRefused):
        changed(house, weak)
    assert laptop.is_signed_in


def test_nobodys_password_is_not_changed(house):
    with pytest.raises(errors.NotFound, match="no account with this address"):
        changed(house, email="nobody@example.org")


@pytest.mark.guide("D20")
def test_a_sign_in_that_keeps_the_old_password_by_another_hash_does_not_bring_it_back(house):
    house.signed_in(FIREFOX_ON_WINDOWS)
    id_, database = account(house).id, house.means.database
    old = database.read_now(accounts.password_hash, id_)
    changed(house)
    new = database.read_now(accounts.password_hash, id_)
    database.write_now(accounts.rehash, id_, old, "a fresh hash of the old password", house.clock())
    assert database.read_now(accounts.password_hash, id_) == new
