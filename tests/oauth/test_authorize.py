"""From a client to a code: what is asked on the way, and what is never answered."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlencode

import pytest
import sqlalchemy as sa

from apps import (
    BACK,
    PUBLIC,
    a_client,
    asked_page,
    authorize,
    boxes,
    consented,
    decide,
    hidden,
    main_of,
    our_own,
    path_of,
    registered,
    request_of,
    told,
)
from people import ADA, BERLIN, FIREFOX_ON_WINDOWS, GRACE, PASSWORD
from signedin.actions.give_consent import give_consent
from signedin.actions.revoke import revoke
from signedin.store import clients, consents, grants
from signedin.store.asked import asked
from signedin.web import authorize_page


def connected(browser):
    return [row for row in browser.sessions() if row["session_type"] == "oauth_consent"]


def rows_of(house, table):
    return house.means.database.read_now(lambda conn: conn.execute(sa.select(table)).all())


@pytest.mark.guide("R24", "R28", "R29", "R30", "R31", "R34")
@pytest.mark.security("10.7.1", "10.7.2")
def test_a_client_asks_the_person_allows_and_it_stands_in_the_list(house, clock):
    client, ada = registered(house), house.signed_in()
    page = asked_page(ada, authorize(client))
    for text in ("Porter wants to use your account", "Ends sessions when", "See your email address", ADA, BACK,
                 "30 days without use", "Settings › Sessions", "registered by the operator of this site on 28 Aug"):  # fmt: skip
        assert text in page.text, text
    answer = told(decide(ada, page), client)
    assert answer == {"code": answer["code"], "state": "af0ifjsldkj", "iss": house.base_url}
    assert answer["code"].startswith("sgn_cod_")
    [row] = connected(ada)
    assert (row["client_name"], row["scopes"]) == ("Porter", ["openid", "email"])
    assert row["client_description"] == client.description
    [grant], [code] = rows_of(house, grants.grants), rows_of(house, grants.codes)
    assert (grant.row_id, grant.nonce, grant.sid) == (row["id"], "n-0S6_WzA2Mj", ada.current()["id"])
    assert (code.redirect_uri, code.until.timestamp() - clock.now.timestamp()) == (BACK, 60)
    assert rows_of(house, asked) == []


@pytest.mark.guide("R79")
def test_what_was_allowed_is_answered_at_once_until_it_is_revoked(house):
    client, ada = registered(house), house.signed_in()
    consented(ada, client)
    again = told(ada.open(authorize(client, scope="email", state="2")), client)
    assert again["code"]
    assert again["state"] == "2"
    [row] = connected(ada)
    ada.revoke(row["id"])
    assert told(ada.open(authorize(client, prompt="none")), client)["error"] == "consent_required"
    assert "wants to use your account" in asked_page(ada, authorize(client)).text
    consented(ada, client)
    assert connected(ada)[0]["id"] != row["id"]


@pytest.mark.guide("R78", "R79")
@pytest.mark.security("attack-6")
@pytest.mark.parametrize("prompt", ["", "none"])
def test_who_is_on_the_way_while_it_is_revoked_brings_nothing_back(house, monkeypatch, prompt):
    client, ada, phone = registered(house), house.signed_in(), house.signed_in(FIREFOX_ON_WINDOWS)
    consented(ada, client)
    [row] = connected(ada)

    async def revoked_first(means, presence, *given):
        if house.means.database.read_now(consents.of, presence.account_id):
            await revoke(means, presence, row["id"], house.clock())
        return await give_consent(means, presence, *given)

    monkeypatch.setattr(authorize_page, "give_consent", revoked_first)
    where = authorize(client, prompt=prompt) if prompt else authorize(client)
    if prompt:
        assert told(ada.open(where), client)["error"] == "consent_required"
    else:
        assert "wants to use your account" in asked_page(ada, where).text
    assert connected(ada) == []
    assert phone.revoke(row["id"]).status_code == 410


@pytest.mark.security("attack-31")
@pytest.mark.guide("R30")
def test_more_scopes_are_asked_again_and_the_first_date_stays(house, clock):
    client, ada = registered(house), house.signed_in()
    consented(ada, client)
    first = connected(ada)[0]
    clock.move(days=2)
    page = asked_page(ada, authorize(client, scope="openid sessions:read"))
    told(decide(ada, page, **{"sessions:read": "1"}), client)
    [row] = connected(ada)
    assert (row["id"], row["consented_at"]) == (first["id"], first["consented_at"])
    assert row["scopes"] == ["openid", "email", "sessions:read"]
    assert "Permissions changed" in ada.open("/settings/sessions").text


@pytest.mark.security("10.7.3")
def test_the_person_can_leave_out_what_the_client_could_do_without(house):
    client, ada = registered(house), house.signed_in()
    page = asked_page(ada, authorize(client, scope="openid email sessions:manage"))
    assert boxes(page) == {"email": True, "sessions:manage": True}
    told(decide(ada, page, **{"sessions:manage": None}), client)
    assert connected(ada)[0]["scopes"] == ["openid", "email"]
    [grant] = rows_of(house, grants.grants)
    assert grant.scopes == ["openid", "email"]


@pytest.mark.security("attack-32")
def test_what_was_not_asked_for_is_not_given_by_a_form_that_names_it(house):
    client, ada = registered(house), house.signed_in()
    page = asked_page(ada, authorize(client))
    told(decide(ada, page, **{"sessions:manage": "1", "scope": "sessions:manage"}), client)
    assert connected(ada)[0]["scopes"] == ["openid", "email"]


def test_no_means_no_and_so_does_nothing_that_is_ticked(house):
    client, ada = registered(house), house.signed_in()
    said = told(decide(ada, asked_page(ada, authorize(client)), "deny"), client)
    assert (said["error"], said["state"], said["iss"]) == ("access_denied", "af0ifjsldkj", house.base_url)
    page = asked_page(ada, authorize(client, scope="email profile"))
    assert told(decide(ada, page, email=None, profile=None), client)["error"] == "access_denied"
    assert connected(ada) == []
    assert rows_of(house, grants.grants) == rows_of(house, asked) == []


@pytest.mark.security("10.7.1", "attack-31")
@pytest.mark.parametrize("word", [None, "", "Allow", "yes", "allow ", "deny,allow"])
def test_a_form_that_does_not_say_allow_allows_nothing_and_the_question_waits_on(house, word):
    client, ada = registered(house), house.signed_in()
    page = asked_page(ada, authorize(client))
    fields = hidden(page) | ({} if word is None else {"decision": word})
    answer = ada.http.post("/oauth/consent", data=fields, headers=ada.own())
    assert answer.status_code == 422, answer.text
    assert "Nothing was decided" in answer.text
    assert rows_of(house, grants.grants) == connected(ada) == []
    assert told(decide(ada, page), client)["code"]


@pytest.mark.guide("R4")
@pytest.mark.security("attack-11")
def test_nobody_signs_in_first_and_comes_back_to_the_question(house):
    client, browser = registered(house), house.browser()
    page = asked_page(browser, authorize(client, login_hint=GRACE))
    assert "to go on to" in page.text
    assert f'value="{GRACE}"' in page.text
    wanted = unquote(re.search(r'name="next" value="([^"]+)"', page.text)[1])
    answer = browser.http.post(
        "/sign-in", headers=browser.own(),
        data={"csrf": hidden(page)["csrf"], "next": wanted, "email": ADA, "password": PASSWORD},
    )  # fmt: skip
    assert told(decide(browser, asked_page(browser, path_of(answer))), client)["code"]


@pytest.mark.security("attack-11", "attack-32")
def test_a_question_that_was_begun_in_one_browser_is_none_in_another(house):
    client, mallory, ada = registered(house), house.signed_in(FIREFOX_ON_WINDOWS, BERLIN), house.signed_in()
    began = path_of(mallory.open(authorize(client)))
    assert ada.open(began).status_code == 410
    page = asked_page(mallory, began)
    fields = hidden(page) | {"csrf": ada.form_token("/settings/sessions"), "decision": "allow"}
    answer = ada.http.post("/oauth/consent", data=fields, headers=ada.own())
    assert answer.status_code == 410
    assert rows_of(house, grants.grants) == []


def test_a_decision_counts_once(house):
    client, ada = registered(house), house.signed_in()
    page = asked_page(ada, authorize(client))
    told(decide(ada, page), client)
    for again in ("allow", "deny", "another"):
        assert decide(ada, page, again).status_code == 410
    assert len(rows_of(house, grants.grants)) == 1
    assert ada.is_signed_in


def test_a_question_waits_for_half_an_hour(house, clock):
    client, ada = registered(house), house.signed_in()
    page = asked_page(ada, authorize(client))
    clock.move(minutes=30)
    assert decide(ada, page).status_code == 410


@pytest.mark.security("CSRF-1", "10.2.1", "B12")
def test_a_decision_comes_from_our_own_page_alone(house):
    client, ada = registered(house), house.signed_in()
    page = asked_page(ada, authorize(client))
    fields = hidden(page) | {"decision": "allow"}
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    assert ada.http.post("/oauth/consent", data=fields, headers=foreign).status_code == 403
    assert ada.http.post("/oauth/consent", data=fields | {"csrf": "x"}, headers=ada.own()).status_code == 403
    assert ada.http.get("/oauth/consent").status_code == 405
    assert rows_of(house, grants.grants) == []


@pytest.mark.security("B2", "10.4.1", "attack-12", "attack-13")
@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": f"{BACK}?more=1"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "https://app.example.org@evil.example/callback"},
        {"redirect_uri": f"{BACK}\r\nset-cookie: a=b"},
    ],
)
def test_nobody_known_and_no_other_address_gets_a_redirect(house, changed):
    client, ada = registered(house), house.signed_in()
    said = request_of(client, **changed)
    for answer in (
        ada.open(f"/oauth/authorize?{urlencode(said)}"),
        ada.http.post("/oauth/authorize", data=said),
    ):
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert "authorization_refused" in answer.text
        assert 'href="https://' not in answer.text
    assert rows_of(house, asked) == []


@pytest.mark.security("B16")
@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"client_id": "nobody"}, "there is no such client_id"),
        ({"redirect_uri": "https://evil.example/<b>&x"}, "this redirect_uri is not registered for this client_id"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:used"}, "this request_uri was used"),
    ],
)  # fmt: skip
def test_why_nobody_is_led_back_is_told_to_whoever_runs_the_app_and_in_the_log(
    house, log_lines, changed, why
):
    client = registered(house)
    log_lines()
    page = house.browser().open(authorize(client, **changed))
    assert f"For whoever runs the app: {why}" in page.text
    [line] = [each for each in log_lines() if each["event"] == "a request of an app was answered by a page"]
    assert line["why"].startswith(why)
    assert line["client"] == changed.get("client_id", client.id)
    assert line["see"] == "docs/connect-an-app.md#authorization_refused"
    assert "evil.example" not in main_of(page)
    assert "evil.example" not in str(line)


@pytest.mark.security("B16")
def test_of_a_client_that_nobody_knows_the_log_has_a_bounded_name_without_strange_signs(house, log_lines):
    log_lines()
    strange = "a\u202e\nb\x1b[31m" + "x" * 500
    page = house.browser().open(f"/oauth/authorize?{urlencode({'client_id': strange})}")
    assert "xxxx" not in main_of(page)
    [line] = [each for each in log_lines() if each["event"] == "a request of an app was answered by a page"]
    assert line["client"] == ("a b[31m" + "x" * 500)[:100]


@pytest.mark.security("B16", "B2")
def test_whatever_else_is_wrong_is_told_to_the_client_with_state_and_issuer(house, log_lines):
    client = registered(house, redirect_uris=(f"{BACK}?tenant=1",))
    log_lines()
    answer = house.browser().open(authorize(client, response_type="token"))
    where = answer.headers["location"]
    assert where.startswith(f"{BACK}?tenant=1&error=unsupported_response_type&error_description=")
    assert where.endswith(f"&state=af0ifjsldkj&iss={quote(house.base_url, safe='')}")
    assert any(line.get("see") == "docs/connect-an-app.md#unsupported_response_type" for line in log_lines())


def test_a_parameter_twice_is_told_and_one_that_nobody_knows_may_come_ten_times(house):
    client, ada = registered(house), house.signed_in()
    twice = authorize(client) + "&nonce=another"
    assert told(ada.open(twice), client)["error"] == "invalid_request"
    assert ada.open(authorize(client) + "&foo=1" * 10).status_code == 303
    assert ada.open(authorize(client) + "&client_id=porter").status_code == 400


def test_more_than_anybody_needs_is_not_read(house):
    client, ada = registered(house), house.signed_in()
    assert told(ada.open(authorize(client, nonce="n" * 2_001)), client)["error"] == "invalid_request"
    said = told(ada.open(authorize(client, state="s" * 2_001)), client)
    assert (said["error"], "state" in said) == ("invalid_request", False)
    assert (
        ada.http.post("/oauth/authorize", data=request_of(client) | {"claims": "x" * 40_000}).status_code
        == 400
    )
    assert ada.open(authorize(client) + "&a=b" * 200).status_code == 400


@pytest.mark.security("C4")
def test_a_form_of_another_site_is_kept_and_answered_as_a_page(house):
    client, ada = registered(house), house.signed_in()
    stranger = house.browser()
    posted = stranger.http.post(
        "/oauth/authorize", data=request_of(client), headers={"sec-fetch-site": "cross-site", "origin": "https://app.example.org"}
    )  # fmt: skip
    assert posted.status_code == 303
    assert "set-cookie" not in posted.headers
    page = asked_page(ada, path_of(posted))
    assert told(decide(ada, page), client)["code"]
    assert stranger.http.post("/oauth/authorize", json=request_of(client)).status_code == 400


@pytest.mark.security("attack-11")
def test_what_was_posted_belongs_to_the_browser_that_goes_on_with_it(house):
    client, ada, grace = registered(house), house.signed_in(), house.browser()
    began = path_of(house.browser().http.post("/oauth/authorize", data=request_of(client)))
    asked_page(ada, began)
    assert grace.open(path_of(grace.open(began))).status_code == 410


def test_a_browser_without_cookies_is_told_once_and_not_sent_in_circles(house):
    client, browser = registered(house), house.browser()
    where = path_of(browser.open(authorize(client)))
    browser.http.cookies.clear()
    where = path_of(browser.open(where))
    browser.http.cookies.clear()
    assert browser.open(where).status_code == 410


@pytest.mark.security("B13", "B15", "C4")
def test_the_page_lets_its_form_reach_that_client_and_nobody_else(house):
    client, ada = registered(house), house.signed_in()
    page = asked_page(ada, authorize(client))
    policy = page.headers["content-security-policy"]
    assert "form-action 'self' https://app.example.org;" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cross-origin-opener-policy"] == "unsafe-none"
    assert page.headers["cache-control"] == "no-store"
    assert set(re.findall(r'(?:src|href)="(https?:[^"]*)"', page.text)) == set()
    assert ada.open("/settings/sessions").headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.security("B13")
@pytest.mark.parametrize("where", ["iframe", "frame", "empty", "image"])
def test_it_is_opened_as_a_page_or_not_at_all(house, where):
    client, ada = registered(house), house.signed_in()
    consented(ada, client)
    answer = ada.open(authorize(client), **{"sec-fetch-dest": where})
    assert answer.status_code == 400


@pytest.mark.security("B11")
def test_no_other_site_may_read_it(house):
    client, ada = registered(house), house.signed_in()
    asked = {"origin": "https://app.example.org", "access-control-request-method": "GET"}
    answer = ada.http.options(authorize(client), headers=asked)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.guide("R25")
def test_ones_own_application_is_asked_no_consent_and_is_no_row_before_its_first_tokens(house):
    web = registered(house, our_own(id="desk", redirect_uris=(BACK,)))
    ada = house.signed_in()
    assert told(ada.open(authorize(web)), web)["code"]
    [grant] = rows_of(house, grants.grants)
    assert grant.row_id is None
    assert connected(ada) == []


@pytest.mark.security("10.7.1", "attack-31")
def test_an_app_of_the_machine_asks_for_a_word_or_a_sign_in(house, clock):
    sync, ada = registered(house, our_own()), house.signed_in()
    clock.move(minutes=1)
    where = authorize(sync, redirect_uri="http://127.0.0.1:51004/callback")
    page = asked_page(ada, where)
    assert "Sign in to <bdi>Example Sync</bdi>?" in page.text
    assert boxes(page) == {}
    assert decide(ada, page).headers["location"].startswith("http://127.0.0.1:51004/callback?code=sgn_cod_")
    [grant] = rows_of(house, grants.grants)
    assert (grant.row_id, grant.scopes) == (None, ["openid", "email"])


@pytest.mark.security("attack-31")
def test_a_public_client_on_the_machine_is_asked_every_time(house):
    client = registered(house, redirect_uris=("org.example.app:/callback",), is_native=True, **PUBLIC)
    ada = house.signed_in()
    consented(ada, client)
    assert "wants to use your account" in asked_page(ada, authorize(client)).text
    assert told(ada.open(authorize(client, prompt="none")), client)["error"] == "interaction_required"


@pytest.mark.security("7.6.1", "N13")
@pytest.mark.parametrize("changed", [{"prompt": "login"}, {"max_age": "60"}])
def test_who_signed_in_too_long_ago_shows_again_who_they_are(house, clock, changed):
    client, ada = registered(house), house.signed_in()
    consented(ada, client)
    clock.move(minutes=10)
    page = asked_page(ada, authorize(client, **changed))
    clock.move(seconds=20)
    for wrong in ({}, {"password": "wrong"}):
        answer = decide(ada, page, **wrong)
        assert answer.status_code == 403
    assert told(decide(ada, answer, password=PASSWORD), client)["code"]
    assert rows_of(house, grants.grants)[-1].authenticated_at == clock.now


def test_signing_in_for_a_request_is_proof_enough(house, clock):
    client, browser = registered(house), house.browser()
    page = asked_page(browser, authorize(client, prompt="login", max_age="0"))
    clock.move(seconds=30)
    where = re.search(r'name="next" value="([^"]+)"', page.text)[1]
    browser.send("/sign-in", {"email": ADA, "password": PASSWORD})
    page = asked_page(browser, unquote(where))
    assert 'name="password"' not in page.text
    assert told(decide(browser, page), client)["code"]


def test_another_account_can_take_over_the_question(house, clock):
    client, browser = registered(house), house.signed_in()
    house.somebody(GRACE, "Grace Hopper")
    page = asked_page(browser, authorize(client, prompt="select_account"))
    answer = decide(browser, page, "another")
    assert not browser.is_signed_in
    clock.move(seconds=1)
    where = re.search(r"next=([^&]+)", path_of(answer))[1]
    assert browser.sign_in(GRACE).status_code == 303
    page = asked_page(browser, unquote(where))
    assert GRACE in page.text
    assert ADA not in page.text
    told(decide(browser, page), client)
    assert len(connected(browser)) == 1


@pytest.mark.security("attack-25")
def test_a_client_that_is_disabled_meanwhile_gets_nothing(house, clock):
    client, ada = registered(house), house.signed_in()
    page = asked_page(ada, authorize(client))
    house.means.database.write_now(clients.change, a_client(disabled_at=clock.now))
    assert decide(ada, page).status_code == 400
    assert ada.open(authorize(client)).status_code == 400
    assert rows_of(house, grants.grants) == []


@pytest.mark.security("10.7.2", "3.2.2")
def test_what_a_client_says_of_itself_is_text_and_nothing_else(house):
    evil = '<script>alert(1)</script>"'
    client, ada = registered(house, name=evil, description=evil, is_verified=False), house.signed_in()
    page = asked_page(ada, authorize(client))
    assert "<script>alert" not in page.text
    assert "has not checked who made it" in page.text


def test_the_pages_speak_as_the_client_asks_where_the_person_chose_nothing(house):
    client, ada = registered(house), house.signed_in()
    page = asked_page(ada, authorize(client, ui_locales="tlh de"))
    assert page.headers["content-language"] == "de"
    ada.http.cookies.set("signedin_language", "en")
    assert asked_page(ada, authorize(client, ui_locales="de")).headers["content-language"] == "en"


def test_a_hint_that_is_none_of_ours_is_refused(house):
    client, ada = registered(house), house.signed_in()
    assert told(ada.open(authorize(client, id_token_hint="e30.e30.")), client)["error"] == "invalid_request"
