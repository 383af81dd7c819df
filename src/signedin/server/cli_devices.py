"""`signedin devices`: what devices are called."""

from __future__ import annotations

import click

from signedin.actions.means import Means
from signedin.actions.relabel import Relabelled, relabel
from signedin.gate.user_agent import read_again, ruleset
from signedin.server.cli_shared import carried_out, json_option, many, progress, told
from signedin.server.means import shared_now


@click.group()
def devices() -> None:
    """What devices are called in the list."""


@devices.command("relabel")
@json_option
def relabel_devices(*, as_json: bool) -> None:
    """Read the names of devices anew, where an older version has read them.

    What a browser said at sign-in is kept for that; nothing else of a session changes. The server may run.

    Example: signedin devices relabel
    """

    async def work(means: Means) -> Relabelled:
        with progress("Reading names") as tell:
            return await relabel(means, read_again, ruleset(), shared_now(means), tell)

    done: Relabelled = carried_out(work)
    value = {"read": done.read, "changed": done.changed, "ruleset": ruleset()}
    told(value, as_json=as_json, text=f"Read anew: {many(done.read, 'name')}; changed: {done.changed}.")
