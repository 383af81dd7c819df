"""What the pages about endings for many show: what is meant in words, how much of it, and a few of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from signedin.rules.bulk import HowMany, Wanted, Which
from signedin.rules.bulk_job import BulkEnding, Sample, State
from signedin.rules.consent import Consent
from signedin.rules.errors import InvalidInput
from signedin.rules.location import HIDDEN
from signedin.rules.session import AppType
from signedin.rules.speech import Speech
from signedin.rules.tally import ended_said
from signedin.rules.wording import marked as _
from signedin.web.admin_view import PEOPLE

TYPE_NAMES: Mapping[AppType, str] = {
    AppType.WEB: _("Web"), AppType.ADMIN: _("Admin"), AppType.SYNC: _("Sync"), AppType.MOBILE: _("Mobile"),
    AppType.OAUTH: _("OAuth"),
}  # fmt: skip
STATE_NAMES: Mapping[State, str] = {
    State.RUNNING: _("Going on"), State.STOPPED: _("Stopped"), State.FINISHED: _("Finished"),
}  # fmt: skip
MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class SampleView:
    """One of the rows that would end."""

    link: str
    called: str
    what: str
    kind: str
    prefix: str
    is_hidden: bool
    last: str
    exact: str
    machine: str


@dataclass(frozen=True, slots=True)
class EndingView:
    """An ending for many for the template: what is meant, how much of it is over, and by whom and why."""

    link: str
    id: str
    said: tuple[str, ...]
    state: str
    state_said: str
    percent: int
    found: str
    ended: str
    people: int
    by_type: tuple[tuple[str, int], ...]
    by: str
    reason: str
    begun: str
    began_at: str
    moved: str
    finished: str
    waits_until: str
    is_less: bool


def wanted_from(fields: Mapping[str, str], now: datetime) -> Wanted:
    """What the form asks for.

    Raises:
        InvalidInput: a number of days is none.
    """
    return Wanted(
        frozenset(each for each in AppType if each.value in fields), fields.get("client", ""),
        _days_before(fields, "unused", now), _days_before(fields, "begun", now), fields.get("network", ""),
        "everyone" in fields, "keys" in fields, "own" in fields,
    )  # fmt: skip


def _days_before(fields: Mapping[str, str], name: str, now: datetime) -> datetime | None:
    text = fields.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MOST_DAYS):
        raise InvalidInput(
            _("This is no number of days."), field=name, hint=_("Write a whole number, from 1 on.")
        )
    return now - timedelta(days=int(text))


def which_said(which: Which, client: str, speech: Speech) -> tuple[str, ...]:
    """What is meant, each condition in a sentence; `client` is what the app is called."""
    said = [speech.say("Everyone’s sessions and connected apps.")] if which.is_everyone else []
    if which.app_types:
        names = speech.joined(speech.say(TYPE_NAMES[each]) for each in AppType if each in which.app_types)
        said.append(speech.say("Of the app type {types}.", types=names))
    if which.client_id:
        said.append(speech.say("Given to {app}.", app=client or which.client_id))
    if which.unused_since is not None:
        said.append(speech.say("Last used before {moment}.", moment=speech.exact(which.unused_since)))
    if which.begun_before is not None:
        said.append(speech.say("Begun before {moment}.", moment=speech.exact(which.begun_before)))
    if which.network:
        said.append(speech.say("Last used or signed in from {network}.", network=which.network))
    said.append(speech.say("Access keys too.") if which.access_keys else speech.say("Access keys stay."))
    if which.spared:
        said.append(speech.say("The session that you use at this console is spared."))
    said.append(speech.say("What began after {moment} stays.", moment=speech.exact(which.until)))
    return tuple(said)


def how_many_said(many: HowMany, speech: Speech) -> str:
    """Say "57 sessions of 41 people"."""
    what = ended_said(many.sessions, many.consents, speech, many.access_keys)
    return speech.count("{what} of {n} person", "{what} of {n} people", many.people, what=what)


def by_type(many: HowMany, speech: Speech) -> tuple[tuple[str, int], ...]:
    """How many of each app type, and how many access keys; only what there is."""
    rows = [(speech.say(TYPE_NAMES[each]), many.by_type[each.value]) for each in AppType]
    return tuple(row for row in (*rows, (speech.say("Access keys"), many.access_keys)) if row[1])


def sample_view(each: Sample, speech: Speech) -> SampleView:
    """One of the rows."""
    row = each.row
    masked = speech.address(row.last_from.masked_ip) if row.last_from else ""
    last = row.last_at or row.consented_at if isinstance(row, Consent) else row.last_at
    what = row.client_name if isinstance(row, Consent) else speech.device(row.device.name)
    return SampleView(
        f"{PEOPLE}/{each.account_id}", each.called, what, speech.say(TYPE_NAMES[row.app_type]),
        masked.removesuffix(HIDDEN), masked.endswith(HIDDEN), speech.ago(last), speech.exact(last), speech.machine(last),
    )  # fmt: skip


def ending_view(ending: BulkEnding, path: str, client: str, speech: Speech) -> EndingView:
    """One ending for many."""
    finished = ending.finished_at
    return EndingView(
        link=f"{path}/{ending.id}", id=ending.id, said=which_said(ending.which, client, speech), state=ending.state.value,
        state_said=speech.say(STATE_NAMES[ending.state]), percent=ending.percent,
        found=how_many_said(ending.found, speech), ended=how_many_said(ending.ended, speech),
        people=ending.ended.people, by_type=by_type(ending.ended, speech), by=ending.begun_by_name,
        reason=ending.reason, begun=speech.exact(ending.begun_at), began_at=speech.machine(ending.begun_at),
        moved=speech.clock(ending.moved_at), finished=speech.exact(finished) if finished else "",
        waits_until=speech.clock(ending.waits_until) if ending.waits_until else "",
        is_less=bool(finished) and ending.ended.total < ending.found.total,
    )  # fmt: skip
