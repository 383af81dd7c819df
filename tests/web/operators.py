"""Operators of the tests, and browsers that are signed in at the console."""

from __future__ import annotations

from people import PASSWORD, done_apart
from signedin.actions.appoint import appoint_from_shell
from signedin.rules.operator import Role
from signedin.store import accounts

ROSA = "rosa@signedin.example"


def operator_in(house, email, role, name="Rosa Castellanos"):
    """Make an account with a role; returns its address."""
    house.somebody(email, name)
    done_apart(appoint_from_shell(house.means, email, Role(role), house.clock()))
    return email


def at_the_console(house, email, browser=None):
    """A browser that is signed in to the Admin application."""
    browser = browser or house.browser()
    answer = browser.send("/admin/sign-in", {"email": email, "password": PASSWORD}, page="/admin/sign-in")
    assert answer.status_code == 303, answer.text
    return browser


def number_of(house, email):
    """The number of somebody's account."""
    return house.means.database.read_now(accounts.find_by_email, email).id
