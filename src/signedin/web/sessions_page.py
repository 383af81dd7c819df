"""Settings > Sessions: the list, and ending what should not be there."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.actions.follow import latest_number
from signedin.actions.list_sessions import account_of, list_sessions
from signedin.actions.review import recognise
from signedin.actions.revoke import find_to_revoke, log_out_all, revoke
from signedin.actions.see_rules import own_rules
from signedin.gate.credentials import CLEAR_SITE_DATA
from signedin.rules.revocation import may_manage
from signedin.rules.session import AppType
from signedin.rules.session_list import LONGEST_WORDS, Question, Row, SessionList, Sort
from signedin.web import session_view
from signedin.web.door import Ask, Door, arrival_of, now_of, respond, see_other
from signedin.web.menu import menu_counts
from signedin.web.rule_view import RuleLine, own_lines

HOME = "/settings/sessions"


@get(["/", "/settings"])
async def home(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """To the list."""
    door.signed_in(request)
    return see_other(HOME)


@get([HOME, "/settings/active-sessions"])
async def sessions_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The page, or for a script only the list of it (R3, R35, R39)."""
    _quiet_if_automatic(request)
    presence = door.signed_in(request)
    # Read before the list: what happens after it is told by the stream.
    number = await latest_number(door.means, presence.account_id)
    listed = await list_sessions(door.means, presence, now_of(request))
    partial = request.headers.get("signedin-partial") == "list"
    return await _page(request, door, "sessions_list.html" if partial else "sessions.html", listed, number)


@get(f"{HOME}/alive")
async def alive(request: Ask) -> ASGIResponse:
    """Whether this browser is still signed in, for a page that came back from the browser's memory (R42)."""
    arrival_of(request).is_quiet = True
    return respond(status=204 if arrival_of(request).presence else 401)


@get(f"{HOME}/{{row_id:str}}/revoke")
async def revoke_page(request: Ask, door: NamedDependency[Door], row_id: FromPath[str]) -> ASGIResponse:
    """The confirmation: what it is, and what happens (R47)."""
    _quiet_if_automatic(request)
    listed, row = await find_to_revoke(door.means, door.signed_in(request), row_id, now_of(request))
    view = session_view.row(listed, row, door.reader(request).speech)
    return await _dialog(request, door, "revoke", row=view)


@post(f"{HOME}/{{row_id:str}}/revoke")
async def revoke_form(request: Ask, door: NamedDependency[Door], row_id: FromPath[str]) -> ASGIResponse:
    """End it; the answer is given once it is over everywhere (R48)."""
    presence = door.signed_in(request)
    await door.form(request)
    row = await revoke(door.means, presence, row_id, now_of(request))
    return await _ended(request, door, row, kind="ended")


@post(f"{HOME}/{{row_id:str}}/not-me")
async def not_me(request: Ask, door: NamedDependency[Door], row_id: FromPath[str]) -> ASGIResponse:
    """End it at once ("This wasn't me"), then say what to do next."""
    presence = door.signed_in(request)
    await door.form(request)
    row = await revoke(door.means, presence, row_id, now_of(request))
    return await _ended(request, door, row, kind="not_me")


@post(f"{HOME}/{{row_id:str}}/recognize")
async def recognize(request: Ask, door: NamedDependency[Door], row_id: FromPath[str]) -> ASGIResponse:
    """Take what was noticed as known ("It was me"); it is not raised again."""
    presence = door.signed_in(request)
    await door.form(request)
    await recognise(door.means, presence, row_id, now_of(request))
    return _back(request, door, {"kind": "recognised"})


@get(f"{HOME}/logout-all")
async def logout_all_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The dialog that counts what ends and what stays (R57, D1)."""
    presence = door.signed_in(request)
    may_manage(presence)
    listed = await list_sessions(door.means, presence, now_of(request))
    others = request.query_params.get("except") == "current"
    view = session_view.logout_all(listed, door.reader(request).speech, others_only=others)
    return await _dialog(request, door, "logout_all", view=view)


@post(f"{HOME}/logout-all")
async def logout_all_form(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """End everything, this browser too unless it was excepted (R58, R59)."""
    presence = door.signed_in(request)
    fields = await door.form(request)
    others = fields.get("except") == "current"
    counts = await log_out_all(door.means, presence, now_of(request), except_current=others)
    notice = {
        "kind": "logged_out_others" if others else "logged_out_all", "sessions": counts.sessions_ended,
        "consents": counts.consents_ended, "keys": counts.access_keys_kept,
    }  # fmt: skip
    if others:
        return _back(request, door, notice)
    arrival_of(request).is_quiet = True
    cookies = [*door.sign_out_cookies(), door.notice_cookie(notice)]
    return see_other("/sign-in", cookies=cookies, headers=[CLEAR_SITE_DATA])


def _quiet_if_automatic(request: Ask) -> None:
    """What an open page asks for by itself is nobody's activity (D15)."""
    if "signedin-automatic" in request.headers:
        arrival_of(request).is_quiet = True


async def _page(request: Ask, door: Door, template: str, listed: SessionList, number: int) -> ASGIResponse:
    account = await account_of(door.means, door.signed_in(request))
    view = session_view.page(listed, _question(request), door.reader(request).speech, _page_number(request))
    shown: dict[str, Any] = {
        "view": view,
        "row_count": view.total,
        "key_count": listed.access_keys,
        "number": number,
        "account": account,
        "notice": door.notice(request),
        "rules": await _rules(request, door) if account.organisation_id else (),
    }
    return door.page(request, template, may_manage=door.signed_in(request).may_manage_sessions, **shown)


async def _rules(request: Ask, door: Door) -> tuple[RuleLine, ...]:
    """What the person's organisations want of the sessions here."""
    return own_lines(await own_rules(door.means, door.signed_in(request)), door.reader(request).speech)


async def _dialog(request: Ask, door: Door, name: str, **values: Any) -> ASGIResponse:
    account = await account_of(door.means, door.signed_in(request))
    partial = "signedin-partial" in request.headers
    template = f"{name}_form.html" if partial else f"confirm_{name}.html"
    return door.page(request, template, account=account, **values, **await menu_counts(request, door))


async def _ended(request: Ask, door: Door, row: Row, kind: str) -> ASGIResponse:
    name = session_view.name_of(row, door.reader(request).speech)
    if "signedin-partial" in request.headers:
        account = await account_of(door.means, door.signed_in(request))
        return door.page(request, "ended.html", account=account, kind=kind, name=name)
    return _back(request, door, {"kind": kind, "name": name})


def _back(request: Ask, door: Door, notice: dict[str, Any]) -> ASGIResponse:
    if "signedin-partial" in request.headers:
        return respond(status=204)
    return see_other(HOME, cookies=[door.notice_cookie(notice)])


def _question(request: Ask) -> Question:
    params = request.query_params
    kinds, sorts = {kind.value: kind for kind in AppType}, {sort.value: sort for sort in Sort}
    return Question(
        kinds.get(params.get("type", "")),
        params.get("place", "")[:200] or None,
        params.get("q", "")[:LONGEST_WORDS],
        sorts.get(params.get("sort", ""), Sort.GROUPS),
    )


def _page_number(request: Ask) -> int:
    text = request.query_params.get("page", "1")
    is_number = text.isascii() and text.isdigit() and len(text) <= 5
    return min(max(int(text), 1), 1000) if is_number else 1
