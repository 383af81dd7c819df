"""On the way from a client to a decision and back: what every page and answer of it has in common."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

import structlog
from litestar.response.base import ASGIResponse

from signedin.actions.judge_request import asker_of
from signedin.actions.keep_question import Question, find_question
from signedin.gate.credentials import set_cookie
from signedin.gate.security_headers import CONTENT_SECURITY_POLICY
from signedin.rules import errors
from signedin.rules.authorization import (
    KNOWN,
    LONGEST,
    LONGEST_OF_ALL,
    AuthorizationRefused,
    Parameters,
    gathered,
)
from signedin.rules.authorization_answer import answer_address, form_target
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.wording import marked as _
from signedin.web.door import Ask, Door, arrival_of, now_of, see_other

AUTHORIZE = "/oauth/authorize"
ALLOW, DENY = "allow", "deny"
KEEPS_OPENER = ("cross-origin-opener-policy", "unsafe-none")
"""Said by every page on the way, or a client that opened it in a popup loses sight of it."""
_MOST_PARAMETERS = 100
log = structlog.get_logger("signedin.oauth")


class Waiting(NamedTuple):
    """What a page before the decision has to know of the request that waits for it."""

    client_name: str
    login_hint: str
    headers: list[tuple[str, str]]


def refuse_embedded(request: Ask) -> None:
    """Only a page of its own leads to a decision: no frame, and nothing that a script fetches.

    Raises:
        AuthorizationRefused: it is none.
    """
    if request.headers.get("sec-fetch-dest", "document") != "document":
        raise AuthorizationRefused(
            _("it was not opened as a page"), request.query_params.get("client_id", "")
        )


async def sent(request: Ask, known: Collection[str] = KNOWN) -> Parameters:
    """What a client says by way of a browser: in the address, or in a form that it posts.

    Raises:
        AuthorizationRefused: it is no form, too long, cannot be read, or could not be kept.
    """
    if request.method != "POST":
        return _read(request.scope["query_string"].decode("latin-1"), known)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise AuthorizationRefused(_("what was posted is no form"))
    return _read((await request.body()).decode("latin-1"), known)


def _read(text: str, known: Collection[str]) -> Parameters:
    if len(text) > 2 * LONGEST_OF_ALL:
        raise AuthorizationRefused(_("it is too long"))
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS, errors="strict")
    except ValueError:
        raise AuthorizationRefused(_("its parameters cannot be read")) from None
    said = gathered(pairs, known)
    if any("\0" in value for value in said.said.values()):
        raise AuthorizationRefused(_("a parameter holds a NUL"))
    return said


def page_headers(redirect_uri: str) -> list[tuple[str, str]]:
    """The headers of a page whose form leads, in the end, to a client.

    Chromium holds a form to `form-action` through all redirects, so the client's address has to be in it: that origin.
    """
    target = f"form-action 'self' {form_target(redirect_uri)}"
    policy = CONTENT_SECURITY_POLICY.replace("form-action 'self'", target)
    return [("content-security-policy", policy), KEEPS_OPENER]


def decision_in(fields: Mapping[str, str], *more: str) -> str:
    """What the form says of the decision: allow, deny, or one of the other words that it has.

    Raises:
        InvalidInput: it says nothing of it, or another word, which is never taken for a yes.
    """
    decision = fields.get("decision", "")
    if decision not in {ALLOW, DENY, *more}:
        raise errors.InvalidInput(
            _("The form does not say what you have decided."), field="decision",
            hint=_("Go back and press one of its buttons. Nothing was decided."),
        )  # fmt: skip
    return decision


def back(door: Door, question: Question, redirect_uri: str, told: dict[str, str]) -> ASGIResponse:
    """Back to the client, with its `state` and with who it is that answers (RFC 9207)."""
    state = question.parameters.get("state")
    told = told | {"state": state if len(state) <= LONGEST else "", "iss": door.base_url}
    return see_other(answer_address(redirect_uri, told), headers=[KEEPS_OPENER])


def refused(door: Door, question: Question, redirect_uri: str, refusal: OAuthRefused) -> ASGIResponse:
    """Back to the client, with the code of the RFC and a sentence for whoever wrote it."""
    log.info(
        "an authorization request was refused", error=refusal.error, why=refusal.description,
        client=question.parameters.get("client_id")[:100], see=f"docs/connect-an-app.md#{refusal.error}",
    )  # fmt: skip
    told = {"error": refusal.error, "error_description": refusal.description}
    return back(door, question, redirect_uri, told)


def browser_mark(request: Ask, door: Door) -> tuple[str, list[str]]:
    """What tells this browser from all others, and the cookie for it where it has none yet."""
    if mark := door.form_mark(request):
        return mark, []
    mark = secrets.token_urlsafe(16)
    return mark, [set_cookie(door.names, door.names.form, mark)]


async def waiting_for(request: Ask, door: Door, next_page: str) -> Waiting | None:
    """The request that waits behind the sign-in page, if one does in this browser."""
    path, _, query = next_page.partition("?")
    name = dict(parse_qsl(query)).get("asked", "")
    if path != AUTHORIZE or not name:
        return None
    try:
        question = await find_question(door.means, name, door.form_mark(request), now_of(request))
        client, redirect_uri = await asker_of(door.means, question)
    except (errors.LinkExpired, AuthorizationRefused):
        return None
    wish(request, question)
    return Waiting(client.name, question.parameters.get("login_hint"), page_headers(redirect_uri))


def wish(request: Ask, question: Question) -> None:
    """Let the pages speak as the client asks for, where the person has chosen nothing."""
    arrival_of(request).wants_languages = question.parameters.get("ui_locales")[:200]
