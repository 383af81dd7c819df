"""The consent page, and the person's decision: what a client may do, less than it asks for, or nothing."""

from __future__ import annotations

from collections.abc import Collection

from litestar import post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.give_consent import Decision, NoLongerCovered, give_consent, may_have
from signedin.actions.judge_request import asker_of, consent_to, wanted_by
from signedin.actions.keep_question import Question, drop_question, find_question
from signedin.actions.list_sessions import account_of
from signedin.actions.prove_again import prove_again
from signedin.actions.revoke import log_out
from signedin.gate.credentials import set_cookie
from signedin.rules import errors
from signedin.rules.authorization import Wanted
from signedin.rules.client import Client
from signedin.rules.interaction import AskedAnew, needs_proof
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.scope import NEEDED
from signedin.rules.vouching import BackToApp
from signedin.web.consent_view import ask_view
from signedin.web.door import Ask, Door, arrival_of, now_of, see_other
from signedin.web.on_the_way import (
    AUTHORIZE,
    DENY,
    KEEPS_OPENER,
    back,
    decision_in,
    page_headers,
    refused,
    wish,
)

CONSENT = "/oauth/consent"
_ANOTHER = "another"


async def ask(
    request: Ask, door: Door, question: Question, client: Client, wanted: Wanted,
    ticked: Collection[str] | None = None, refusal: errors.Refused | None = None,
) -> ASGIResponse:  # fmt: skip
    """The page that asks; a form by itself, that needs no script."""
    presence, now = door.signed_in(request), now_of(request)
    speech = door.reader(request).speech
    before = await consent_to(door.means, presence, client, now)
    return door.page(
        request, "consent.html", headers=page_headers(wanted.redirect_uri), question=question, refusal=refusal,
        who=await account_of(door.means, presence), before=before.id if before else "",
        view=ask_view(client, wanted, speech, before, ticked),
        needs_password=needs_proof(wanted, presence.authenticated_at, question.asked_at, now),
    )  # fmt: skip


@post(CONSENT)
async def decide(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The decision, about the request as it was kept here: of what the form brings back only the ticks count, and yes is one word alone."""
    door.signed_in(request)
    fields = await door.form(request)
    decision = decision_in(fields, _ANOTHER)
    mark, name = door.form_mark(request), fields.get("asked", "")
    question = await find_question(door.means, name, mark, now_of(request))
    client, redirect_uri = await asker_of(door.means, question)
    wish(request, question)
    if decision == _ANOTHER:
        return await _as_another(request, door, question)
    try:
        if decision == DENY:
            await drop_question(door.means, question)
            raise _denied()
        return await _allowed(request, door, question, client, fields)
    except OAuthRefused as refusal:
        return refused(door, question, redirect_uri, refusal)


async def _allowed(
    request: Ask, door: Door, question: Question, client: Client, fields: dict[str, str]
) -> ASGIResponse:
    presence, now = door.signed_in(request), now_of(request)
    wanted = wanted_by(question, client, door.base_url)
    scopes = wanted.scopes if client.is_first_party else may_have(wanted, fields, NEEDED)
    proved_at = presence.authenticated_at
    if needs_proof(wanted, proved_at, question.asked_at, now):
        try:
            await prove_again(door.means, presence, fields.get("password", ""), now, always=True)
        except (errors.StepUpRequired, errors.TooManyRequests, BackToApp) as refusal:
            return await ask(request, door, question, client, wanted, scopes, refusal)
        proved_at = now
    if not scopes:
        await drop_question(door.means, question)
        raise _denied()
    decision = Decision(scopes, proved_at, question.digest, before=fields.get("before", ""))
    try:
        given = await give_consent(door.means, presence, wanted, decision, now)
    except NoLongerCovered:
        return await ask(request, door, question, client, wanted, refusal=AskedAnew())
    return back(door, question, wanted.redirect_uri, {"code": given.code})


async def _as_another(request: Ask, door: Door, question: Question) -> ASGIResponse:
    """Log out here, and come back to the same question as somebody else."""
    await log_out(door.means, door.signed_in(request), now_of(request))
    arrival_of(request).is_quiet = True
    gone = set_cookie(door.names, door.names.session, "", max_age=0)
    where = f"/sign-in?next={AUTHORIZE}%3Fasked%3D{question.name}"
    return see_other(where, cookies=[gone], headers=[KEEPS_OPENER])


def _denied() -> OAuthRefused:
    return OAuthRefused("access_denied", "The person did not allow it.")
