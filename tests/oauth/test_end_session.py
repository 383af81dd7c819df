"""A client asks that somebody be logged out here too: they are asked, and led nowhere but to its own address."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa

from apps import VERIFIER, a_client, consented, hidden, main_of, path_of, registered
from given import VISIT, account_of
from people import ADA, GRACE, done_apart
from signedin.actions.exchange import Asking, redeem_code
from signedin.actions.sign import signed
from signedin.rules import id_token, logout_token
from signedin.rules.claims import sid_for, subject_of
from signedin.store import clients
from signedin.store.asked import asked

OUT, PATH = "https://app.example.org/out", "/oauth/end_session"


@pytest.fixture
def porter(house):
    return registered(house, logout_uris=(OUT, "https://app.example.org/out?all=1"))


def hint(house, client, browser=None, email=ADA, typ=id_token.TYP, **changed):
    """An ID token of long ago, for the session of a browser."""
    account, at = account_of(house, email), int((house.clock() - timedelta(days=2)).timestamp())
    mac, sid = house.means.keyring.mac, browser.current()["id"] if browser else "another"
    claims = {
        "iss": house.base_url, "aud": client.id, "sub": subject_of(mac, client, account),
        "sid": sid_for(mac, client, sid), "iat": at, "exp": at + 600,
    }  # fmt: skip
    return done_apart(signed(house.means, claims | changed, typ=typ))


def came(browser, **said):
    """A browser that a client has led here."""
    return browser.http.get(PATH, params=said, headers={"sec-fetch-site": "cross-site"})


def pressed(browser, page, **changed):
    """The page's button."""
    fields = {name: unescape(value) for name, value in hidden(page).items()}
    return browser.http.post("/oauth/logout", data=fields | changed, headers=browser.own())


@pytest.mark.security("10.6.2")
@pytest.mark.guide("R41", "R43", "R45")
def test_the_person_is_asked_logged_out_and_led_back_with_the_state(house, porter):
    ada, phone = house.signed_in(), house.signed_in()
    page = came(ada, id_token_hint=hint(house, porter, ada), post_logout_redirect_uri=OUT, state="a b&c")
    assert page.status_code == 200
    for text in ("Log out of Signedin?", "Porter</bdi> asks whether", ADA, OUT):
        assert text in page.text, text
    assert "means another sign-in" not in page.text
    assert ada.is_signed_in, "a GET never logs out"
    secret = ada.secret
    answer = pressed(ada, page)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{OUT}?state=a%20b%26c")
    assert "cache" in answer.headers["clear-site-data"]
    assert "signedin=" in answer.headers["set-cookie"]
    ada.http.cookies.set("signedin", secret, domain="localhost.local", path="/")
    assert not ada.is_signed_in
    assert phone.is_signed_in


def test_without_an_address_one_is_told_on_the_sign_in_page(house):
    ada = house.signed_in()
    page = came(ada)
    assert "asks whether" not in page.text
    answer = pressed(ada, page)
    assert answer.headers["location"] == "/sign-in"
    assert "logged out" in ada.open("/sign-in").text


@pytest.mark.security("3.4.6", "3.3.4")
def test_the_page_is_nobodys_frame_and_its_form_leads_to_the_client_alone(house, porter):
    ada = house.signed_in()
    policy = came(ada, client_id=porter.id, post_logout_redirect_uri=OUT).headers["content-security-policy"]
    assert "form-action 'self' https://app.example.org;" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self';" in came(ada, client_id=porter.id).headers["content-security-policy"]
    framed = ada.http.get(PATH, params={"client_id": porter.id}, headers={"sec-fetch-dest": "iframe"})
    assert framed.status_code == 400


WRONG = {
    "an address that is not registered": {"post_logout_redirect_uri": f"{OUT}/"},
    "one with a query of its own": {"post_logout_redirect_uri": f"{OUT}?x=1"},
    "one that a sign-in may lead back to": {"post_logout_redirect_uri": "https://app.example.org/callback"},
    "an address of nobody's": {"client_id": None},
    "an unknown client": {"client_id": "nobody"},
    "a hint of nobody's": {"id_token_hint": "a.b.c"},
    "an address twice": {"post_logout_redirect_uri": [OUT, OUT]},
}


@pytest.mark.security("attack-13")
@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG.keys())
def test_what_is_not_right_is_told_on_a_page_and_leads_nowhere(house, porter, changed, log_lines):
    said = {"client_id": porter.id, "post_logout_redirect_uri": OUT, "state": "1"} | changed
    said = {name: value for name, value in said.items() if value is not None}
    for browser in (house.browser(), house.signed_in()):
        answer = came(browser, **said)
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert "cannot be answered" in answer.text
        assert "For whoever runs the app: " in answer.text
        assert "nobody" not in main_of(answer)
        posted = browser.http.post(PATH, data=said, headers={"sec-fetch-site": "cross-site"})
        assert (posted.status_code, "location" in posted.headers) == (400, False)
    assert browser.is_signed_in
    told = [each for each in log_lines() if each["event"] == "a request of an app was answered by a page"]
    assert len(told) == 4
    assert {each["client"] for each in told} <= {said.get("client_id", "")}


@pytest.mark.security("attack-22")
def test_a_hint_is_an_id_token_of_ours_and_of_that_client(house, porter):
    other, ada = registered(house, id="other", logout_uris=(OUT,)), house.signed_in()
    for hinted in (
        hint(house, porter, ada, typ=logout_token.TYP), hint(house, porter, ada, typ=id_token.ACCESS_TYP),
        hint(house, porter, ada)[:-4] + "AAAA",
    ):  # fmt: skip
        assert came(ada, id_token_hint=hinted).status_code == 400
    mixed = came(
        ada, id_token_hint=hint(house, other, ada), client_id=porter.id, post_logout_redirect_uri=OUT
    )
    assert mixed.status_code == 400


@pytest.mark.security("10.6.2")
def test_a_hint_of_another_sign_in_is_said_so_and_nobody_is_logged_out_by_it(house, porter):
    house.somebody(GRACE)
    ada = house.signed_in()
    for hinted in (hint(house, porter), hint(house, porter, ada, email=GRACE)):
        page = came(ada, id_token_hint=hinted, post_logout_redirect_uri=OUT)
        assert "means another sign-in than the one in this browser" in page.text
    assert ada.is_signed_in


def test_a_client_that_is_disabled_leads_nobody_back(house, porter):
    ada = house.signed_in()
    hinted = hint(house, porter, ada)
    house.means.database.write_now(clients.change, a_client(logout_uris=(OUT,), disabled_at=house.clock()))
    assert came(ada, id_token_hint=hinted, post_logout_redirect_uri=OUT).status_code == 400


def test_who_is_not_signed_in_goes_on_at_once(house, porter):
    answer = came(house.browser(), client_id=porter.id, post_logout_redirect_uri=OUT, state="1")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{OUT}?state=1")
    page = came(house.browser(), client_id=porter.id)
    assert (page.status_code, "You are logged out" in page.text) == (200, True)


def test_a_form_that_another_site_posts_is_kept_and_answered_as_a_page(house, porter):
    """Its browser sends no Lax cookie along: what it says waits for the one that comes with them."""
    ada = house.signed_in()
    said = {"id_token_hint": hint(house, porter, ada), "post_logout_redirect_uri": OUT, "state": "1"}
    posted = house.browser().http.post(PATH, data=said, headers={"sec-fetch-site": "cross-site"})
    where = path_of(posted)
    assert re.fullmatch(re.escape(PATH) + r"\?asked=[\w-]+", where)
    page = ada.open(where)
    assert "Porter</bdi> asks whether" in page.text
    assert pressed(ada, page).headers["location"] == f"{OUT}?state=1"
    house.clock.move(minutes=11)
    assert house.signed_in().open(where).status_code == 400
    rows = house.means.database.read_now(lambda conn: conn.execute(sa.select(asked)).all())
    assert [row.client_id for row in rows] == [""]


@pytest.mark.guide("R45")
@pytest.mark.security("B13", "10.6.2")
def test_no_other_page_presses_the_button(house, porter):
    ada = house.signed_in()
    fields = hidden(came(ada, client_id=porter.id, post_logout_redirect_uri=OUT))
    foreign = {"origin": "https://app.example.org", "sec-fetch-site": "cross-site"}
    assert ada.http.post("/oauth/logout", data=fields, headers=foreign).status_code == 403
    assert ada.http.post("/oauth/logout", data=fields | {"csrf": "x"}, headers=ada.own()).status_code == 403
    assert ada.http.get("/oauth/logout").status_code == 405
    elsewhere = fields | {"post_logout_redirect_uri": "https://evil.example/"}
    assert ada.http.post("/oauth/logout", data=elsewhere, headers=ada.own()).status_code == 400
    assert ada.is_signed_in
    assert house.browser().http.post("/oauth/logout", data=fields).headers["location"] == "/sign-in"


def test_the_page_speaks_as_the_client_asks_for(house, porter):
    page = came(house.signed_in(), client_id=porter.id, ui_locales="de en")
    assert 'lang="de"' in page.text


def test_discovery_names_it_and_what_clients_hear(house):
    told = house.browser().open("/.well-known/openid-configuration").json()
    assert told["end_session_endpoint"] == f"{house.base_url}{PATH}"
    assert told["backchannel_logout_supported"] is True
    assert told["backchannel_logout_session_supported"] is True


def tokens_of(house, browser, client, scope):
    """What a client gets of whoever is signed in there, and allows it."""
    code, asking = consented(browser, client, scope=scope)["code"], Asking(client, VISIT, house.base_url)
    return done_apart(
        redeem_code(house.means, asking, code, client.redirect_uris[0], VERIFIER, house.clock())
    )


def test_the_id_token_names_the_session_that_a_logout_is_about(house):
    client, ada = registered(house), house.signed_in()
    tokens = tokens_of(house, ada, client, "openid email")
    page = came(ada, id_token_hint=tokens.id_token)
    assert page.status_code == 200
    assert "means another" not in page.text


@pytest.mark.guide("R49", "D29")
@pytest.mark.security("7.4.1")
@pytest.mark.parametrize("how", ["logged out", "revoked"])
def test_with_a_session_goes_what_apps_were_given_in_it_but_not_what_they_may_do_without_the_person(
    house, how
):
    porter, carrier, liner = (registered(house, id=name) for name in ("porter", "carrier", "liner"))
    ada, phone = house.signed_in(), house.signed_in()
    of_this = tokens_of(house, ada, porter, "openid email").access_token
    for_good = tokens_of(house, ada, carrier, "openid email offline_access").access_token
    of_another = tokens_of(house, phone, liner, "openid email").access_token

    def answers(token):
        return ada.http.get("/oauth/userinfo", headers={"authorization": f"Bearer {token}"}).status_code

    assert [answers(each) for each in (of_this, for_good, of_another)] == [200, 200, 200]
    if how == "revoked":
        phone.revoke(ada.current()["id"])
    else:
        pressed(ada, came(ada))
    assert [answers(each) for each in (of_this, for_good, of_another)] == [401, 200, 200]
    consents = [row for row in phone.sessions() if row["session_type"] == "oauth_consent"]
    assert len(consents) == 3, "what was allowed is allowed still"
