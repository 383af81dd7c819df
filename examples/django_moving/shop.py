"""A Django app with users and sessions of its own: as it was, and as it goes on with Signedin.

python shop.py migrate                          the app as it was, until SIGNEDIN_ADDRESS is set
python shop.py export people.jsonl sessions.jsonl
SIGNEDIN_ADDRESS=http://localhost:8000 SIGNEDIN_KEY=sgn_svc_... python shop.py runserver --noreload 127.0.0.1:9000
"""

import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse, JsonResponse
from django.urls import path

HAS_MOVED = "SIGNEDIN_ADDRESS" in os.environ
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


def token_of(request, client, address):
    """The token that is kept in the app's own session; of one from before the move it is asked for, once."""
    token, user_id = request.session.get("signedin"), request.session.get("_auth_user_id")
    if token is None and user_id is not None:
        agent = request.headers.get("user-agent", "")
        token = client.go_on(user_id, request.session.session_key, address=address, agent=agent)
        if token is None:
            request.session.flush()  # it is over: they sign in anew
        else:
            request.session["signedin"] = token
    return token


settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    SECRET_KEY=os.environ.get("DJANGO_SECRET_KEY", "for a try on this machine alone"),
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["SHOP_DATABASE"]}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    USE_TZ=True,
    SESSION_SAVE_EVERY_REQUEST=HAS_MOVED,  # its cookie lasts as long as it is used; how long that is, Signedin says
    MIDDLEWARE=[
        SESSIONS,
        "signedin.adapters.django.SignedinMiddleware"
        if HAS_MOVED
        else "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    SIGNEDIN={
        "address": os.environ.get("SIGNEDIN_ADDRESS", ""),
        "key": os.environ.get("SIGNEDIN_KEY", ""),
        "proxies": 1,
        "token": token_of,
    },
)


def sign_in(request):
    """The app's own way, which ends with the move."""
    from django.contrib.auth import authenticate, login

    user = authenticate(request, username=request.GET["name"], password=request.GET["password"])
    if user is None:
        return HttpResponse(status=403)
    login(request, user)
    return HttpResponse("signed in")


def orders(request):
    if HAS_MOVED:
        return JsonResponse({"account": request.signedin.account, "session": request.signedin.session})
    return JsonResponse({"name": request.user.username}, status=200 if request.user.is_authenticated else 401)


urlpatterns = [path("orders", orders)] + ([] if HAS_MOVED else [path("sign-in", sign_in)])

if __name__ == "__main__":
    if sys.argv[1] == "export":
        from moving import export

        export(*sys.argv[2:])
    else:
        execute_from_command_line(sys.argv)
