"""Ending: who may still ask for it, and what the answer means at the edges."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import pytest

from databases import DOUBT
from people import (
    ADA,
    ADELAIDE,
    BERLIN,
    CHROME_ON_MACOS,
    FIREFOX_ON_WINDOWS,
    SAFARI_ON_IPHONE,
    Clock,
    recognised,
    running,
)
from signedin.actions.revoke import log_out, revoke
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules import errors
from signedin.rules.event import EventKind
from signedin.rules.session import AppType
from signedin.store import accounts, journal, session_rows


def events(house):
    account = house.means.database.read_now(accounts.find_by_email, ADA)
    return [recorded.event for recorded in house.means.database.read_now(journal.since, account.id, 0)]


def rows_left(house):
    account = house.means.database.read_now(accounts.find_by_email, ADA)
    return [row.id for row in house.means.database.read_now(session_rows.of, account.id)[0]]


class HeldOpen:
    """A form whose last bytes are held back: who sends it is recognised long before it is carried out."""

    def __init__(self, browser, path, page):
        body = f"csrf={browser.form_token(page)}"
        lines = [
            f"POST {path} HTTP/1.1", f"Host: {browser.base_url.partition('://')[2]}",
            f"Cookie: signedin={browser.secret}", f"Origin: {browser.base_url}", "Sec-Fetch-Site: same-origin",
            "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}", "Connection: close",
        ]  # fmt: skip
        port = int(browser.base_url.rpartition(":")[2])
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n" + body[:5]).encode())
        self._rest = body[5:].encode()

    def let_go(self):
        self._socket.sendall(self._rest)
        answer = b""
        while part := self._socket.recv(65536):
            answer += part
        self._socket.close()
        return answer.decode("latin-1")


@pytest.mark.guide("D5", "R21", "R48")
@pytest.mark.parametrize(("ended", "left"), [(AppType.ADMIN, AppType.WEB), (AppType.WEB, AppType.ADMIN)])
def test_web_and_admin_in_one_browser_are_two_rows_with_two_secrets_and_each_ends_alone(house, ended, left):
    means, now = house.means, house.clock()
    ada = means.database.read_now(accounts.find_by_email, ADA)
    visit = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
    begun, mark = {}, None
    for kind in (AppType.WEB, AppType.ADMIN):
        given = (means, ada, replace(visit, known_browser=mark), Ticks(remember=True), 0, now)
        begun[kind] = means.database.write_now(begin, *given, app_type=kind)
        mark = begun[kind].browser_token
    found = {kind: recognised(means, begun[kind].token, now=now)[0] for kind in begun}
    assert {kind: each.app_type for kind, each in found.items()} == {kind: kind for kind in begun}
    assert len({each.current_id for each in found.values()}) == len(rows_left(house)) == 2
    assert all(found[kind].current_id == begun[kind].session.id for kind in begun)
    asyncio.run(log_out(means, found[ended], now))
    assert recognised(means, begun[ended].token, now=now)[0].reason == "logged_out"
    assert recognised(means, begun[left].token, now=now)[0].current_id == begun[left].session.id
    assert rows_left(house) == [begun[left].session.id]
    with pytest.raises(errors.SessionAlreadyEnded):
        asyncio.run(revoke(means, found[left], begun[ended].session.id, now))


@pytest.mark.guide("R48", "R42")
@pytest.mark.security("7.4.1", "15.4.2")
@pytest.mark.parametrize("what", ["logout-all", "{owner}/revoke", "{phone}/recognize"])
def test_a_request_that_was_held_open_changes_nothing_once_its_session_was_revoked(house, what):
    owner, thief = house.signed_in(), house.signed_in(FIREFOX_ON_WINDOWS, ADELAIDE)
    phone = house.signed_in(SAFARI_ON_IPHONE, BERLIN)
    path = what.format(owner=owner.current()["id"], phone=phone.current()["id"])
    held = HeldOpen(thief, f"/settings/sessions/{path}", "/settings/sessions")
    flags = {row["id"]: row["flags"] for row in owner.sessions()}
    assert owner.revoke(thief.current()["id"]).status_code == 303
    before = len(events(house))
    answer = held.let_go()
    assert answer.startswith("HTTP/1.1 303")
    assert "location: /sign-in" in answer
    assert len(events(house)) == before
    assert owner.is_signed_in
    assert phone.is_signed_in
    assert all(row["flags"] == flags[row["id"]] for row in owner.sessions())


@pytest.mark.guide("D9", "D28", "R85")
def test_whoever_hears_that_a_session_had_expired_can_rely_on_it(tmp_path):
    clock = Clock()
    with running(tmp_path, clock) as house:
        house.somebody(ADA)
        phone, laptop = house.signed_in(SAFARI_ON_IPHONE), house.signed_in()
        phone_id = phone.current()["id"]
        clock.move(days=20)
        laptop.open("/settings/sessions")
    clock.move(days=10, seconds=20)
    with running(tmp_path, clock) as house:
        laptop.base_url, phone.base_url = house.base_url, house.base_url
        laptop.http.base_url = phone.http.base_url = house.base_url
        # After a restart the phone has the benefit of a minute: nobody says that it has expired.
        assert phone_id in {row["id"] for row in laptop.sessions()}
        clock.move(seconds=41)
        answer = laptop.http.delete(f"/v1/sessions/{phone_id}", headers=laptop.own())
        assert answer.status_code == 410
        assert answer.json()["reason"] == "expired_idle"
        assert phone_id not in rows_left(house)
        assert not phone.is_signed_in
        assert [event.kind for event in events(house)][-1] is EventKind.SESSION_EXPIRED


@pytest.mark.guide("R65")
def test_the_entry_of_log_out_all_other_devices_counts_only_what_it_ended(house):
    laptop = house.signed_in()
    for _ in range(2):
        house.signed_in(SAFARI_ON_IPHONE)
    laptop.log_out_all(**{"except": "current"})
    last = events(house)[-1]
    assert last.kind is EventKind.LOGGED_OUT_OTHERS
    assert last.facts["by_type"]["all"] == 2


@pytest.mark.guide("R65", "D28")
def test_what_logout_all_counts_is_what_the_list_shows_also_when_a_last_use_is_only_in_memory(house, clock):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    house.signed_in(SAFARI_ON_IPHONE)  # never used again: it expires
    clock.move(days=29, hours=23, minutes=40)
    laptop.open("/settings/sessions")
    phone.open("/settings/sessions")
    clock.move(minutes=25)
    shown = len(laptop.sessions())
    laptop.log_out_all()
    assert shown == 2
    assert events(house)[-1].facts["by_type"] == {
        "all": 2, "web": 2, "admin": 0, "sync": 0, "mobile": 0, "oauth": 0,
    }  # fmt: skip


@pytest.mark.guide("R85")
def test_the_question_before_a_revoke_says_that_the_session_has_already_ended(house):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    phone_id = phone.current()["id"]
    phone.log_out()
    answer = laptop.open(f"/settings/sessions/{phone_id}/revoke")
    assert answer.status_code == 410
    assert "already ended" in answer.text
    assert laptop.open("/settings/sessions/00000000000000000000000000/revoke").status_code == 404
    own = laptop.open(f"/settings/sessions/{laptop.current()['id']}/revoke")
    assert own.status_code == 409
    assert "use Logout instead" in own.text


@pytest.mark.guide("R76")
def test_a_flagged_session_cannot_vouch_for_itself(house):
    owner = house.signed_in()
    thief = house.signed_in(FIREFOX_ON_WINDOWS, ADELAIDE)
    thief_id = thief.current()["id"]
    answer = thief.send(f"/settings/sessions/{thief_id}/recognize", page="/settings/sessions")
    assert answer.status_code == 403
    flags = next(row["flags"] for row in owner.sessions() if row["id"] == thief_id)
    assert {flag["kind"] for flag in flags} >= {"unfamiliar_location"}
    owner.send(f"/settings/sessions/{thief_id}/recognize", page="/settings/sessions")
    assert not next(row["flags"] for row in owner.sessions() if row["id"] == thief_id)


@pytest.mark.guide("R13", "D15")
def test_nothing_a_client_says_hides_its_use_of_the_account(house, clock):
    owner, thief = house.signed_in(), house.signed_in(FIREFOX_ON_WINDOWS, ADELAIDE)
    clock.move(hours=5)
    quiet = {"signedin-automatic": "1"}
    thief.open("/v1/sessions", **quiet)
    row = next(row for row in owner.sessions() if row["device"] == "Firefox on Windows")
    assert row["last_activity_at"] == clock().isoformat().replace("+00:00", "Z")
    clock.move(hours=5)
    victim = house.signed_in(SAFARI_ON_IPHONE).current()["id"]
    assert thief.http.delete(f"/v1/sessions/{victim}", headers=thief.own() | quiet).status_code == 204
    row = next(row for row in owner.sessions() if row["device"] == "Firefox on Windows")
    assert row["last_activity_at"] == clock().isoformat().replace("+00:00", "Z")


@pytest.mark.guide("R51")
def test_logout_pressed_in_a_tab_whose_session_was_revoked_leads_to_the_reason(house):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    token = phone.form_token("/settings/sessions")
    laptop.revoke(phone.current()["id"])
    answer = phone.http.post("/sign-out", data={"csrf": token}, headers=phone.own())
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "was revoked on" in phone.open("/sign-in").text


@pytest.mark.guide("R44")
@pytest.mark.security("7.2.4")
def test_signing_in_again_in_a_second_tab_ends_the_first_session_of_that_browser(house):
    laptop, phone = house.browser(), house.signed_in(SAFARI_ON_IPHONE)
    token = laptop.form_token("/sign-in")
    laptop.sign_in()
    first, first_secret = laptop.current()["id"], laptop.secret
    fields = {"csrf": token, "email": ADA, "password": "four unrelated words make it"}
    assert laptop.http.post("/sign-in", data=fields, headers=laptop.own()).status_code == 303
    assert laptop.current()["id"] != first
    assert first not in {row["id"] for row in phone.sessions()}
    assert laptop.secret != first_secret
    assert phone.is_signed_in


@pytest.mark.guide("R71", "D8")
def test_a_consent_that_expired_answers_410_and_is_swept(tmp_path):
    import asyncio

    from signedin.actions.sweep import sweep
    from signedin.server.demo import EMAIL, fill

    clock = Clock()
    with running(tmp_path, clock) as house:
        filled = asyncio.run(fill(house.means, clock()))
        browser = house.browser()
        browser.sign_in(EMAIL, filled.password)
        consents = [row for row in browser.sessions() if row["app_type"] == "oauth"]
        clock.move(days=29)
        browser.open("/settings/sessions")
        clock.move(days=2)
        left = {row["id"] for row in browser.sessions()}
        [expired, *others] = [row["id"] for row in consents if row["id"] not in left]
        answer = browser.http.delete(f"/v1/sessions/{expired}", headers=browser.own())
        assert (answer.status_code, answer.json()["reason"]) == (410, "expired_idle")
        clock.move(minutes=10)
        asyncio.run(sweep(house.means, clock()))
        account = filled.account.id
        still = {row.id for row in house.means.database.read_now(session_rows.of, account)[0]}
        assert not still & {expired, *others}


@pytest.mark.guide("D10")
def test_on_a_shared_computer_the_reason_says_after_how_long_it_ended(house, clock):
    kiosk = house.browser()
    kiosk.sign_in(shared="1")
    clock.move(hours=1, seconds=DOUBT)
    assert "It had not been used for 1 hour." in kiosk.open("/sign-in").text


@pytest.mark.guide("D35")
def test_the_tick_for_a_shared_computer_makes_a_known_browser_forgotten(house):
    laptop = house.browser()
    laptop.sign_in(remember="1")
    laptop.log_out()
    assert laptop.http.cookies.get("signedin-browser")
    laptop.sign_in(remember="1", shared="1")
    assert not laptop.http.cookies.get("signedin-browser")
    account = house.means.database.read_now(accounts.find_by_email, ADA)
    known = house.means.database.read_now(lambda conn: conn.execute(accounts.known_browsers.select()).all())
    assert not [row for row in known if row.account_id == account.id]
