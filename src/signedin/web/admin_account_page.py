"""`/admin/accounts/{number}`: where an account is signed in, and ending what should not be, with a reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.actions.end_for import MOST_AT_ONCE, end_chosen, end_everything
from signedin.actions.look_at import LookedAt, look_at
from signedin.actions.stop_for import disable_for, enable_for, reveal_address
from signedin.rules import errors
from signedin.rules.account import Account
from signedin.rules.operator import Deed, may_act_on
from signedin.web.admin_page import found, frame
from signedin.web.admin_view import PEOPLE, account_view
from signedin.web.door import Ask, Door, now_of, see_other
from signedin.web.operators_page import number_of
from signedin.web.row_view import row_view
from signedin.web.rule_view import in_force_views

ONE = f"{PEOPLE}/{{person_id:str}}"
CHOSEN = "row-"
"""Before the reference of a row in the name of its tick."""
QUESTIONS = {"logout-all": Deed.END, "disable": Deed.STOP, "enable": Deed.STOP}
"""What is asked for on a page of its own, and what it needs."""


@get(ONE)
async def account_page(request: Ask, door: NamedDependency[Door], person_id: FromPath[str]) -> ASGIResponse:
    """The account, its rows as its owner sees them, and its access keys."""
    return await _page(request, door, person_id)


@post(f"{ONE}/end")
async def end_form(request: Ask, door: NamedDependency[Door], person_id: FromPath[str]) -> ASGIResponse:
    """End what is ticked: sessions, connected apps, access keys."""
    presence, number = door.signed_in(request), number_of(person_id)
    fields = await door.form(request, most=MOST_AT_ONCE + 10)
    chosen = [name.removeprefix(CHOSEN) for name in fields if name.startswith(CHOSEN)]
    reason = fields.get("reason", "")
    try:
        ended = await end_chosen(door.means, presence, number, chosen, reason, now_of(request))
    except (errors.InvalidInput, errors.SessionAlreadyEnded, errors.CannotRevokeCurrent) as refusal:
        return await _page(request, door, person_id, refusal=refusal, chosen=chosen, reason=reason)
    return _back(door, person_id, {"kind": "ended"} | asdict(ended))


@get([f"{ONE}/{question}" for question in QUESTIONS])
async def question_page(request: Ask, door: NamedDependency[Door], person_id: FromPath[str]) -> ASGIResponse:
    """What happens, and why it is done: Logout All Devices, disable, enable."""
    looked, question = await _looked(request, door, person_id), request.scope["path"].rpartition("/")[2]
    may_act_on(looked.operator, looked.account, QUESTIONS[question])
    return await _question(request, door, looked, question)


@post(f"{ONE}/logout-all")
async def logout_all_form(
    request: Ask, door: NamedDependency[Door], person_id: FromPath[str]
) -> ASGIResponse:
    """End everything, the access keys only where that is ticked too."""
    presence, number = door.signed_in(request), number_of(person_id)
    fields = await door.form(request)
    reason, keys_too = fields.get("reason", ""), "keys" in fields
    try:
        ended = await end_everything(door.means, presence, number, reason, now_of(request), keys_too=keys_too)
    except errors.InvalidInput as refusal:
        return await _question(request, door, await _looked(request, door, person_id), "logout-all", refusal)
    return _back(door, person_id, {"kind": "ended_all"} | asdict(ended))


@post(f"{ONE}/disable")
async def disable_form(request: Ask, door: NamedDependency[Door], person_id: FromPath[str]) -> ASGIResponse:
    """Disable the account."""
    return await _done(request, door, person_id, disable_for, "disable", "disabled")


@post(f"{ONE}/enable")
async def enable_form(request: Ask, door: NamedDependency[Door], person_id: FromPath[str]) -> ASGIResponse:
    """Enable it again."""
    return await _done(request, door, person_id, enable_for, "enable", "enabled")


@get(f"{ONE}/sessions/{{row_id:str}}/reveal")
async def reveal_page(
    request: Ask, door: NamedDependency[Door], person_id: FromPath[str], row_id: FromPath[str]
) -> ASGIResponse:
    """Asks why the full address is needed, before it is shown."""
    looked = await _looked(request, door, person_id)
    may_act_on(looked.operator, looked.account, Deed.REVEAL)
    return await _reveal(request, door, looked, row_id)


@post(f"{ONE}/sessions/{{row_id:str}}/reveal")
async def reveal_form(
    request: Ask, door: NamedDependency[Door], person_id: FromPath[str], row_id: FromPath[str]
) -> ASGIResponse:
    """Shows it, in this answer and nowhere else; that it was shown stands in the account's history."""
    presence, number = door.signed_in(request), number_of(person_id)
    reason, refusal, revealed = (await door.form(request)).get("reason", ""), None, None
    try:
        revealed = await reveal_address(door.means, presence, number, row_id, reason, now_of(request))
    except errors.InvalidInput as refused:
        refusal = refused
    looked = await _looked(request, door, person_id)
    return await _reveal(request, door, looked, row_id, refusal=refusal, revealed=revealed)


async def _done(
    request: Ask,
    door: Door,
    person_id: str,
    deed: Callable[..., Awaitable[Account]],
    question: str,
    kind: str,
) -> ASGIResponse:
    """What is done to the account as a whole for the reason that the form gives; without one it is asked for again."""
    presence, number = door.signed_in(request), number_of(person_id)
    reason = (await door.form(request)).get("reason", "")
    try:
        await deed(door.means, presence, number, reason, now_of(request))
    except errors.InvalidInput as refusal:
        return await _question(request, door, await _looked(request, door, person_id), question, refusal)
    return _back(door, person_id, {"kind": kind})


async def _looked(request: Ask, door: Door, person_id: str) -> LookedAt:
    return await look_at(door.means, door.signed_in(request), number_of(person_id), now_of(request))


async def _page(request: Ask, door: Door, person_id: str, **values: Any) -> ASGIResponse:
    looked = await _looked(request, door, person_id)
    text = request.query_params.get("page", "1")
    page = min(max(int(text), 1), 1000) if text.isascii() and text.isdigit() and len(text) < 5 else 1
    shown: dict[str, Any] = await frame(request, door) | {
        "view": account_view(looked, door.reader(request).speech, page),
        "organisations": looked.rules.organisations,
        "rules": in_force_views(looked.rules.in_force, door.reader(request).speech),
        "find": await found(request, door, looked.account), "chosen": [], "reason": "", "may_manage": False,
    }  # fmt: skip
    return door.page(request, "admin_account.html", **(shown | values))


async def _question(
    request: Ask, door: Door, looked: LookedAt, question: str, refusal: errors.Refused | None = None
) -> ASGIResponse:
    view = account_view(looked, door.reader(request).speech, 1)
    shown: dict[str, Any] = await frame(request, door)
    return door.page(request, "admin_question.html", question=question, view=view, refusal=refusal, **shown)


async def _reveal(request: Ask, door: Door, looked: LookedAt, row_id: str, **values: Any) -> ASGIResponse:
    row = looked.listed.find(row_id)
    if row is None:
        raise errors.NotFound
    shown: dict[str, Any] = await frame(request, door) | {"revealed": None, "refusal": None} | values
    view = account_view(looked, door.reader(request).speech, 1)
    one = row_view(looked.listed, row, door.reader(request).speech)
    return door.page(request, "admin_reveal.html", view=view, row=one, **shown)


def _back(door: Door, person_id: str, notice: dict[str, Any]) -> ASGIResponse:
    return see_other(f"{PEOPLE}/{person_id}", cookies=[door.notice_cookie(notice)])
