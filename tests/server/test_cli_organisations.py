"""`signedin organisation`: accounts are grouped, and rules are set and shown."""

from __future__ import annotations

import shlex

import pytest

from fences import beginning
from people import ADA

MARINE = "Tidewater Marine"


@pytest.mark.guide("D7", "D32")
def test_the_commands_of_the_page_group_accounts_and_set_rules(installed):
    for line in beginning("docs/operators.md", "signedin organisation add").splitlines():
        installed.done(*shlex.split(line)[1:])
    shown = installed.done("organisation", "show", MARINE, "--json").value
    assert [each["email"] for each in shown["members"]] == [ADA]
    [rule] = shown["rules"]
    assert (rule["app_type"], rule["idle_seconds"], rule["most"], rule["too_many"]) == ("web", 3600, 5, "ask")
    assert "idle_seconds 3600" in installed.done("organisation", "show", shown["id"]).out
    [listed] = installed.done("organisation", "list", "--json").value
    assert (listed["name"], listed["members"]) == (MARINE, 1)


def test_an_organisation_goes_when_nobody_belongs_to_it_any_more(installed):
    assert installed.done("organisation", "list").out.startswith("There is no organisation yet")
    installed.done("organisation", "add", MARINE)
    assert installed("organisation", "add", MARINE.upper()).status == 1
    installed.done("organisation", "add-member", MARINE, ADA)
    assert installed("organisation", "remove", MARINE).status == 1
    installed.done("organisation", "set-rule", MARINE, "--read-only", "--network", "192.0.2.0/24")
    installed.done("organisation", "clear-rule", MARINE)
    assert installed("organisation", "clear-rule", MARINE).status == 1
    installed.done("organisation", "remove-member", MARINE, ADA)
    installed.done("organisation", "remove", MARINE)
    said = installed("organisation", "show", MARINE)
    assert (said.status, said.err.splitlines()[0]) == (1, "There is no such organisation.")


@pytest.mark.parametrize(
    "wanted", [(), ("--idle", "soon"), ("--idle", "1m"), ("--most", "0"), ("--network", "everywhere")]
)
def test_a_rule_that_makes_no_sense_is_refused_in_a_sentence(installed, wanted):
    installed.done("organisation", "add", MARINE)
    said = installed("organisation", "set-rule", MARINE, *wanted)
    assert said.status in (1, 2)
    assert "Traceback" not in said.err


@pytest.mark.security("8.2.1", "attack-17")
def test_an_operator_may_be_there_for_one_organisation_alone(installed):
    installed.done("organisation", "add", MARINE)
    assert installed("operator", "add", ADA, "--organisation", MARINE).status == 1  # no owner is
    installed.done("operator", "add", ADA, "--role", "helper", "--organisation", MARINE)
    [listed] = installed.done("operator", "list", "--json").value
    assert (listed["role"], listed["organisation"]) == ("helper", MARINE)
    assert installed.done("operator", "list").out.rstrip().endswith(MARINE)
    assert installed("organisation", "remove", MARINE).status == 1
    installed.done("operator", "add", ADA, "--role", "viewer")
    installed.done("organisation", "remove", MARINE)


@pytest.mark.guide("D7")
def test_the_shell_shows_which_rules_apply_to_an_account_and_who_wants_them(installed):
    assert installed.done("account", "rules", ADA).out.startswith("No organisation wants anything")
    installed.done("organisation", "add", MARINE)
    installed.done("organisation", "add-member", MARINE, ADA)
    installed.done(
        "organisation", "set-rule", MARINE, "--app-type", "web", "--most", "5", "--network", "192.0.2.0/24"
    )
    told = installed.done("account", "rules", ADA, "--json").value
    assert [each["name"] for each in told["organisations"]] == [MARINE]
    [web] = [each for each in told["in_force"] if each["app_type"] == "web"]
    assert web["most"] == {"value": 5, "because": [MARINE]}
    said = installed.done("account", "rules", ADA).out
    assert f"belongs to {MARINE}" in said
    assert f"web: most 5 (by {MARINE})" in said
    assert f"web: networks 192.0.2.0/24 (by {MARINE})" in said
    assert installed("account", "rules", "nobody@example.org").status == 1
