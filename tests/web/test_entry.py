"""Set-up, registration, invitations and sign-in, as the pages do them."""

from __future__ import annotations

import asyncio

import pytest

from people import ADA, GRACE, PASSWORD, SAFARI_ON_IPHONE, Clock, running
from signedin.actions.make_account import invite
from signedin.actions.means import Registration
from signedin.store import outbox

NEWCOMER = {"name": "Ada Lovelace", "email": ADA, "password": PASSWORD}


def test_the_first_start_leads_to_set_up_and_the_printed_code_makes_the_first_account(empty_house):
    browser = empty_house.browser()
    assert browser.open("/sign-in").headers["location"] == "/setup"
    fields = NEWCOMER | {"code": empty_house.server.setup_code()}
    assert browser.send("/setup", fields, page="/setup").headers["location"] == "/settings/sessions"
    assert browser.is_signed_in
    assert empty_house.server.setup_code() is None
    assert browser.open("/setup").headers["location"] == "/sign-in"


@pytest.mark.security("6.3.2", "13.2.3")
def test_without_the_code_no_first_account_is_made_and_there_is_no_default_one(empty_house):
    browser = empty_house.browser()
    for code in ("", "0000-0000-0000-0000", "AAAA"):
        answer = browser.send("/setup", NEWCOMER | {"code": code}, page="/setup")
        assert answer.status_code == 403
        assert "set-up code" in answer.text
    assert browser.open("/sign-in").headers["location"] == "/setup"
    assert PASSWORD not in answer.text


@pytest.mark.guide("D33")
@pytest.mark.parametrize(
    ("password", "reason"),
    [("short", "at least 15"), ("aaaaaaaaaaaaaaaaaaaa", ""), ("qwertyuiopasdfghjkl", ""),
     ("AdaLovelace1815!!", ""), ("adaexampleorg2026", "")],
)  # fmt: skip
def test_a_password_that_is_easily_guessed_is_refused_with_the_reason_and_nothing_is_made(
    empty_house, password, reason
):
    browser = empty_house.browser()
    fields = NEWCOMER | {"password": password, "code": empty_house.server.setup_code()}
    answer = browser.send("/setup", fields, page="/setup")
    assert answer.status_code == 422
    assert reason in answer.text
    assert 'role="alert"' in answer.text
    assert f'value="{ADA}"' in answer.text
    assert browser.open("/sign-in").headers["location"] == "/setup"


def test_who_registers_can_sign_in(house):
    browser = house.browser()
    fields = {"name": "Grace Hopper", "email": GRACE, "password": "a nanosecond of copper wire"}
    assert browser.send("/register", fields, page="/register").headers["location"] == "/sign-in"
    assert browser.sign_in(GRACE, "a nanosecond of copper wire").status_code == 303


@pytest.mark.security("6.3.8")
def test_registering_a_taken_address_looks_the_same_and_its_owner_is_told(house):
    taken, fresh = house.browser(), house.browser()
    fields = {"name": "Somebody", "password": "a nanosecond of copper wire"}
    one = taken.send("/register", fields | {"email": ADA}, page="/register")
    other = fresh.send("/register", fields | {"email": GRACE}, page="/register")
    assert (one.status_code, one.headers["location"]) == (other.status_code, other.headers["location"])
    assert taken.open("/sign-in").text.count("Your account is ready.") == 1
    assert taken.sign_in(ADA, "a nanosecond of copper wire").status_code == 401
    letters = [message.kind for message in house.means.database.read_now(outbox.due, house.clock())]
    letters += [file.read_text() for file in house.server.settings.mail_dir.glob("*.eml")]
    assert any("already" in letter for letter in letters)


@pytest.mark.parametrize("registration", [Registration.INVITATION, Registration.CLOSED])
def test_where_registration_is_not_open_there_is_no_form(tmp_path, registration):
    with running(tmp_path, Clock(), registration=registration) as house:
        house.somebody()
        browser = house.browser()
        answer = browser.open("/register")
        assert answer.status_code == 403
        assert "registration_closed" in answer.text
        answer = browser.send("/register", NEWCOMER | {"email": GRACE, "invitation": ""})
        assert answer.status_code == 403


@pytest.mark.security("6.4.1", "attack-28")
def test_an_invitation_works_once_for_its_address_and_for_a_week(tmp_path):
    with running(tmp_path, Clock(), registration=Registration.INVITATION) as house:
        house.somebody()
        token = asyncio.run(invite(house.means, GRACE, house.clock()))
        browser, page = house.browser(), f"/invite?token={token}"
        fields = {
            "name": "Grace",
            "email": GRACE,
            "password": "a nanosecond of copper wire",
            "invitation": token,
        }
        other = browser.send("/register", fields | {"email": "eve@example.org"}, page=page)
        assert other.status_code == 422
        assert browser.send("/register", fields, page=page).status_code == 303
        assert browser.send("/register", fields, page=page).status_code == 410
        assert browser.sign_in(GRACE, fields["password"]).status_code == 303
        late = asyncio.run(invite(house.means, "late@example.org", house.clock()))
        house.clock.move(days=7)
        fields |= {"email": "late@example.org", "invitation": late}
        assert house.browser().send("/register", fields).status_code == 410


@pytest.mark.security("6.3.8", "AUTHN-1")
def test_an_unknown_address_and_a_wrong_password_get_the_same_page(house):
    known, unknown = house.browser(), house.browser()
    one = known.sign_in(ADA, "not the password at all")
    other = unknown.sign_in("nobody@example.org", "not the password at all")
    assert one.status_code == other.status_code == 401

    def bare(answer, email):
        token = answer.text.split('name="csrf" value="')[1].split('"')[0]
        return answer.text.replace(token, "").replace(email, "")

    assert bare(one, ADA) == bare(other, "nobody@example.org")
    assert "The email address or the password is wrong." in one.text


@pytest.mark.security("6.3.1", "AUTHN-2")
def test_guessing_is_slowed_down_and_the_wait_survives_a_restart(tmp_path):
    clock = Clock()
    with running(tmp_path, clock) as house:
        house.somebody()
        answers = [house.browser(address=f"192.0.2.{n}").sign_in(ADA, f"guess number {n}") for n in range(40)]
        assert answers[0].status_code == 401
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) > 0
    with running(tmp_path, clock) as house:
        assert house.browser().sign_in(ADA, PASSWORD).status_code == 429
        clock.move(days=1)
        assert house.browser().sign_in(ADA, PASSWORD).status_code == 303


@pytest.mark.security("6.1.1")
def test_strangers_who_guess_cannot_lock_out_a_known_browser(house):
    laptop = house.browser()
    laptop.sign_in(remember="1")
    laptop.log_out()
    guesses = [house.browser(address=f"192.0.2.{n}").sign_in(ADA, f"guess number {n}") for n in range(40)]
    assert guesses[-1].status_code == 429
    assert laptop.sign_in().status_code == 303


@pytest.mark.security("attack-11", "2.3.1")
def test_a_form_token_of_another_browser_signs_nobody_in(house):
    attacker, victim = house.browser(), house.browser(SAFARI_ON_IPHONE)
    token = attacker.form_token("/sign-in")
    victim.open("/sign-in")
    fields = {"csrf": token, "email": ADA, "password": PASSWORD}
    assert victim.http.post("/sign-in", data=fields, headers=victim.own()).status_code == 403
    assert not victim.is_signed_in


@pytest.mark.security("7.2.2", "SM-2", "T2")
def test_no_other_kind_of_token_is_taken_for_a_session(house):
    from signedin.rules.secret import Kind, make_token
    from signedin.store import accounts

    account = house.means.database.read_now(accounts.find_by_email, ADA)
    for kind in Kind:
        browser = house.browser()
        token = make_token(kind, account.id, house.means.keyring.way_keys)
        browser.http.cookies.set("signedin", token, domain="localhost.local", path="/")
        answer = browser.open("/v1/sessions")
        assert answer.status_code == 401
        assert answer.json()["reason"] == ("unknown" if kind in {Kind.SES, Kind.HST} else "wrong_kind")


@pytest.mark.guide("D18")
def test_who_comes_by_127_0_0_1_goes_on_at_localhost(house):
    port = house.base_url.rpartition(":")[2]
    stranger = house.browser()
    answer = stranger.http.get("/sign-in?next=/settings/sessions", headers={"host": f"127.0.0.1:{port}"})
    assert answer.status_code == 307
    assert answer.headers["location"] == f"{house.base_url}/sign-in?next=/settings/sessions"


@pytest.mark.guide("R59", "R63")
def test_a_tab_that_is_thrown_out_leaves_the_notice_to_the_tab_in_which_it_was_done(house):
    ada = house.signed_in()
    ada.log_out_all()
    said = "All devices are logged out, this one too."
    assert said not in ada.open("/sign-in?elsewhere").text
    assert said in ada.open("/sign-in").text
    assert said not in ada.open("/sign-in").text, "it is told once"
