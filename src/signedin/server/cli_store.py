"""`signedin db`, `signedin secret` and `signedin verify-audit`: the store itself."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click

from signedin.actions import audit
from signedin.actions.means import Means
from signedin.actions.sign import rotate_signing as rotate_now
from signedin.api.session_items import moment
from signedin.server.cli_shared import (
    carried_out,
    fail,
    json_option,
    progress,
    said_clearly,
    settings_or_fail,
    told,
)
from signedin.server.means import database_of, mark_keyring, open_store, refuse_another_keyring, shared_now
from signedin.store import schema_version
from signedin.store.keyring import Keyring

_AT_ONCE = (
    "Rotated. Restart the servers: those that run go by the old keys for up to a minute more.\n"
    "Apps that have read /oauth/jwks before believe what the old keys signed for up to five minutes after that."
)


@click.group()
def db() -> None:
    """Bring the database forward, and ask which version it has."""


@db.command()
@json_option
def upgrade(*, as_json: bool) -> None:
    """Bring the database to this version's schema; forward only, and goes on where it was interrupted.

    When there is none it is made, and the keyring with it.

    Example: signedin db upgrade
    """
    settings = settings_or_fail()
    with said_clearly():
        database, keyring = open_store(settings)
        with closing(database):
            if database.is_there() and schema_version.current(database):
                refuse_another_keyring(database, keyring, settings.secret_file)
            version = schema_version.upgrade(database)
            refuse_another_keyring(database, keyring, settings.secret_file)
            mark_keyring(database, keyring, settings.secret_file)
    told({"version": version}, as_json=as_json, text=f"The database has version {version}.")


@db.command()
@json_option
def status(*, as_json: bool) -> None:
    """Say which version the database has, and which this code wants.

    Example: signedin db status --json
    """
    with said_clearly(), closing(database_of(settings_or_fail())) as database:
        if not database.is_there():
            fail(
                f"There is no database at {database.said}.", "Run `signedin db upgrade`, or start the server."
            )
        current, newest = schema_version.current(database), schema_version.newest()
    value = {"current": current, "newest": newest}
    told(value, as_json=as_json, text=f"The database has version {current}; this code wants {newest}.")


@click.group()
def secret() -> None:
    """The keyring, and the keys that ID tokens are signed with."""


@secret.command()
@json_option
def rotate(*, as_json: bool) -> None:
    """Add a new key; what the old ones protect stays readable.

    Example: signedin secret rotate
    """
    path = settings_or_fail().secret_file
    if not path.exists():
        fail(f"There is no keyring at {path}.", "Run `signedin db upgrade`, or restore it from your backup.")
    with said_clearly():
        ring = Keyring.load(path)
        ring.rotate()
    value = {"keys": len(ring.way_keys.keys)}
    told(value, as_json=as_json, text="Rotated. Restart the servers so that they use the new key.")


@secret.command("rotate-signing")
@click.option(
    "--at-once", is_flag=True, help="A key is known to others: what the old ones signed counts no more."
)
@json_option
def rotate_signing(*, at_once: bool, as_json: bool) -> None:
    """Make new keys to sign ID tokens with; the old ones verify until all that they signed has expired.

    Servers that run take the new ones by themselves within a minute: they are told at /oauth/jwks then, and sign ten
    minutes after they were made. With --at-once restart the servers: until then each goes by the old ones for up to a
    minute more, and whoever has read /oauth/jwks before believes in them for up to five minutes after that.

    Example: signedin secret rotate-signing
    """
    fresh = carried_out(lambda means: rotate_now(means, shared_now(means), at_once=at_once))
    value = [{"id": each.id, "algorithm": each.algorithm} for each in fresh]
    told(value, as_json=as_json, text=_AT_ONCE if at_once else "Rotated. The new keys sign in ten minutes.")


@click.command("verify-audit")
@click.option(
    "--heads",
    type=click.Path(path_type=Path),
    help="Compare with a copy of the file of journals' ends, kept elsewhere.",
)
@click.option(
    "--anchor-anew",
    is_flag=True,
    help="First take every journal to end where it ends now; after a restore by hand.",
)
@json_option
def verify_audit(heads: Path | None, *, anchor_anew: bool, as_json: bool) -> None:
    """Check that every account's history is as it was written.

    Looked at are every entry, its personal fields where they were not erased, and where each journal was seen to
    end before: that is noted in `journal-heads.jsonl` beside the keyring.

    Example: signedin verify-audit --heads /mnt/elsewhere/journal-heads.jsonl
    """

    async def work(means: Means) -> audit.Audit:
        if anchor_anew:
            await audit.anchor_anew(means, shared_now(means))
        with progress("Judging histories") as tell:
            return await audit.audit(means, heads, tell)

    found: audit.Audit = carried_out(work)
    broken = [asdict(each) for each in found.broken]
    lines = [
        f"{each.email or 'An account that has gone'}: broken at entry {each.number}" for each in found.broken
    ]
    whole = "1 history is whole" if found.histories == 1 else f"{found.histories} histories are whole"
    at = f"; their ends were anchored at {found.anchored_at:%Y-%m-%d %H:%M} UTC" if found.anchored_at else ""
    lines += [found.problem] if found.problem else []
    value = {"histories": found.histories, "broken": broken, "anchored_at": moment(found.anchored_at),
             "problem": found.problem}  # fmt: skip
    told(value, as_json=as_json, text="\n".join(lines) or f"{whole}{at}.")
    if broken or found.problem:
        sys.exit(1)
