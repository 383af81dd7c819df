"""Bad input gets a clear error and nothing is lost."""

from __future__ import annotations

import re

import httpx
import pytest

from people import ADA, PASSWORD, SAFARI_ON_IPHONE

COOKIES = [
    "signedin=", "signedin=x", "signedin=sgn_ses_", "signedin=" + "A" * 5000, "signedin=sgn_ses_" + "A" * 61,
    "signedin=' OR 1=1 --", "signedin=%00%0a", "SIGNEDIN=x", "; ; ;", "=", "signedin",
    "__host-signedin=x; signedin=y", 'signedin="quoted"', "signedin=sgn_ses_é",
]  # fmt: skip


@pytest.mark.security("C5", "SM-4", "7.2.1")
@pytest.mark.parametrize("cookie", COOKIES)
def test_a_malformed_or_foreign_cookie_signs_nobody_in_and_breaks_nothing(house, cookie):
    headers = [(b"cookie", cookie.encode("latin-1", "replace"))]
    with httpx.Client(base_url=house.base_url) as raw:
        assert raw.get("/settings/sessions", headers=headers).status_code == 303
        assert raw.get("/v1/sessions", headers=headers).status_code == 401
        assert raw.get("/sign-in", headers=headers).status_code == 200


@pytest.mark.security("C5")
def test_a_cookie_that_comes_twice_is_nobodys(house):
    laptop = house.signed_in()
    twice = f"signedin={laptop.secret}; signedin={laptop.secret}"
    with httpx.Client(base_url=house.base_url) as raw:
        assert raw.get("/v1/sessions", headers={"cookie": twice}).status_code == 401
        assert raw.get("/v1/sessions", headers={"cookie": f"signedin={laptop.secret}"}).status_code == 200


MANY = "; ".join(f"theme{number}={'x' * 80}" for number in range(220))
UNREAD = {
    "too_many_cookies": (lambda session, form: f"signedin={session}; signedin-form={form}; {MANY}",
                         "This browser sends more cookies for this site than can be read."),
    "cookie_twice": (lambda session, form: f"signedin={session}; signedin-form={form}; signedin=old",
                     "This browser sends the same cookie of this site twice."),
}  # fmt: skip
WHAT_TO_DO = "Delete this site’s cookies in the browser, then sign in again."


@pytest.mark.guide("R4")
@pytest.mark.security("C5", "SM-4")
@pytest.mark.parametrize("reason", UNREAD)
def test_a_signed_in_person_whose_cookies_cannot_be_read_is_told_so_and_what_to_do(house, reason):
    laptop, (jar, sentence) = house.signed_in(), UNREAD[reason]
    headers = {"cookie": jar(laptop.secret, laptop.http.cookies["signedin-form"]), "sec-fetch-site": "none"}
    with httpx.Client(base_url=house.base_url) as raw:
        sent = raw.get("/settings/sessions", headers=headers)
        assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=/settings/sessions")
        assert "set-cookie" not in sent.headers, "what is told on the next page must still be true there"
        page = raw.get(sent.headers["location"], headers=headers)
        assert page.status_code == 200
        assert f"<b>{sentence}</b> {WHAT_TO_DO}" in page.text
        told = raw.get("/v1/sessions", headers=headers)
        assert told.status_code == 401
        said = told.json()
        assert (said["code"], said["reason"]) == ("cookies_unreadable", reason)
        assert (said["title"], said["detail"]) == (sentence, WHAT_TO_DO)
    assert laptop.is_signed_in


@pytest.mark.security("C5", "SM-4")
@pytest.mark.parametrize(
    "path", ["/sign-in", "/register", "/setup", "/language", "/settings/sessions/logout-all"]
)
@pytest.mark.parametrize("reason", [*UNREAD, "form cookie twice"])
def test_a_form_whose_cookies_cannot_be_read_is_refused_with_that_and_not_as_another_sites(
    house, path, reason
):
    browser = house.browser()
    token, form = browser.form_token("/sign-in"), browser.http.cookies["signedin-form"]
    jar, sentence = UNREAD.get(
        reason, (lambda _, form: f"signedin-form={form}; signedin-form=old", UNREAD["cookie_twice"][1])
    )
    fields = {"csrf": token, "email": ADA, "password": PASSWORD, "lang": "en", "name": "Ada"}
    headers = browser.own() | {"cookie": jar("old", form)}
    with httpx.Client(base_url=house.base_url) as raw:
        answer = raw.post(path, data=fields, headers=headers)
        assert answer.status_code == 401
        assert f">{sentence}</h1>" in answer.text
        assert WHAT_TO_DO in answer.text
        assert "cookies_unreadable" in answer.text
        elsewhere = raw.post("/sign-in", data=fields, headers=headers | {"sec-fetch-site": "cross-site"})
        assert elsewhere.status_code == 403
    assert browser.sign_in().status_code == 303, "once they are deleted, all is well"


@pytest.mark.security("C5")
def test_a_form_cookie_that_comes_twice_does_not_matter_to_who_is_signed_in(house):
    laptop = house.signed_in()
    twice = f"signedin={laptop.secret}; signedin-form=a; signedin-form=b"
    with httpx.Client(base_url=house.base_url) as raw:
        assert raw.get("/settings/sessions", headers={"cookie": twice}).status_code == 200


@pytest.mark.security("7.2.1", "T3")
def test_every_single_changed_character_of_a_secret_is_refused(house):
    laptop = house.signed_in()
    secret = laptop.secret
    with httpx.Client(base_url=house.base_url) as raw:
        for at in range(0, len(secret), 3):
            changed = secret[:at] + ("A" if secret[at] != "A" else "B") + secret[at + 1 :]
            assert raw.get("/v1/sessions", headers={"cookie": f"signedin={changed}"}).status_code == 401


FORMS = [
    ("text/plain", b"email=a"),
    ("application/json", b"{}"),
    ("multipart/form-data; boundary=x", b"--x--"),
    ("application/x-www-form-urlencoded", b"email=%ff%fe"),
    ("application/x-www-form-urlencoded", b"csrf=a&csrf=b"),
    ("application/x-www-form-urlencoded", "csrf=é&email=a&password=b".encode()),
    ("application/x-www-form-urlencoded", b"&".join(b"f%d=1" % n for n in range(100))),
    ("application/x-www-form-urlencoded", b"password=" + b"x" * 200_000),
    ("application/x-www-form-urlencoded", b""),
]


@pytest.mark.security("CSRF-3", "15.3.7", "AUTHN-4")
@pytest.mark.parametrize(("kind", "body"), FORMS)
def test_a_broken_form_has_one_clear_sentence_and_a_stable_code(house, kind, body):
    browser = house.browser()
    browser.open("/sign-in")
    headers = browser.own() | {"content-type": kind}
    answer = browser.http.post("/sign-in", content=body, headers=headers)
    assert answer.status_code in (403, 413, 422)
    assert re.search(
        r'Code: <span class="ip">(invalid_input|cross_site_request|too_large)</span>', answer.text
    )
    assert "Traceback" not in answer.text


@pytest.mark.security("15.3.5")
@pytest.mark.parametrize(
    "row_id", ["x", "0" * 26, "..%2f..", "%00", "'" * 26, "A" * 3000, "current%20", "é", "logout-all%2f"]
)
def test_an_unknown_id_is_not_found_and_never_a_500(house, row_id):
    laptop = house.signed_in()
    for path in (f"/settings/sessions/{row_id}/revoke", f"/v1/sessions/{row_id}"):
        assert laptop.open(path).status_code in (400, 404, 405), path
    assert laptop.http.delete(f"/v1/sessions/{row_id}", headers=laptop.own()).status_code in (400, 404, 405)
    for what in ("revoke", "not-me", "recognize"):
        sent = laptop.send(f"/settings/sessions/{row_id}/{what}", page="/settings/sessions")
        assert sent.status_code in (400, 404, 405), what
    assert laptop.is_signed_in


@pytest.mark.security("15.3.5", "15.3.3")
@pytest.mark.parametrize(
    "query",
    ["type=nonsense", "limit=0", "limit=x", "limit=99999999999", "limit=00000119999", "limit=000001" + "0" * 5000,
     "sort=up", "foo=1"],
)  # fmt: skip
def test_a_wrong_question_to_the_api_is_refused_by_name(house, query):
    answer = house.signed_in().open(f"/v1/sessions?{query}")
    assert answer.status_code == 422
    assert answer.json()["field"] == query.partition("=")[0]


@pytest.mark.parametrize("query", ["type=nonsense", "page=-1", "page=x", "page=999999999999", "page=00001" + "9" * 5000,
                                   "page=0", "page=" + "9" * 5000, "q=" + "x" * 5000,
                                   "q=%00", "place=%F0%9F%92%A9", "sort=up", "q='><script>"])  # fmt: skip
def test_a_wrong_question_to_the_page_is_answered_as_well_as_can_be(house, query):
    answer = house.signed_in().open(f"/settings/sessions?{query}")
    assert answer.status_code == 200
    assert "<script>" not in answer.text


@pytest.mark.security("16.4.1", "3.2.2")
def test_a_hostile_user_agent_is_shown_as_text_and_stays_one_line(house):
    agent = "<script>alert(1)</script>\u202e Mozilla/5.0 ${jndi:ldap://x} {{7*7}}"
    browser = house.browser(agent.encode())
    assert browser.sign_in().status_code == 303
    page = browser.open("/settings/sessions").text
    assert "<script>alert" not in page
    assert "49" not in browser.current()["device"]


@pytest.mark.security("3.4.3", "3.4.4", "3.4.5", "3.4.6", "14.2.2")
@pytest.mark.parametrize(
    "path", ["/sign-in", "/settings/sessions", "/nonsense", "/v1/sessions", "/v1/nonsense", "/help/active-sessions",
             "/health/live", "/static/nonsense/app.js"]
)  # fmt: skip
def test_every_answer_carries_the_strict_headers(house, path):
    answer = house.browser().open(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    if not path.startswith("/static"):
        assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers or answer.headers["server"] == "uvicorn"


@pytest.mark.security("3.3.1", "3.3.2", "3.3.4", "C1")
def test_over_https_cookies_carry_the_host_prefix_and_every_lock(tmp_path):
    from people import Clock, running

    with running(tmp_path, Clock(), base_url="https://account.test") as house:
        house.somebody()
        browser = house.browser()
        browser.base_url = "https://account.test"
        page = browser.open("/sign-in")
        form = page.headers["set-cookie"]
        token = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
        headers = browser.own() | {"cookie": form.partition(";")[0]}
        fields = {"csrf": token, "email": ADA, "password": PASSWORD, "remember": "1"}
        answer = browser.http.post("/sign-in", data=fields, headers=headers)
        cookies = answer.headers.get_list("set-cookie")
        assert {cookie.partition("=")[0] for cookie in cookies} == {
            "__Host-signedin",
            "__Host-signedin-browser",
        }
        for cookie in [*cookies, form]:
            assert {"Path=/", "SameSite=Lax", "HttpOnly", "Secure"} <= set(cookie.split("; "))
            assert "Domain" not in cookie
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000")


@pytest.mark.security("3.5.1", "CSRF-1", "8.2.2")
def test_nothing_changes_without_the_token_of_this_browser(house):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    row = phone.current()["id"]
    paths = [f"/settings/sessions/{row}/revoke", f"/settings/sessions/{row}/not-me",
             f"/settings/sessions/{row}/recognize", "/settings/sessions/logout-all", "/sign-out"]  # fmt: skip
    foreign = phone.form_token("/settings/sessions")
    for path in paths:
        for token in ("", "x", foreign):
            answer = laptop.http.post(path, data={"csrf": token}, headers=laptop.own())
            assert answer.status_code == 403, (path, token)
    for path, method in ((f"/v1/sessions/{row}", "DELETE"), ("/v1/sessions/logout-all", "POST")):
        for headers in ({}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"},
                        {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"}):  # fmt: skip
            assert laptop.http.request(method, path, headers=headers).status_code == 403
    assert phone.is_signed_in
    assert laptop.is_signed_in
