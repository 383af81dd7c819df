"""What there is to see of organisations: their pages, their rules at an account, and what the person is told."""

from __future__ import annotations

from browser.browsers import SESSIONS
from browser.looks.admin_sights import VERA, appointed, console, number_of
from browser.looks.gallery import LONG, UNBROKEN
from browser.looks.sights import sight
from people import BERLIN, FIREFOX_ON_WINDOWS, PASSWORD, SAFARI_ON_IPHONE, SAN_FRANCISCO, done_apart
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.organisations import add_member_from_shell, make_from_shell
from signedin.actions.set_policy import set_policy_from_shell
from signedin.rules.operator import Role
from signedin.rules.policy_wish import Wish
from signedin.store import organisations

RULED, MARINE = "ruled@example.org", "Tidewater Marine"
ABROAD, OFFICE = "abroad@example.org", "Harbour Office"


def ruled(gallery):
    """Somebody who belongs to two organisations with rules; returns the number of the first."""
    means, now = gallery.house.means, gallery.house.clock()
    found = means.database.read_now(organisations.named, MARINE)
    if found is not None:
        return found.id
    gallery.house.somebody(RULED, "Grace Hopper")
    names = (MARINE, LONG, UNBROKEN)
    first, *_ = [done_apart(make_from_shell(means, name, now)) for name in names]
    for name in (MARINE, LONG):
        done_apart(add_member_from_shell(means, name, RULED, now))
    wish = Wish(86400, 7 * 86400, None, "end_oldest", True, (), 20)
    done_apart(set_policy_from_shell(means, MARINE, "all", wish, now))
    done_apart(set_policy_from_shell(means, MARINE, "web", Wish(3600, most=2, too_many="ask"), now))
    done_apart(
        set_policy_from_shell(means, LONG, "sync", Wish(networks=("192.0.2.0/24", "2001:db8::/32")), now)
    )
    return first.id


@sight("admin, organisations")
def _(gallery, browser):
    ruled(gallery)
    page = console(gallery, browser)
    page.goto("/admin/organisations")
    return page


@sight("admin, one organisation")
def _(gallery, browser):
    number = ruled(gallery)
    page = console(gallery, browser)
    page.goto(f"/admin/organisations/{number}")
    return page


@sight("admin, a rule that is refused")
def _(gallery, browser):
    number = ruled(gallery)
    browser.expects("422 (Unprocessable")
    page = console(gallery, browser)
    page.goto(f"/admin/organisations/{number}")
    page.get_by_label("Only from these networks").fill("everywhere")
    page.get_by_role("button", name="Set the rule").click()
    page.get_by_role("alert").wait_for()
    return page


@sight("admin, account under rules")
def _(gallery, browser):
    ruled(gallery)
    page = console(gallery, browser)
    page.goto(f"/admin/accounts/{number_of(gallery, RULED)}")
    return page


@sight("admin, operators of organisations")
def _(gallery, browser):
    ruled(gallery)
    page = console(gallery, browser)
    appointed(gallery, VERA, Role.VIEWER)
    means, now = gallery.house.means, gallery.house.clock()
    done_apart(appoint_from_shell(means, VERA, Role.VIEWER, now, MARINE))
    page.goto("/admin/operators")
    return page


@sight("sessions under rules")
def _(gallery, browser):
    ruled(gallery)
    page = gallery.signed_in(browser, RULED).tab(SESSIONS)
    page.get_by_text("Rules of your organisation").click()
    return page


@sight("sign-in, outside the networks of an organisation")
def _(gallery, browser):
    means, now = gallery.house.means, gallery.house.clock()
    if means.database.read_now(organisations.named, OFFICE) is None:
        gallery.house.somebody(ABROAD, "Mary Somerville")
        done_apart(make_from_shell(means, OFFICE, now))
        done_apart(add_member_from_shell(means, OFFICE, ABROAD, now))
        done_apart(set_policy_from_shell(means, OFFICE, "all", Wish(networks=(f"{SAN_FRANCISCO}/32",)), now))
    gallery.signed_in(browser, ABROAD)
    browser.context.set_extra_http_headers({"X-Forwarded-For": BERLIN})
    page = browser.tab(SESSIONS)
    page.get_by_text("only from certain networks").wait_for()
    return page


@sight("sign-in, which session ends")
def _(gallery, browser):
    ruled(gallery)
    browser.expects("409 (Conflict)")
    for agent in (FIREFOX_ON_WINDOWS, SAFARI_ON_IPHONE):
        gallery.newcomer(RULED, agent)
    page = browser.tab("/sign-in")
    page.get_by_label("Email address").fill(RULED)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Which session ends?").wait_for()
    return page
