"""`/oauth/authorize`: from a client to a person's decision, by as few pages as can be (OpenID Connect, 3.1.2)."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.give_consent import Decision, NoLongerCovered, give_consent
from signedin.actions.judge_request import asker_of, standing_of, wanted_by
from signedin.actions.keep_question import PUSHED, Question, find_question, keep, take_pushed
from signedin.rules.authorization import AuthorizationRefused, Parameters, Wanted
from signedin.rules.client import Client
from signedin.rules.interaction import Step, next_step
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.presence import Presence
from signedin.rules.wording import marked as _
from signedin.web.consent_page import ask
from signedin.web.door import Ask, Door, arrival_of, now_of, see_other
from signedin.web.on_the_way import (
    AUTHORIZE,
    KEEPS_OPENER,
    back,
    browser_mark,
    page_headers,
    refuse_embedded,
    refused,
    sent,
    wish,
)


@get(AUTHORIZE)
async def authorize(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Answer at once where nothing is to be asked; else keep the request, and ask under its name."""
    refuse_embedded(request)
    name = request.query_params.get("asked", "")
    if name:
        mark, cookies = browser_mark(request, door)
        if cookies and "seen" not in request.query_params:
            return see_other(
                f"{AUTHORIZE}?asked={quote(name)}&seen=1", cookies=cookies, headers=[KEEPS_OPENER]
            )
        question = await find_question(door.means, name, mark, now_of(request))
    else:
        question = await _received(door, await sent(request), now_of(request))
    return await _answered(request, door, question)


@post(AUTHORIZE)
async def authorize_form(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Keep what was posted, and answer it as a page that was gone to: a form of another site's carries no cookie."""
    refuse_embedded(request)
    question = await _received(door, await sent(request), now_of(request))
    await asker_of(door.means, question)
    name = await keep(door.means, question, "", now_of(request))
    return see_other(f"{AUTHORIZE}?asked={name}", headers=[KEEPS_OPENER])


async def _received(door: Door, said: Parameters, now: datetime) -> Question:
    """The request as it came, or the one that was pushed and that this one names: once (RFC 9126, section 4)."""
    request_uri = said.get("request_uri")
    if not request_uri.startswith(PUSHED):
        return Question(said, now)
    named = said.get("client_id")
    pushed = await take_pushed(door.means, request_uri, named, now)
    if pushed is None or said.repeated:
        raise AuthorizationRefused(_("this request_uri was used, is too old, or is another client’s"), named)
    return pushed


async def _answered(request: Ask, door: Door, question: Question) -> ASGIResponse:
    client, redirect_uri = await asker_of(door.means, question)
    wish(request, question)
    try:
        wanted = wanted_by(question, client, door.base_url)
        return await _next(request, door, question, client, wanted)
    except OAuthRefused as refusal:
        return refused(door, question, redirect_uri, refusal)


async def _next(request: Ask, door: Door, question: Question, client: Client, wanted: Wanted) -> ASGIResponse:
    presence, now = arrival_of(request).presence, now_of(request)
    standing = await standing_of(door.means, presence, client, wanted, now)
    step = next_step(wanted, client, standing, question.asked_at, now)
    if step is Step.ANSWER and presence is not None:
        try:
            return await _given(door, question, presence, wanted, now)
        except NoLongerCovered:  # it was revoked in that moment: as if it had been before
            return await _next(request, door, question, client, wanted)
    if not question.name:
        mark, cookies = browser_mark(request, door)
        name = await keep(door.means, question, mark, now)
        return see_other(f"{AUTHORIZE}?asked={name}", cookies=cookies, headers=[KEEPS_OPENER])
    if presence is None:
        return door.to_sign_in(request, page_headers(wanted.redirect_uri))
    return await ask(request, door, question, client, wanted)


async def _given(
    door: Door, question: Question, presence: Presence, wanted: Wanted, now: datetime
) -> ASGIResponse:
    """What was allowed before, or needs no consent: straight on."""
    decision = Decision(wanted.scopes, presence.authenticated_at, question.digest, is_silent=True)
    given = await give_consent(door.means, presence, wanted, decision, now)
    return back(door, question, wanted.redirect_uri, {"code": given.code})
