"""What can be asked for, in a person's words."""

from __future__ import annotations

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
}
"""Each scope that a person can grant, as a sentence that follows "It can:"."""

STRONG = frozenset({"sessions:manage"})
"""Scopes that end or change something; they carry the diamond."""


def in_words(scopes: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """The sentences for scopes, each with whether it is a strong one; what is unknown is shown by name.

    >>> in_words(("sessions:manage",))
    (('End your sessions', True),)
    """
    return tuple((SENTENCES.get(scope, scope), scope in STRONG) for scope in scopes)
