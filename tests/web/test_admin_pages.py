"""The operator console: find an account, see it as its owner does, end what should not be; the person sees it."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode

import pytest

from people import ADA, BERLIN, FIREFOX_ON_WINDOWS, GRACE, SAFARI_ON_IPHONE, done_apart
from signedin.actions.issue_key import issue_key_for
from signedin.rules.access_key import Wish
from signedin.rules.event import Event, EventKind
from signedin.rules.operator import Role
from signedin.store import deeds, journal
from signedin.web.admin_page import LATEST
from web.operators import ROSA, at_the_console, number_of, operator_in

HANK = "hank@signedin.example"


@pytest.fixture
def house(house):
    operator_in(house, ROSA, Role.OWNER)
    house.ada = number_of(house, ADA)
    house.there = f"/admin/accounts/{house.ada}"
    return house


def helper(house):
    return at_the_console(house, operator_in(house, HANK, Role.HELPER, "Hank Moss"))


def ends(console, house, *ids, reason="Laptop reported lost, ticket 4417"):
    return console.send(
        f"{house.there}/end", {f"row-{each}": "1" for each in ids} | {"reason": reason}, page=house.there
    )


def history(house):
    return house.means.database.read_now(journal.before, house.ada, None, 10)


def test_who_is_an_operator_finds_the_console_from_their_settings_and_nobody_else_is_told_of_it(house):
    told = '<a href="/admin">Operator console</a>'
    assert told in house.signed_in(email=ROSA).open("/settings/sessions").text
    assert told not in house.signed_in().open("/settings/sessions").text


@pytest.mark.guide("D10", "D11", "R48", "R51")
@pytest.mark.security("7.4.5")
def test_from_a_phone_call_to_the_ended_session_and_the_recorded_reason(house):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE, BERLIN)
    lost, console = phone.current()["id"], helper(house)
    found = console.open("/admin/accounts?q=love").text
    assert f'href="{house.there}?q=love"' in found
    page = console.open(f"{house.there}?q=love").text
    for shown in ("Safari on iOS", "Berlin, DE", "Chrome on macOS", lost):
        assert shown in page
    answer = ends(console, house, lost)
    assert (answer.status_code, answer.headers["location"]) == (303, house.there)
    assert not phone.is_signed_in
    assert laptop.is_signed_in
    assert "1 session ended." in console.open(house.there).text
    assert "An operator ended this session on" in phone.open("/sign-in").text
    told = laptop.open("/settings/activity").text
    assert "Operator <bdi>Hank Moss</bdi> ended <b><bdi>Safari on iOS</bdi></b>" in told
    assert "Reason given: “<bdi>Laptop reported lost, ticket 4417</bdi>”." in told
    record = console.open("/admin").text
    assert "Laptop reported lost, ticket 4417" in record
    assert "Account of" in record


def test_what_is_said_to_have_ended_is_only_what_ended_and_what_can_be_done_about_coming_back(house):
    rosa, console, phone = at_the_console(house, ROSA), helper(house), house.signed_in(SAFARI_ON_IPHONE)
    key = done_apart(issue_key_for(house.means, ADA, Wish("backup", ("account:read",)), house.clock()))

    def told(browser):
        page = browser.open(house.there).text
        return re.search(r'<div class="notice" role="status">(.*?)</div>', page, re.DOTALL)[1]

    again = "Whoever knows the password can sign in again."
    assert ends(rosa, house, key.key.id).status_code == 303
    said = told(rosa)
    assert "<b>1 access key ended.</b>" in said
    assert ("0 session" in said, again in said) == (False, False)
    assert ends(rosa, house, phone.current()["id"]).status_code == 303
    assert again in told(rosa)
    assert ends(console, house, house.signed_in(SAFARI_ON_IPHONE).current()["id"]).status_code == 303
    page = console.open(house.there).text
    assert (again in page) == (f"{house.there}/disable" in page)


def test_without_a_reason_or_anything_chosen_nothing_ends_and_what_was_chosen_stays_so(house):
    phone, console = house.signed_in(SAFARI_ON_IPHONE), helper(house)
    chosen = phone.current()["id"]
    refused = ends(console, house, chosen, reason=" \t")
    assert (refused.status_code, "A reason is needed." in refused.text) == (422, True)
    assert re.search(f'name="row-{chosen}" value="1" checked', refused.text)
    assert ends(console, house).status_code == 422
    assert ends(console, house, "0" * 26, chosen).status_code == 404
    assert phone.is_signed_in


@pytest.mark.guide("R52", "D1", "R60")
def test_several_sessions_and_access_keys_end_together(house):
    phones = [house.signed_in(SAFARI_ON_IPHONE) for _ in range(2)]
    stays, console = house.signed_in(FIREFOX_ON_WINDOWS), helper(house)
    key = done_apart(issue_key_for(house.means, ADA, Wish("backup", ("account:read",)), house.clock()))
    ids = [phone.current()["id"] for phone in phones]
    assert ends(console, house, *ids, key.key.id).status_code == 303
    assert [each.is_signed_in for each in (*phones, stays)] == [False, False, True]
    bearer = {"authorization": f"Bearer {key.token}"}
    assert house.browser().http.get("/v1/account", headers=bearer).json()["reason"] == "ended_by_operator"
    again = ends(console, house, *ids)
    assert (again.status_code, "already ended" in again.text) == (410, True)
    kinds = [each.event.kind.value for each in history(house)][:3]
    assert sorted(kinds) == ["access_key_revoked", "session_revoked", "session_revoked"]


@pytest.mark.guide("D2", "D10", "D23", "R60")
def test_logging_out_all_devices_of_somebody_keeps_their_keys_unless_they_are_named_too(house):
    laptop, console = house.signed_in(), helper(house)
    key = done_apart(issue_key_for(house.means, ADA, Wish("backup", ("account:read",)), house.clock()))
    bearer = {"authorization": f"Bearer {key.token}"}
    asked = console.open(f"{house.there}/logout-all").text
    assert "Log out all devices of this account?" in asked
    assert "<b>1 session</b>" in asked
    assert (
        console.send(
            f"{house.there}/logout-all", {"reason": ""}, page=f"{house.there}/logout-all"
        ).status_code
        == 422
    )
    assert laptop.is_signed_in
    console.send(f"{house.there}/logout-all", {"reason": "left"}, page=f"{house.there}/logout-all")
    assert not laptop.is_signed_in
    assert "An operator ended this session" in laptop.open("/sign-in").text
    assert house.browser().http.get("/v1/account", headers=bearer).status_code == 200
    again = house.signed_in()
    assert again.is_signed_in
    console.send(
        f"{house.there}/logout-all", {"reason": "stolen", "keys": "1"}, page=f"{house.there}/logout-all"
    )
    assert not again.is_signed_in
    assert house.browser().http.get("/v1/account", headers=bearer).status_code == 401


@pytest.mark.security("7.4.2", "attack-25")
def test_a_disabled_account_is_dead_on_every_path_and_enabling_revives_nothing(house):
    laptop, console = house.signed_in(), at_the_console(house, ROSA)
    key = done_apart(issue_key_for(house.means, ADA, Wish("backup", ("account:read",)), house.clock()))
    bearer = {"authorization": f"Bearer {key.token}"}
    console.send(f"{house.there}/disable", {"reason": "left the company"}, page=f"{house.there}/disable")
    assert not laptop.is_signed_in
    assert "This account was disabled." in laptop.open("/sign-in").text
    assert house.browser().http.get("/v1/account", headers=bearer).status_code == 401
    assert house.browser().sign_in().status_code == 401
    console.send(f"{house.there}/enable", {"reason": "came back"}, page=f"{house.there}/enable")
    assert not laptop.is_signed_in
    assert house.browser().http.get("/v1/account", headers=bearer).status_code == 401
    told = house.signed_in().open("/settings/activity").text
    for reason in ("left the company", "came back"):
        assert reason in told


@pytest.mark.guide("R11", "D22")
@pytest.mark.security("8.2.3")
def test_a_full_address_is_shown_for_a_reason_once_and_the_person_sees_that_it_was(house):
    phone, console = house.signed_in(SAFARI_ON_IPHONE, BERLIN), helper(house)
    row = phone.current()["id"]
    path = f"{house.there}/sessions/{row}/reveal"
    assert BERLIN not in console.open(house.there).text + console.open(path).text
    refused = console.send(path, {"reason": ""}, page=path)
    assert (refused.status_code, BERLIN in refused.text) == (422, False)
    shown = console.send(path, {"reason": "Court order 7"}, page=path)
    assert (shown.status_code, BERLIN in shown.text) == (200, True)
    assert "no-store" in shown.headers["cache-control"]
    assert BERLIN not in console.open(path).text
    told = phone.open("/settings/activity").text
    assert "looked at the full IP address of <b><bdi>Safari on iOS</bdi></b>" in told
    assert "Court order 7" in told
    assert BERLIN not in told


@pytest.mark.guide("D5", "R18", "R84")
def test_ones_own_admin_session_is_current_and_only_logged_out(house):
    console = at_the_console(house, ROSA, house.signed_in(email=ROSA))
    own = f"/admin/accounts/{number_of(house, ROSA)}"
    page = console.open(own).text
    assert page.count("Current</span>") == 1
    current = re.search(r'id="s-(\w+)"[^>]*aria-current="true"', page)[1]
    assert f'name="row-{current}"' not in page
    refused = console.send(f"{own}/end", {f"row-{current}": "1", "reason": "x"}, page=own)
    assert (refused.status_code, "use Logout instead" in refused.text) == (409, True)
    assert console.send(f"{own}/logout-all", {"reason": "x"}, page=own).status_code == 409
    assert console.send(f"{own}/disable", {"reason": "x"}, page=own).status_code == 409
    assert console.open(own).status_code == 200


@pytest.mark.guide("D15")
def test_an_operator_who_looks_is_nobodys_activity(house):
    laptop, console = house.signed_in(), helper(house)
    before = laptop.current()["last_activity_at"]
    house.clock.move(hours=3)
    console.open(house.there)
    [row] = [each for each in console.open(house.there).text.split("<li") if "Chrome on macOS" in each][:1]
    assert "3 hours ago" in row
    assert before.startswith("2026-11-23T14:20")


@pytest.mark.guide("D11", "R86")
@pytest.mark.security("8.2.1", "attack-17")
def test_what_the_role_does_not_allow_is_not_offered_and_refused_with_the_role_it_needs(house):
    phone = house.signed_in(SAFARI_ON_IPHONE)
    row = phone.current()["id"]
    viewer = at_the_console(house, operator_in(house, GRACE, Role.VIEWER, "Grace"))
    page = viewer.open(house.there).text
    assert "You can look, but end nothing here." in page
    assert "This needs the role helper." in page
    assert 'type="checkbox"' not in page
    for path, fields, needs in (
        (f"{house.there}/end", {f"row-{row}": "1"}, "helper"), (f"{house.there}/logout-all", {}, "helper"),
        (f"{house.there}/sessions/{row}/reveal", {}, "helper"), (f"{house.there}/disable", {}, "owner"),
    ):  # fmt: skip
        answer = viewer.send(path, fields | {"reason": "because"}, page=house.there)
        assert (answer.status_code, f"This needs the role {needs}." in answer.text) == (403, True), path
    assert phone.is_signed_in


def test_a_person_filters_their_activity_and_reads_it_page_by_page(house):
    laptop = house.signed_in()
    for _ in range(3):
        house.signed_in(SAFARI_ON_IPHONE).log_out()
    page = laptop.open("/settings/activity?kind=ended").text
    assert page.count("You logged out of <b>") == 3
    assert "Signed in with" not in page
    assert "Signed in with password:" in laptop.open("/settings/activity?kind=in").text
    assert laptop.open("/settings/activity?kind=nonsense&before=zzz").status_code == 200


def test_the_record_leads_on_to_earlier_deeds_and_each_stands_there_once(house):
    console, link, seen = at_the_console(house, ROSA), "/admin", []
    for turn in range(LATEST + 3):
        told = {"reason": f"Turn {turn}."}
        unlocked = Event(EventKind.ACCOUNT_UNLOCKED, house.clock(), None, None, {"by": "operator"}, told)
        house.means.database.write_now(deeds.record_from_shell, house.ada, unlocked)
        if turn in (0, 1, LATEST):  # many at one moment, also where a page ends
            house.clock.move(minutes=1)
    for _ in range(2):
        page = console.open(link).text
        seen += re.findall(r"Reason given: “<bdi>(Turn [0-9]+)", page)
        link = next(iter(re.findall(r'href="(/admin\?before=[0-9-]+)"', page)), "")
    assert not link
    turns = [f"Turn {turn}" for turn in reversed(range(LATEST + 3))]
    assert seen == turns
    for nonsense in ("", "1", "1-2-x", "9" * 19 + "-1-1", "9" * 20 + "-1-1", "-1-2-3", "²-1-1"):
        assert f"Turn {LATEST + 2}" in console.open(f"/admin?before={nonsense}").text, nonsense


@pytest.mark.guide("D22")
def test_a_link_to_a_page_that_does_not_exist_shows_the_first_one(house):
    console = helper(house)
    for place in ("x", "5", "5 \0", "-1 a", f"{2**63} a", "Infinity a", "[" * 1400, "5 a" + "z" * 1400):
        after = urlsafe_b64encode(place.encode()).decode()
        page = console.http.get("/admin/accounts", params={"q": "ada", "after": after})
        assert page.status_code == 200, place
        if not place.startswith("5 a"):
            assert house.there in page.text, place
