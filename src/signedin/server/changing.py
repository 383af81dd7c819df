"""What `signedin app change` and `signedin client change` share: their options, and the change that is read from them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from signedin.actions.change_client import change_client
from signedin.actions.means import Means
from signedin.rules.client import Client, ClientKind
from signedin.server import registering as shared
from signedin.server.cli_shared import carried_out, told

_LISTS = {
    "scopes": ("scope", "What it may ask for at most; what is removed is refused from then on, everywhere."),
    "redirect_uris": ("redirect-uri", "Where a sign-in leads back to, byte for byte."),
    "logout_uris": ("post-logout-redirect-uri", "Where a sign-out that it asks for leads back to."),
    "resources": ("resource", "The address of a resource server that its tokens may be for."),
    "signed_resources": (
        "signed-resource",
        "Of one that reads signed tokens by itself: it hears of an ending up to five minutes late.",
    ),
}
"""Fields that are lists: what each is called on the command line, and what it is."""
_SAID_BY = {
    "name": "name", "description": "description", "back_channel_uri": "back_channel_uri", "needs_sid": "needs_sid",
    "is_verified": "is_verified",
}  # fmt: skip
_DAYS = {"idle": "idle_days", "lasts": "lasts_days"}
_ONE: tuple[Callable[[Any], Any], ...] = (
    click.option("--name", help="What it is called; people see it at once."),
    click.option("--description", help="What it is for, in a sentence."),
    click.option(
        "--backchannel-logout-uri", "back_channel_uri",
        help="Where its server hears of sign-outs; an empty one takes it away.",
    ),
    click.option(
        "--backchannel-logout-session-required/--no-backchannel-logout-session-required", "needs_sid", default=None,
        help="Whether what it hears names the session.",
    ),
    click.option(
        "--logo", "logo_file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A PNG, JPEG or WebP of up to 64 kB.",
    ),
    click.option("--no-logo", is_flag=True, help="Take its logo away."),
    click.option(
        "--lasts-days", type=click.IntRange(1, 365),
        help="A refresh token lasts so long at most; of sign-ins from now on.",
    ),
)  # fmt: skip
verified_option = click.option(
    "--verified/--not-verified", "is_verified", default=None, help="Whether you know whose it is."
)
idle_option = click.option(
    "--idle-days",
    type=click.IntRange(1, 400),
    help="After so many days without use a consent ends; of new ones.",
)


def change_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of both commands."""
    for option in reversed(_ONE):
        command = option(command)
    for field, (name, said) in reversed(_LISTS.items()):
        command = click.option(
            f"--remove-{name}", f"removed_{field}", multiple=True, help="The same, taken away."
        )(command)
        command = click.option(f"--add-{name}", f"added_{field}", multiple=True, help=said)(command)
    return command


def change(client_id: str, kinds: Collection[ClientKind], said: dict[str, Any], *, as_json: bool) -> None:
    """Change a client, if it is of these kinds, and print it as it is now."""
    if said["logo_file"] and said["no_logo"]:
        raise click.UsageError("A logo is either given or taken away.")
    logo = b"" if said["no_logo"] else said["logo_file"].read_bytes() if said["logo_file"] else None
    changes = {field: said[name] for field, name in _SAID_BY.items() if said.get(name) is not None}
    changes |= {field: timedelta(days=said[name]) for field, name in _DAYS.items() if said.get(name)}
    added, removed = (
        {field: said[f"{way}_{field}"] for field in _LISTS if said[f"{way}_{field}"]} for way in ("added", "removed")
    )  # fmt: skip
    if not changes and not added and not removed and logo is None:
        raise click.UsageError("Say what is to change; --help lists what can.")

    async def work(means: Means) -> Client:
        await shared.refuse_others(means, client_id, kinds)
        return await change_client(means, client_id, changes, added=added, removed=removed, logo=logo)

    changed: Client = carried_out(work)
    told(shared.item(changed), as_json=as_json, text=f"Changed: {changed.name}")
