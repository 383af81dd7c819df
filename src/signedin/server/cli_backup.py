"""`signedin backup` and `signedin restore`: a copy of the database, and a copy put in its place."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from signedin.actions import audit
from signedin.actions.means import Means
from signedin.actions.restore import Restored, end_what_may_have_ended
from signedin.rules.errors import DatabaseProblem
from signedin.server.cli_accounts import account
from signedin.server.cli_shared import (
    carried_out,
    confirmed,
    fail,
    json_option,
    many,
    progress,
    said_clearly,
    settings_or_fail,
    told,
)
from signedin.server.doctor_leases import refuse_while_served
from signedin.server.means import refuse_another_keyring, shared_now, utc_now
from signedin.server.settings import Settings
from signedin.store import copies, journal, schema_version
from signedin.store.anchors import Anchors, AnchorsById, AnchorsProblem
from signedin.store.company import nobody_serves
from signedin.store.keyring import Keyring
from signedin.store.sqlite import SqliteDatabase


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def backup(file: Path, *, as_json: bool) -> None:
    """Copy the database to FILE, as it is at one moment; the server may run.

    The copy holds who is signed in, but no secret that signs in. It does not hold the keyring, without which it
    cannot be restored, nor the settings, the place file, letters in a folder and the journals' ends: keep the
    keyring apart from it.

    Example: signedin backup /mnt/backup/signedin-2026-11-24.db
    """
    settings = settings_or_fail()
    path = _file_of(settings, "pg_dump")
    if not path.exists():
        fail(f"There is no database at {path}.")
    with said_clearly(), progress("Copying") as tell, closing(SqliteDatabase(path)) as database:
        schema_version.refuse_newer(database)
        version, size = schema_version.current(database), copies.back_up(database, file, tell)
    missing = {
        "keyring": str(settings.secret_file),
        "places": str(settings.geo_db),
        "mail": str(settings.mail_dir),
    }
    text = (
        f"Copied to {file}: {size} bytes.\n"
        f"It does not hold the keyring, {settings.secret_file}: keep a copy of that too, apart from this one."
    )
    told(
        {"file": str(file), "bytes": size, "version": version, "not_in_it": missing},
        as_json=as_json,
        text=text,
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--keep-access-keys", is_flag=True, help="Keep access keys, also those that were revoked since."
)
@json_option
def restore(file: Path, *, yes: bool, keep_access_keys: bool, as_json: bool) -> None:
    """Put the backup FILE in the place of the database; the server has to be stopped.

    Nothing that was ended comes back: everything that was signed in at the backup ends, known browsers,
    invitations and waiting letters are forgotten, and access keys are removed, for they may have been revoked
    since. Passwords, names and which accounts are disabled are as they were at the backup. What was there before
    is kept beside it.

    Example: signedin restore /mnt/backup/signedin-2026-11-24.db --yes
    """
    settings = settings_or_fail()
    path = _file_of(settings, "pg_restore, then `signedin account end-all`")
    if not settings.secret_file.exists():
        fail(f"There is no keyring at {settings.secret_file}.", "Restore it first, from where you keep it.")
    question = f"Put {file} in the place of {path}, and end everything that is signed in?"
    if not (yes or confirmed(question, "Say so by --yes.")):
        fail("Nothing was changed.")
    with said_clearly():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with nobody_serves(path):
            found, kept = _put_in_place(settings, path, file, keep_keys=keep_access_keys)
            carried_out(lambda means: audit.anchor_anew(means, shared_now(means)))
    value = asdict(found) | {"file": str(file), "kept": str(kept) if kept else None}
    told(value, as_json=as_json, text="\n".join(_said(value)))


@account.command("end-all")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--keep-access-keys", is_flag=True, help="Keep access keys, also those that were revoked since."
)
@json_option
def end_everything(*, yes: bool, keep_access_keys: bool, as_json: bool) -> None:
    """End everything of everybody, after a restore on PostgreSQL; the servers have to be stopped.

    What was ended after the backup is back with it, so everything that is signed in ends, known browsers,
    invitations and waiting letters are forgotten, and access keys are removed. It is what `signedin restore` does
    by itself where the database is a file.

    Example: signedin account end-all --yes
    """
    if isinstance(settings_or_fail().database_url, Path):
        fail("This command is for PostgreSQL.", "Where the database is a file, `signedin restore` does it.")
    if not (yes or confirmed("End everything that anybody has signed in?", "Say so by --yes.")):
        fail("Nothing was changed.")

    async def work(means: Means) -> Restored:
        refuse_while_served(means.database)
        noted = _anchored(means.keyring)
        with progress("Ending what was signed in") as tell:
            found = end_what_may_have_ended(
                means.database, noted, shared_now(means), keep_keys=keep_access_keys, tell=tell
            )
        await audit.anchor_anew(means, shared_now(means))
        return found

    value = asdict(carried_out(work)) | {"kept": None}
    told(value, as_json=as_json, text="\n".join(_said(value)))


def _file_of(settings: Settings, instead: str) -> Path:
    if not isinstance(settings.database_url, Path):
        fail("This command is for a SQLite file.", f"On PostgreSQL use its own tools: {instead}.")
    return settings.database_url


def _put_in_place(
    settings: Settings, path: Path, file: Path, *, keep_keys: bool
) -> tuple[Restored, Path | None]:
    keyring = Keyring.load(settings.secret_file)
    with copies.unpacked(file, path) as copy:
        with closing(SqliteDatabase(copy)) as database, progress("Ending what was signed in") as tell:
            journal.keyed_by(database.engine, keyring.mac)
            if schema_version.current(database) is None:
                raise DatabaseProblem(f"{file} is not a Signedin database.")
            schema_version.upgrade(database)
            refuse_another_keyring(database, keyring, settings.secret_file)
            found = end_what_may_have_ended(
                database, _anchored(keyring), utc_now(), keep_keys=keep_keys, tell=tell
            )
        return found, copies.put_in_place(copy, path, utc_now())


def _anchored(keyring: Keyring) -> AnchorsById:
    try:
        noted = Anchors(keyring).read()
    except AnchorsProblem:  # it is begun anew in any case
        return {}
    return noted.anchors if noted else {}


def _said(value: dict[str, Any]) -> list[str]:
    lines = [f"{many(value['accounts'], 'account')}. Everybody has to sign in again."]
    if "file" in value:
        lines[0] = f"Restored from {value['file']}: {lines[0]}"
    if value["access_keys_ended"]:
        removed = many(value["access_keys_ended"], "access key")
        lines.append(f"Removed: {removed}, for one that was revoked since would be back.")
    lines.append("Passwords, names and which accounts are disabled are as they were at the backup.")
    if value["went_on"]:
        lines.append("Look at these, for something happened to them since: " + ", ".join(value["went_on"]))
    if value["kept"]:
        lines.append(f"What was there before is kept as {value['kept']}; delete it when it is not needed.")
    return lines
