"""Settings > Access keys: the keys there are, a new one, and ending one. Sessions are elsewhere, and so is their end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.actions.issue_key import issue_key
from signedin.actions.list_keys import list_keys
from signedin.actions.list_sessions import account_of
from signedin.actions.once import name_of_next_key
from signedin.actions.revoke_key import find_key, revoke_key
from signedin.rules import errors
from signedin.rules.access_key import Wish
from signedin.rules.once import MadeAlready
from signedin.rules.scope import PERSONAL
from signedin.rules.step_up import is_fresh
from signedin.rules.vouching import BackToApp
from signedin.web.door import Ask, Door, now_of, see_other
from signedin.web.key_view import LIFETIMES, choices, key_view
from signedin.web.menu import menu_counts

HOME = "/settings/access-keys"
USUAL = {"expires": "90", "account:read": "1"}
"""How the form stands before anybody has touched it."""


@get(HOME)
async def keys_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The keys, each with its last use, and the form for a new one."""
    door.signed_in(request)
    return await _page(request, door, USUAL)


@post(HOME)
async def issue_form(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Issue a key and show its secret, which is in this answer and nowhere else; nobody keeps a page of ours.

    Loading that page anew sends the form again, which makes no second key and leads to the list.
    """
    presence, now = door.signed_in(request), now_of(request)
    fields = await door.form(request)
    form = fields.pop("once", "")
    try:
        issued = await issue_key(
            door.means, presence, _wish(fields, now), now, password=fields.pop("password", ""), form=form
        )
    except MadeAlready as refusal:
        notice = {"kind": "key_made_already", "sentence": refusal.sentence, "hint": refusal.hint}
        return see_other(HOME, cookies=[door.notice_cookie(notice)])
    except (errors.InvalidInput, errors.StepUpRequired, BackToApp, errors.TooManyRequests) as refusal:
        fields.pop("password", None)
        return await _page(request, door, fields, refusal=refusal)
    return await _page(request, door, USUAL, issued=issued)


@get(f"{HOME}/{{row_id:str}}/revoke")
async def revoke_key_page(request: Ask, door: NamedDependency[Door], row_id: FromPath[str]) -> ASGIResponse:
    """The confirmation: which key it is, and what happens."""
    presence = door.signed_in(request)
    key = key_view(await find_key(door.means, presence, row_id), door.reader(request).speech)
    account = await account_of(door.means, presence)
    is_partial = "signedin-partial" in request.headers
    template = "revoke_key_form.html" if is_partial else "confirm_revoke_key.html"
    return door.page(request, template, account=account, key=key, **await menu_counts(request, door))


@post(f"{HOME}/{{row_id:str}}/revoke")
async def revoke_key_form(request: Ask, door: NamedDependency[Door], row_id: FromPath[str]) -> ASGIResponse:
    """Revoke it, and back to the list."""
    presence = door.signed_in(request)
    await door.form(request)
    key = await revoke_key(door.means, presence, row_id, now_of(request))
    return see_other(HOME, cookies=[door.notice_cookie({"kind": "key_revoked", "name": key.name})])


async def _page(request: Ask, door: Door, fields: dict[str, str], **values: Any) -> ASGIResponse:
    presence, speech = door.signed_in(request), door.reader(request).speech
    keys = await list_keys(door.means, presence, now_of(request))
    shown: dict[str, Any] = {
        "account": await account_of(door.means, presence), "notice": door.notice(request), "issued": None,
        "keys": [key_view(key, speech) for key in keys],
        "choices": choices(tuple(fields), speech), "lifetimes": LIFETIMES, "fields": fields,
        "needs_password": not is_fresh(presence, now_of(request)),
        "once": name_of_next_key(door.means, presence.account_id, now_of(request)),
    }  # fmt: skip
    return door.page(request, "access_keys.html", **(shown | values | await menu_counts(request, door)))


def _wish(fields: dict[str, str], now: datetime) -> Wish:
    lasts = fields.get("expires", "never")
    if lasts not in LIFETIMES:
        raise errors.InvalidInput(field="expires")
    ends = None if lasts == "never" else now + timedelta(days=int(lasts))
    return Wish(fields.get("name", ""), tuple(scope for scope in PERSONAL if scope in fields), ends)
