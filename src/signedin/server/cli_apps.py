"""`signedin app`: one's own applications. Signing in with one begins a session, and asks for no consent (D13)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from signedin.rules.client import ClientKind
from signedin.rules.session import AppType
from signedin.server import changing
from signedin.server import registering as shared
from signedin.server.cli_shared import json_option

OWN = frozenset({ClientKind.FIRST_PARTY})
OF_DEVICES = frozenset({AppType.SYNC, AppType.MOBILE})
"""Apps on people's own machines: they keep no secret, and loopback or a private scheme may lead back to them."""
_TYPES = [each.value for each in AppType if each is not AppType.OAUTH]


@click.group()
def app() -> None:
    """Your own applications: signing in with one begins a session, and asks for no consent."""


@app.command("add")
@click.option("--type", "app_type", required=True, type=click.Choice(_TYPES), help="What its sessions are.")
@shared.name_option
@shared.description_option
@shared.redirect_option
@shared.logout_option
@shared.back_channel_option
@shared.sid_option
@shared.scope_option
@shared.resource_option
@shared.signed_resource_option
@shared.device_option
@shared.keys_option
@click.option("--public", is_flag=True, help="It keeps no secret; apps of type sync and mobile never do.")
@json_option
def add(app_type: str, *, public: bool, as_json: bool, **said: Any) -> None:
    """Register one of your own applications. A secret, where it has one, is printed this once.

    Example: signedin app add --type sync --name "Example Sync" --redirect-uri http://127.0.0.1/callback --json

    Example: signedin app add --type sync --name "Headless Sync" --device-flow --json
    """
    kind = AppType(app_type)
    is_native = kind in OF_DEVICES
    wanted = shared.wanted_by(ClientKind.FIRST_PARTY, said, is_public=public or is_native)
    wanted = replace(wanted, app_type=kind, is_native=is_native, is_verified=True)
    shared.register(wanted, None, as_json=as_json)


@app.command("list")
@json_option
def list_apps(*, as_json: bool) -> None:
    """List your own applications; never a secret.

    Example: signedin app list --json
    """
    shared.list_kinds(OWN, as_json=as_json)


@app.command()
@click.argument("client_id")
@changing.change_options
@json_option
def change(client_id: str, *, as_json: bool, **said: Any) -> None:
    """Change what one of your own applications has registered.

    What people have allowed stays; what it may not any more is refused everywhere at once, also of tokens that have it.

    Example: signedin app change 7q4kWK59PFkl0JfI2yyVlbPegB --name "Example Sync 2" --remove-scope sessions:manage
    """
    changing.change(client_id, OWN, said, as_json=as_json)


@app.command()
@click.argument("client_id")
@json_option
def disable(client_id: str, *, as_json: bool) -> None:
    """Refuse an application on every path from now on, and every token that it has.

    Example: signedin app disable 7q4kWK59PFkl0JfI2yyVlbPegB
    """
    shared.switch(client_id, OWN, on=False, as_json=as_json)


@app.command()
@click.argument("client_id")
@json_option
def enable(client_id: str, *, as_json: bool) -> None:
    """Let an application sign people in again. What it had before has ended: people sign in anew.

    Example: signedin app enable 7q4kWK59PFkl0JfI2yyVlbPegB
    """
    shared.switch(client_id, OWN, on=True, as_json=as_json)
