"""What the doctor sees of what waits to be sent."""

from __future__ import annotations

import sqlalchemy as sa

from signedin.rules.health import Finding
from signedin.rules.wording import counted
from signedin.rules.wording import marked as _
from signedin.store import logouts, outbox

MANY_LETTERS = 50
"""More letters than these are worth a look."""


def of_letters(conn: sa.Connection, most: int | None) -> Finding:
    """Letters that mail servers have not taken; of those that wait, `most` are counted."""
    waiting = outbox.backlog(conn, most)
    if waiting > MANY_LETTERS:
        sentence = (
            counted(
                "{n} or more letter waits to be delivered.",
                "{n} or more letters wait to be delivered.",
                waiting,
            )
            if waiting == most
            else counted("{n} letter waits to be delivered.", "{n} letters wait to be delivered.", waiting)
        )
        return Finding("mail", "look", sentence, _("Check SIGNEDIN_SMTP_URL and the mail server."))
    return Finding("mail", "good", counted("{n} letter waits.", "{n} letters wait.", waiting))


def of_sign_outs(conn: sa.Connection, most: int | None) -> Finding:
    """Sign-outs that clients have not been told; of those that wait, `most` are counted."""
    waiting = logouts.waiting(conn, most)
    if waiting.tried:
        what = _(
            "The log names them: check that their servers run, and SIGNEDIN_PRIVATE_RECEIVERS for your own networks."
        )
        return Finding("sign-outs", "look", _unanswered(waiting, is_all=waiting.every != most), what)
    sentence = (
        counted(
            "{n} or more wait to be told to clients.",
            "{n} or more wait to be told to clients.",
            waiting.every,
        )
        if waiting.every == most
        else counted("{n} wait to be told to clients.", "{n} wait to be told to clients.", waiting.every)
    )
    return Finding("sign-outs", "good", sentence)


def _unanswered(waiting: logouts.Waiting, *, is_all: bool) -> str:
    if is_all:
        return counted(
            "{n} sign-outs wait to be told to clients; {clients} of these do not answer.",
            "{n} sign-outs wait to be told to clients; {clients} of these do not answer.",
            waiting.every,
            clients=waiting.clients,
        )
    return counted(
        "{n} or more sign-outs wait to be told to clients; {clients} of these do not answer.",
        "{n} or more sign-outs wait to be told to clients; {clients} of these do not answer.",
        waiting.every,
        clients=waiting.clients,
    )
