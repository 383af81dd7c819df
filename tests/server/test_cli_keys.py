"""`signedin key`: issuing, listing and revoking from the command line."""

from __future__ import annotations

import re

import pytest

from people import ADA
from signedin.rules.secret import TOKEN_PATTERN

SERVICE = ("key", "issue", "--service", "shop", "--scope", "sessions:begin", "--scope", "sessions:check")


@pytest.mark.security("T4")
def test_an_access_key_is_printed_once_listed_without_its_secret_and_revoked(installed):
    made = installed.done(
        "key", "issue", "--account", ADA, "--name", "backup", "--scope", "account:read", "--json"
    ).value
    assert re.fullmatch(TOKEN_PATTERN, made["token"])
    assert (made["name"], made["scopes"], made["expires_at"]) == ("backup", ["account:read"], None)
    said = installed.done("key", "list", "--account", ADA, "--json")
    assert made["token"] not in said.out
    assert said.value == [{name: value for name, value in made.items() if name != "token"}]
    assert "never used" in installed.done("key", "list", "--account", ADA).out
    assert installed.done("key", "revoke", made["id"], "--reason", "lost").out == "Revoked: backup\n"
    assert installed.done("key", "list", "--account", ADA).out == "There are no keys.\n"
    assert installed("key", "revoke", made["id"]).status == 1


@pytest.mark.guide("D31")
def test_a_service_key_belongs_to_no_account_and_its_app_types_are_fixed(installed):
    made = installed.done(*SERVICE, "--app-type", "web", "--app-type", "mobile", "--json").value
    assert made["token"].startswith("sgn_svc_")
    assert made["app_types"] == ["web", "mobile"]
    assert installed.done("key", "list", "--account", ADA, "--json").value == []
    [listed] = installed.done("key", "list", "--json").value
    assert listed["hint"] == f"sgn_svc_…{made['token'][-4:]}"
    installed.done("key", "revoke", made["id"])
    assert installed.done("key", "list", "--json").value == []
    assert installed("key", "revoke", made["id"]).status == 1


def test_a_key_ends_after_the_days_that_were_chosen(installed):
    made = installed.done(*SERVICE, "--expires-in-days", "30", "--json").value
    assert made["issued_at"] < made["expires_at"]


@pytest.mark.guide("D11")
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--account", ADA, "--name", "x", "--scope", "sessions:manage"], 1),
        (["--account", ADA, "--name", "x", "--scope", "sessions:begin"], 1),
        (["--account", ADA, "--scope", "account:read"], 1),
        (["--account", "nobody@example.org", "--name", "x", "--scope", "account:read"], 1),
        (["--service", "shop", "--scope", "keys:read"], 1),
        (["--scope", "account:read"], 2),
        (["--account", ADA, "--service", "shop", "--scope", "account:read"], 2),
        (["--account", ADA, "--name", "x", "--scope", "account:read", "--app-type", "web"], 2),
        (["--account", ADA, "--name", "x", "--scope", "everything"], 2),
        (["--account", ADA, "--name", "x"], 2),
    ],
)
def test_what_cannot_be_issued_is_refused(installed, words, status):
    assert installed("key", "issue", *words).status == status
    assert installed.done("key", "list", "--json").value == []


def test_after_a_restore_no_key_works_that_may_have_been_revoked_since(installed):
    installed.done(*SERVICE)
    installed.done("key", "issue", "--account", ADA, "--name", "backup", "--scope", "account:read")
    installed.done("backup", "kept.db")
    said = installed.done("restore", "kept.db", "--yes", "--json").value
    assert said["access_keys_ended"] == 2
    assert installed.done("key", "list", "--json").value == []
