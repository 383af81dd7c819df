"""What becomes of a refusal or a bug: a page for people, problem+json for programs, never a stack trace."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable
from typing import Any

import structlog
from litestar import Response
from litestar.exceptions import HTTPException
from litestar.response.base import ASGIResponse

from signedin.gate.answers import retry_after, status_of
from signedin.gate.record import record_refusal
from signedin.rules import errors
from signedin.rules.wording import marked as _
from signedin.rules.wording import worded
from signedin.store.problems import problem_of
from signedin.web.door import Ask, Door, arrival_of, now_of, respond

log = structlog.get_logger("signedin.server")
Handler = Callable[[Ask, Any], Response[None]]

_BY_STATUS = {
    404: ("not_found", _("There is no such page."), _("Check the address, or go back to your sessions.")),
    405: ("method_not_allowed", _("This cannot be done with this page."), _("Go back and try again.")),
    413: ("too_large", _("What was sent is too large."), _("Send less.")),
}


def exception_handlers(door: Door) -> dict[Any, Handler]:
    """The handlers for everything that can be raised while a request is answered."""

    def refusal(ask: Ask, error: errors.Refused) -> ASGIResponse:
        if isinstance(error, errors.NotSignedIn) and not is_program(ask):
            return door.to_sign_in(ask)
        if isinstance(error, errors.DatabaseProblem):
            cause = type(error.__cause__).__name__ if error.__cause__ else ""
            log.error("the database cannot be used", sentence=error.sentence, cause=cause)
        if "signedin" in ask.scope:
            record_refusal(error, arrival_of(ask), ask.method, ask.scope["path"])
        return _answer(door, ask, error.code, error.sentence, error.hint, status_of(error), error)

    def http(ask: Ask, error: HTTPException) -> ASGIResponse:
        usual = ("bad_request", _("This request cannot be understood."), _("Go back and try again."))
        code, sentence, hint = _BY_STATUS.get(error.status_code, usual)
        return _answer(door, ask, code, sentence, hint, min(500, error.status_code))

    def database(ask: Ask, error: Exception) -> ASGIResponse:
        return refusal(ask, problem_of(error))

    def bug(ask: Ask, error: Exception) -> ASGIResponse:
        reference = secrets.token_hex(6)
        log.error("a request failed", reference=reference, path=ask.scope["path"], exc_info=error)
        sentence = _("Something went wrong on our side. Nothing was changed.")
        hint = worded(
            "Try again. If it stays, tell the operator this reference: {reference}.", reference=reference
        )
        return _answer(door, ask, "internal_error", sentence, hint, 500)

    answers: dict[Any, Callable[[Ask, Any], ASGIResponse]] = {
        errors.Refused: refusal, HTTPException: http, sqlite3.OperationalError: database, Exception: bug,
    }  # fmt: skip
    return {kind: _handler(answer) for kind, answer in answers.items()}


class _Answer(Response[None]):
    """An answer that is ready, in the shape in which Litestar takes it from an exception handler."""

    def __init__(self, ready: ASGIResponse) -> None:
        super().__init__(None)
        self._ready = ready

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        """The answer itself."""
        return self._ready


def _handler(answer: Callable[[Ask, Any], ASGIResponse]) -> Handler:
    return lambda ask, error: _Answer(answer(ask, error))


def is_program(ask: Ask) -> bool:
    """Whether a program asks, by the path it asks for."""
    path: str = ask.scope["path"]
    return (
        path.startswith(("/v1/", "/health/")) or "signedin-partial" in ask.headers or path.endswith("/events")
    )


def _answer(
    door: Door,
    ask: Ask,
    code: str,
    sentence: str,
    hint: str,
    status: int,
    refusal: errors.Refused | None = None,
) -> ASGIResponse:
    headers = []
    if "signedin" in ask.scope and refusal is not None:
        seconds = retry_after(refusal, now_of(ask))
        headers = [("retry-after", str(seconds))] if seconds else []
    if is_program(ask) or "signedin" not in ask.scope:
        return problem(code, sentence, hint, status, refusal, headers)
    shown = {"code": code, "sentence": sentence, "hint": hint}
    answer = door.page(ask, "refused.html", headers=headers, problem=shown)
    answer.status_code = status
    return answer


def problem(
    code: str, sentence: str, hint: str, status: int, refusal: errors.Refused | None,
    headers: list[tuple[str, str]],
) -> ASGIResponse:  # fmt: skip
    """An RFC 9457 problem with a stable code."""
    told: dict[str, Any] = {
        "type": "about:blank", "title": sentence, "status": status, "code": code, "detail": hint,
    }  # fmt: skip
    for extra in ("reason", "field"):
        if getattr(refusal, extra, None):
            told[extra] = getattr(refusal, extra)
    if isinstance(refusal, errors.NotSignedIn):
        headers = [*headers, ("www-authenticate", f'Session error="{refusal.reason}"')]
    return respond(json.dumps(told), status, media_type="application/problem+json", headers=headers)
