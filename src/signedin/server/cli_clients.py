"""`signedin client`: others' applications, which ask people for consent, and services, which act for nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from signedin.actions import register_client as registering
from signedin.rules.client import Authentication, Client, ClientKind
from signedin.rules.signing import OURS
from signedin.server import changing
from signedin.server import registering as shared
from signedin.server.cli_shared import carried_out, json_option, told

OTHERS = frozenset({ClientKind.THIRD_PARTY, ClientKind.SERVICE})
_METHODS = [each.value for each in Authentication if each is not Authentication.NONE]


@click.group()
def client() -> None:
    """Others' applications, which ask people for consent, and services, which act for nobody."""


@client.command("add")
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
@shared.logo_option
@click.option(
    "--public", is_flag=True, help="It keeps no secret: it runs in a browser, or on people's machines."
)
@click.option("--native", is_flag=True, help="Loopback and private schemes may lead back to it.")
@click.option("--service", is_flag=True, help="It acts for nobody, by client credentials.")
@click.option("--auth", "method", type=click.Choice(_METHODS), help="How it shows that it is itself.")
@click.option("--verified", is_flag=True, help="You know whose it is; people are told so.")
@click.option(
    "--without-pkce", is_flag=True, help="It cannot do PKCE, and sends a nonce; never with --public."
)
@click.option(
    "--require-par",
    is_flag=True,
    help="Only requests that it has pushed count (RFC 9126); by a key it shows itself to the issuer alone (FAPI 2.0).",
)
@click.option("--require-dpop", is_flag=True, help="Its tokens are bound to a key of its own (RFC 9449).")
@click.option(
    "--same-subject", is_flag=True, help="It knows people by the names that your own apps know them by."
)
@click.option(
    "--idle-days", type=click.IntRange(1, 400), default=30, show_default=True,
    help="After so many days without use a consent ends.",
)  # fmt: skip
@click.option(
    "--id-token-alg", "signs_with", type=click.Choice(OURS), default=OURS[0], show_default=True,
    help="What ID tokens for it are signed with.",
)  # fmt: skip
@json_option
def add(
    *, public: bool, native: bool, service: bool, logo_file: Path | None, as_json: bool, **said: Any
) -> None:
    """Register somebody's application, or a service. A secret, where it has one, is printed this once.

    Example: signedin client add --name "Tidewater Calendar" --redirect-uri https://app.example.org/callback --json

    Example: signedin client add --service --name billing --scope accounts:read --json
    """
    if service and (public or native):
        raise click.UsageError("A service keeps a secret, on a machine of its own.")
    kind = ClientKind.SERVICE if service else ClientKind.THIRD_PARTY
    wanted = replace(
        shared.wanted_by(kind, said, is_public=public), is_native=native, is_verified=said["verified"],
        needs_pkce=not said["without_pkce"], needs_pushed=said["require_par"], needs_dpop=said["require_dpop"],
        is_pairwise=not said["same_subject"], idle=timedelta(days=said["idle_days"]), signs_with=said["signs_with"],
    )  # fmt: skip
    shared.register(wanted, logo_file, as_json=as_json)


@client.command("list")
@json_option
def list_clients(*, as_json: bool) -> None:
    """List others' applications and services; never a secret.

    Example: signedin client list --json
    """
    shared.list_kinds(OTHERS, as_json=as_json)


@client.command()
@click.argument("client_id")
@changing.change_options
@changing.verified_option
@changing.idle_option
@json_option
def change(client_id: str, *, as_json: bool, **said: Any) -> None:
    """Change what somebody's application, or a service has registered.

    What people have allowed stays; what it may not any more is refused everywhere at once, also of tokens that have it.

    Example: signedin client change 7q4kWK59PFkl0JfI2yyVlbPegB --add-redirect-uri https://new.example.org/callback --verified
    """
    changing.change(client_id, OTHERS, said, as_json=as_json)


@client.command()
@click.argument("client_id")
@json_option
def disable(client_id: str, *, as_json: bool) -> None:
    """Refuse a client on every path from now on, and every token that it has.

    Example: signedin client disable 7q4kWK59PFkl0JfI2yyVlbPegB
    """
    shared.switch(client_id, OTHERS, on=False, as_json=as_json)


@client.command()
@click.argument("client_id")
@json_option
def enable(client_id: str, *, as_json: bool) -> None:
    """Let a client ask again. What it had been given before has ended; consents stand.

    Example: signedin client enable 7q4kWK59PFkl0JfI2yyVlbPegB
    """
    shared.switch(client_id, OTHERS, on=True, as_json=as_json)


@client.group()
def secret() -> None:
    """The secrets of a client, of your own applications too: two at a time, so that its servers can change over."""


@secret.command("add")
@click.argument("client_id")
@json_option
def add_secret(client_id: str, *, as_json: bool) -> None:
    """Make a client's next secret, which is printed this once; the one before goes on working.

    Example: signedin client secret add 7q4kWK59PFkl0JfI2yyVlbPegB --json
    """
    made: registering.Registered = carried_out(lambda means: registering.add_secret(means, client_id))
    told(shared.item(made.client) | {"client_secret": made.secret}, as_json=as_json, text=made.secret)


@secret.command("remove")
@click.argument("client_id")
@click.argument("secret_id")
@json_option
def remove_secret(client_id: str, secret_id: str, *, as_json: bool) -> None:
    """Take a secret away: the next call with it is refused. `client list --json` names a client's secrets.

    Example: signedin client secret remove 7q4kWK59PFkl0JfI2yyVlbPegB 1f0c44a9be21
    """
    left: Client = carried_out(lambda means: registering.remove_secret(means, client_id, secret_id))
    told(shared.item(left), as_json=as_json, text=f"Removed. {left.name} has one secret now.")
