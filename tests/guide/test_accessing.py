"""Guide: Accessing Active Sessions."""

from __future__ import annotations

import pytest

from people import FIREFOX_ON_WINDOWS, GRACE


@pytest.mark.guide("R1", "R2", "R3")
def test_the_page_answers_at_settings_sessions_and_under_its_second_name(house):
    laptop = house.signed_in()
    page = laptop.open("/settings/sessions")
    assert page.status_code == 200
    assert "<h1>Active Sessions</h1>" in page.text
    assert laptop.open("/settings/active-sessions").status_code == 200
    assert laptop.open("/settings").headers["location"] == "/settings/sessions"


@pytest.mark.guide("R4")
def test_who_is_not_signed_in_is_sent_to_sign_in_and_comes_back_to_the_page(house):
    stranger = house.browser()
    answer = stranger.open("/settings/sessions?type=web")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/settings/sessions%3Ftype%3Dweb"
    token = stranger.form_token(answer.headers["location"])
    fields = {"csrf": token, "email": "ada@example.org", "password": "four unrelated words make it"}
    back = stranger.http.post(
        "/sign-in", data=fields | {"next": "/settings/sessions?type=web"}, headers=stranger.own()
    )
    assert back.headers["location"] == "/settings/sessions?type=web"


@pytest.mark.guide("R4")
def test_the_api_answers_401_with_the_reason_to_who_is_not_signed_in(house):
    answer = house.browser().open("/v1/sessions")
    assert answer.status_code == 401
    assert answer.json()["reason"] == "missing"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.guide("R4")
@pytest.mark.security("3.7.2")
@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "/\\evil.example", "https://evil.example", "https:evil.example", "javascript:alert(1)",
     "/\tevil", "/%0d%0aSet-Cookie:x", "http://localhost@evil.example", "/sign-out", "///evil.example", "", "/ü"],
)  # fmt: skip
def test_sign_in_goes_back_to_own_paths_only(house, wanted):
    browser = house.browser()
    answer = browser.sign_in(next=wanted)
    location = answer.headers["location"]
    assert location == "/settings/sessions" or (location.startswith("/%0d") and "\r" not in location)


@pytest.mark.guide("R5")
def test_a_person_sees_only_their_own_rows_and_anothers_id_is_like_one_that_never_was(house):
    house.somebody(GRACE, "Grace Hopper")
    ada, grace = house.signed_in(), house.signed_in(FIREFOX_ON_WINDOWS, email=GRACE)
    hers = grace.current()["id"]
    assert hers not in {row["id"] for row in ada.sessions()}
    foreign = ada.open(f"/v1/sessions/{hers}")
    unknown = ada.open("/v1/sessions/00000000000000000000000000")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.text == unknown.text
    foreign = ada.http.delete(f"/v1/sessions/{hers}", headers=ada.own())
    unknown = ada.http.delete("/v1/sessions/00000000000000000000000000", headers=ada.own())
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.text == unknown.text
    assert grace.is_signed_in
