"""What can be asked for, in a person's words."""

from __future__ import annotations

from signedin.rules.errors import InsufficientPermission
from signedin.rules.wording import marked as _

SENTENCES: dict[str, str] = {
    "openid": _("Know that it is you"),
    "profile": _("See your name"),
    "email": _("See your email address"),
    "offline_access": _("Stay connected while you are not using it"),
    "account:read": _("See your name and email address"),
    "sessions:read": _("See where your account is signed in"),
    "sessions:manage": _("End your sessions"),
    "activity:read": _("Read your activity history"),
    "keys:read": _("See the names of your access keys"),
    "sessions:begin": _("Begin sessions for its own people"),
    "sessions:check": _("Check sessions, and hear when they end"),
    "accounts:read": _("See accounts and where they are signed in"),
    "accounts:manage": _("Make, disable and delete accounts, and end their sessions"),
    "admin:read": _("Find everybody’s accounts as an operator does, and see where they are signed in"),
    "admin:manage": _("End anybody’s sessions, connected apps and access keys, as an operator does"),
}
"""Each scope as a sentence that follows "It can:"; people grant the first ones, service keys hold the last."""

PERSONAL = ("account:read", "sessions:read", "activity:read", "keys:read")
"""All that a personal access key may hold: it reads, and never ends a session (D11)."""
OF_SERVICES = (
    "sessions:begin", "sessions:check", "sessions:manage", "accounts:read", "accounts:manage", "admin:read", "admin:manage",
)  # fmt: skip
"""What a service key may hold (contract: Scopes)."""
OF_PEOPLE = ("openid", "profile", "email", "offline_access", *PERSONAL, "sessions:manage")
"""What a client may ask people for (contract: Scopes)."""
NEEDED = frozenset({"openid"})
"""What nobody can leave out of what a client asks for: without it the answer would mean something else."""
MORE: dict[str, str] = {
    "sessions:read": _("Devices, places, hidden IP addresses and times, as on your Sessions page."),
    "sessions:manage": _("It can sign you out anywhere, at any time, without asking you again."),
    "activity:read": _("What has happened to your account, and when."),
    "keys:read": _("Never the access keys themselves."),
}
"""What a person is told beside the sentence of a scope before allowing it."""
STRONG = frozenset({"sessions:manage", "sessions:begin", "accounts:manage", "admin:manage"})
"""Scopes that end or change something; they carry the diamond."""


def in_words(scopes: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """The sentences for scopes, each with whether it is a strong one; what is unknown is shown by name.

    >>> in_words(("sessions:manage",))
    (('End your sessions', True),)
    """
    return tuple((SENTENCES.get(scope, scope), scope in STRONG) for scope in scopes)


def not_by_this_key(scope: str = "") -> InsufficientPermission:
    """What a key is told that may not do this, or not without that scope."""
    return InsufficientPermission(
        _("This key is not allowed to do that."), scope=scope,
        hint=_("Use a key with the permission that WWW-Authenticate names, or sign in."),
    )  # fmt: skip
