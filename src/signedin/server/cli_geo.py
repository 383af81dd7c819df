"""`signedin geo`: the file that says where an address is."""

from __future__ import annotations

from dataclasses import asdict

import click

from signedin.server import geo as geo_file
from signedin.server.cli_shared import (
    fail,
    json_option,
    on_terminal,
    progress,
    said_clearly,
    settings_or_fail,
    told,
)
from signedin.server.means import utc_now
from signedin.store.places import Places

QUESTION = (
    "DB-IP City Lite is free under CC BY 4.0, and every page that shows places will link to DB-IP. "
    "Fetch it from download.db-ip.com?"
)


@click.group()
def geo() -> None:
    """Fetch and look at the place file."""


@geo.command()
@click.option("--accept-license", is_flag=True, help="Consent to DB-IP City Lite's licence (CC BY 4.0).")
@json_option
def update(*, accept_license: bool, as_json: bool) -> None:
    """Fetch this month's DB-IP City Lite, or last month's.

    Its licence (CC BY 4.0) asks for an attribution, which the pages then show. On a terminal you are asked
    whether you accept it; elsewhere --accept-license says so.

    Example: signedin geo update --accept-license
    """
    target = settings_or_fail().geo_db
    consent = accept_license or (on_terminal() and click.confirm(QUESTION, err=True))
    if on_terminal() and not consent:
        fail("Nothing was fetched.", "SIGNEDIN_GEO_DB can name a file of your own.")
    with said_clearly(), progress("Fetching") as tell:
        done = geo_file.update(
            target, lambda url: geo_file.download(url, tell), utc_now().date(), consent=consent
        )
    told(
        asdict(done) | {"file": str(target)},
        as_json=as_json,
        text=f"Fetched {done.month} from {done.url}: {done.size} bytes, sha256 {done.sha256}.",
    )


@geo.command()
@json_option
def status(*, as_json: bool) -> None:
    """Say which place file is in use and how old it is.

    Example: signedin geo status
    """
    value = Places(settings_or_fail().geo_db).describe()
    told(value, as_json=as_json, text="\n".join(f"{key}: {each}" for key, each in value.items()))
