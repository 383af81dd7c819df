"""What becomes of a refusal or a bug: a page for people, problem+json for programs, never a stack trace."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response.base import ASGIResponse

from signedin.gate.answers import challenge, status_of, waiting
from signedin.gate.client_authentication import ClientRefused
from signedin.gate.guessing import Guessing
from signedin.gate.middleware import Receive, Refuse, Scope, Send
from signedin.gate.record import record_refusal
from signedin.oauth import refusing
from signedin.rules import errors
from signedin.rules import problem as problems
from signedin.rules.authorization import AuthorizationRefused
from signedin.rules.wording import marked as _
from signedin.rules.wording import worded
from signedin.store.problems import problem_of
from signedin.web.door import Ask, Door, arrival_of, now_of, respond

log = structlog.get_logger("signedin.server")
Handler = Callable[[Ask, Any], Response[None]]

OWN = {
    400: ("bad_request", _("This request cannot be understood."), _("Go back and try again.")),
    404: ("not_found", _("There is no such page."), _("Check the address, or go back to your sessions.")),
    405: ("method_not_allowed", _("This cannot be done with this page."), _("Go back and try again.")),
    413: ("too_large", _("What was sent is too large."), _("Send less.")),
    500: (
        "internal_error",
        _("Something went wrong on our side. Nothing was changed."),
        _("Try again. If it stays, tell the operator this reference: {reference}."),
    ),
}
"""What the server answers by itself, where no rule was asked: code, sentence and what to do, by status."""

FOR_PROGRAMS = OWN | {
    400: ("bad_request", "This request cannot be understood.", "Correct it and send it again."),
    404: ("not_found", "There is no such call.", "Check the address: /openapi.json names every call there is."),
    405: ("method_not_allowed", "This call cannot be made by this method.", "Use one of those that Allow names."),
}  # fmt: skip
"""The same for programs, which have no page to go back to."""


def exception_handlers(door: Door, guessing: Guessing) -> dict[Any, Handler]:
    """The handlers for everything that can be raised while a request is answered."""

    def refusal(ask: Ask, error: errors.Refused) -> ASGIResponse:
        if isinstance(error, ClientRefused) and error.guess:
            error = _counted(ask, error, guessing)
        if isinstance(error, errors.NotSignedIn) and _leads_to_sign_in(ask, error):
            return door.to_sign_in(ask)
        if isinstance(error, errors.DatabaseProblem):
            cause = type(error.__cause__).__name__ if error.__cause__ else ""
            log.error("the database cannot be used", sentence=error.sentence, cause=cause)
        if "signedin" in ask.scope:
            record_refusal(error, arrival_of(ask), ask.method, ask.scope["path"])
        return _answer(door, ask, error.code, error.sentence, error.hint, status_of(error), error)

    def http(ask: Ask, error: HTTPException) -> ASGIResponse:
        if error.status_code >= 500:
            return bug(ask, error)
        own = FOR_PROGRAMS if is_program(ask) else OWN
        code, sentence, hint = own.get(error.status_code, own[400])
        allowed = (error.headers or {}).get("allow")
        headers = [("allow", allowed)] if allowed else []
        return _answer(door, ask, code, sentence, hint, error.status_code, headers=headers)

    def database(ask: Ask, error: Exception) -> ASGIResponse:
        return refusal(ask, problem_of(error))

    def bug(ask: Ask, error: Exception) -> ASGIResponse:
        reference = secrets.token_hex(6)
        log.error("a request failed", reference=reference, path=ask.scope["path"], exc_info=error)
        code, sentence, hint = OWN[500]
        return _answer(door, ask, code, sentence, worded(hint, reference=reference), 500)

    answers: dict[Any, Callable[[Ask, Any], ASGIResponse]] = {
        errors.Refused: refusal, HTTPException: http, sqlite3.OperationalError: database, Exception: bug,
    }  # fmt: skip
    return {kind: _handler(answer) for kind, answer in answers.items()}


def refuser(handlers: dict[Any, Handler]) -> Refuse:
    """Answers with a refusal from outside the pages, or with what is said of a bug."""

    async def refuse(scope: Scope, receive: Receive, send: Send, error: Exception) -> None:
        # Litestar types its scope, its receiving and its sending more narrowly.
        ask: Ask = Request(scope, receive, send)  # type: ignore[arg-type]
        kind = errors.Refused if isinstance(error, errors.Refused) else Exception
        answer = handlers[kind](ask, error).to_asgi_response(None, ask)
        await answer(scope, receive, send)  # type: ignore[arg-type]

    return refuse


class _Answer(Response[None]):
    """An answer that is ready, in the shape in which Litestar takes it from an exception handler."""

    def __init__(self, ready: ASGIResponse) -> None:
        super().__init__(None)
        self._ready = ready

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        """The answer itself."""
        return self._ready


def _counted(ask: Ask, refused: ClientRefused, guessing: Guessing) -> errors.Refused:
    """The refusal of a secret that is nobody's; many from one network are slowed down (security SM-9)."""
    until = guessing.noticed(arrival_of(ask).address, refused.guess, now_of(ask))
    return refused if until is None else errors.TooManyRequests(until)


def _handler(answer: Callable[[Ask, Any], ASGIResponse]) -> Handler:
    return lambda ask, error: _Answer(answer(ask, error))


def is_program(ask: Ask) -> bool:
    """Whether a program asks, by the path it asks for."""
    path: str = ask.scope["path"]
    is_asked_by_one = path.startswith(("/v1/", "/health/")) or path in {"/v1", "/health"}
    is_partial = "signedin-partial" in ask.headers or path.endswith("/events")
    return is_asked_by_one or is_partial or refusing.is_client_path(path)


def _leads_to_sign_in(ask: Ask, error: errors.NotSignedIn) -> bool:
    """Whether the sign-in page says it; what is wrong with a form's cookies is said at once, wherever it stood."""
    is_said_at_once = isinstance(error, errors.CookiesUnreadable) and ask.method != "GET"
    return not is_program(ask) and not is_said_at_once


def _answer(
    door: Door,
    ask: Ask,
    code: str,
    sentence: str,
    hint: str,
    status: int,
    refusal: errors.Refused | None = None,
    headers: Sequence[tuple[str, str]] = (),
) -> ASGIResponse:
    headers = list(headers)
    if "signedin" in ask.scope and refusal is not None:
        headers += waiting(refusal, now_of(ask))
    if refusing.is_client_path(ask.scope["path"]):
        return _to_client(ask, refusal or errors.Refused(sentence, hint=hint), status, headers)
    if is_program(ask) or "signedin" not in ask.scope:
        return problem(code, sentence, hint, status, refusal, headers)
    why = refusal.why if isinstance(refusal, AuthorizationRefused) else ""
    shown = {"code": code, "sentence": sentence, "hint": hint, "why": why}
    signed_in = arrival_of(ask).recognised is not None
    answer = door.page(ask, "refused.html", headers=headers, problem=shown, signed_in=signed_in)
    answer.status_code = status
    return answer


def _to_client(
    ask: Ask, refusal: errors.Refused, status: int, headers: Sequence[tuple[str, str]]
) -> ASGIResponse:
    """A refusal as clients read it; the log says where its meaning stands."""
    told = refusing.as_oauth(refusal, status)
    log.info("a client was refused", error=told.error, description=told.description, path=ask.scope["path"][:100],
             docs=refusing.docs_of(told))  # fmt: skip
    return refusing.refused(told, headers)


def problem(
    code: str, sentence: str, hint: str, status: int, refusal: errors.Refused | None,
    headers: list[tuple[str, str]],
) -> ASGIResponse:  # fmt: skip
    """An RFC 9457 problem with a stable code."""
    more = {extra: getattr(refusal, extra, None) for extra in ("reason", "field", "role")}
    if refusal is not None:
        headers = [*headers, *challenge(refusal)]
    told = problems.problem(status, code, sentence, hint, **more)
    return respond(json.dumps(told), status, media_type=problems.MEDIA_TYPE, headers=headers)
