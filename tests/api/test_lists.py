"""Lists for programs: a page at a time, each with a tag that tells when nothing has changed."""

from __future__ import annotations

import pytest

from people import ADA, BERLIN, SAFARI_ON_IPHONE, Clock, done_apart
from routes import still
from signedin.actions.issue_key import issue_key_for, issue_service_key
from signedin.rules.access_key import Wish
from signedin.rules.scope import OF_SERVICES, PERSONAL
from signedin.rules.session import AppType
from signedin.store import accounts

pytestmark = pytest.mark.xdist_group("lists")
PAGED = ("/v1/sessions", "/v1/activity", "/v1/access-keys")
FOR_APPS = ("/v1/accounts", "/v1/accounts/outside:anna/sessions")


@pytest.fixture
def house(tmp_path):
    with still(tmp_path, Clock()) as house:
        house.somebody(ADA)
        house.key = done_apart(issue_key_for(house.means, ADA, Wish("one", PERSONAL), house.clock())).token
        made = issue_service_key(house.means, Wish("shop", OF_SERVICES), [AppType.WEB], house.clock())
        house.service = done_apart(made).token
        person = {"app_type": "web", "address": BERLIN}
        for _ in range(3):
            house.signed_in(SAFARI_ON_IPHONE)
            house.clock.move(minutes=1)
            done_apart(issue_key_for(house.means, ADA, Wish("more", PERSONAL), house.clock()))
            ask(house, "/v1/accounts/outside:anna/sessions", "POST", house.service, json=person)
            ask(
                house,
                f"/v1/accounts/outside:{house.clock().minute}/sessions",
                "POST",
                house.service,
                json=person,
            )
        yield house


def ask(house, path, method="GET", token=None, headers=None, **more):
    with house.browser("httpx/1.0", "192.0.2.20").http as http:
        sent = {"authorization": f"Bearer {token or house.key}"} | (headers or {})
        return http.request(method, path, headers=sent, **more)


def token_for(house, path):
    return house.service if path in FOR_APPS else house.key


@pytest.mark.parametrize("path", [*PAGED, *FOR_APPS])
def test_a_list_is_read_page_by_page_and_nothing_is_missed_or_told_twice(house, path):
    token = token_for(house, path)
    ask(house, path, token=token)  # from now on the key that asks has been used
    whole = ask(house, path, token=token).json()
    assert whole["next_cursor"] is None
    assert len(whole["items"]) >= 3
    found, cursor = [], ""
    while cursor is not None:
        page = ask(
            house, path, token=token, params={"limit": 2} | ({"cursor": cursor} if cursor else {})
        ).json()
        assert len(page["items"]) <= 2
        found += page["items"]
        cursor = page["next_cursor"]
    assert found == whole["items"]
    for wrong in ({"limit": 0}, {"limit": 201}, {"cursor": "x"}, {"cursor": "MQ==.x"}, {"page": 2}):
        assert ask(house, path, token=token, params=wrong).status_code == 422, wrong


@pytest.mark.security("15.3.7")
@pytest.mark.parametrize("path", [*PAGED, *FOR_APPS])
def test_a_field_that_is_named_twice_is_refused_by_its_name(house, path):
    for query, field in (
        ("limit=2&limit=3", "limit"),
        ("limit=2&limit=2", "limit"),
        ("cursor=a&limit=1&cursor=b", "cursor"),
    ):
        answer = ask(house, f"{path}?{query}", token=token_for(house, path))
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
            400,
            "bad_request",
            field,
        )


def test_a_cursor_is_good_for_the_list_and_the_filters_that_it_was_given_out_for_alone(house):
    def cursor(path, token=None, **asked):
        return ask(house, path, token=token, params=asked | {"limit": 1}).json()["next_cursor"]

    def judged(path, token=None, **asked):
        answer = ask(house, path, token=token, params=asked)
        return answer.status_code, answer.json().get("field")

    path = "/v1/sessions"
    usual, safari = cursor(path), cursor(path, q="safari")
    assert judged(path, q="x" * 200) == (200, None)
    assert judged(path, q="x" * 201) == (422, "q")
    assert judged(path, cursor=usual) == (200, None)
    assert judged(path, cursor=usual, limit=2, sort="recent", type="all") == (200, None)
    assert judged(path, cursor=safari, q="safari") == (200, None)
    for other in ({"q": "safari"}, {"type": "web"}, {"sort": "idle"}, {"q": "x"}):
        assert judged(path, cursor=usual, **other) == (422, "cursor"), other
    assert judged(path, cursor=safari) == (422, "cursor")
    assert judged("/v1/accounts", house.service, cursor=cursor("/v1/accounts", house.service), email=ADA) == (
        422, "cursor",
    )  # fmt: skip
    hers = house.means.database.read_now(accounts.find_by_email, ADA).id
    of_ada = cursor(f"/v1/accounts/{hers}/sessions", house.service)
    assert judged(f"/v1/accounts/{hers}/sessions", house.service, cursor=of_ada) == (200, None)
    assert judged("/v1/accounts/outside:anna/sessions", house.service, cursor=of_ada) == (422, "cursor")


@pytest.mark.parametrize("path", [*PAGED, *FOR_APPS])
def test_who_has_the_list_already_is_told_that_nothing_has_changed(house, path):
    token = token_for(house, path)
    first = ask(house, path, token=token)
    tag = first.headers["etag"]
    for said in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = ask(house, path, token=token, headers={"if-none-match": said})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    for said in ('"other"', "", "*x", '"' + "x" * 5000 + '"'):
        assert ask(house, path, token=token, headers={"if-none-match": said}).status_code == 200


@pytest.mark.guide("R15")
def test_a_key_that_lists_the_keys_is_in_use_at_that_moment_whatever_this_process_knows(house):
    def own():
        (found,) = [key for key in ask(house, "/v1/access-keys").json()["items"] if key["name"] == "one"]
        return found["last_used_at"]

    for _ in range(3):
        assert own() == house.clock().isoformat().replace("+00:00", "Z")
        house.means.recent.__init__(house.means.recent.told)  # as in another process of the server
        house.clock.move(seconds=30)


@pytest.mark.security("14.2.2", "14.3.2")
def test_a_list_is_kept_by_the_program_alone_and_asked_for_each_time(house):
    by_program, by_browser = ask(house, "/v1/sessions"), house.signed_in().open("/v1/sessions")
    assert by_program.headers["cache-control"] == "private, no-cache"
    assert by_browser.headers["cache-control"] == "no-store"
    assert by_program.headers["vary"] == "authorization, cookie"


@pytest.mark.guide("R15", "R48", "R84")
def test_a_tag_is_never_stale(house):
    laptop = house.signed_in()
    mine = laptop.open("/v1/sessions")
    house.clock.move(seconds=30)
    same = laptop.http.get("/v1/sessions", headers={"if-none-match": mine.headers["etag"]})
    assert same.status_code == 304  # only the current row's own use has moved, which asking is
    other = next(row for row in mine.json()["items"] if not row["current"])
    laptop.revoke(other["id"])
    after = laptop.http.get("/v1/sessions", headers={"if-none-match": mine.headers["etag"]})
    assert after.status_code == 200
    assert other["id"] not in after.text
    seen = ask(house, "/v1/sessions")
    house.clock.move(seconds=30)
    laptop.open("/settings/sessions")
    assert ask(house, "/v1/sessions", headers={"if-none-match": seen.headers["etag"]}).status_code == 200
