"""`signedin operator`: who may use the operator console at /admin, and what for."""

from __future__ import annotations

from typing import Any

import click

from signedin.actions.appoint import (
    Appointed,
    appoint_from_shell,
    bound_to,
    dismiss_from_shell,
    operators_for_shell,
)
from signedin.actions.find_people import deeds_for_shell, find_from_shell
from signedin.actions.means import Means
from signedin.actions.stop_for import Revealed, reveal_from_shell
from signedin.api.admin_operators import done_item
from signedin.api.session_items import moment
from signedin.rules.account import Account, AccountId
from signedin.rules.deed import DeedPage
from signedin.rules.finding import Found
from signedin.rules.operator import Role
from signedin.rules.organisation import Organisation
from signedin.server.cli_accounts import account, session
from signedin.server.cli_shared import carried_out, json_option, many, name_if_given, told
from signedin.server.means import shared_now


@click.group()
def operator() -> None:
    """Say who runs this installation: viewers look, helpers end what one account has signed in, owners do everything."""


@operator.command("add")
@click.argument("email")
@click.option(
    "--role", type=click.Choice([each.value for each in Role]), default=Role.OWNER.value, show_default=True,
    help="What they may do; each role may also do what those before it may.",
)  # fmt: skip
@click.option(
    "--organisation", callback=name_if_given, help="Only for the members of this one: a viewer or helper."
)
@json_option
def add(email: str, role: str, organisation: str | None, *, as_json: bool) -> None:
    """Make an account an operator's, or give an operator another role. They sign in at /admin.

    Example: signedin operator add rosa@example.org --role helper
    """
    made: Account = carried_out(
        lambda means: appoint_from_shell(means, email, Role(role), shared_now(means), organisation or "")
    )
    told(_item((made, Role(role))), as_json=as_json, text=f"{made.email} is an operator: {role}.")


@operator.command("list")
@json_option
def list_all(*, as_json: bool) -> None:
    """List the operators.

    Example: signedin operator list --json
    """
    found, bound = carried_out(_everybody)
    items = [
        _item(each) | {"organisation": bound[each[0].id].name if each[0].id in bound else None}
        for each in found
    ]
    lines = ["  ".join(filter(None, item.values())) for item in items]
    nobody = "Nobody is an operator yet: `signedin operator add EMAIL` makes one."
    told(items, as_json=as_json, text="\n".join(lines) or nobody)


@operator.command("remove")
@click.argument("email")
@json_option
def remove(email: str, *, as_json: bool) -> None:
    """Take an operator's role away; their Admin sessions end at once. The last owner stays.

    Example: signedin operator remove rosa@example.org
    """
    gone: Account = carried_out(lambda means: dismiss_from_shell(means, email, shared_now(means)))
    text = f"{gone.email} is no operator any more."
    told({"email": gone.email, "role": None}, as_json=as_json, text=text)


@operator.command("record")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many of the newest."
)
@json_option
def record(limit: int, *, as_json: bool) -> None:
    """Show what operators did, newest first: to whose account, who did it, and why.

    Example: signedin operator record --limit 20 --json
    """
    found: DeedPage = carried_out(lambda means: deeds_for_shell(means, None, limit))
    lines = [
        "  ".join(
            filter(None, [moment(each.event.at), each.operator_called or "the shell", each.event.kind.value,
                          each.called, str(each.event.personal.get("reason", ""))])
        )
        for each in found.done
    ]  # fmt: skip
    items = [done_item(each) for each in found.done]
    told(items, as_json=as_json, text="\n".join(lines) or "No operator has done anything yet.")


@account.command("find")
@click.argument("words")
@json_option
def find(words: str, *, as_json: bool) -> None:
    """Find accounts: by the beginning of a name, an address or a reference, by number, or by a masked address.

    Example: signedin account find 203.0.113.77 --json
    """
    found: Found = carried_out(lambda means: find_from_shell(means, words, shared_now(means)))
    items = [
        {"id": str(hit.account.id), "email": hit.account.email or None, "name": hit.account.name,
         "state": hit.account.state.value, "sessions": hit.counts.sessions, "consents": hit.counts.consents}
        for hit in found.hits
    ]  # fmt: skip
    lines = [
        f"{each['id']}  {each['email']}  {each['name']}  {many(int(str(each['sessions'])), 'session')}"
        for each in items
    ]
    more = ["There are more; say more of it."] if found.more else []
    told(items, as_json=as_json, text="\n".join([*lines, *more]) or "No account is found by that.")


@session.command("reveal")
@click.argument("session_id")
@click.option(
    "--reason", required=True, help="Why; recorded in the account's history, where its owner reads it."
)
@json_option
def reveal(session_id: str, reason: str, *, as_json: bool) -> None:
    """Show the full addresses of a session or connected app.

    Example: signedin session reveal 7q4kWK59PFkl0JfI2yyVlbPegB --reason "court order 7"
    """
    shown: Revealed = carried_out(
        lambda means: reveal_from_shell(means, session_id, reason, shared_now(means))
    )
    value = {"id": shown.row.id, "last_used_from": shown.last, "signed_in_from": shown.began}
    told(value, as_json=as_json, text="\n".join(f"{name}: {address}" for name, address in value.items()))


async def _everybody(means: Means) -> tuple[list[Appointed], dict[AccountId, Organisation]]:
    found = await operators_for_shell(means)
    return found, await bound_to(means, found)


def _item(appointed: Appointed) -> dict[str, Any]:
    whose, role = appointed
    return {"email": whose.email, "name": whose.name, "role": role.value, "state": whose.state.value}
