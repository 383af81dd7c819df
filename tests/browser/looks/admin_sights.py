"""What there is to see of the operator console, and of Activity: each page and the way to it."""

from __future__ import annotations

from datetime import timedelta

from browser.looks.gallery import ALONE, WORDY
from browser.looks.sights import INES, sight
from people import PASSWORD, done_apart
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.count_overview import count
from signedin.actions.organisations import make_from_shell
from signedin.rules.bulk import HowMany, Which
from signedin.rules.bulk_job import BulkEnding, State
from signedin.rules.operator import Role
from signedin.rules.overview import TOTAL, DayCounted, Measure
from signedin.rules.session import AppType
from signedin.store import accounts, bulk_endings, endings, organisations, overview

ROSA, VERA = "rosa@signedin.example", "vera@signedin.example"
PILOTS = "Harbour Pilots"


def number_of(gallery, who):
    email = who or gallery.ines[0]
    return gallery.house.means.database.read_now(accounts.find_by_email, email).id


def appointed(gallery, who, role):
    if gallery.house.means.database.read_now(accounts.find_by_email, who) is None:
        gallery.house.somebody(who, {ROSA: "Rosa Castellanos"}.get(who, "Vera Lind"))
    done_apart(appoint_from_shell(gallery.house.means, who, role, gallery.house.clock()))


def console(gallery, browser, who=ROSA, role=Role.OWNER):
    """Signed in at the console as an operator with that role, by the page itself."""
    appointed(gallery, who, role)
    page = browser.tab("/admin/sign-in")
    page.get_by_label("Email address").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Record of operator actions").wait_for()
    return page


sight("admin, sign-in")(lambda gallery, browser: browser.tab("/admin/sign-in"))


@sight("admin, home")
def _(gallery, browser):
    return console(gallery, browser)


@sight("admin, endings")
def _(gallery, browser):
    page = console(gallery, browser)
    page.goto("/admin/endings")
    return page


@sight("admin, what would end")
def _(gallery, browser):
    page = console(gallery, browser)
    page.goto("/admin/endings/preview?everyone=1")
    page.get_by_role("heading", name="End exactly this").wait_for()
    return page


@sight("admin, ending for many")
def _(gallery, browser):
    page = console(gallery, browser)
    page.goto(f"/admin/endings/{half_way(gallery)}")
    return page


@sight("admin, endings that a viewer sees")
def _(gallery, browser):
    appointed(gallery, ROSA, Role.OWNER)
    half_way(gallery)
    page = console(gallery, browser, VERA, Role.VIEWER)
    page.goto("/admin/endings")
    return page


@sight("admin, what would end, without a reason")
def _(gallery, browser):
    browser.expects("422")
    page = console(gallery, browser)
    page.goto("/admin/endings/preview?everyone=1&keys=1")
    page.get_by_label("Reason").fill(" ")
    page.get_by_role("button", name="End ").click()
    page.get_by_role("alert").wait_for()
    return page


def half_way(gallery):
    """The id of an ending for many that is half over, and that no process goes on with."""
    means, now, rosa = gallery.house.means, gallery.house.clock(), number_of(gallery, ROSA)
    found = HowMany.in_account([("sync", 1200), ("mobile", 86)])
    ending = BulkEnding(
        "5d0c7f0b9a3e4c1f8a2b6d17", Which(now, frozenset({AppType.SYNC, AppType.MOBILE}), network="203.0.113.0/24"),
        "Sync 3.1 is withdrawn, ticket 5120", rosa, "", now, State.RUNNING, found, HowMany.none(), now, None, (rosa, 1),
    )  # fmt: skip

    def begin(conn):
        bulk_endings.begin(conn, ending)
        bulk_endings.claim(conn, ending.id, "the gallery", now + timedelta(days=3650))
        bulk_endings.tell(conn, ending.id, "the gallery", HowMany.in_account([("sync", 610), ("mobile", 40)]))

    means.database.write_now(begin)
    return ending.id


@sight("admin, found")
def _(gallery, browser):
    page = console(gallery, browser)
    page.get_by_label("Find an account").fill("grace")
    page.get_by_role("button", name="Search").click()
    page.get_by_text("Grace Hopper").first.wait_for()
    return page


@sight("admin, nothing found")
def _(gallery, browser):
    page = console(gallery, browser)
    page.goto("/admin/accounts?q=nobodyatall")
    return page


for name, who in (("the demo's", INES), ("long names", WORDY), ("one who is alone", ALONE)):

    @sight(f"admin, account of {name}")
    def _(gallery, browser, who=who):
        page = console(gallery, browser)
        page.goto(f"/admin/accounts/{number_of(gallery, who)}?q=ines")
        return page


@sight("admin, account that a viewer sees")
def _(gallery, browser):
    page = console(gallery, browser, VERA, Role.VIEWER)
    page.goto(f"/admin/accounts/{number_of(gallery, INES)}")
    return page


for question in ("logout-all", "disable", "enable"):

    @sight(f"admin, {question}")
    def _(gallery, browser, question=question):
        page = console(gallery, browser)
        page.goto(f"/admin/accounts/{number_of(gallery, INES)}/{question}")
        return page


@sight("admin, reveal")
def _(gallery, browser):
    page = console(gallery, browser)
    page.goto(f"/admin/accounts/{number_of(gallery, INES)}")
    page.locator(".row summary").first.click()
    page.get_by_role("link", name="Show the full address").first.click()
    page.get_by_label("Reason").wait_for()
    return page


@sight("admin, revealed")
def _(gallery, browser):
    page = console(gallery, browser)
    page.goto(f"/admin/accounts/{number_of(gallery, INES)}")
    page.locator(".row summary").first.click()
    page.get_by_role("link", name="Show the full address").first.click()
    page.get_by_label("Reason").fill("Court order 7")
    page.get_by_role("button", name="Show the full address").click()
    page.get_by_text("Last used from").wait_for()
    return page


@sight("admin, ticked")
def _(gallery, browser):
    page = console(gallery, browser)
    page.goto(f"/admin/accounts/{number_of(gallery, INES)}")
    page.locator(".pick input").nth(2).check()
    page.get_by_text("Selected: 1").wait_for()
    return page


@sight("admin, ended")
def _(gallery, browser):
    row = gallery.newcomer()
    page = console(gallery, browser)
    page.goto(f"/admin/accounts/{number_of(gallery, INES)}")
    page.locator(f"#s-{row} input").check()
    page.get_by_label("Reason").fill("Laptop reported lost, ticket 4417")
    page.get_by_role("button", name="End what is selected").click()
    page.locator(".notice").wait_for()
    return page


@sight("admin, overview")
def _(gallery, browser):
    page = console(gallery, browser)
    some_days(gallery)
    page.goto("/admin/overview")
    page.get_by_text("The numbers of each day").click()
    return page


@sight("admin, overview of one organisation, before it is counted")
def _(gallery, browser):
    appointed(gallery, VERA, Role.VIEWER)
    means, now = gallery.house.means, gallery.house.clock()
    if means.database.read_now(organisations.named, PILOTS) is None:
        done_apart(make_from_shell(means, PILOTS, now))
    done_apart(appoint_from_shell(means, VERA, Role.VIEWER, now, PILOTS))
    page = browser.tab("/admin/sign-in")
    page.get_by_label("Email address").fill(VERA)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Record of operator actions").wait_for()
    page.goto("/admin/overview")
    return page


@sight("admin, health")
def _(gallery, browser):
    page = console(gallery, browser)
    page.goto("/admin/health")
    return page


def some_days(gallery):
    """Thirty days of a middling installation, as the job would have kept them."""
    means, now = gallery.house.means, gallery.house.clock()
    found = means.database.read_now(count, None, now)[-1]

    def keep(conn):
        for ago in range(29, -1, -1):
            wave = (ago * 7 + ago * ago) % 11
            numbers = {
                Measure.SESSIONS: parts(web=900 + 13 * wave, admin=3, sync=210 - 4 * wave, mobile=340, oauth=88),
                Measure.SIGN_INS: parts(web=40 + 9 * wave, sync=6, mobile=11 + wave, admin=2),
                Measure.ENDINGS: parts(logged_out=31 + wave, expired_idle=12, revoked=4, ended_by_operator=ago % 3),
                Measure.FLAGS: parts(new_device=21, unfamiliar_location=5, unused=44) | {TOTAL: 66},
                Measure.OUTBOX: parts(letters=wave % 3, sign_outs=0), Measure.NODES: {TOTAL: 4},
            }  # fmt: skip
            overview.keep(
                conn, None, DayCounted((now - timedelta(days=ago)).date(), now, numbers, found.places)
            )
            overview.add_refused(
                conn, (now - timedelta(days=ago)).date(), {"sign_in_refused": 5 + wave * wave}
            )
        endings.join(conn, "a3f19c02", "1", "app-1.signedin.example 4021")

    means.database.write_now(keep)


def parts(**said):
    return {TOTAL: sum(said.values()), **said}


@sight("admin, operators")
def _(gallery, browser):
    appointed(gallery, VERA, Role.VIEWER)
    page = console(gallery, browser)
    page.goto("/admin/operators")
    return page


@sight("activity")
def _(gallery, browser):
    return gallery.signed_in(browser).tab("/settings/activity")


@sight("activity, nothing of a kind")
def _(gallery, browser):
    return gallery.signed_in(browser, ALONE).tab("/settings/activity?kind=fail")


@sight("activity, nothing found")
def _(gallery, browser):
    return gallery.signed_in(browser).tab("/settings/activity?kind=in&q=nowhere")


@sight("activity, without use")
def _(gallery, browser):
    return gallery.signed_in(browser, ALONE).tab("/settings/activity?q=chrome")
