"""`signedin ending`: ending for many at once; what is shown first is what ends."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from signedin.actions.end_many import (
    begin_from_shell,
    find_from_shell,
    many_from_shell,
    resume_from_shell,
    stop_from_shell,
)
from signedin.actions.go_on_ending import go_on
from signedin.actions.means import Means
from signedin.actions.preview_many import count_on_from_shell, preview_from_shell
from signedin.api.bulk_items import ending_item, preview_item
from signedin.rules.bulk import HowMany, Wanted
from signedin.rules.bulk_job import BulkEnding, Preview, State
from signedin.rules.session import AppType
from signedin.server.cli_shared import carried_out, fail, json_option, many, progress, told
from signedin.server.means import shared_now

_LISTED = 50
LOOKS_AGAIN_AFTER = 0.5
"""Seconds until it is looked again how far a server is with one."""
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])
leaves_it = click.option("--leave", is_flag=True, help="Return at once; the servers go on with it.")


@click.group()
def ending() -> None:
    """End sessions of many people at once: look first, then begin what was shown, with a reason."""


@ending.command("preview")
@click.option(
    "--app-type",
    "app_types",
    multiple=True,
    type=click.Choice([each.value for each in AppType]),
    help="Only of this app type; may be said several times.",
)
@click.option(
    "--client", "client_id", default="", help="Only what this client or app was given, by its client id."
)
@click.option("--unused-since", type=_MOMENT, help="Only what was last used before this day or moment (UTC).")
@click.option("--begun-before", type=_MOMENT, help="Only what began before this day or moment (UTC).")
@click.option(
    "--network",
    default="",
    help="Only what was last used or signed in from there: 203.0.113.0/24, 2001:db8::/32.",
)
@click.option("--everyone", is_flag=True, help="Everyone's, instead of a condition.")
@click.option("--access-keys", is_flag=True, help="The access keys too.")
@json_option  # fmt: skip
def preview(app_types: tuple[str, ...], *, as_json: bool, **said: Any) -> None:
    """Show what would end: how much, of how many people, and a few of the rows. Nothing ends by it.

    Example: signedin ending preview --app-type sync --unused-since 2026-08-01 --json
    """
    said |= {name: _utc(said[name]) for name in ("unused_since", "begun_before")}
    wanted = Wanted(frozenset(map(AppType, app_types)), **said)

    async def work(means: Means) -> Preview:
        shown = await preview_from_shell(means, wanted, shared_now(means))
        while not shown.counted.is_complete:
            shown = await count_on_from_shell(means, shown.sealed, shared_now(means))
        return shown

    shown: Preview = carried_out(work)
    lines = [f"  {each.called}: {each.row.app_type.value}, {_what(each.row)}" for each in shown.sample]
    text = [
        f"Would end: {_said(shown.counted.many)}.", *lines, "To begin exactly this, within an hour:",
        f'  signedin ending begin {shown.sealed} --reason "..."',
    ]  # fmt: skip
    told(preview_item(shown), as_json=as_json, text="\n".join(text))


@ending.command("begin")
@click.argument("shown")
@click.option(
    "--reason", required=True, help="Why; the owner of each account reads it (Settings > Activity)."
)
@leaves_it
@json_option
def begin(shown: str, reason: str, *, leave: bool, as_json: bool) -> None:
    """Begin what a preview has shown, and go on with it to the end. Begun again it is the same one.

    Example: signedin ending begin PREVIEW --reason "Sync 3.1 is withdrawn"
    """
    _gone_on(
        lambda means: begin_from_shell(means, shown, reason, shared_now(means)), leave=leave, as_json=as_json
    )


@ending.command("resume")
@click.argument("ending_id")
@leaves_it
@json_option
def resume(ending_id: str, *, leave: bool, as_json: bool) -> None:
    """Let one that was stopped go on, to the end.

    Example: signedin ending resume 5d0c7f0b9a3e4c1f8a2b6d17
    """
    _gone_on(
        lambda means: resume_from_shell(means, ending_id, shared_now(means)), leave=leave, as_json=as_json
    )


@ending.command("stop")
@click.argument("ending_id")
@json_option
def stop(ending_id: str, *, as_json: bool) -> None:
    """Stop one: nothing more ends, until it is resumed.

    Example: signedin ending stop 5d0c7f0b9a3e4c1f8a2b6d17
    """
    _shown(carried_out(lambda means: stop_from_shell(means, ending_id, shared_now(means))), as_json=as_json)


@ending.command("show")
@click.argument("ending_id")
@json_option
def show(ending_id: str, *, as_json: bool) -> None:
    """Show how far one is.

    Example: signedin ending show 5d0c7f0b9a3e4c1f8a2b6d17 --json
    """
    _shown(carried_out(lambda means: find_from_shell(means, ending_id)), as_json=as_json)


@ending.command("list")
@json_option
def list_all(*, as_json: bool) -> None:
    """List the last ones, the newest first.

    Example: signedin ending list
    """
    found: list[BulkEnding] = carried_out(lambda means: many_from_shell(means, _LISTED))
    lines = [_line(each) for each in found] or ["There were none."]
    told([ending_item(each) for each in found], as_json=as_json, text="\n".join(lines))


def _gone_on(begin_it: Callable[[Means], Any], *, leave: bool, as_json: bool) -> None:
    """Begin or resume one and see it through: here, or where a server goes on with it."""
    under_way: list[str] = []

    async def work(means: Means) -> BulkEnding:
        begun: BulkEnding = await begin_it(means)
        under_way.append(begun.id)
        return begun if leave else await _seen_through(means, begun)

    try:
        _shown(carried_out(work), as_json=as_json)
    except KeyboardInterrupt:
        if not under_way:
            raise
        fail(
            "It is not over, and servers that run go on with it. What has ended has ended.",
            f"Stop it with: signedin ending stop {under_way[0]}\n"
            f"Go on here with: signedin ending resume {under_way[0]}",
        )


async def _seen_through(means: Means, begun: BulkEnding) -> BulkEnding:
    """Go on with it until it is over or stopped; while a server does that, look how far it is."""
    with progress("Ending") as tell:

        def ended(so_far: HowMany) -> None:
            tell(so_far.total, begun.found.total)

        who, now = secrets.token_hex(12), begun
        while now.state is State.RUNNING:
            if not await go_on(means, begun.id, who, lambda: shared_now(means), ended):
                await asyncio.sleep(LOOKS_AGAIN_AFTER)
            now = await find_from_shell(means, begun.id)
            ended(now.ended)
    return now


def _shown(one: BulkEnding, *, as_json: bool) -> None:
    told(ending_item(one), as_json=as_json, text=_line(one))


def _line(one: BulkEnding) -> str:
    return f"{one.id}  {one.state.value}  {one.percent} %  {_said(one.ended)} of {_said(one.found)}  {one.reason}"


def _said(number: HowMany) -> str:
    parts = [many(number.sessions, "session"), many(number.consents, "connected app")]
    parts += [many(number.access_keys, "access key")] if number.access_keys else []
    return f"{', '.join(parts)} of {'1 person' if number.people == 1 else f'{number.people} people'}"


def _what(row: Any) -> str:
    return getattr(row, "client_name", "") or str(row.device.name)


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC)
