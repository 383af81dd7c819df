"""What can be asked for, in a person's words."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "openid": "Know that it is you",
    "profile": "See your name",
    "email": "See your email address",
    "offline_access": "Stay connected while you are not using it",
    "account:read": "See your name and email address",
    "sessions:read": "See where your account is signed in",
    "sessions:manage": "End your sessions",
    "activity:read": "Read your activity history",
    "keys:read": "See the names of your access keys",
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
