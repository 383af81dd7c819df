"""`signedin geo`: the file that says where an address is."""

from __future__ import annotations

import click

from signedin.server import geo as geo_file
from signedin.server.cli_shared import json_option, said_clearly, settings_or_fail, told
from signedin.server.means import utc_now
from signedin.store.places import Places


@click.group()
def geo() -> None:
    """Fetch and look at the place file."""


@geo.command()
@click.option("--accept-license", is_flag=True, help="Consent to DB-IP City Lite's licence (CC BY 4.0).")
def update(*, accept_license: bool) -> None:
    """Fetch this month's DB-IP City Lite, or last month's.

    Its licence (CC BY 4.0) asks for an attribution, which the pages then show.

    Example: signedin geo update --accept-license
    """
    target = settings_or_fail().geo_db
    with said_clearly():
        done = geo_file.update(target, geo_file.download, utc_now().date(), consent=accept_license)
    click.echo(f"Fetched {done.month} from {done.url}: {done.size} bytes, sha256 {done.sha256}.")


@geo.command()
@json_option
def status(*, as_json: bool) -> None:
    """Say which place file is in use and how old it is.

    Example: signedin geo status
    """
    value = Places(settings_or_fail().geo_db).describe()
    told(value, as_json=as_json, text="\n".join(f"{key}: {each}" for key, each in value.items()))
