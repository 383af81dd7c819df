"""`signedin overview`: how much is signed in, and what happened on each of 30 days."""

from __future__ import annotations

import click

from signedin.actions.see_overview import overview_from_shell
from signedin.rules.overview import STANDING, TOTAL, Overview, Series
from signedin.rules.overview_told import overview_item, overview_table
from signedin.server.cli_shared import carried_out, json_option, told
from signedin.server.means import shared_now


@click.command()
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, a line for each number of each day.")
@json_option
def overview(*, as_csv: bool, as_json: bool) -> None:
    """Count what is signed in by app type, and tell sign-ins, refused ones, endings and flags of 30 days.

    Example: signedin overview --json
    """
    found: Overview = carried_out(lambda means: overview_from_shell(means, shared_now(means)))
    if as_csv and not as_json:
        click.echo(overview_table(found), nl=False)
        return
    told(overview_item(found), as_json=as_json, text="\n".join(_lines(found)))


def _lines(found: Overview) -> list[str]:
    lines = ["                                      today   30 days"]
    for each in found.series:
        if each.part == TOTAL or each.most:
            name = each.measure.value if each.part == TOTAL else f"  {each.part}"
            lines.append(f"{name:<32}{_latest(each):>11}{_in_all(each):>10}".rstrip())
    lines += [f"place: {each.location.label}, {each.count}" for each in found.places]
    behind = [f"process {each.about}: {each.behind} endings behind" for each in found.nodes]
    return [*lines, *behind]


def _latest(series: Series) -> str:
    return "-" if series.latest is None else str(series.latest)


def _in_all(series: Series) -> str:
    return "" if series.measure in STANDING else str(series.in_all)
