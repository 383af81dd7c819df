"""`signedin operator`: who may use the operator console at /admin, and what for."""

from __future__ import annotations

from typing import Any

import click

from signedin.actions.appoint import (
    Appointed,
    appoint_from_shell,
    dismiss_from_shell,
    operators_for_shell,
)
from signedin.rules.account import Account
from signedin.rules.operator import Role
from signedin.server.cli_shared import carried_out, json_option, told
from signedin.server.means import utc_now


@click.group()
def operator() -> None:
    """Say who runs this installation: viewers look, helpers end what one account has signed in, owners do everything."""


@operator.command("add")
@click.argument("email")
@click.option(
    "--role", type=click.Choice([each.value for each in Role]), default=Role.OWNER.value, show_default=True,
    help="What they may do; each role may also do what those before it may.",
)  # fmt: skip
@json_option
def add(email: str, role: str, *, as_json: bool) -> None:
    """Make an account an operator's, or give an operator another role. They sign in at /admin.

    Example: signedin operator add rosa@example.org --role helper
    """
    account: Account = carried_out(lambda means: appoint_from_shell(means, email, Role(role), utc_now()))
    told(_item((account, Role(role))), as_json=as_json, text=f"{account.email} is an operator: {role}.")


@operator.command("list")
@json_option
def list_all(*, as_json: bool) -> None:
    """List the operators.

    Example: signedin operator list --json
    """
    found: list[Appointed] = carried_out(operators_for_shell)
    lines = [
        f"{account.email}  {account.name}  {role.value}  {account.state.value}" for account, role in found
    ]
    nobody = "Nobody is an operator yet: `signedin operator add EMAIL` makes one."
    told([_item(each) for each in found], as_json=as_json, text="\n".join(lines) or nobody)


@operator.command("remove")
@click.argument("email")
@json_option
def remove(email: str, *, as_json: bool) -> None:
    """Take an operator's role away; their Admin sessions end at once. The last owner stays.

    Example: signedin operator remove rosa@example.org
    """
    account: Account = carried_out(lambda means: dismiss_from_shell(means, email, utc_now()))
    told(
        {"email": account.email, "role": None},
        as_json=as_json,
        text=f"{account.email} is no operator any more.",
    )


def _item(appointed: Appointed) -> dict[str, Any]:
    account, role = appointed
    return {"email": account.email, "name": account.name, "role": role.value, "state": account.state.value}
