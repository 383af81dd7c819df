"""Guide: Managing Sessions - Refresh, Logout, Revoke, Logout All Devices."""

from __future__ import annotations

import asyncio

import pytest

from people import ADELAIDE, FIREFOX_ON_WINDOWS, PASSWORD, SAFARI_ON_IPHONE
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.user_agent import read_device
from signedin.rules.access_key import AccessKey
from signedin.rules.errors import SignInRefused
from signedin.rules.secret import Kind, digest, make_token
from signedin.store import access_keys, accounts


@pytest.mark.guide("R35", "R36", "R39", "R81")
def test_refresh_is_a_plain_form_that_reads_the_list_again(house):
    laptop = house.signed_in()
    page = laptop.open("/settings/sessions").text
    assert '<form class="refresh" method="get" action="/settings/sessions"' in page
    assert "Refresh Sessions" in page
    phone = house.signed_in(SAFARI_ON_IPHONE)
    assert "Safari on iOS" in laptop.open("/settings/sessions").text
    phone.log_out()
    assert "Safari on iOS" not in laptop.open("/settings/sessions").text


@pytest.mark.guide("R38")
def test_refreshing_is_no_activity_of_the_other_sessions(house, clock):
    laptop = house.signed_in()
    phone = house.signed_in(SAFARI_ON_IPHONE)
    before = phone.current()["last_activity_at"]
    clock.move(hours=2)
    laptop.open("/settings/sessions")
    row = next(row for row in laptop.sessions() if not row["current"])
    assert row["last_activity_at"] == before


@pytest.mark.guide("R40", "R46")
def test_the_current_row_offers_logout_and_every_other_row_revoke_with_its_name(house):
    laptop = house.signed_in()
    house.signed_in(SAFARI_ON_IPHONE)
    page = laptop.open("/settings/sessions").text
    current = page[page.index('data-group="current"') :].split("</section>")[0]
    assert ">Logout</button>" in current
    assert "Revoke" not in current
    assert 'Revoke<span class="vh"> Safari on iOS, San Francisco, CA, US</span>' in page


@pytest.mark.guide("R41", "R42", "R43")
def test_logout_ends_this_session_at_once_and_no_other(house):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    thief = house.browser()
    laptop.stolen_by(thief)
    assert thief.is_signed_in
    answer = laptop.log_out()
    assert answer.headers["location"] == "/sign-in"
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert not thief.is_signed_in
    assert thief.open("/v1/sessions").json()["reason"] == "logged_out"
    assert phone.is_signed_in
    assert laptop.secret is None


@pytest.mark.guide("R44")
@pytest.mark.security("7.2.4", "SM-5", "attack-11")
def test_signing_in_again_begins_a_new_session_with_a_new_secret(house):
    laptop = house.signed_in()
    first_id, first_secret = laptop.current()["id"], laptop.secret
    laptop.log_out()
    laptop.sign_in()
    assert laptop.current()["id"] != first_id
    assert laptop.secret != first_secret


@pytest.mark.guide("R45")
@pytest.mark.security("3.5.1")
def test_a_get_never_logs_out_and_a_foreign_post_does_not_either(house):
    laptop = house.signed_in()
    assert laptop.open("/sign-out").status_code == 405
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    token = laptop.form_token("/settings/sessions")
    assert laptop.http.post("/sign-out", data={"csrf": token}, headers=foreign).status_code == 403
    assert laptop.http.post("/sign-out", data={"csrf": token}).status_code == 403
    assert laptop.http.post("/sign-out", data={"csrf": "x" * 43}, headers=laptop.own()).status_code == 403
    sibling = {"sec-fetch-site": "same-site", "origin": laptop.base_url}
    assert laptop.http.post("/sign-out", data={"csrf": token}, headers=sibling).status_code == 403
    assert laptop.is_signed_in


@pytest.mark.guide("R47")
def test_the_confirmation_names_the_device_the_place_and_the_last_activity_and_changes_nothing(house):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    page = laptop.open(f"/settings/sessions/{phone.current()['id']}/revoke").text
    for words in (
        "Revoke this session?",
        "Safari on iOS",
        "San Francisco, CA, US, active now",
        "Cancel",
    ):
        assert words in page
    assert phone.is_signed_in


@pytest.mark.guide("R48", "R49", "R52")
def test_revoking_a_phone_throws_it_out_at_its_very_next_request(house):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    assert laptop.revoke(phone.current()["id"]).status_code == 303
    assert phone.open("/v1/sessions").status_code == 401
    assert phone.open("/settings/sessions").status_code == 303
    assert laptop.is_signed_in


@pytest.mark.guide("R51", "R87", "D10")
def test_the_thrown_out_browser_learns_why_and_nobody_else_does(house):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    laptop.revoke(phone.current()["id"])
    page = phone.open("/sign-in").text
    assert "This session was revoked on 23 November." in page
    assert "macOS" not in page
    assert "revoked" not in house.browser().open("/sign-in").text


@pytest.mark.guide("R53")
def test_revoking_a_phone_leaves_the_laptop_and_its_twin_signed_in(house):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    twin = house.signed_in(SAFARI_ON_IPHONE)
    laptop.revoke(phone.current()["id"])
    assert twin.is_signed_in
    assert laptop.is_signed_in


@pytest.mark.guide("R54", "R85", "D9")
def test_revoking_twice_says_that_it_had_ended_and_why(house):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    path = f"/v1/sessions/{phone.current()['id']}"
    assert laptop.http.delete(path, headers=laptop.own()).status_code == 204
    again = laptop.http.delete(path, headers=laptop.own())
    assert again.status_code == 410
    assert again.json()["code"] == "session_already_ended"
    assert again.json()["reason"] == "revoked"


@pytest.mark.guide("R55")
@pytest.mark.security("SM-3")
def test_the_secret_is_never_in_a_page_an_answer_or_an_address(house):
    laptop = house.signed_in()
    pages = [laptop.open(path) for path in ("/settings/sessions", "/v1/sessions", "/v1/sessions/current")]
    assert all("sgn_ses_" not in page.text for page in pages)
    assert laptop.open(f"/v1/sessions/{laptop.secret}").status_code == 404


@pytest.mark.guide("R84")
def test_the_current_session_cannot_be_revoked_only_logged_out(house):
    laptop = house.signed_in()
    refused = laptop.http.delete(f"/v1/sessions/{laptop.current()['id']}", headers=laptop.own())
    assert refused.status_code == 409
    assert refused.json()["code"] == "cannot_revoke_current"
    assert "use Logout instead" in refused.json()["title"]
    assert laptop.is_signed_in
    assert laptop.http.delete("/v1/sessions/current", headers=laptop.own()).status_code == 204
    assert not laptop.is_signed_in


@pytest.mark.guide("R56", "R57", "D1")
def test_logout_all_devices_counts_what_ends_and_what_stays(house):
    laptop = house.signed_in()
    house.signed_in(SAFARI_ON_IPHONE)
    page = laptop.open("/settings/sessions").text
    assert page.index("Security Actions") > page.index('id="list"')
    dialog = laptop.open("/settings/sessions/logout-all").text
    for words in ("<b>2 sessions</b> on your devices, including this one", "<b>0 access keys</b>",
                  "Access keys stay active.", "This cannot be undone.", "You are logged out here too.",
                  "Unsaved work in other tabs or on other devices may be lost."):  # fmt: skip
        assert words in dialog


@pytest.mark.guide("R58", "R59")
def test_logout_all_devices_ends_every_session_this_one_too(house):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    answer = laptop.log_out_all()
    assert answer.headers["location"] == "/sign-in"
    assert "All devices are logged out, this one too." in laptop.open("/sign-in").text
    assert not phone.is_signed_in
    assert "All devices were logged out on 23 November." in phone.open("/sign-in").text


@pytest.mark.guide("R60", "R26")
def test_access_keys_are_kept_before_during_and_after_logout_all_devices(house):
    laptop = house.signed_in()
    account = house.means.database.read_now(accounts.find_by_email, "ada@example.org")
    token = make_token(Kind.KEY, account.id, house.means.keyring.way_keys)
    key = AccessKey("k1", account.id, "backup", ("account:read",), house.clock(), token[-4:])
    house.means.database.write_now(access_keys.add, key, digest(token))
    assert "1 access key" in laptop.open("/settings/sessions/logout-all").text
    assert len(laptop.sessions()) == 1
    answer = laptop.http.post("/v1/sessions/logout-all", headers=laptop.own()).json()
    assert answer == {"sessions_ended": 1, "consents_ended": 0, "access_keys_kept": 1}
    found = house.means.database.read_now(access_keys.find_by_digest, account.id, digest(token))
    assert found == key


@pytest.mark.guide("R62", "D23")
def test_a_sign_in_begun_after_logout_all_devices_lives(house):
    laptop = house.signed_in()
    laptop.log_out_all()
    laptop.sign_in()
    assert laptop.is_signed_in


@pytest.mark.guide("R58", "D23")
def test_a_sign_in_whose_proof_was_accepted_before_the_cut_off_is_dead_even_if_it_finishes_later(house):
    laptop = house.signed_in()
    means, verify = house.means, house.means.hasher.verify
    cut = []

    async def slow_verify(*asked):
        verdict = await verify(*asked)
        if not cut:
            cut.append(await asyncio.to_thread(laptop.log_out_all))
        return verdict

    means.hasher.verify = slow_verify
    device = read_device(FIREFOX_ON_WINDOWS)
    visit = Visit(ADELAIDE, FIREFOX_ON_WINDOWS, device, "1")
    with pytest.raises(SignInRefused):
        asyncio.run(sign_in(means, "ada@example.org", PASSWORD, visit, Ticks(), house.clock()))
    assert cut[0].status_code == 303


@pytest.mark.guide("D2", "R58")
def test_log_out_all_other_devices_keeps_only_the_one_that_asks(house):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    assert laptop.log_out_all(**{"except": "current"}).headers["location"] == "/settings/sessions"
    assert laptop.is_signed_in
    assert not phone.is_signed_in
    assert len(laptop.sessions()) == 1


@pytest.mark.guide("R65")
def test_logout_all_devices_leaves_one_entry_with_counts_and_one_letter(still_house):
    from signedin.rules.event import EventKind
    from signedin.store import journal, outbox

    house = still_house
    laptop = house.signed_in()
    house.signed_in(SAFARI_ON_IPHONE)
    account = house.means.database.read_now(accounts.find_by_email, "ada@example.org")
    number = house.means.database.read_now(accounts.history_number, account.id)
    laptop.log_out_all()
    events = house.means.database.read_now(journal.since, account.id, number)
    assert [recorded.event.kind for recorded in events] == [EventKind.LOGGED_OUT_EVERYWHERE]
    assert events[0].event.facts["by_type"]["web"] == 2
    waiting = house.means.database.read_now(outbox.due, house.clock())
    assert [message.kind for message in waiting].count("logged_out_everywhere") == 1


@pytest.mark.guide("D21")
def test_known_browsers_are_forgotten_by_logout_all_devices_so_their_next_sign_in_alerts(still_house):
    house = still_house
    laptop = house.browser()
    laptop.sign_in(remember="1")
    laptop.log_out_all()
    laptop.sign_in(remember="1")
    kinds = [message.kind for message in house.means.database.read_now(_letters, house.clock())]
    assert "new_sign_in" in kinds


def _letters(conn, now):
    from signedin.store import outbox

    return outbox.due(conn, now)


@pytest.mark.guide("R63")
def test_there_is_no_undo_signing_in_again_brings_no_old_session_back(house):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    laptop.log_out_all()
    laptop.sign_in()
    assert not phone.is_signed_in
    assert len(laptop.sessions()) == 1


@pytest.mark.guide("R58", "D2")
@pytest.mark.parametrize(
    "asked",
    [
        {"params": {"except": "currnet"}},
        {"params": {"except": ""}},
        {"json": {"except": "current"}},
        {"json": {"except_current": True}},
    ],
    ids=["misspelt", "empty", "in a body", "in a body by another name"],
)
def test_a_logout_of_all_others_that_cannot_be_read_ends_nothing(house, asked):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    answer = laptop.http.post("/v1/sessions/logout-all", headers=laptop.own(), **asked)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        422,
        "invalid_input",
        "except",
    )
    assert laptop.is_signed_in
    assert phone.is_signed_in
