"""What `signedin app` and `signedin client` share: their options, and how a client is read from them and told of."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from signedin.actions import register_client as registering
from signedin.actions.means import Means
from signedin.api.session_items import moment
from signedin.rules.client import Authentication, Client, ClientKind, GrantType
from signedin.rules.errors import NotFound
from signedin.rules.registration import USUAL
from signedin.rules.session import AppType
from signedin.server.cli_shared import carried_out, fail, told
from signedin.server.means import shared_now

_NOT_YET = datetime.fromtimestamp(0, UTC)
"""Until it is registered: then the clock counts that all servers share."""
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
name_option = click.option("--name", required=True, help="What it is called; people see it.")
description_option = click.option("--description", default="", help="What it is for, in a sentence.")
redirect_option = click.option(
    "--redirect-uri", "redirect_uris", multiple=True, help="Where a sign-in leads back to, byte for byte."
)
logout_option = click.option(
    "--post-logout-redirect-uri", "logout_uris", multiple=True,
    help="Where a sign-out that it asks for leads back to, byte for byte.",
)  # fmt: skip
back_channel_option = click.option(
    "--backchannel-logout-uri", "back_channel_uri", default="", help="Where its server hears of sign-outs."
)
sid_option = click.option(
    "--backchannel-logout-session-required", "needs_sid", is_flag=True,
    help="What it hears names the session, as its ID tokens do.",
)  # fmt: skip
scope_option = click.option("--scope", "scopes", multiple=True, help="What it may ask for at most.")
resource_option = click.option(
    "--resource",
    "resources",
    multiple=True,
    help="The address of a resource server that its tokens may be for.",
)
signed_resource_option = click.option(
    "--signed-resource", "signed_resources", multiple=True,
    help="The same of one that reads signed tokens by itself: it hears of an ending up to five minutes late.",
)  # fmt: skip
device_option = click.option(
    "--device-flow", is_flag=True, help="People may sign in by a code on another device."
)
keys_option = click.option(
    "--keys",
    "key_file",
    type=_FILE,
    help="Its public keys, as a JWK set: it signs what it sends (private_key_jwt).",
)
logo_option = click.option(
    "--logo", "logo_file", type=_FILE, help="A PNG, JPEG or WebP of up to 64 kB. Nothing is ever fetched."
)


def wanted_by(kind: ClientKind, said: dict[str, Any], *, is_public: bool) -> Client:
    """The client that the options describe, before it is judged."""
    if is_public and (said["key_file"] or said.get("method")):
        raise click.UsageError("What keeps no secret shows itself by its name alone.")
    method = said.get("method") or ("private_key_jwt" if said["key_file"] else "client_secret_basic")
    grants = {GrantType.CLIENT} if kind is ClientKind.SERVICE else {GrantType.REFRESH}
    grants |= {GrantType.CODE} if said["redirect_uris"] else set()
    grants |= {GrantType.DEVICE} if said["device_flow"] else set()
    scopes = frozenset(said["scopes"]) or (frozenset() if kind is ClientKind.SERVICE else USUAL)
    return Client(
        "", said["name"], kind, Authentication.NONE if is_public else Authentication(method), frozenset(grants),
        scopes, _NOT_YET, said["description"], redirect_uris=said["redirect_uris"],
        logout_uris=said["logout_uris"], back_channel_uri=said["back_channel_uri"], needs_sid=said["needs_sid"],
        resources=said["resources"], signed_resources=said["signed_resources"],
        keys=_keys_in(said["key_file"]),
    )  # fmt: skip


def register(wanted: Client, logo_file: Path | None, *, as_json: bool) -> None:
    """Register it, and print its id and, this once, its secret."""
    logo = logo_file.read_bytes() if logo_file else b""
    made: registering.Registered = carried_out(
        lambda means: registering.register_client(means, wanted, shared_now(means), logo=logo)
    )
    secret = {"client_secret": made.secret} if made.secret else {}
    told(item(made.client) | secret, as_json=as_json, text="\n".join([made.client.id, *secret.values()]))


def list_kinds(kinds: Collection[ClientKind], *, as_json: bool) -> None:
    """Print the clients of these kinds; never a secret."""
    found = [each for each in carried_out(registering.list_clients) if each.kind in kinds]
    text = "\n".join(map(_line, found)) or "There are none."
    told([item(each) for each in found], as_json=as_json, text=text)


def switch(client_id: str, kinds: Collection[ClientKind], *, on: bool, as_json: bool) -> None:
    """Disable or enable a client, if it is of these kinds."""

    async def work(means: Means) -> Client:
        await refuse_others(means, client_id, kinds)
        if on:
            return await registering.enable_client(means, client_id)
        return await registering.disable_client(means, client_id, shared_now(means))

    changed: Client = carried_out(work)
    told(item(changed), as_json=as_json, text=f"{'Enabled' if on else 'Disabled'}: {changed.name}")


async def refuse_others(means: Means, client_id: str, kinds: Collection[ClientKind]) -> None:
    """Refuse an id that none of these kinds has; where another kind has it, that kind's command is named.

    Raises:
        NotFound: so it is.
    """
    known = {each.id: each for each in await registering.list_clients(means)}
    it = known.get(client_id)
    if it is None:
        raise NotFound("There is no such client.", hint="List them to see their ids.")
    if it.kind not in kinds:
        whose, group = (
            ("one of your own apps", "app") if it.is_first_party else ("no app of your own", "client")
        )
        done = click.get_current_context().info_name
        raise NotFound(f"{it.name} is {whose}.", hint=f"Its command is: signedin {group} {done} {client_id}")


def item(client: Client) -> dict[str, Any]:
    """A client as programs read it: what is registered, and of its secrets by what they are told apart."""
    return {
        "client_id": client.id, "name": client.name, "description": client.description, "kind": client.kind.value,
        "type": None if client.app_type is AppType.OAUTH else client.app_type.value,
        "token_endpoint_auth_method": client.authentication.value,
        "grant_types": sorted(each.value for each in client.grant_types), "scopes": sorted(client.scopes),
        "redirect_uris": list(client.redirect_uris), "post_logout_redirect_uris": list(client.logout_uris),
        "backchannel_logout_uri": client.back_channel_uri or None,
        "backchannel_logout_session_required": client.needs_sid, "resources": list(client.resources),
        "signed_resources": list(client.signed_resources),
        "subject_type": "pairwise" if client.is_pairwise else "public",
        "id_token_signed_response_alg": client.signs_with, "verified": client.is_verified, "logo": client.logo,
        "require_pkce": client.needs_pkce, "require_pushed_authorization_requests": client.needs_pushed,
        "dpop_bound_access_tokens": client.needs_dpop, "idle_days": client.idle.days,
        "lasts_days": client.lasts.days,
        "secrets": [registering.secret_id(each) for each in client.secrets],
        "made_at": moment(client.made_at), "disabled_at": moment(client.disabled_at),
    }  # fmt: skip


def _line(client: Client) -> str:
    state = "disabled" if client.is_disabled else client.authentication.value
    return f"{client.id}  {client.name}  {client.kind.value}  {state}  {' '.join(sorted(client.scopes))}"


def _keys_in(file: Path | None) -> tuple[dict[str, Any], ...]:
    if file is None:
        return ()
    try:
        read = json.loads(file.read_text())
    except ValueError:
        read = None
    keys = read.get("keys", [read]) if isinstance(read, dict) else None
    if not isinstance(keys, list) or not all(isinstance(each, dict) for each in keys):
        fail(
            f"{file} is no JWK set.", 'It looks like {"keys": [{"kty": "EC", ...}]}, with public keys alone.'
        )
    return tuple(keys)
