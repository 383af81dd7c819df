"""`signedin db`, `signedin secret` and `signedin verify-audit`: the store itself."""

from __future__ import annotations

import sys
from contextlib import closing

import click

from signedin.actions.means import Means
from signedin.server.cli_shared import carried_out, fail, json_option, said_clearly, settings_or_fail, told
from signedin.server.means import open_store
from signedin.store import accounts, journal, schema_version
from signedin.store.database import Database
from signedin.store.keyring import Keyring


@click.group()
def db() -> None:
    """Bring the database forward, and ask which version it has."""


@db.command()
def upgrade() -> None:
    """Bring the database to this version's schema; forward only, in one transaction.

    When there is none it is made, and the keyring with it.

    Example: signedin db upgrade
    """
    settings = settings_or_fail()
    with said_clearly():
        database, _ = open_store(settings)
        with closing(database):
            version = schema_version.upgrade(database)
    click.echo(f"The database has version {version}.")


@db.command()
@json_option
def status(*, as_json: bool) -> None:
    """Say which version the database has, and which this code wants.

    Example: signedin db status --json
    """
    path = settings_or_fail().database_url
    if not path.exists():
        fail(f"There is no database at {path}.", "Run `signedin db upgrade`, or start the server.")
    with said_clearly(), closing(Database(path)) as database:
        current, newest = schema_version.current(database), schema_version.newest()
    value = {"current": current, "newest": newest}
    told(value, as_json=as_json, text=f"The database has version {current}; this code wants {newest}.")


@click.group()
def secret() -> None:
    """The keyring."""


@secret.command()
def rotate() -> None:
    """Add a new key; what the old ones protect stays readable.

    Example: signedin secret rotate
    """
    path = settings_or_fail().secret_file
    if not path.exists():
        fail(f"There is no keyring at {path}.", "Run `signedin db upgrade`, or restore it from your backup.")
    with said_clearly():
        Keyring.load(path).rotate()
    click.echo("Rotated. Restart the servers so that they use the new key.")


@click.command("verify-audit")
@json_option
def verify_audit(*, as_json: bool) -> None:
    """Check the chain of every account's history.

    Example: signedin verify-audit
    """

    async def work(means: Means) -> list[tuple[str, int | None]]:
        everyone = await means.database.read(accounts.every)
        return [(each.email, await means.database.read(journal.first_broken, each.id)) for each in everyone]

    checked: list[tuple[str, int | None]] = carried_out(work)
    broken = [{"email": email, "number": number} for email, number in checked if number is not None]
    lines = [f"{each['email']}: broken at entry {each['number']}" for each in broken]
    told(broken, as_json=as_json, text="\n".join(lines) or f"{len(checked)} histories are whole.")
    if broken:
        sys.exit(1)
