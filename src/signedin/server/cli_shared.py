"""What the parts of the command line share: settings, the open store, how a result is told."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from signedin.rules.errors import Refused
from signedin.server.settings import Settings, SettingsProblem, load
from signedin.store.anchors import AnchorsProblem
from signedin.store.keyring import KeyringProblem

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def fail(sentence: str, hint: str = "") -> NoReturn:
    """Say what is wrong and what to do, and stop with status 1."""
    click.echo(sentence, err=True)
    if hint:
        click.echo(hint, err=True)
    sys.exit(1)


def settings_or_fail() -> Settings:
    """The settings, or every problem with them at once."""
    try:
        return load()
    except SettingsProblem as problem:
        fail("The settings cannot be used:", "\n".join(f"  {line}" for line in problem.problems))


def carried_out(work: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    """Open the store, do the work, close the store; a refusal becomes one sentence and status 1."""
    from signedin.server.means import close_means, open_means  # heavy: only where the store is needed

    with said_clearly():
        means = open_means(settings_or_fail(), upgrade=False)
        try:
            return asyncio.run(work(means))
        finally:
            close_means(means)


@contextmanager
def said_clearly() -> Iterator[None]:
    """Whatever is refused meanwhile becomes one sentence and status 1."""
    try:
        yield
    except Refused as refusal:
        fail(refusal.sentence, refusal.hint)
    except (KeyringProblem, AnchorsProblem) as problem:
        fail(str(problem))


def told(value: Any, *, as_json: bool, text: str) -> None:
    """Print a result, for people or for programs."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2) if as_json else text)
