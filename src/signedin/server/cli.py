"""The command `signedin`: every deed of an operator, each with an example in its help."""

from __future__ import annotations

import sys
from dataclasses import replace

import click

from signedin import __version__
from signedin.server import cli_accounts, cli_geo, cli_store
from signedin.server.cli_shared import carried_out, json_option, said_clearly, settings_or_fail, told
from signedin.server.settings import Settings, knobs

PARTS: dict[str, click.Command] = {
    "account": cli_accounts.account,
    "session": cli_accounts.session,
    "geo": cli_geo.geo,
    "db": cli_store.db,
    "secret": cli_store.secret,
    "verify-audit": cli_store.verify_audit,
}


@click.group(commands=PARTS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="signedin")
def main() -> None:
    """Signedin shows people where their account is signed in, and ends what should not be."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="The port to listen on."
)
def serve(host: str, port: int) -> None:
    """Serve the pages and the API.

    Example: signedin serve --host 127.0.0.1 --port 8000
    """
    from signedin.server.serving import serve_forever

    with said_clearly():
        serve_forever(with_port(settings_or_fail(), port), host, port)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="The port to listen on."
)
def demo(host: str, port: int) -> None:
    """Serve a believable account on a database of its own, and print how to sign in.

    Example: signedin demo --port 8000
    """
    from signedin.server.demo import serve_demo

    with said_clearly():
        serve_demo(with_port(settings_or_fail(), port), host, port)


def with_port(settings: Settings, port: int) -> Settings:
    """On this machine alone the address people use follows the port, unless it was set."""
    if "base_url" in settings.sources:
        return settings
    return replace(settings, base_url=f"http://localhost:{port}")


@main.command("settings")
@json_option
def show_settings(*, as_json: bool) -> None:
    """Print every setting, its value and where it came from.

    Example: signedin settings --json
    """
    settings = settings_or_fail()
    rows = []
    for variable, sentence, _ in knobs():
        name = variable.removeprefix("SIGNEDIN_").lower()
        value = "(set)" if name == "smtp_url" and settings.smtp_url else str(getattr(settings, name))
        source = settings.sources.get(name, "default")
        rows.append({"name": variable, "value": value, "source": source, "sentence": sentence})
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
    from signedin.server.means import utc_now

    swept = carried_out(lambda means: sweep_now(means, utc_now()))
    value = {"expired": swept.expired, "tidied": swept.tidied, "forgotten": swept.tombstones_forgotten}
    told(value, as_json=as_json, text=", ".join(f"{count} {word}" for word, count in value.items()))
