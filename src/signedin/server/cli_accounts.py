"""`signedin account` and `signedin session`: helping people from the command line."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

import click
import sqlalchemy as sa

from signedin.actions import change_factor, operate
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.list_sessions import read_list
from signedin.actions.make_account import Applicant, add_by_operator, invite
from signedin.actions.means import Means
from signedin.api import session_items
from signedin.rules.account import Account
from signedin.rules.operator import Role
from signedin.rules.revocation import LogoutAllCounts
from signedin.rules.session_list import Question, Sort
from signedin.server.cli_shared import carried_out, json_option, many, settings_or_fail, told
from signedin.server.means import shared_now
from signedin.store import accounts, installation

REASON = "Why; recorded in the account's history, where its owner reads it (Settings > Activity)."
reason_option = click.option("--reason", default="", help=REASON)


@click.group()
def account() -> None:
    """Make, list, invite, disable and enable accounts, and help their owners."""


@account.command("add")
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--operator", is_flag=True, help="An operator, with the role owner.")
@json_option
def add(email: str, name: str, *, password_stdin: bool, operator: bool, as_json: bool) -> None:
    """Make an account.

    Example: signedin account add ada@example.org --name "Ada" --password-stdin < password.txt
    """
    password = _password(from_stdin=password_stdin)

    async def work(means: Means) -> Account:
        made = await add_by_operator(means, Applicant(email, name, password), shared_now(means))
        return (
            await appoint_from_shell(means, made.email, Role.OWNER, shared_now(means)) if operator else made
        )

    made: Account = carried_out(work)
    told(_account(made), as_json=as_json, text=f"Account made for {made.email}.")


@account.command("list")
@json_option
def list_accounts(*, as_json: bool) -> None:
    """List the accounts.

    Example: signedin account list --json
    """

    async def work(means: Means) -> list[Account]:
        return await means.database.read(accounts.every)

    found: list[Account] = carried_out(work)
    lines = [f"{each.email}  {each.name}  {each.state.value}" for each in found]
    told([_account(each) for each in found], as_json=as_json, text="\n".join(lines))


@account.command("invite")
@click.argument("email")
@json_option
def invite_somebody(email: str, *, as_json: bool) -> None:
    """Invite an address; the link works once, for seven days.

    Example: signedin account invite grace@example.org
    """
    settings = settings_or_fail()

    async def work(means: Means) -> str:
        served_at: str | None = await means.database.read(installation.served_at)
        is_set = "base_url" in settings.sources  # else it is the server's own, which may be on another port
        base_url = settings.base_url if is_set or served_at is None else served_at
        return f"{base_url}/invite?token={await invite(means, email, shared_now(means))}"

    link: str = carried_out(work)
    told({"email": email, "link": link}, as_json=as_json, text=link)


@account.command("disable")
@click.argument("email")
@reason_option
@json_option
def disable(email: str, reason: str, *, as_json: bool) -> None:
    """Disable an account: everything it has stops working at once.

    Example: signedin account disable ada@example.org --reason "left the company"
    """
    count: int = carried_out(lambda means: operate.disable(means, email, shared_now(means), reason))
    value = {"email": email, "state": "disabled", "sessions_ended": count}
    told(value, as_json=as_json, text=f"Disabled. {many(count, 'session')} ended.")


@account.command("enable")
@click.argument("email")
@reason_option
@json_option
def enable(email: str, reason: str, *, as_json: bool) -> None:
    """Enable an account again; nothing that had ended comes back.

    Example: signedin account enable ada@example.org
    """
    carried_out(lambda means: operate.enable(means, email, shared_now(means), reason))
    value = {"email": email, "state": "active"}
    told(value, as_json=as_json, text="Enabled. They have to sign in again.")


@account.command("unlock")
@click.argument("email")
@reason_option
@json_option
def unlock(email: str, reason: str, *, as_json: bool) -> None:
    """Forget the failed sign-ins of an account, so that its owner need not wait.

    Example: signedin account unlock ada@example.org --reason "called the help desk"
    """
    carried_out(lambda means: operate.unlock(means, email, shared_now(means), reason))
    told({"email": email}, as_json=as_json, text="They can try again at once.")


@account.command("set-password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@reason_option
@json_option
def set_password(email: str, reason: str, *, password_stdin: bool, as_json: bool) -> None:
    """Give somebody a new password; everything they were signed in to ends with the old one.

    Access keys stay, known browsers are forgotten, and they are told by mail.

    Example: signedin account set-password ada@example.org --password-stdin < password.txt
    """
    password = _password(from_stdin=password_stdin)
    counts = carried_out(
        lambda means: change_factor.set_password(means, email, password, shared_now(means), reason)
    )
    _tell_counts(counts, as_json=as_json)


@click.group()
def session() -> None:
    """List and end the sessions of an account."""


@session.command("list")
@click.argument("email")
@json_option
def list_of(email: str, *, as_json: bool) -> None:
    """List where an account is signed in, as the API does.

    Example: signedin session list ada@example.org --json
    """
    items = carried_out(lambda means: means.database.read(listed, means, email, shared_now(means)))
    told(items, as_json=as_json, text="\n".join(_line(item) for item in items) or "Nothing is signed in.")


@session.command("revoke")
@click.argument("session_id")
@click.option("--reason", required=True, help=REASON)
@json_option
def revoke(session_id: str, reason: str, *, as_json: bool) -> None:
    """End one session or consent.

    Example: signedin session revoke 7q4kWK59PFkl0JfI2yyVlbPegB --reason "lost phone"
    """
    carried_out(lambda means: operate.end_one(means, session_id, reason, shared_now(means)))
    told({"id": session_id}, as_json=as_json, text="Ended.")


@session.command("logout-all")
@click.argument("email")
@click.option("--reason", required=True, help=REASON)
@json_option
def logout_all(email: str, reason: str, *, as_json: bool) -> None:
    """End everything an account has signed in; access keys stay.

    Example: signedin session logout-all ada@example.org --reason "stolen laptop"
    """
    counts = carried_out(lambda means: operate.end_all(means, email, reason, shared_now(means)))
    _tell_counts(counts, as_json=as_json)


def listed(conn: sa.Connection, means: Means, email: str, now: datetime) -> list[dict[str, Any]]:
    """The items of `GET /v1/sessions` for an account, in its order."""
    found = read_list(conn, means, operate.account_of(conn, email).id, None, now)
    rows = found.answer(Question(sort=Sort.RECENT), session_items.displayed)
    return [session_items.item(found, row) for row in rows]


def _line(item: dict[str, Any]) -> str:
    name = item.get("device") or item.get("client_name")
    return f"{item['id']}  {name}  {item['app_type']}  {item.get('location', '')}  {item['last_activity_at']}"


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _tell_counts(counts: LogoutAllCounts, *, as_json: bool) -> None:
    value = {"sessions_ended": counts.sessions_ended, "consents_ended": counts.consents_ended,
             "access_keys_kept": counts.access_keys_kept}  # fmt: skip
    told(value, as_json=as_json, text=", ".join(f"{key}: {count}" for key, count in value.items()))


def _account(each: Account) -> dict[str, str]:
    return {"email": each.email, "name": each.name, "state": each.state.value}
