"""Writes what `signedin account import` and `signedin session import` read, from Django's own tables."""

import hashlib
import json
from datetime import timedelta

import django
from django.conf import settings


def export(people, sessions):
    """Everybody, and whoever is signed in."""
    django.setup()
    from django.contrib.auth.models import User
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    with open(people, "w", encoding="utf-8") as file:  # noqa: PTH123  # a name from the command line
        for user in User.objects.order_by("id").iterator():
            print(json.dumps(person_of(user)), file=file)
    with open(sessions, "w", encoding="utf-8") as file:  # noqa: PTH123
        for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
            if (user_id := session.get_decoded().get("_auth_user_id")) is not None:
                print(json.dumps(session_of(session, user_id)), file=file)


def person_of(user):
    """Somebody, with the hash of their password as it is."""
    return {
        "id": str(user.id),
        "email": user.email,
        "name": user.get_full_name() or user.username,
        "password_hash": user.password,
        "state": "active" if user.is_active else "disabled",
        "created_at": user.date_joined.isoformat(),
    }


def session_of(session, user_id):
    """A session by the hash of its key. Django notes its last write alone: that is the last use that is known."""
    lasts = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return {
        "account": user_id,
        "token_sha256": hashlib.sha256(session.session_key.encode()).hexdigest(),
        "last_at": (session.expire_date - lasts).isoformat(),
    }
