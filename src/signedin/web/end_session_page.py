"""`/oauth/end_session`: a client asks that a person be logged out here too (OpenID Connect RP-Initiated Logout 1.0).

The person is asked, always: no address that one is led to ends a session (R45), whatever hint comes along.
"""

from __future__ import annotations

from urllib.parse import quote

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.judge_leaving import (
    KNOWN,
    Leaving,
    find_leaving,
    is_of_this_session,
    judge_leaving,
    keep_leaving,
)
from signedin.actions.list_sessions import account_of
from signedin.actions.revoke import log_out
from signedin.gate.credentials import CLEAR_SITE_DATA
from signedin.rules.account import Account
from signedin.rules.authorization import LONGEST, Parameters, gathered
from signedin.rules.authorization_answer import answer_address
from signedin.web.door import Ask, Door, arrival_of, now_of, see_other
from signedin.web.on_the_way import page_headers, refuse_embedded, sent

END_SESSION, LOGOUT = "/oauth/end_session", "/oauth/logout"


@get(END_SESSION)
async def end_session(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The page that asks; who is signed in nowhere here goes on at once, for there is nothing to end."""
    refuse_embedded(request)
    name = request.query_params.get("asked", "")
    said = await find_leaving(door.means, name, now_of(request)) if name else await sent(request, KNOWN)
    leaving = await judge_leaving(door.means, said, now_of(request))
    arrival_of(request).wants_languages = said.get("ui_locales")[:200]
    return await _page(request, door, leaving)


@post(END_SESSION)
async def end_session_form(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Keep what was posted, and answer it as a page that was gone to: a form of another site's carries no cookie."""
    refuse_embedded(request)
    said = await sent(request, KNOWN)
    await judge_leaving(door.means, said, now_of(request))
    name = await keep_leaving(door.means, said, now_of(request))
    return see_other(f"{END_SESSION}?asked={quote(name)}")


@post(LOGOUT)
async def logout_form(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """End the session on the server first, then clear the browser, then back to the client (R41, R43)."""
    arrival = arrival_of(request)
    leaver = arrival.leaving
    if leaver is None:
        return see_other("/sign-in")
    leaving = await judge_leaving(door.means, _brought_back(await door.form(request)), arrival.now)
    await log_out(door.means, leaver, arrival.now)
    arrival.is_quiet = True
    where, cookies = _where(leaving), door.sign_out_cookies()
    if not where:
        where, cookies = "/sign-in", [*cookies, door.notice_cookie({"kind": "logged_out"})]
    return see_other(where, cookies=cookies, headers=[CLEAR_SITE_DATA])


async def _page(request: Ask, door: Door, leaving: Leaving) -> ASGIResponse:
    leaver, where = arrival_of(request).leaving, _where(leaving)
    if leaver is None and where:
        return see_other(where)
    return door.page(
        request, "end_session.html", headers=page_headers(leaving.redirect_uri) if where else (), leaving=leaving,
        is_signed_in=leaver is not None, who=await _who(request, door),
        is_meant=leaver is None or is_of_this_session(door.means, leaving, leaver),
    )  # fmt: skip


async def _who(request: Ask, door: Door) -> Account | None:
    """Who is signed in here; from outside the networks of an organisation nothing of an account is read."""
    presence = arrival_of(request).presence
    return await account_of(door.means, presence) if presence else None


def _where(leaving: Leaving) -> str:
    """The client's own address, with its `state` (section 3); nothing where it has named none."""
    if not leaving.redirect_uri:
        return ""
    state = leaving.state if len(leaving.state) <= LONGEST else ""
    return answer_address(leaving.redirect_uri, {"state": state}) if state else leaving.redirect_uri


def _brought_back(fields: dict[str, str]) -> Parameters:
    """What the page's form brings back: judged again, so that it leads nowhere else than the page said."""
    return gathered(fields.items(), {"client_id", "post_logout_redirect_uri", "state"})
