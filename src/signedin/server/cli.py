"""The command `signedin`: every deed of an operator, each with an example in its help."""

from __future__ import annotations

import sys
from dataclasses import replace

import click

from signedin import __version__
from signedin.server import (
    cli_apps,
    cli_backup,
    cli_clients,
    cli_devices,
    cli_endings,
    cli_geo,
    cli_keys,
    cli_move,
    cli_operators,
    cli_organisations,
    cli_overview,
    cli_store,
)
from signedin.server.cli_shared import (
    carried_out,
    json_option,
    only_text,
    said_clearly,
    settings_or_fail,
    told,
)
from signedin.server.logs import configure_logs
from signedin.server.settings import knobs

PARTS: dict[str, click.Command] = {
    "account": cli_move.account,
    "session": cli_move.session,
    "operator": cli_operators.operator,
    "organisation": cli_organisations.organisation,
    "ending": cli_endings.ending,
    "overview": cli_overview.overview,
    "app": cli_apps.app,
    "client": cli_clients.client,
    "key": cli_keys.key,
    "devices": cli_devices.devices,
    "geo": cli_geo.geo,
    "db": cli_store.db,
    "backup": cli_backup.backup,
    "restore": cli_backup.restore,
    "secret": cli_store.secret,
    "verify-audit": cli_store.verify_audit,
}

host_option = click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
port_option = click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True,
    help="The port to listen on; 0 is any free one.",
)  # fmt: skip


@click.group(commands=PARTS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="signedin")
def main() -> None:
    """Signedin shows people where their account is signed in, and ends what should not be.

    What is printed is for people, with --json for programs; the log goes to standard error. The status is 0 when
    all went well, 1 when something was refused or is wrong, 2 when the command was not understood.
    """
    configure_logs()
    only_text(main)  # before what follows is read


@main.command()
@host_option
@port_option
@click.option(
    "--workers", type=click.IntRange(1, 999), help="How many processes answer; also SIGNEDIN_WORKERS."
)
def serve(host: str, port: int, workers: int | None) -> None:
    """Serve the pages and the API.

    Example: signedin serve --host 127.0.0.1 --port 8000
    """
    from signedin.server.serving import serve_forever

    with said_clearly():
        settings = settings_or_fail()
        serve_forever(replace(settings, workers=workers or settings.workers), host, port)


@main.command()
@host_option
@port_option
def demo(host: str, port: int) -> None:
    """Serve a believable account on a database of its own, and print how to sign in.

    Example: signedin demo --port 8000
    """
    from signedin.server.demo import serve_demo

    with said_clearly():
        serve_demo(settings_or_fail(), host, port)


@main.command("settings")
@json_option
def show_settings(*, as_json: bool) -> None:
    """Print every setting, the value in force and where that came from.

    Example: signedin settings --json
    """
    rows = [
        {"name": variable, "value": value, "source": source, "sentence": sentence}
        for variable, sentence, value, source in knobs(settings_or_fail())
    ]
    lines = [f"{row['name']} = {row['value']}  [{row['source']}]\n    {row['sentence']}" for row in rows]
    told(rows, as_json=as_json, text="\n".join(lines))


@main.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Look for what usually goes wrong, and say what to do.

    Example: signedin doctor
    """
    from signedin.server.doctor import examine

    findings = examine(settings_or_fail())
    marks = {"good": "ok  ", "look": "LOOK", "bad": "BAD "}
    lines = [
        f"{marks[f.verdict]}  {f.subject}: {f.sentence}" + (f"\n      {f.what_to_do}" if f.what_to_do else "")
        for f in findings
    ]
    told([f.as_dict() for f in findings], as_json=as_json, text="\n".join(lines))
    if any(f.verdict == "bad" for f in findings):
        sys.exit(1)


@main.command()
@json_option
def sweep(*, as_json: bool) -> None:
    """Move what has expired out of the live tables; the server does the same by itself.

    Example: signedin sweep
    """
    from signedin.actions.sweep import sweep as sweep_now
    from signedin.server.means import shared_now

    swept = carried_out(lambda means: sweep_now(means, shared_now(means)))
    value = {"expired": swept.expired, "tidied": swept.tidied, "forgotten": swept.tombstones_forgotten}
    told(value, as_json=as_json, text=", ".join(f"{count} {word}" for word, count in value.items()))
