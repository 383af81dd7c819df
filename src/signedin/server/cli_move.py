"""`signedin account import`, `account export` and `session import`: an existing app moves in, or out again."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, TextIO, TypeVar

import click
import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.actions.move_in import MovedIn
from signedin.actions.move_people import move_people
from signedin.actions.move_sessions import Moving, move_sessions
from signedin.actions.sign_in import Visit
from signedin.gate.user_agent import read_device, ruleset, what_it_said
from signedin.rules.account import Account, AccountId, AccountState
from signedin.rules.moving_in import Fields, Turned, Unusable, person_of, session_of
from signedin.server.cli_accounts import account, session
from signedin.server.cli_shared import carried_out, fail, json_option, many, name_if_given, told
from signedin.server.means import shared_now
from signedin.store import accounts, directory, outside

__all__ = ["account", "session"]
LONGEST_LINE, MOST_LINES, PAGE = 20_000, 1_000_000, 500
T = TypeVar("T")
Line = dict[str, str | list[str]]

file_argument = click.argument("file", type=click.File("r", encoding="utf-8-sig"))
service_option = click.option(
    "--service", callback=name_if_given, help="The app whose ids those are: the name of its service key."
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Judge every line and write nothing.")
skip_option = click.option("--skip-refused", is_flag=True, help="Write the others where lines are refused.")


@account.command("import")
@file_argument
@service_option
@dry_run_option
@skip_option
@json_option
def import_accounts(
    file: TextIO, service: str | None, *, dry_run: bool, skip_refused: bool, as_json: bool
) -> None:
    """Import people with the hashes of their passwords, one in a line of JSON, or as CSV; - is standard input.

    Who is here already stays as they are, so it may be done again. Where a line is refused nothing is written.

    Example: signedin account import people.jsonl --service shop --dry-run
    """
    moved = _moved(file, service, person_of, move_people, is_trial=dry_run, skip_refused=skip_refused)
    _tell(moved, "account", is_trial=dry_run, as_json=as_json)


@session.command("import")
@file_argument
@service_option
@dry_run_option
@skip_option
@json_option
def import_sessions(
    file: TextIO, service: str | None, *, dry_run: bool, skip_refused: bool, as_json: bool
) -> None:
    """Import living sessions of an app, one in a line of JSON, or as CSV; - is standard input.

    They go on by POST /v1/accounts/{id}/sessions with moved_from. Import the accounts first, by the same ids.

    Example: signedin session import sessions.jsonl --service shop --dry-run
    """
    moved = _moved(file, service, _moving, move_sessions, is_trial=dry_run, skip_refused=skip_refused)
    _tell(moved, "session", is_trial=dry_run, as_json=as_json)


@account.command("export")
@click.option(
    "--service", callback=name_if_given, help="Only the people whom this app knows, by its ids of them."
)
@click.option(
    "--with-hashes", is_flag=True, help="The hashes of passwords too: keep the file as safe as the database."
)
@json_option
def export_accounts(service: str | None, *, with_hashes: bool, as_json: bool) -> None:
    """Print accounts as lines of JSON that `account import` reads; with --json as one list.

    With --service they are the people of that app and nobody else; without it they are everybody, each without an id,
    and --with-hashes gives every password's hash: hand that file to no app. Closed accounts are in none.

    Example: signedin account export --service shop --with-hashes > people.jsonl
    """

    async def work(means: Means) -> list[Line]:
        after, people = 0, list[Line]()
        while page := await means.database.read(_page, after, service, with_hashes):
            people += [person for _, person in page if person]
            after = page[-1][0]
        return people

    people: list[Line] = carried_out(work)
    if service is not None and not people:
        fail(f"Nobody here is known by an id of the service {service}.")
    told(people, as_json=as_json, text="\n".join(json.dumps(each, ensure_ascii=False) for each in people))


def _page(
    conn: sa.Connection, after: int, service: str | None, with_hashes: bool
) -> list[tuple[AccountId, Line]]:
    if service is None:
        found = directory.after(conn, after, PAGE)
    else:
        found = outside.after(conn, service, after, PAGE)
    ids = outside.subjects(conn, service or "", [each.id for each in found])
    return [(each.id, _person(conn, each, ids[each.id], with_hashes=with_hashes)) for each in found]


def _person(conn: sa.Connection, each: Account, ids: tuple[str, ...], *, with_hashes: bool) -> Line:
    """What is told of somebody: nothing of a closed account, which is to be forgotten."""
    if each.state is AccountState.CLOSED:
        return {}
    said: Line = {
        "id": ids[0] if ids else "", "other_ids": list(ids[1:]), "email": each.email, "name": each.name,
        "created_at": each.created_at.isoformat(), "state": each.state.value,
        "password_hash": (accounts.password_hash(conn, each.id) or "") if with_hashes else "",
    }  # fmt: skip
    return {name: value for name, value in said.items() if value}


def _moved(file: TextIO, service: str | None, read: Any, move: Any, **how: bool) -> MovedIn:
    """Read and judge each line at the moment that it is for all servers, and move in what can be used."""

    async def work(means: Means) -> MovedIn:
        now = shared_now(means)
        judged = [
            _judged(line, said, lambda at, fields: read(at, fields, service or "", now))
            for line, said in _lines(file)
        ]
        moved: MovedIn = await move(means, judged, now, **how)
        return moved

    moved: MovedIn = carried_out(work)
    return moved


def _moving(line: int, fields: Fields, service: str, now: datetime) -> Moving:
    old = session_of(line, fields, service, now)
    device = read_device(old.user_agent, {}, old.app_name or None)
    return Moving(old, Visit(old.address, what_it_said(old.user_agent, {}), device, ruleset()))


def _judged(line: int, said: Fields | Turned, read: Any) -> Any:
    if isinstance(said, Turned):
        return said
    try:
        return read(line, said)
    except Unusable as problem:
        return problem.at(line)


def _tell(moved: MovedIn, thing: str, *, is_trial: bool, as_json: bool) -> None:
    refused = [
        {"line": each.line, "code": each.code, "field": each.field, "sentence": each.sentence}
        for each in moved.refused
    ]
    value = {"added": moved.added if moved.is_written or is_trial else 0, "already": moved.already, "refused": refused,
             "written": moved.is_written, "dry_run": is_trial}  # fmt: skip
    lines = [
        f"line {each.line}: {each.sentence} ({each.code}{', ' + each.field if each.field else ''})"
        for each in moved.refused
    ]
    counts = f"{many(moved.added, thing)} {'added' if moved.is_written else 'could be added'}, {moved.already} here already"
    lines.append(f"{counts}, {len(refused)} refused.")
    if not moved.is_written:
        lines.append("Nothing was written.")
    told(value, as_json=as_json, text="\n".join(lines))
    if refused and not moved.is_written:
        sys.exit(1)


def _lines(file: TextIO) -> Iterator[tuple[int, Fields | Turned]]:
    """Each line with its number, read as JSON or by the first line of a CSV file."""
    try:
        numbered = enumerate(_bounded(file), 1)
        first = next(((number, line) for number, line in numbered if line.strip()), None)
        if first is None:
            fail("The file is empty.")
        elif first[1].lstrip().startswith("{"):
            yield from (_of_json(number, line) for number, line in _again(first, numbered) if line.strip())
        else:
            yield from _of_csv([line for _, line in _again(first, numbered)], first[0])
    except UnicodeDecodeError:
        fail("The file is not in UTF-8.")


def _again(first: T, rest: Iterable[T]) -> Iterator[T]:
    yield first
    yield from rest


def _bounded(file: TextIO) -> Iterator[str]:
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE or number > MOST_LINES:
            fail(
                f"Line {number} is too long, or the file is: {LONGEST_LINE} characters and {MOST_LINES} lines are read."
            )
        yield line


def _of_json(number: int, line: str) -> tuple[int, Fields | Turned]:
    try:
        said = json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return number, Turned(
            number, "line_unreadable", "This line is no JSON object, or names a field twice."
        )
    return number, said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) != len(pairs):
        raise ValueError("a field comes twice")
    return said


def _of_csv(lines: list[str], first: int) -> Iterator[tuple[int, Fields | Turned]]:
    reader = csv.DictReader(lines, strict=True)
    try:
        names = list(reader.fieldnames or ())
        if len(lines) < 2 or len(set(names)) < len(names) or not all(map(str.isidentifier, names)):
            fail("The file is neither lines of JSON, nor CSV whose first line names the fields.")
        for said in reader:
            number = reader.line_num + first - 1
            if None in said or None in said.values():
                yield (
                    number,
                    Turned(number, "line_unreadable", "This line has not as many fields as the first one."),
                )
            else:
                yield number, said
    except csv.Error as problem:
        fail(f"Line {reader.line_num + first - 1} cannot be read as CSV: {problem}.")
