"""What docs/existing-apps.md, docs/move-in.md and docs/access-keys.md tell an app to send is sent here, as it stands."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from fences import beginning, fences, request_in, shape_of
from people import ADA, Clock, running
from signedin.actions.end_leaked import LEAKING
from signedin.server.cli import main

pytestmark = pytest.mark.xdist_group("docs of apps")
APPS, KEYS, API = "docs/existing-apps.md", "docs/access-keys.md", "docs/api.md"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    with running(folder, Clock()) as house:
        house.somebody(ADA)
        settings = house.server.settings
        database = settings.database_url
        house.known = {
            "SIGNEDIN_DATABASE_URL": f"sqlite:///{database}" if isinstance(database, Path) else database,
            "SIGNEDIN_SECRET_FILE": str(settings.secret_file), "SIGNEDIN_MAIL_DIR": str(settings.mail_dir),
            "SIGNEDIN_BASE_URL": house.base_url,
        }  # fmt: skip
        yield house


def typed(house, line):
    """What a line for the shell prints."""
    program, *words = shlex.split(line)
    assert program == "signedin"
    done = CliRunner(env=house.known).invoke(main, words)
    assert done.exit_code == 0, (line, done.output)
    return done.stdout


def sent(house, shown):
    with house.browser("httpx/1.0", "192.0.2.20").http as http:
        return http.request(shown.method, shown.path, headers=shown.headers, content=shown.body)


@pytest.fixture(scope="module")
def service(house):
    return json.loads(typed(house, beginning(APPS, "signedin key issue")))["token"]


def test_a_session_is_begun_and_a_ticket_fetched_as_the_page_shows_it(house, service):
    begun = sent(house, request_in(beginning(APPS, "POST /v1/accounts/"), svc=service))
    assert begun.status_code == 201, begun.text
    assert shape_of(begun.json()) == shape_of(beginning(APPS, '{"account_id"'))
    given = sent(
        house, request_in(beginning(APPS, "POST /v1/sessions/current/ticket"), app=begun.json()["token"])
    )
    assert given.status_code == 201, given.text
    assert shape_of(given.json()) == shape_of(beginning(APPS, '{"ticket"'))
    assert re.fullmatch(r"http://localhost:\d+/ticket#sgn_tik_\w{61}", given.json()["url"])


def test_of_what_has_not_moved_in_the_app_is_told_as_the_page_says(house, service):
    asked = request_in(beginning("docs/move-in.md", "POST /v1/accounts/outside:7/sessions"), svc=service)
    assert "moved_from" in json.loads(asked.body)
    answer = sent(house, asked)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_commands_about_keys_do_what_the_page_says(house):
    for_account, for_service, *lists, revoking = beginning(KEYS, "signedin key issue").splitlines()
    key = json.loads(typed(house, for_account))
    assert key["token"].startswith("sgn_key_")
    assert json.loads(typed(house, for_service))["token"].startswith("sgn_svc_")
    assert all("backup" in typed(house, line) or "shop" in typed(house, line) for line in lists)
    curl = beginning(KEYS, "curl ")
    header, url = re.fullmatch(r'curl -H "(.+?)" https://account\.example\.org(\S+)\n', curl).groups()
    asking = request_in(f"GET {url}\n{header}\n", key=key["token"])
    assert sent(house, asking).status_code == 403, "it lacks sessions:read"
    assert "Revoked" in typed(house, revoking.replace(" ID ", f" {key['id']} "))
    assert sent(house, asking).json()["reason"] == "ended_by_operator"


def test_a_report_of_what_has_leaked_is_taken_as_the_page_shows_it(house):
    report, every = beginning(KEYS, '[{"token"'), beginning(KEYS, "sgn_[a-z]").strip()
    key = json.loads(typed(house, beginning(KEYS, "signedin key issue").splitlines()[0]))["token"]
    assert re.fullmatch(every, key)
    head = "POST /v1/leaked-tokens\nContent-Type: application/json\n\n"
    assert sent(house, request_in(head + report, key=key)).status_code == 204
    asked = sent(house, request_in("GET /v1/account\nAuthorization: Bearer sgn_key_...\n", key=key))
    assert asked.json()["reason"] == "policy"
    assert "key" in LEAKING


def test_a_refusal_looks_as_the_page_about_the_api_shows_it(house):
    phone = house.signed_in()
    house.signed_in().revoke(phone.current()["id"])
    refused, shown = phone.open("/v1/account"), json.loads(beginning(API, '{"type"'))
    assert refused.json() == shown
    names = [line.split(": ")[0] for line in beginning(API, "RateLimit-Policy").splitlines()]
    for name in names:
        assert re.fullmatch(
            r'"calls";[qr]=\d+;[wt]=\d+', phone.http.post("/v1/leaked-tokens", json=[]).headers[name]
        )
    assert len(fences(API)) == 5
