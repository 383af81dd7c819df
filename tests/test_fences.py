"""What stands between fences in the docs is run by a test, or is named here as shown only, with the reason."""

from __future__ import annotations

import re

import pytest

from fences import PAGES, ROOT, fences

APPS = "tests/api/test_docs_of_apps.py::"
STANDS = "test_what_the_page_of_the_docs_shows_stands_in_the_files_that_are_started"
PROXIES, OTHER_HOSTS = (
    f"tests/clients/test_forward_auth.py::{STANDS}",
    f"tests/clients/test_other_hosts.py::{STANDS}",
)
ASGI, PYTHON = (
    f"tests/adapters/test_asgi_examples.py::{STANDS}",
    f"tests/adapters/test_django_and_flask.py::{STANDS}",
)
MOVED = (
    "tests/adapters/test_moving_in.py::test_what_the_page_of_the_docs_shows_stands_in_the_app_that_is_moved"
)
RUNNING = "tests/server/test_running.py::test_the_commands_for_others_work_as_they_stand_on_the_page"
BEHIND = "tests/server/test_running.py::test_the_proxies_of_the_page_take_what_stands_there"
KEYS = f"{APPS}test_the_commands_about_keys_do_what_the_page_says"
LEAKED = f"{APPS}test_a_report_of_what_has_leaked_is_taken_as_the_page_shows_it"
BEGUN = f"{APPS}test_a_session_is_begun_and_a_ticket_fetched_as_the_page_shows_it"
WORKED = "tests/connecting/test_docs.py::test_what_the_page_shows_stands_in_the_examples_that_are_started"
CONNECTED = (
    "tests/connecting/test_docs.py::test_the_commands_of_the_worked_ways_register_what_the_examples_need"
)
SHOWN_AT_WORK = "tests/connecting/test_snippets.py::test_"
API, LIKE_THAT = (
    "tests/api/test_docs.py::test_every_line_for_the_shell_does_what_the_page_says",
    (f"{APPS}test_a_refusal_looks_as_the_page_about_the_api_shows_it"),
)
ITSELF = "shown only: it is what this very run is made by"

READ_BY = {
    "README.md": {"make run": "shown only: tools/environment.py has its tests, and demo too", "make test": ITSELF},
    "docs/access-keys.md": {"curl": KEYS, "signedin key issue": KEYS, "sgn_[a-z]": LEAKED, '[{"token"': LEAKED},
    "docs/api.md": {"curl -sS -H": API, "curl -sS -D-": API, "curl -sS -X": API, '{"type"': LIKE_THAT,
                    "RateLimit-Policy": LIKE_THAT},
    "docs/connect-an-app.md": {
        'signedin app add --type sync --name "Example Sync" --redirect-uri http://127.0.0.1/callback --json': "tests/server/test_cli_clients.py::test_the_commands_of_the_page_register_one_of_each_kind",
        'signedin app add --type sync --name "Example Sync" --redirect-uri http://127.0.0.1/callback --device': CONNECTED,
        "signedin app add --type mobile": CONNECTED, "signedin key issue": CONNECTED, "signedin client add --service": CONNECTED,
        "const base64url": f"{SHOWN_AT_WORK}a_page_without_a_server_signs_in_as_the_page_shows",
        "from authlib": f"{SHOWN_AT_WORK}ones_own_web_app_signs_in_as_the_page_shows",
        "import secrets": f"{SHOWN_AT_WORK}a_client_with_a_key_pushes_its_request_as_the_page_shows",
        "signedin client change ID": "tests/server/test_cli_clients.py::test_what_a_client_has_registered_is_changed_as_the_page_says",
        "signedin client add --name":
            "tests/server/test_cli_clients.py::test_the_command_of_the_page_registers_where_a_sign_out_leads_and_is_heard",
        "from joserfc": "tests/post/test_logouts.py::test_a_client_that_verifies_as_the_page_shows_takes_ours_and_no_other",
        "    with waiting_for": WORKED, "        claims =": WORKED, '            "iss"': WORKED, "            answer =": WORKED,
        "def asked_about": WORKED,
        "OIDCProviderMetadataURL": "tests/foreign/test_apache.py::test_it_signs_in_refreshes_and_logs_out",
        "oidc-gen ada": "tests/foreign/test_oidc_agent.py::test_it_signs_in_by_the_browser_refreshes_and_gives_back"},
    "docs/operators.md": {
        "signedin organisation add": "tests/server/test_cli_organisations.py::test_the_commands_of_the_page_group_accounts_and_set_rules",
        "signedin ending preview": "tests/server/test_cli_endings.py::test_the_commands_of_the_page_end_for_many",
    },
    "docs/existing-apps.md": {"signedin key issue": BEGUN, "POST /v1/accounts": BEGUN, '{"account_id"': BEGUN,
                              "POST /v1/sessions": BEGUN, '{"ticket"': BEGUN},
    "docs/feed.md": {"async def told": "tests/client/test_asking_example.py::test_it_is_what_the_page_shows"},
    "docs/in-front-asgi.md": {
        "app = Signedin(": "tests/client/test_within.py::test_what_the_page_of_the_docs_shows_stands_in_the_file_that_is_started",
        "client = Client(": ASGI, "shop = Litestar": ASGI, "@get(": ASGI, "app = FastAPI": ASGI},
    "docs/in-front-python.md": {"    MIDDLEWARE=": PYTHON, "app.wsgi_app": PYTHON},
    "docs/in-front.md": {"browser ──>": "shown only: a drawing", "server {": PROXIES, "route {": PROXIES},
    "docs/move-in.md": {
        "signedin key issue": f"{APPS}test_of_what_has_not_moved_in_the_app_is_told_as_the_page_says",
        '{"id": "7"': "tests/server/test_cli_move.py::test_the_lines_that_the_page_shows_are_read",
        "signedin account import": MOVED, '{"account": "7"': "tests/server/test_cli_move.py::test_the_lines_that_the_page_shows_are_read",
        "signedin session import": MOVED,
        "POST /v1/accounts": f"{APPS}test_of_what_has_not_moved_in_the_app_is_told_as_the_page_says",
        "def token_of": MOVED, "signedin account export": "tests/server/test_cli_move.py::test_the_lines_that_the_page_shows_are_read"},
    "docs/other-hosts.md": {"server {": OTHER_HOSTS, "handle /": OTHER_HOSTS},
    "docs/running.md": {
        "make run": "shown only: it is `signedin serve`, which the next block starts", "make env": RUNNING,
        "server {": BEHIND, "account.example.org {": BEHIND,
        "CREATE ROLE": "tests/server/test_on_postgres.py::test_a_role_and_a_database_as_the_page_makes_them_are_enough",
        ".venv/bin/signedin account list": "tests/server/test_running.py::test_the_commands_that_end_everybodys_sessions_work_as_they_stand_on_the_page",
        ".venv/bin/signedin backup": RUNNING, ".venv/bin/signedin restore": RUNNING},
}  # fmt: skip
"""By page and by how the fence begins: the test that runs it, or why nothing does."""


@pytest.mark.parametrize("page", PAGES)
def test_each_fence_is_run_by_a_test_or_named_as_shown_only(page):
    named, shown = READ_BY.get(page, {}), [each.text for each in fences(page)]
    for text in shown:
        assert [start for start in named if text.startswith(start)], f"nobody runs this:\n{text}"
    for start in named:
        assert [text for text in shown if text.startswith(start)], f"there is no such fence any more: {start}"
    assert (ROOT / page).read_text().count("```") == 2 * len(shown)


@pytest.mark.parametrize("page", READ_BY)
def test_the_tests_that_are_named_are_there_and_read_the_page(page):
    for how in READ_BY[page].values():
        if how.startswith("shown only: "):
            continue
        file, _, test = how.partition("::")
        text = (ROOT / file).read_text()
        assert re.search(rf"^def {test}\(", text, re.MULTILINE), how
        assert page.removeprefix("docs/") in text, f"{file} does not read {page}"
