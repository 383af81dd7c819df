"""An app beside the service, as the tests know it: its service key, and the headers of its visitors' requests."""

from __future__ import annotations

import os
import time

from people import BERLIN, done_apart
from signedin.actions.issue_key import issue_service_key
from signedin.actions.organisations import add_member_from_shell, make_from_shell
from signedin.actions.set_policy import set_policy_from_shell
from signedin.client import SyncClient
from signedin.rules.access_key import Wish
from signedin.rules.policy_wish import Wish as RuleWish
from signedin.rules.session import AppType
from signedin.store.boot_clock import boot_time


def service_key(house, *scopes, app_types=(AppType.WEB,)):
    return issued(house, *scopes, app_types=app_types)[1]


def issued(house, *scopes, app_types=(AppType.WEB,)):
    """A new service key: its id and its secret."""
    wish = Wish("shop", scopes or ("sessions:check",), None)
    made = done_apart(issue_service_key(house.means, wish, app_types, house.clock()))
    return made.key.id, made.token


def sent_by(browser):
    """The headers of a request that a browser makes to the app."""
    agent = browser.http.headers["user-agent"].encode()
    return [(b"user-agent", agent), (b"cookie", b"theme=dark; signedin=" + browser.secret.encode())]


def bound_to_berlin(house, email):
    """From now on somebody belongs to an organisation that lets its people in from Berlin only."""
    means, now = house.means, house.clock()
    done_apart(make_from_shell(means, "Tidewater Marine", now))
    done_apart(add_member_from_shell(means, "Tidewater Marine", email, now))
    wish = RuleWish(networks=(f"{BERLIN}/32",))
    done_apart(set_policy_from_shell(means, "Tidewater Marine", "all", wish, now))


class Moved:
    """The clock of the app's machine, which can be moved on."""

    def __init__(self):
        self.by = 0.0

    def __call__(self):
        return boot_time() + self.by


def client_of(house, key=None, address=None, **given):
    """A client library that holds a lease."""
    client = SyncClient(address or house.base_url, key or service_key(house), **given).start()
    until(lambda: client.may_answer)
    return client


def until(happened, seconds=30.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if happened():
            return
        time.sleep(0.005)
    raise TimeoutError("it did not happen")


def forked(deed):
    """What a deed answers in a forked process: True, False, or what went wrong."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            said = repr(deed())
        except BaseException as error:  # noqa: BLE001  # told to the parent
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        said = told.read()
    os.waitpid(child, 0)
    return said
