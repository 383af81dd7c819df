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
            return asyncio.run(_done(means, work))
        finally:
            close_means(means)


async def _done(means: Any, work: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    try:
        return await work(means)
    finally:
        if means.lines is not None:
            await means.lines.close()


@contextmanager
def said_clearly() -> Iterator[None]:
    """Whatever is refused meanwhile becomes one sentence and status 1."""
    try:
        yield
    except Refused as refusal:
        fail(refusal.sentence, refusal.hint)
    except (KeyringProblem, AnchorsProblem) as problem:
        fail(str(problem))
    except OSError as error:
        fail(f"{error.filename or 'The system'}: {error.strerror}.", "Check that it exists, and its rights.")


class Text(click.types.StringParamType):
    """Text as people write it: what a shell hands on that is not UTF-8 names nothing, and no database takes it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text.

        Raises:
            click.BadParameter: it is not UTF-8.
        """
        text = str(super().convert(value, param, ctx))
        try:
            text.encode()
        except UnicodeEncodeError:
            self.fail("It is not UTF-8 text.", param, ctx)
        return text


def only_text(command: click.Command) -> None:
    """Let a command, and all under it, take text as `Text`; files keep whatever names they have."""
    for param in command.params:
        if param.type is click.STRING:
            param.type = Text()
    if isinstance(command, click.Group):
        for each in command.commands.values():
            only_text(each)


def name_if_given(_context: click.Context, _option: click.Parameter, name: str | None) -> str | None:
    """The name in an option, or `None` where it is not there; of an empty one (a variable that is not set, say) nothing is done."""
    if name is not None and not name.strip():
        raise click.BadParameter("It is empty. Name it, or leave the option out.")
    return name


def many(count: int, thing: str) -> str:
    """So many things.

    >>> many(1, "account"), many(2, "account")
    ('1 account', '2 accounts')
    """
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def on_terminal() -> bool:
    """Whether a person sits there who can be asked and shown how far it is."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirmed(question: str, otherwise: str) -> bool:
    """Ask a person on a terminal; where nobody sits, say which option says yes, and stop with status 1."""
    if not on_terminal():
        fail(f"This needs a yes: {question}", otherwise)
    return click.confirm(question, err=True)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far it is, on a terminal only; the function it gives is told how much of how much is done."""
    with click.progressbar(length=1, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def tell(done: int, total: int) -> None:
            bar.length = max(total, done, 1)
            bar.update(done - bar.pos)

        yield tell


def told(value: Any, *, as_json: bool, text: str) -> None:
    """Print a result, for people or for programs; what in the name of a file is not UTF-8 is told by escapes."""
    said = json.dumps(value, ensure_ascii=False, indent=2) if as_json else text
    click.echo(said.encode(errors="backslashreplace").decode())
