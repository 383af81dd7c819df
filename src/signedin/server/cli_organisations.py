"""`signedin organisation`: who belongs together, and which rules hold for their sessions."""

from __future__ import annotations

from typing import Any

import click

from signedin.actions.organisations import (
    add_member_from_shell,
    make_from_shell,
    remove_from_shell,
    remove_member_from_shell,
)
from signedin.actions.see_organisations import OrganisationSeen, organisations_for_shell, see_from_shell
from signedin.actions.see_rules import RulesSeen, rules_for_shell
from signedin.actions.set_policy import clear_policy_from_shell, said, set_policy_from_shell
from signedin.api.rules_in_force import in_force as in_force_item
from signedin.rules.account import Account
from signedin.rules.organisation import Organisation
from signedin.rules.policy import Policy, TooMany
from signedin.rules.policy_wish import EVERY_TYPE, Wish
from signedin.rules.session import AppType
from signedin.server.cli_accounts import account
from signedin.server.cli_shared import carried_out, json_option, many, told
from signedin.server.means import shared_now
from signedin.server.setting_values import span
from signedin.store.organisations import Counted

_MOST = 200
_types = click.option(
    "--app-type", type=click.Choice([EVERY_TYPE, *(each.value for each in AppType)]), default=EVERY_TYPE,
    show_default=True, help="For which sessions the rule is.",
)  # fmt: skip


@click.group()
def organisation() -> None:
    """Group accounts, and say which rules hold for their sessions. Name an organisation by its name or its number."""


@organisation.command("add")
@click.argument("name")
@json_option
def add(name: str, *, as_json: bool) -> None:
    """Make an organisation, which wants nothing of anybody yet.

    Example: signedin organisation add "Tidewater Marine"
    """
    made: Organisation = carried_out(lambda means: make_from_shell(means, name, shared_now(means)))
    told(_item(made), as_json=as_json, text=f"{made.name} is organisation {made.id}.")


@organisation.command("list")
@click.option("--after", default="", help="Begin after this name.")
@json_option
def list_all(after: str, *, as_json: bool) -> None:
    """List the organisations by name.

    Example: signedin organisation list --json
    """
    found: list[Counted] = carried_out(lambda means: organisations_for_shell(means, after.casefold(), _MOST))
    items = [
        _item(each.organisation) | {"members": each.members, "has_more_members": each.has_more_members}
        for each in found
    ]
    lines = [f"{each.organisation.id}  {each.organisation.name}  {_how_many(each)}" for each in found]
    nobody = "There is no organisation yet: `signedin organisation add NAME` makes one."
    told(items, as_json=as_json, text="\n".join(lines) or nobody)


@organisation.command("show")
@click.argument("name")
@click.option("--after", type=int, default=0, help="Begin its members after this number.")
@json_option
def show(name: str, after: int, *, as_json: bool) -> None:
    """Show an organisation with its rules and its members.

    Example: signedin organisation show "Tidewater Marine" --json
    """
    seen: OrganisationSeen = carried_out(lambda means: see_from_shell(means, name, after, _MOST))
    value = _item(seen.organisation) | {
        "rules": [_rule(each) for each in seen.policies], "members": [_member(each) for each in seen.members],
        "more_after": seen.more,
    }  # fmt: skip
    lines = [f"{seen.organisation.id}  {seen.organisation.name}"]
    lines += [f"rule for {_rule(each)['app_type']}: {_said(each)}" for each in seen.policies]
    lines += [f"{each.id}  {each.email}  {each.name}" for each in seen.members]
    told(value, as_json=as_json, text="\n".join(lines))


@organisation.command("remove")
@click.argument("name")
@json_option
def remove(name: str, *, as_json: bool) -> None:
    """Remove an organisation that nobody belongs to any more, with its rules.

    Example: signedin organisation remove "Tidewater Marine"
    """
    gone: Organisation = carried_out(lambda means: remove_from_shell(means, name, shared_now(means)))
    told(_item(gone), as_json=as_json, text=f"{gone.name} is gone.")


@organisation.command("add-member")
@click.argument("name")
@click.argument("email")
@json_option
def add_member(name: str, email: str, *, as_json: bool) -> None:
    """Let an account belong to an organisation: its rules hold at once.

    Example: signedin organisation add-member "Tidewater Marine" ada@example.org
    """
    joined: Account = carried_out(lambda means: add_member_from_shell(means, name, email, shared_now(means)))
    told(_member(joined), as_json=as_json, text=f"{joined.email} belongs to it.")


@organisation.command("remove-member")
@click.argument("name")
@click.argument("email")
@json_option
def remove_member(name: str, email: str, *, as_json: bool) -> None:
    """Let an account belong to an organisation no more; what its rules have ended stays ended.

    Example: signedin organisation remove-member "Tidewater Marine" ada@example.org
    """
    left: Account = carried_out(lambda means: remove_member_from_shell(means, name, email, shared_now(means)))
    told(_member(left), as_json=as_json, text=f"{left.email} belongs to it no more.")


@organisation.command("set-rule")
@click.argument("name")
@_types
@click.option("--idle", metavar="SPAN", help="The longest time without use, like 1h or 30d.")
@click.option("--overall", metavar="SPAN", help="The longest time in all.")
@click.option("--most", type=int, help="The greatest number of sessions of each app type at once.")
@click.option(
    "--too-many", type=click.Choice([each.value for each in TooMany]), default=TooMany.END_OLDEST.value,
    show_default=True, help="What becomes of a sign-in that would be one too many.",
)  # fmt: skip
@click.option("--read-only", is_flag=True, help="People see their sessions, and end none but their own.")
@click.option("--network", "networks", multiple=True, help="A network to come from; once for each.")
@click.option("--shortest-password", type=int, help="The fewest characters of a new password.")
@click.option(
    "--confirmed",
    is_flag=True,
    help="Also where every owner could come to the console from these networks only.",
)
@json_option
def set_rule(name: str, app_type: str, *, confirmed: bool, as_json: bool, **wanted: Any) -> None:
    """Set what an organisation wants, in the place of what it wanted before; in force everywhere when this returns.

    Example: signedin organisation set-rule "Tidewater Marine" --app-type web --idle 1h --most 5 --too-many ask
    """
    wish = Wish(
        _seconds(wanted["idle"]), _seconds(wanted["overall"]), wanted["most"], wanted["too_many"],
        wanted["read_only"], tuple(wanted["networks"]), wanted["shortest_password"],
    )  # fmt: skip
    rule: Policy = carried_out(
        lambda means: set_policy_from_shell(
            means, name, app_type, wish, shared_now(means), confirmed=confirmed
        )
    )
    told(_rule(rule), as_json=as_json, text=f"For {app_type}: {_said(rule)}")


@organisation.command("clear-rule")
@click.argument("name")
@_types
@json_option
def clear_rule(name: str, app_type: str, *, as_json: bool) -> None:
    """Let an organisation want nothing for an app type any more.

    Example: signedin organisation clear-rule "Tidewater Marine" --app-type web
    """
    carried_out(lambda means: clear_policy_from_shell(means, name, app_type, shared_now(means)))
    told({"app_type": app_type}, as_json=as_json, text=f"Nothing is wanted for {app_type} any more.")


@account.command("rules")
@click.argument("email")
@json_option
def rules(email: str, *, as_json: bool) -> None:
    """Show which rules apply to an account, and which organisation wants them; no name: the installation itself.

    Example: signedin account rules ines@example.org --json
    """
    seen: RulesSeen = carried_out(lambda means: rules_for_shell(means, email))
    held = [in_force_item(each) for each in seen.in_force]
    value = {"organisations": [_item(each) for each in seen.organisations], "in_force": held}
    lines = [f"belongs to {each.name}" for each in seen.organisations]
    for each in held:
        kind, told_of = (
            each["app_type"],
            {name: rule for name, rule in each.items() if isinstance(rule, dict)},
        )
        lines += [
            f"{kind}: {name} {rule['value']} (by {', '.join(rule['because'])})"
            for name, rule in told_of.items() if rule["because"]
        ]  # fmt: skip
        lines += [
            f"{kind}: networks {' '.join(rule['value'])} (by {', '.join(rule['because'])})"
            for rule in each["networks"]
        ]
    told(value, as_json=as_json, text="\n".join(lines) or "No organisation wants anything of this account.")


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(span(text).total_seconds())
    except ValueError as problem:
        raise click.BadParameter(str(problem)) from None


def _how_many(counted: Counted) -> str:
    members = many(counted.members, "member")
    return f"more than {members}" if counted.has_more_members else members


def _item(one: Organisation) -> dict[str, Any]:
    return {"id": str(one.id), "name": one.name}


def _member(account: Account) -> dict[str, Any]:
    return {"id": str(account.id), "email": account.email or None, "name": account.name}


def _rule(policy: Policy) -> dict[str, Any]:
    return {"app_type": policy.app_type.value if policy.app_type else EVERY_TYPE} | said(policy)


def _said(policy: Policy) -> str:
    wanted = {name: value for name, value in said(policy).items() if value not in (None, False, [])}
    return ", ".join(f"{name} {value}" for name, value in wanted.items())
