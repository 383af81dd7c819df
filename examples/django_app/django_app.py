"""A Django app that is checked against Signedin at every request.

SIGNEDIN_ADDRESS=http://localhost:8000 SIGNEDIN_KEY=sgn_svc_... python django_app.py runserver --noreload 127.0.0.1:9000
"""

import os
import sys
import time

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    SECRET_KEY=os.environ.get("DJANGO_SECRET_KEY", "for a try on this machine alone"),
    MIDDLEWARE=["signedin.adapters.django.SignedinMiddleware"],
    SIGNEDIN={
        "address": os.environ["SIGNEDIN_ADDRESS"],
        "key": os.environ["SIGNEDIN_KEY"],
        "open_paths": ["/health"],
        "proxies": 1,
    },
)


def orders(request):
    return JsonResponse({"orders_of": request.signedin.account, "session": request.signedin.session})


def events(request):
    """Events, four in a second, for as long as somebody listens and is signed in."""
    return StreamingHttpResponse(told(), content_type="text/event-stream")


def told():
    while True:
        yield "data: an order\n\n"
        time.sleep(0.25)


def health(request):
    return HttpResponse("well")


def echo(request):
    """What the app is told under Signedin's names in headers: nothing, whoever sent it."""
    everything = {**request.META, **request.headers}
    return JsonResponse(
        {"headers": [name for name in everything if "SIGNEDIN" in name.upper() and name not in os.environ]}
    )


urlpatterns = [path("orders", orders), path("events", events), path("health", health), path("echo", echo)]
application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
