"""A Flask app that is checked against Signedin at every request.

SIGNEDIN_ADDRESS=http://localhost:8000 SIGNEDIN_KEY=sgn_svc_... flask --app flask_app run --port 9000
"""

import os
import time

from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from signedin.adapters.flask import Signedin

app = Flask(__name__)
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)
Signedin(app, os.environ["SIGNEDIN_ADDRESS"], os.environ["SIGNEDIN_KEY"], open_paths=["/health"])


@app.get("/orders")
def orders():
    return {"orders_of": g.signedin.account, "session": g.signedin.session}


@app.get("/events")
def events():
    """Events, four in a second, for as long as somebody listens and is signed in."""
    return Response(told(), content_type="text/event-stream")


def told():
    while True:
        yield "data: an order\n\n"
        time.sleep(0.25)


@app.get("/health")
def health():
    return "well"


@app.get("/echo")
def echo():
    """What the app is told under Signedin's names in headers: nothing, whoever sent it."""
    everything = [*request.environ, *(name for name, _ in request.headers)]
    return {"headers": [name for name in everything if "SIGNEDIN" in name.upper() and name not in os.environ]}
