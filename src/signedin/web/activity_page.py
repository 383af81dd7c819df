"""Settings > Activity: what happened to the account, also what an operator did to it, and why."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.follow import events_before, named_operators
from signedin.actions.list_sessions import account_of
from signedin.rules.feed import LARGEST_NUMBER
from signedin.rules.speech import Speech
from signedin.rules.wording import marked as _
from signedin.web.door import Ask, Door
from signedin.web.event_view import KINDS, days, operators_in

PATH = "/settings/activity"
PAGE = 50
_LABELS = {
    "": _("All"), "in": _("Sign-ins"), "ended": _("Ended"), "fail": _("Failed"), "consent": _("Connected apps"),
    "key": _("Access keys"),
}  # fmt: skip


@get(PATH)
async def activity_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The last things that happened, or those before an entry."""
    presence, speech = door.signed_in(request), door.reader(request).speech
    chosen = request.query_params.get("kind", "")
    chosen = chosen if chosen in KINDS else ""
    before = _number(request.query_params.get("before", ""))
    kinds = KINDS.get(chosen, frozenset())
    found = await events_before(door.means, presence.account_id, before, PAGE + 1, kinds)
    shown = found[:PAGE]
    names = await named_operators(door.means, operators_in([each.event for each in shown]))
    asked = f"kind={chosen}&" if chosen else ""
    more = f"{PATH}?{asked}before={shown[-1].number}" if len(found) > PAGE else ""
    return door.page(
        request, "activity.html", account=await account_of(door.means, presence), days=days(shown, speech, names),
        kinds=_kinds(speech), chosen=chosen, more_link=more,
    )  # fmt: skip


def _kinds(speech: Speech) -> list[tuple[str, str]]:
    return [(kind, speech.say(label)) for kind, label in _LABELS.items()]


def _number(text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_NUMBER))
    return min(int(text), LARGEST_NUMBER) if is_number else None
