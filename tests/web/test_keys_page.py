"""Settings > Access keys as a browser without scripts uses it, and the same calls for programs."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from databases import only_on_sqlite
from people import ADA, BERLIN, GRACE, PASSWORD, Clock, done_apart, running
from signedin.actions.issue_key import issue_key_for, issue_service_key
from signedin.rules import once
from signedin.rules.access_key import MOST_KEYS, Wish
from signedin.rules.attempts import BROWSER
from signedin.rules.secret import Kind, make_token
from signedin.rules.session import AppType
from signedin.rules.step_up import FRESH_FOR
from signedin.server.jobs import flush_now
from signedin.store import accounts, journal
from signedin.store.tombstones import TOMBSTONES_KEPT

pytestmark = pytest.mark.xdist_group("keys page")
PAGE, CALL = "/settings/access-keys", "/v1/access-keys"


@pytest.fixture
def house(tmp_path):
    with running(tmp_path, Clock()) as house:
        house.somebody(ADA)
        yield house


def asked(house, token, path, method="GET", **more):
    headers = {"authorization": f"Bearer {token}"}
    return house.browser(address=BERLIN).http.request(method, path, headers=headers, **more)


def issued_at_page(browser, name="backup-nightly", **fields):
    chosen = {"name": name, "account:read": "1", "sessions:read": "1", "expires": "90"}
    return browser.send(PAGE, {**chosen, **fields}, page=PAGE)


def shown_token(answer):
    found = re.search(r"sgn_key_[0-9A-Za-z]{61}", answer.text)
    return found[0] if found else None


def key_ids(browser):
    return [item["id"] for item in browser.open(CALL).json()["items"]]


def history(house):
    account = house.means.database.read_now(accounts.find_by_email, ADA)
    return house.means.database.read_now(journal.before, account.id, None, 50)


@pytest.mark.guide("R26", "R88")
@pytest.mark.security("T4", "14.2.2")
def test_a_key_made_on_the_page_is_shown_once_works_and_stands_in_the_list(house):
    laptop = house.signed_in()
    assert "not affected by anything here" in laptop.open("/settings/sessions").text
    assert f'href="{PAGE}"' in laptop.open("/settings/sessions").text
    answer = issued_at_page(laptop)
    token = shown_token(answer)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert asked(house, token, "/v1/sessions").status_code == 200
    again = laptop.open(PAGE).text
    assert shown_token(laptop.open(PAGE)) is None
    assert f"sgn_key_…{token[-4:]}" in again
    assert "backup-nightly" in again
    assert "See where your account is signed in" in again
    assert "Read your activity history" in again.partition('<form class="sheet fields"')[2]
    [event] = [each.event for each in history(house) if each.event.kind == "access_key_issued"]
    assert event.by == laptop.current()["id"]
    assert token not in str(event)


@pytest.mark.security("T4", "2.3.3")
def test_the_page_with_a_new_key_loaded_anew_makes_no_second_one(house):
    laptop = house.signed_in()
    sent = {**laptop.carried(PAGE), "name": "backup-nightly", "account:read": "1", "expires": "90"}
    assert sent["once"] != laptop.carried(PAGE)["once"]

    def loaded_anew():
        answer = laptop.http.post(PAGE, data=sent, headers=laptop.own())
        assert (answer.status_code, answer.headers["location"], shown_token(answer)) == (303, PAGE, None)
        return laptop.open(PAGE).text

    token = shown_token(laptop.http.post(PAGE, data=sent, headers=laptop.own()))
    for _ in range(2):
        assert "No second access key was made" in loaded_anew()
        assert len(key_ids(laptop)) == 1
    house.clock.move(seconds=FRESH_FOR.total_seconds() + 1)
    assert "No second access key was made" in loaded_anew(), "no password is asked for what is not made"
    [key_id] = key_ids(laptop)
    laptop.send(f"{PAGE}/{key_id}/revoke", page=PAGE)
    assert "No second access key was made" in loaded_anew()
    assert key_ids(laptop) == []
    assert asked(house, token, "/v1/sessions").json()["reason"] == "revoked"
    assert shown_token(issued_at_page(laptop, password=PASSWORD))


@pytest.mark.security("T4", "2.3.3")
def test_a_form_that_is_old_anothers_or_none_of_ours_makes_nothing_and_is_given_anew(house):
    laptop = house.signed_in()
    house.somebody(GRACE, "Grace Hopper")
    hers = house.signed_in(email=GRACE).carried(PAGE)["once"]
    old = laptop.carried(PAGE)["once"]
    house.clock.move(hours=24)
    named = laptop.carried(PAGE)["once"].split(".")
    forged = (old, hers, "", "x", ".", f"{named[0]}.{int(named[1]) + 9}.{named[2]}", "0.0.\u00e4")
    for carried in forged:
        answer = issued_at_page(laptop, once=carried, password=PASSWORD)
        assert (answer.status_code, shown_token(answer)) == (422, None)
        assert "opened too long ago" in answer.text
        assert 'value="backup-nightly"' in answer.text
    assert key_ids(laptop) == []
    anew = re.search(r'name="once" value="([^"]+)"', answer.text)[1]
    assert shown_token(issued_at_page(laptop, once=anew, password=PASSWORD))


@pytest.mark.security("2.3.3", "15.4.2")
def test_a_form_that_is_sent_twice_at_once_makes_one_key(house):
    laptop = house.signed_in()
    sent = {**laptop.carried(PAGE), "name": "backup-nightly", "account:read": "1", "expires": "90"}
    cookies, headers = dict(laptop.http.cookies), laptop.own()

    def send(_):
        other = house.browser().http
        other.cookies.update(cookies)
        return other.post(PAGE, data=sent, headers=headers)

    with ThreadPoolExecutor(4) as hands:
        answers = list(hands.map(send, range(4)))
    assert sorted(each.status_code for each in answers) == [200, 303, 303, 303]
    assert len(key_ids(laptop)) == 1


def test_what_is_left_of_a_key_is_there_for_longer_than_its_form_may_be_sent():
    assert once.LASTS < TOMBSTONES_KEPT


@pytest.mark.guide("R9", "R12")
def test_the_page_says_when_and_from_where_a_key_was_last_used(house):
    laptop = house.signed_in()
    token = shown_token(issued_at_page(laptop))
    assert "Never used" in laptop.open(PAGE).text
    assert asked(house, token, "/v1/account").json()["email"] == ADA
    done_apart(flush_now(house.server))
    house.clock.move(minutes=5)
    page = laptop.open(PAGE).text
    assert "5 minutes ago" in page
    assert "Berlin" in page
    assert "•••" in page
    [item] = laptop.open(CALL).json()["items"]
    assert item["last_used_from"]["location"].startswith("Berlin")
    assert item["last_used_from"]["masked_ip"].endswith(".•••")


def test_a_key_is_revoked_on_the_page_after_a_question_and_is_dead_at_once(house):
    laptop = house.signed_in()
    token = shown_token(issued_at_page(laptop))
    [key_id] = key_ids(laptop)
    question = laptop.open(f"{PAGE}/{key_id}/revoke")
    assert "Revoke this access key?" in question.text
    assert "backup-nightly" in question.text
    assert asked(house, token, "/v1/sessions").status_code == 200
    answer = laptop.send(f"{PAGE}/{key_id}/revoke", page=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert asked(house, token, "/v1/sessions").json()["reason"] == "revoked"
    page = laptop.open(PAGE).text
    assert "has been revoked" in page
    assert "You have no access keys" in page
    assert laptop.open(f"{PAGE}/{key_id}/revoke").status_code == 404
    assert history(house)[0].event.kind == "access_key_revoked"


@pytest.mark.guide("D17")
@pytest.mark.security("7.5.3", "7.5.1")
def test_who_signed_in_some_time_ago_shows_again_who_they_are_before_there_is_a_key(house):
    laptop = house.signed_in()
    assert "Your password" not in laptop.open(PAGE).text
    house.clock.move(seconds=FRESH_FOR.total_seconds() + 1)
    assert "Your password" in laptop.open(PAGE).text
    for password in ("", "not it"):
        answer = issued_at_page(laptop, password=password)
        assert (answer.status_code, shown_token(answer)) == (403, None)
        assert 'value="backup-nightly"' in answer.text
        assert "not it" not in answer.text
    body = {"name": "x", "scopes": ["account:read"]}
    refused = laptop.http.post(CALL, json=body, headers=laptop.own())
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
    assert key_ids(laptop) == []
    assert shown_token(issued_at_page(laptop, password=PASSWORD))
    made = laptop.http.post(CALL, json=body | {"password": PASSWORD}, headers=laptop.own())
    assert made.status_code == 201
    assert len(key_ids(laptop)) == 2


@pytest.mark.guide("D17")
@pytest.mark.security("6.3.1", "6.1.1")
def test_guesses_at_the_fresh_proof_lock_out_the_session_that_guesses_and_no_other(house):
    thief, laptop = house.signed_in(), house.signed_in()
    house.clock.move(seconds=FRESH_FOR.total_seconds() + 1)
    told = [issued_at_page(thief, password=f"guess {n}").status_code for n in range(BROWSER.free + 1)]
    assert set(told[:-1]) == {403}
    assert told[-1] == 429
    assert issued_at_page(thief, password=PASSWORD).status_code == 429
    assert shown_token(issued_at_page(laptop, password=PASSWORD))
    assert house.signed_in().is_signed_in


@pytest.mark.security("8.2.1", "15.3.3", "attack-17")
def test_a_key_issues_and_revokes_no_keys_and_no_body_names_whose_a_key_is(house):
    laptop = house.signed_in()
    token = shown_token(issued_at_page(laptop, **{"keys:read": "1"}))
    [key_id] = key_ids(laptop)
    body = {"name": "more", "scopes": ["account:read"]}
    assert asked(house, token, CALL).json()["items"][0]["id"] == key_id
    for answer in (
        asked(house, token, CALL, "POST", json=body),
        asked(house, token, f"{CALL}/{key_id}", "DELETE"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_permission")
    named = laptop.http.post(CALL, json=body | {"account_id": 7}, headers=laptop.own())
    assert (named.status_code, named.json()["code"], named.json()["field"]) == (
        422,
        "unknown_field",
        "account_id",
    )
    assert key_ids(laptop) == [key_id]


@pytest.mark.guide("R5")
@pytest.mark.security("8.2.1")
def test_anothers_key_is_like_one_that_never_was(house):
    laptop = house.signed_in()
    house.somebody(GRACE, "Grace Hopper")
    wish = Wish("hers", ("account:read",))
    hers = done_apart(issue_key_for(house.means, GRACE, wish, house.clock()))
    service = done_apart(
        issue_service_key(house.means, Wish("shop", ("sessions:begin",)), [AppType.WEB], house.clock())
    )
    for key_id in (hers.key.id, service.key.id, "0" * 26):
        assert laptop.http.delete(f"{CALL}/{key_id}", headers=laptop.own()).status_code == 404
        assert laptop.open(f"{PAGE}/{key_id}/revoke").status_code == 404
        assert laptop.send(f"{PAGE}/{key_id}/revoke", page=PAGE).status_code == 404
    assert asked(house, hers.token, "/v1/account").json()["name"] == "Grace Hopper"


@pytest.mark.security("15.3.5", "15.3.3")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": None}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["sessions:manage"]}, "scopes"),
        ({"scopes": ["sessions:begin"]}, "scopes"),
        ({"scopes": "account:read"}, "scopes"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2030-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
    ],
)
def test_what_cannot_be_granted_is_refused_by_the_name_of_the_field(house, change, field):
    laptop = house.signed_in()
    body = {"name": "backup", "scopes": ["account:read"]} | change
    answer = laptop.http.post(CALL, json=body, headers=laptop.own())
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert key_ids(laptop) == []


def test_there_are_only_so_many_keys_at_a_time(house):
    laptop = house.signed_in()
    for number in range(MOST_KEYS):
        done_apart(issue_key_for(house.means, ADA, Wish(f"{number}", ("account:read",)), house.clock()))
    answer = issued_at_page(laptop)
    assert (answer.status_code, shown_token(answer)) == (422, None)
    assert "too many access keys" in answer.text


def test_a_key_that_ends_soon_or_has_ended_is_worth_a_look(house):
    laptop = house.signed_in()
    soon = Wish("report", ("account:read",), house.clock() + timedelta(days=6))
    done_apart(issue_key_for(house.means, ADA, soon, house.clock()))
    page = laptop.open(PAGE).text
    assert "Expires soon." in page
    assert "in 6 days" in page
    house.clock.move(days=7)
    assert "It opens nothing any more." in laptop.open(PAGE).text


@pytest.mark.guide("R55")
def test_the_history_is_read_page_by_page_newest_first(house):
    laptop = house.signed_in()
    for number in range(4):
        issued_at_page(laptop, name=f"key {number}")
    token = shown_token(issued_at_page(laptop, **{"activity:read": "1"}))
    whole = asked(house, token, "/v1/activity").json()
    assert whole["next_cursor"] is None
    kinds = [item["kind"] for item in whole["items"]]
    assert kinds == ["access_key_issued"] * 5 + ["session_started", "account_created"]
    found, cursor = [], ""
    while cursor is not None:
        page = asked(house, token, f"/v1/activity?limit=2{cursor and '&cursor=' + cursor}").json()
        assert len(page["items"]) <= 2
        found += page["items"]
        cursor = page["next_cursor"]
    assert found == whole["items"]
    for query in ("cursor=3.x", "cursor=", "limit=0", "limit=x", "kind=nonsense", "kind=", "words=1"):
        assert asked(house, token, f"/v1/activity?{query}").status_code == 422
    other = shown_token(issued_at_page(laptop))
    assert asked(house, other, "/v1/activity").status_code == 403


@pytest.mark.security("T6")
def test_what_a_scanner_has_found_is_ended_and_the_answer_tells_nothing(house):
    laptop, phone = house.signed_in(), house.signed_in()
    token = shown_token(issued_at_page(laptop))
    service = done_apart(
        issue_service_key(house.means, Wish("shop", ("sessions:check",)), [AppType.WEB], house.clock())
    )

    def reported(*tokens):
        found = [
            {"token": each, "type": "signedin", "url": "https://x.test/", "source": "content"}
            for each in tokens
        ]
        answer = house.browser().http.post("/v1/leaked-tokens", json=found)
        return answer.status_code, answer.content

    nothing = reported(
        "sgn_key_nonsense", token[:-1], token.replace(token[20], "0" if token[20] != "0" else "1", 1)
    )
    assert nothing == (204, b"")
    assert laptop.is_signed_in
    assert asked(house, token, "/v1/sessions").status_code == 200
    assert reported(token, phone.secret, service.token, token) == nothing
    assert asked(house, token, "/v1/sessions").json()["reason"] == "policy"
    assert asked(house, service.token, "/v1/sessions").json()["reason"] == "revoked"
    assert not phone.is_signed_in
    assert laptop.is_signed_in
    assert reported(token) == nothing
    because = [each.event.facts.get("because") for each in history(house)][:2]
    assert because == ["leaked", "leaked"]
    assert house.browser().http.post("/v1/leaked-tokens", json=[{"token": "x"}] * 101).status_code == 422


@only_on_sqlite("On PostgreSQL nobody waits for his turn to write.")
def test_whoever_reports_what_opens_nothing_keeps_nobody_from_writing(house):
    keys = house.means.keyring.way_keys
    invented = [{"token": make_token(Kind.KEY, number, keys)} for number in range(100)]
    with house.means.database.writing():
        assert house.browser().http.post("/v1/leaked-tokens", json=invented).status_code == 204


@pytest.mark.guide("R1", "R26")
def test_the_menu_says_on_each_page_how_much_is_signed_in_and_how_many_keys_there_are(house):
    laptop, phone = house.signed_in(), house.signed_in()
    issued_at_page(laptop)
    asking = (f"/settings/sessions/{phone.current()['id']}/revoke", f"{PAGE}/{key_ids(laptop)[0]}/revoke")
    for page in ("/settings/sessions", "/settings/activity", PAGE, "/settings/sessions/logout-all", *asking):
        assert in_the_menu(laptop.open(page)) == ["Sessions 2", "Activity", "Access keys 1"], page
    phone.log_out()
    laptop.http.delete(f"{CALL}/{key_ids(laptop)[0]}", headers=laptop.own())
    assert in_the_menu(laptop.open("/settings/activity")) == ["Sessions 1", "Activity", "Access keys 0"]


def in_the_menu(answer):
    menu = re.search(r'<nav class="side".*?</nav>', answer.text, re.DOTALL)[0]
    return [" ".join(re.sub("<[^>]+>", "", each).split()) for each in re.findall("<li>.*?</li>", menu)]
