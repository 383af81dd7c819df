"""Every route of the running application, as the application itself knows them, and the state of its database."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from people import running
from signedin.store import tables
from signedin.web.static_files import address_of

THE_APPS_OWN = ("/docs", "/openapi.json")
"""What an app has for itself where Signedin stands in front of it on the same host."""
PUBLIC = frozenset({
    ("GET", "/sign-in"), ("POST", "/sign-in"), ("POST", "/sign-in/room"), ("GET", "/setup"), ("POST", "/setup"), ("GET", "/register"),
    ("POST", "/register"), ("GET", "/invite"), ("GET", "/help/active-sessions"), ("GET", "/privacy"),
    ("POST", "/language"), ("GET", "/ticket"), ("POST", "/ticket"), ("GET", "/openapi.json"), ("GET", "/docs"),
    ("GET", "/health/live"), ("GET", "/health/ready"), ("GET", "/health/revocation"),
    ("GET", "/.well-known/openid-configuration"), ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/oauth/jwks"), ("GET", "/logos/{name}"),
    ("GET", "/static/{path}"), ("POST", "/v1/leaked-tokens"),
    ("GET", "/oauth/authorize"), ("POST", "/oauth/authorize"), ("POST", "/oauth/par"),
    ("POST", "/oauth/token"), ("POST", "/oauth/introspect"), ("POST", "/oauth/revoke"), ("GET", "/oauth/userinfo"),
    ("POST", "/oauth/userinfo"), ("POST", "/oauth/device_authorization"), ("GET", "/oauth/end_session"),
    ("POST", "/oauth/end_session"), ("GET", "/admin/sign-in"), ("POST", "/admin/sign-in"), ("POST", "/admin/language"),
})  # fmt: skip
"""What is there for everybody. A route that is not named here wants somebody signed in."""

OF_CLIENTS = frozenset({
    "/oauth/authorize", "/oauth/par", "/oauth/token", "/oauth/introspect", "/oauth/revoke", "/oauth/userinfo",
    "/oauth/device_authorization", "/oauth/end_session",
})  # fmt: skip
"""What other sites and programs send by themselves; who they are, and what it may lead to, is judged there."""

ENDLESS = ("/settings/sessions/events", "/v1/sessions/events")
"""What is answered with a stream that goes on while the session lasts."""


@contextmanager
def still(folder, clock, **values):
    """A running server whose jobs do not run, so that nothing but requests changes its database."""

    async def never(*_, **__):
        return None

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("signedin.server.jobs._every", never)
        with running(folder, clock, sweeps=False, **values) as house:
            yield house


def pages_of(house):
    """The Litestar application behind the middleware."""
    app = house.server.app
    while not hasattr(app, "routes"):
        app = app._app
    return app


def every_route(house):
    """(method, path with its parameters in braces), in order."""
    found = set()
    for route in pages_of(house).routes:
        path = route.path_format.replace(":str", "").replace(":path", "")
        found |= {(method, path) for method in route.methods if method != "OPTIONS"}
    return sorted(found, key=lambda each: (each[1], each[0]))


def filled(path, row_id="0" * 26, person_id="1", organisation_id="1", ending_id="0" * 24):
    """The path with an id and a file in the places for them."""
    path = path.replace("{row_id}", row_id).replace("{person_id}", person_id)
    path = path.replace("{organisation_id}", organisation_id).replace("{app_type}", "all")
    path = path.replace("{ending_id}", ending_id)
    return path.replace("/static/{path}", address_of("app.css"))


def fingerprint(house, without=()):
    """One hash over every value of every table, but for the leases, which are renewed every second on PostgreSQL."""
    found = hashlib.sha256()
    without = {*without, "nodes"}

    def read(conn):
        for table in sorted(tables.TABLES, key=lambda each: each.name):
            if table.name not in without:
                rows = conn.execute(sa.text(f"SELECT * FROM {table.name} ORDER BY 1, 2"))
                found.update(repr([table.name, *map(tuple, rows)]).encode())

    house.means.database.read_now(read)
    return found.hexdigest()
