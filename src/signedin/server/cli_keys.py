"""`signedin key`: access keys of people's accounts, and the service keys of the apps that Signedin serves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click

from signedin.actions.issue_key import Issued, issue_key_for, issue_service_key
from signedin.actions.list_keys import list_keys_of, list_service_keys
from signedin.actions.means import Means
from signedin.actions.revoke_key import revoke_any_key
from signedin.api import key_items
from signedin.rules.access_key import AccessKey, ServiceKey, Wish
from signedin.rules.scope import OF_SERVICES, PERSONAL
from signedin.rules.session import AppType
from signedin.server.cli_accounts import reason_option
from signedin.server.cli_shared import carried_out, json_option, name_if_given, told
from signedin.server.means import shared_now

APP_TYPES = [each.value for each in AppType if each is not AppType.OAUTH]
_SCOPES = [*PERSONAL, *OF_SERVICES]


@click.group()
def key() -> None:
    """Issue, list and revoke access keys and service keys."""


@key.command("issue")
@click.option("--account", "email", help="The account that the key is of, by its address.")
@click.option(
    "--service", callback=name_if_given,
    help="The name of the app that the key is for; it belongs to nobody's account.",
)  # fmt: skip
@click.option("--name", default="", help="What an access key is used for.")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(_SCOPES), help="What it may do."
)
@click.option(
    "--app-type", "app_types", multiple=True, type=click.Choice(APP_TYPES),
    help="The app types of a service's sessions, fixed with the key; web when none is named.",
)  # fmt: skip
@click.option(
    "--expires-in-days", type=click.IntRange(1, 36_500), help="How long it works; without it, until revoked."
)
@reason_option
@json_option
def issue(
    email: str | None, service: str | None, name: str, scopes: tuple[str, ...], app_types: tuple[str, ...],
    expires_in_days: int | None, reason: str, *, as_json: bool,
) -> None:  # fmt: skip
    """Issue a key. Its secret is printed this once and kept nowhere.

    Example: signedin key issue --account ada@example.org --name backup --scope account:read --json

    Example: signedin key issue --service shop --scope sessions:begin --scope sessions:check --app-type web --json
    """
    if (email is None) == (service is None):
        raise click.UsageError("Name either --account or --service.")
    if app_types and service is None:
        raise click.UsageError("--app-type is for --service: an access key has no sessions.")

    async def work(means: Means) -> Issued[AccessKey] | Issued[ServiceKey]:
        now = shared_now(means)
        wish = Wish(service or name, scopes, _ends(now, expires_in_days))
        if service is None:
            return await issue_key_for(means, email or "", wish, now, reason)
        types = tuple(map(AppType, app_types)) or (AppType.WEB,)
        return await issue_service_key(means, wish, types, now)

    issued = carried_out(work)
    told(key_items.item(issued.key) | {"token": issued.token}, as_json=as_json, text=issued.token)


@key.command("list")
@click.option("--account", "email", help="The account whose keys are listed; without it, the service keys.")
@json_option
def list_of(email: str | None, *, as_json: bool) -> None:
    """List the access keys of an account, or the service keys; never a secret.

    Example: signedin key list --account ada@example.org --json
    """

    async def work(means: Means) -> list[AccessKey] | list[ServiceKey]:
        return await list_service_keys(means) if email is None else await list_keys_of(means, email)

    items = [key_items.item(each) for each in carried_out(work)]
    told(items, as_json=as_json, text="\n".join(map(_line, items)) or "There are no keys.")


@key.command("revoke")
@click.argument("key_id")
@reason_option
@json_option
def revoke(key_id: str, reason: str, *, as_json: bool) -> None:
    """Revoke an access key or a service key: the next call with it is refused.

    Example: signedin key revoke 7q4kWK59PFkl0JfI2yyVlbPegB --reason "left on a laptop that was stolen"
    """
    name = carried_out(lambda means: revoke_any_key(means, key_id, shared_now(means), reason))
    told({"id": key_id, "name": name}, as_json=as_json, text=f"Revoked: {name}")


def _ends(now: datetime, days: int | None) -> datetime | None:
    return None if days is None else now + timedelta(days=days)


def _line(item: dict[str, Any]) -> str:
    used = f"last used {item['last_used_at']}" if item["last_used_at"] else "never used"
    return f"{item['id']}  {item['name']}  {item['hint']}  {' '.join(item['scopes'])}  {used}"
