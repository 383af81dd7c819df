"""An app guarded by Django and allauth, which notes the last use of every session.

python peer.py fill PEOPLE EACH ASKED     writes sessions and cookies.json; gunicorn serves `peer:application`
"""

from __future__ import annotations

import json
import random
import sys
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

HERE = Path.cwd()
MIDDLEWARE = [
    # what `django-admin startproject` writes, and what allauth asks for
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]
APPS = ["auth", "contenttypes", "sessions", "messages"]
SQLITE = {
    # for many threads: readers beside a writer, and a transaction that will write waits its turn
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;", "transaction_mode": "IMMEDIATE", "timeout": 20,
}  # fmt: skip

settings.configure(
    DEBUG=False, SECRET_KEY="a-secret-of-the-bench-that-guards-nothing-at-all", ALLOWED_HOSTS=["localhost"],
    ROOT_URLCONF=__name__, USE_TZ=True, MIDDLEWARE=MIDDLEWARE, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[*(f"django.contrib.{app}" for app in APPS), "allauth", "allauth.account", "allauth.usersessions"],
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": HERE / "django.db", "CONN_MAX_AGE": None,
                           "OPTIONS": SQLITE}},
    USERSESSIONS_TRACK_ACTIVITY=True,
)  # fmt: skip
application = get_wsgi_application()


def who(request):
    """Whose session this is."""
    if request.user.is_authenticated:
        return JsonResponse({"user": request.user.pk})
    return JsonResponse({}, status=401)


urlpatterns = [path("who", who)]


def fill(people, each, asked):
    """Write them in bulk, as a sign-in would have left them."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import transaction

    call_command("migrate", verbosity=0)
    users = [
        User(username=f"person-{number}", email=f"person-{number}@example.org") for number in range(people)
    ]
    for user in users:
        user.set_unusable_password()
    users = User.objects.bulk_create(users, batch_size=1000)
    with transaction.atomic():
        made = [one for user in users for one in write(user, each)]
    [(ended, _)] = write(users[0], 1)
    end(ended)
    live = random.sample(made, min(asked, len(made)))
    kept = {
        "live": [{"cookie": cookie(key), "user": user} for key, user in live],
        "unknown": cookie("z" * 32), "ended": cookie(ended),
    }  # fmt: skip
    (HERE / "cookies.json").write_text(json.dumps(kept))


def write(user, count):
    """Some sessions of one person, in Django's table and in allauth's."""
    from allauth.usersessions.models import UserSession
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    store, now = SessionStore(), timezone.now()
    told = store.encode({
        "_auth_user_id": str(user.pk), "_auth_user_backend": settings.AUTHENTICATION_BACKENDS[0],
        "_auth_user_hash": user.get_session_auth_hash(),
    })  # fmt: skip
    keys = ["".join(random.choices("abcdefghijklmnopqrstuvwxy0123456789", k=32)) for _ in range(count)]
    until = now + timedelta(days=14)
    Session.objects.bulk_create(
        Session(session_key=key, session_data=told, expire_date=until) for key in keys
    )
    UserSession.objects.bulk_create(
        UserSession(user=user, session_key=key, ip="127.0.0.1", user_agent="") for key in keys
    )
    return [(key, user.pk) for key in keys]


def end(key):
    """As allauth's own page ends a session."""
    from allauth.usersessions.models import UserSession

    UserSession.objects.get(session_key=key).end()


def cookie(key):
    """What a browser would hold."""
    return f"sessionid={key}"


if __name__ == "__main__":
    fill(*map(int, sys.argv[2:]))
