"""What programs send in a body: each field once, none that the call does not know, also where no body is asked for."""

from __future__ import annotations

import pytest

from people import ADA, BERLIN, Clock, done_apart
from routes import still
from signedin.actions.issue_key import issue_service_key
from signedin.rules.access_key import Wish
from signedin.rules.scope import OF_SERVICES
from signedin.rules.session import AppType

pytestmark = pytest.mark.xdist_group("bodies")
JSON = {"content-type": "application/json"}


@pytest.fixture
def house(tmp_path):
    with still(tmp_path, Clock()) as house:
        house.somebody(ADA)
        made = issue_service_key(house.means, Wish("shop", OF_SERVICES), [AppType.WEB], house.clock())
        house.service = done_apart(made).token
        yield house


def by_service(house, method, path, content=None):
    headers = JSON | {"authorization": f"Bearer {house.service}"}
    return house.browser().http.request(method, path, headers=headers, content=content)


def told(answer):
    said = answer.json()
    return answer.status_code, said["code"], said.get("field")


@pytest.mark.security("15.3.7")
def test_an_object_that_names_a_field_twice_is_refused_by_its_name_and_nothing_is_made(house):
    laptop = house.signed_in()
    key = '{"name": "one", "scopes": ["account:read"], "name": "two"}'
    answer = laptop.http.post("/v1/access-keys", content=key, headers=laptop.own() | JSON)
    assert told(answer) == (400, "bad_request", "name")
    assert laptop.open("/v1/access-keys").json()["items"] == []
    person = f'{{"app_type": "web", "address": "{BERLIN}", "app_type": "admin"}}'
    assert told(by_service(house, "POST", "/v1/accounts/outside:anna/sessions", person)) == (
        400, "bad_request", "app_type",
    )  # fmt: skip
    use = '{"account": "1", "session": "a", "seconds_ago": 1, "seconds_ago": 2}'
    said = f'{{"node": "nodenode", "boot": "bootboot", "join": true, "uses": [{use}]}}'
    assert told(by_service(house, "POST", "/v1/feed/ack", said)) == (400, "bad_request", "seconds_ago")
    leaked = '[{"token": "x", "token": "y"}]'
    answer = house.browser().http.post("/v1/leaked-tokens", content=leaked, headers=JSON)
    assert told(answer) == (400, "bad_request", "token")


@pytest.mark.security("15.3.3", "T6")
def test_a_report_of_leaked_tokens_has_the_fields_of_the_scanners_and_no_others(house):
    laptop = house.signed_in()
    http, found = (
        house.browser().http,
        {"token": laptop.secret, "type": "x", "url": "https://x.test/", "source": "content"},
    )
    assert told(http.post("/v1/leaked-tokens", json=[found | {"account": "7"}])) == (
        422,
        "unknown_field",
        "account",
    )
    assert told(http.post("/v1/leaked-tokens", json=[found | {"type": 7}])) == (422, "invalid_input", "type")
    assert laptop.is_signed_in
    assert http.post("/v1/leaked-tokens", json=[found]).status_code == 204
    assert not laptop.is_signed_in


@pytest.mark.guide("R48")
@pytest.mark.security("15.3.3")
def test_a_body_that_comes_with_a_call_that_takes_none_is_judged_and_ends_nothing(house):
    laptop, phone = house.signed_in(), house.signed_in()
    row, own = phone.current()["id"], laptop.own() | JSON
    made = laptop.http.post(
        "/v1/access-keys", json={"name": "one", "scopes": ["account:read"]}, headers=laptop.own()
    ).json()
    by_service(
        house, "POST", "/v1/accounts/outside:anna/sessions", f'{{"app_type": "web", "address": "{BERLIN}"}}'
    )
    paths = (f"/v1/sessions/{row}", "/v1/sessions/current", f"/v1/access-keys/{made['id']}")
    for path in paths:
        sent = {"content": '{"reason": "lost"}', "headers": own}
        assert told(laptop.http.request("DELETE", path, **sent)) == (422, "unknown_field", "reason"), path
        assert told(laptop.http.request("DELETE", path, content="{", headers=own))[:2] == (
            422,
            "invalid_input",
        )
    for path in ("/v1/accounts/outside:anna/sessions", "/v1/accounts/outside:anna"):
        assert told(by_service(house, "DELETE", path, '{"reason": "left"}')) == (
            422,
            "unknown_field",
            "reason",
        )
    assert phone.is_signed_in
    assert len(laptop.open("/v1/access-keys").json()["items"]) == 1
    assert laptop.http.request("DELETE", paths[2], content="{}", headers=own).status_code == 204
    assert laptop.http.request("DELETE", paths[0], headers=own).status_code == 204
    assert not phone.is_signed_in


def test_what_a_program_is_told_speaks_of_no_form(house):
    laptop = house.signed_in()
    sent = (
        {"name": "", "scopes": ["account:read"]},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": "y"},
        {"z": 1},
    )
    answers = [laptop.http.post("/v1/access-keys", json=each, headers=laptop.own()) for each in sent]
    answers += [
        laptop.open(path) for path in ("/v1/sessions?limit=0", "/v1/sessions?x=1", "/v1/sessions?type=x")
    ]
    for answer in answers:
        assert answer.status_code == 422
        said = answer.json()["title"] + answer.json()["detail"]
        assert "form" not in said.lower().split(), said
        assert "page" not in said.lower(), said


@pytest.mark.security("4.1.4")
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1", 404, "not_found"), ("POST", "/v1", 404, "not_found"), ("GET", "/v1/nothing", 404, "not_found"),
        ("PROPFIND", "/v1/sessions", 405, "method_not_allowed"), ("PUT", "/v1/access-keys", 405, "method_not_allowed"),
    ],
)  # fmt: skip
def test_what_is_no_call_is_a_problem_for_programs(house, method, path, status, code):
    answer = house.browser().http.request(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "page" not in answer.json()["title"] + answer.json()["detail"]
