"""`signedin operator`: who may use the operator console."""

from __future__ import annotations

import pytest

from people import ADA, GRACE, PASSWORD

ADDED = ("account", "add", GRACE, "--name", "Grace", "--password-stdin", "--operator")


def roles(installed):
    return {each["email"]: each["role"] for each in installed.done("operator", "list", "--json").value}


def test_an_account_that_is_added_as_an_operators_is_an_owners(installed):
    assert installed.done("operator", "list").out.startswith("Nobody is an operator yet")
    installed.done(*ADDED, typed=f"{PASSWORD}\n")
    assert roles(installed) == {GRACE: "owner"}


@pytest.mark.security("8.2.1")
def test_roles_are_given_changed_and_taken_away_but_never_the_last_owners(installed):
    added = installed.done("operator", "add", ADA, "--role", "helper", "--json").value
    assert added == {"email": ADA, "name": "Ada", "role": "helper", "state": "active"}
    installed.done(*ADDED, typed=f"{PASSWORD}\n")
    said = installed("operator", "remove", GRACE)
    assert (said.status, said.err.splitlines()[0]) == (1, "This is the last owner.")
    installed.done("operator", "add", ADA)
    installed.done("operator", "remove", GRACE)
    assert roles(installed) == {ADA: "owner"}
    assert installed("operator", "remove", GRACE).status == 1


def test_only_accounts_that_there_are_become_operators(installed):
    said = installed("operator", "add", "nobody@example.org")
    assert (said.status, said.err.splitlines()[0]) == (1, "There is no account with this address.")


@pytest.mark.security("16.2.1")
def test_the_shell_shows_what_operators_did_and_why(installed):
    assert installed.done("operator", "record").out.startswith("No operator has done anything")
    installed.done("account", "disable", ADA)
    [first, *_] = installed.done("operator", "record", "--limit", "1", "--json").value
    assert first["kind"] == "account_disabled"
    assert first["operator_id"] is None
    assert "the shell" in installed.done("operator", "record").out
