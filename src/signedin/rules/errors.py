"""Everything that can be refused, drawn as a tree.

Refused
├── NotSignedIn              sign in first
│   └── CookiesUnreadable    too many cookies, or one of ours twice
├── SignInRefused            address or password is wrong: one refusal for every way to be wrong
├── TooManyRequests          wait, then try again
├── Unavailable              cannot be known or done right now
├── NotFound                 there is nothing like that among your own
├── SessionAlreadyEnded      what was to end has ended before
├── CannotRevokeCurrent      use Logout instead
├── InsufficientPermission   no right to manage sessions, or a key without the scope
├── StepUpRequired           show again that it is you
├── NoCurrentSession         the one who asks has no row of its own
├── CrossSite                the request was not made from one of our own pages
├── InvalidInput             a field is missing, malformed or too long
│   ├── UnknownField
│   ├── PasswordRefused
│   └── EmailTaken
├── SetupRefused             the set-up code is wrong, or set-up is over
├── RegistrationClosed
├── LinkExpired              a one-time link was used, has expired, or never was
└── DatabaseProblem          locked, read-only, full, newer than the code, or missing
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from signedin.rules.wording import marked as _


class Refused(Exception):
    """A command that was not carried out; nothing was changed.

    `code` is part of the API, `sentence` is for people, `hint` says what to do next. Both are English here;
    pages say them in the reader's language (`rules/wording.py`).
    """

    code: ClassVar[str] = "refused"
    sentence: str = _("This was refused.")
    hint: str = ""

    def __init__(self, sentence: str | None = None, *, hint: str | None = None) -> None:
        if sentence is not None:
            self.sentence = sentence
        if hint is not None:
            self.hint = hint
        super().__init__(self.sentence)


class NotSignedIn(Refused):
    """Nobody is signed in by what came with the request."""

    code = "not_signed_in"
    sentence = _("You are not signed in.")
    hint = _("Sign in and try again.")

    def __init__(self, reason: str = "missing") -> None:
        super().__init__()
        self.reason = reason


COOKIES_UNREAD = {
    "too_many_cookies": _("This browser sends more cookies for this site than can be read."),
    "cookie_twice": _("This browser sends the same cookie of this site twice."),
}
"""Why cookies are not read, as it is said."""


class CookiesUnreadable(NotSignedIn):
    """The browser's cookies cannot be read, so nobody is signed in and no form can be shown to be its own."""

    code = "cookies_unreadable"
    sentence = _("This browser’s cookies for this site cannot be read.")
    hint = _("Delete this site’s cookies in the browser, then sign in again.")

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.sentence = COOKIES_UNREAD[reason]


class SignInRefused(Refused):
    """Unknown account, wrong password, disabled account: one refusal, so that none can be told apart."""

    code = "sign_in_refused"
    sentence = _("The email address or the password is wrong.")
    hint = _("Check both and try again.")


class TooManyRequests(Refused):
    """A limit was reached; `retry_at` says when it may be tried again, `limit` which one it was."""

    code = "too_many_requests"
    sentence = _("There were too many attempts.")
    hint = _("Wait a while, then try again.")

    def __init__(self, retry_at: datetime, *, limit: str = "attempts") -> None:
        super().__init__()
        self.retry_at, self.limit = retry_at, limit


class Unavailable(Refused):
    """It cannot be known or done right now; never taken for a yes."""

    code = "unavailable"
    sentence = _("The service cannot do this right now.")
    hint = _("Try again in a moment. Nothing was changed.")


class NotFound(Refused):
    """Nothing like that among one's own; the same for what is another account's (R5)."""

    code = "not_found"
    sentence = _("There is no such session.")
    hint = _("Refresh the list and try again.")


class SessionAlreadyEnded(Refused):
    """What was to end has ended before (R85, D9); `reason` says why."""

    code = "session_already_ended"
    sentence = _("This session had already ended.")
    hint = _("Nothing more is to be done.")

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class CannotRevokeCurrent(Refused):
    """One does not revoke the session one asks with (R84)."""

    code = "cannot_revoke_current"
    sentence = _("This is your current session; use Logout instead.")
    hint = _("Use Logout instead.")


class InsufficientPermission(Refused):
    """No right to manage sessions (R86, D11); of a key or token `scope` names what it would need."""

    code = "insufficient_permission"
    sentence = _("You do not have permission to manage sessions.")
    hint = _("Ask the operator of your organisation.")

    def __init__(self, sentence: str | None = None, *, hint: str | None = None, scope: str = "") -> None:
        super().__init__(sentence, hint=hint)
        self.scope = scope


class StepUpRequired(Refused):
    """It needs a proof of identity that is fresher than the sign-in of the session that asks (D17)."""

    code = "step_up_required"
    sentence = _("Your password is needed again for this, because you signed in some time ago.")
    hint = _("Enter your password and send it again.")
    field = "password"


class NoCurrentSession(Refused):
    """The one who asks has no row of its own in the list (D3)."""

    code = "no_current_session"
    sentence = _("There is no current session for this credential.")


class CrossSite(Refused):
    """A change was asked for from somewhere other than our own pages."""

    code = "cross_site_request"
    sentence = _("This request did not come from one of this site's own pages.")
    hint = _("Open the page again and repeat it there. Nothing was changed.")


class InvalidInput(Refused):
    """A field is missing, malformed or too long; `field` names it."""

    code = "invalid_input"
    sentence = _("Something that was sent cannot be used.")
    hint = _("Correct it and send it again.")

    def __init__(self, sentence: str | None = None, *, field: str = "", hint: str | None = None) -> None:
        super().__init__(sentence, hint=hint)
        self.field = field


class UnknownField(InvalidInput):
    """A field that is not part of the call (named)."""

    code = "unknown_field"
    sentence = _("There is a field that this call does not know.")


class PasswordRefused(InvalidInput):
    """The password is too short or too easily guessed; the sentence says which."""

    code = "password_refused"
    sentence = _("This password is too easily guessed.")
    hint = _("Choose a longer one, for example four unrelated words.")


class EmailTaken(InvalidInput):
    """Told only to somebody who may know it: at set-up, on the command line, to operators."""

    code = "email_taken"
    sentence = _("There is already an account with this address.")
    hint = _("Sign in with it instead.")


class SetupRefused(Refused):
    """The set-up code is wrong, or the first account exists already."""

    code = "setup_refused"
    sentence = _("This set-up code is not the one the server printed.")
    hint = _("Copy the code from the server's output; it changes at every start.")


class RegistrationClosed(Refused):
    """Accounts cannot be made here by oneself, or only with an invitation."""

    code = "registration_closed"
    sentence = _("New accounts cannot be made here without an invitation.")
    hint = _("Ask the operator for one.")


class LinkExpired(Refused):
    """A one-time link was used, has expired, or never was; all three look the same."""

    code = "link_expired"
    sentence = _("This link does not work any more.")
    hint = _("Ask for a new one.")


class DatabaseProblem(Refused):
    """The database cannot be used as it is; the sentence says why, the hint what to do.

    `reason` is the sentence for programs: one of those in store/problems.py or store/lineage.py, or encoding, newer, missing,
    replaced, lineage_unread or unknown.
    """

    code = "database_problem"
    sentence = _("The database cannot be used right now.")
    hint = _("Run `signedin doctor` on the server.")

    def __init__(
        self, sentence: str | None = None, *, hint: str | None = None, reason: str = "unknown"
    ) -> None:
        super().__init__(sentence, hint=hint)
        self.reason = reason
