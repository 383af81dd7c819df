"""Apps on other hosts: a browser comes with a one-time ticket, and has a cookie there that dies with its session."""

from __future__ import annotations

import asyncio
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa

from people import ADA, BERLIN, FIREFOX_ON_WINDOWS, SAFARI_ON_IPHONE, Clock, running
from signedin.rules.errors import DatabaseProblem
from signedin.server.jobs import flush_now
from signedin.store import host_cookies, tickets
from web.elsewhere import APP_HOSTS, COOKIE, SHOP, WIKI, Elsewhere, ticket_in

pytestmark = pytest.mark.xdist_group("other hosts")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running(tmp_path_factory.mktemp("house"), Clock(), app_hosts=APP_HOSTS) as house:
        house.somebody(ADA)
        yield house


@pytest.fixture
def laptop(house):
    return house.signed_in()


@pytest.fixture
def shop(laptop):
    return Elsewhere(laptop)


def kept(house, table):
    return house.means.database.read_now(
        lambda conn: conn.scalar(sa.select(sa.func.count()).select_from(table))
    )


@pytest.mark.guide("D12", "D31", "R4")
@pytest.mark.security("C1", "C2")
def test_a_browser_comes_to_another_host_by_way_of_ours_and_is_the_same_session_there(house, laptop, shop):
    assert shop.check().headers["www-authenticate"] == 'Session error="missing"'
    address = shop.set_out()
    assert address.startswith(house.base_url + "/to-app?")
    answer = shop.come_back(shop.way_back(address))
    assert (answer.status_code, answer.headers["location"]) == (303, "/orders?page=2&x=1")
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith(f"{COOKIE}=sgn_hst_")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    told = shop.check()
    assert told.status_code == 200
    assert told.headers["signedin-session"] == laptop.current()["id"]
    assert told.headers["signedin-app-type"] == "web"


@pytest.mark.guide("D31", "R17", "R65")
def test_it_is_no_row_of_the_list_and_its_use_is_the_use_of_its_session(house, laptop, shop):
    before = len(laptop.sessions())
    shop.entered()
    assert len(laptop.sessions()) == before
    house.clock.move(days=29)
    assert shop.check().status_code == 200
    asyncio.run(flush_now(house.server))
    house.clock.move(days=29)
    assert laptop.is_signed_in, "a session that is used at another host alone lives on"
    house.clock.move(days=31)
    assert shop.check().headers["www-authenticate"] == 'Session error="expired_idle"'


@pytest.mark.guide("R41", "R42", "R48", "R58", "D31")
@pytest.mark.security("attack-1", "7.4.1", "C2")
@pytest.mark.parametrize("way", ["revoked", "logged_out", "logged_out_everywhere"])
def test_it_dies_with_its_session_whichever_way_that_ends(house, laptop, shop, way):
    other, wiki = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN), Elsewhere(laptop, WIKI).entered()
    shop.entered()
    assert shop.check().status_code == 200
    if way == "revoked":
        other.revoke(laptop.current()["id"])
    elif way == "logged_out":
        laptop.log_out()
    else:
        other.log_out_all()
    for each in (shop, wiki):
        answer = each.check()
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, f'Session error="{way}"')
        assert answer.json()["reason"] == way


@pytest.mark.guide("R51", "D10", "D31")
def test_a_cookie_that_had_to_go_for_newer_ones_says_so_and_then_why_its_session_ended(house, laptop, shop):
    other = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    first = shop.entered()
    for _ in range(host_cookies.KEPT):
        house.clock.move(seconds=1)
        newest = Elsewhere(laptop).entered()
    assert first.check().json()["reason"] == "policy"
    assert newest.check().status_code == 200
    other.revoke(laptop.current()["id"])
    for each in (first, newest):
        assert each.check().json()["reason"] == "revoked"


@pytest.mark.guide("R58")
def test_logging_out_all_others_leaves_the_cookies_of_the_one_that_asks(house, laptop, shop):
    shop.entered()
    laptop.log_out_all(**{"except": "current"})
    assert shop.check().status_code == 200


@pytest.mark.guide("D31")
@pytest.mark.security("C2", "attack-21", "SM-2")
def test_a_cookie_of_one_host_is_nothing_at_another(house, laptop, shop):
    shop.entered()
    wiki = Elsewhere(laptop, WIKI)
    wiki.jar = dict(shop.jar)
    assert wiki.check().headers["www-authenticate"] == 'Session error="unknown"'
    for name in ("evil.example", SHOP + ".evil.example", SHOP.upper(), "", "shop.other.test:443"):
        assert shop.check(name or " ").status_code == 422, name
    assert shop.check().status_code == 200


@pytest.mark.guide("D12")
@pytest.mark.security("C2", "T2", "attack-15", "7.2.1")
def test_a_host_cookie_opens_nothing_of_ours_and_our_own_opens_no_other_host(house, laptop, shop):
    shop.entered()
    secret, stranger = shop.jar[COOKIE], house.browser()
    for cookie in (f"signedin={secret}", f"{COOKIE}={secret}", f"signedin-host={secret}"):
        for path in ("/v1/sessions", "/v1/sessions/current", "/v1/check", "/v1/account"):
            assert stranger.http.get(path, headers={"cookie": cookie}).status_code == 401, (path, cookie)
        page = stranger.http.get("/settings/sessions", headers={"cookie": cookie})
        assert page.headers["location"].startswith("/sign-in")
    bearer = {"authorization": f"Bearer {secret}"}
    for path in ("/v1/sessions", "/v1/check", f"/v1/check?host={SHOP}"):
        assert stranger.http.get(path, headers=bearer).status_code == 401
    for name in (COOKIE, "signedin", "__Host-signedin"):
        answer = stranger.http.get(
            "/v1/check", params={"host": SHOP}, headers={"cookie": f"{name}={laptop.secret}"}
        )
        assert answer.status_code == 401


@pytest.mark.guide("D31")
@pytest.mark.security("attack-28", "attack-3", "C2")
def test_a_ticket_is_good_once_also_for_many_who_come_at_once(house, shop):
    address = shop.way_back(shop.set_out())
    together, answers = Barrier(8), []

    def take():
        mine = Elsewhere(house.browser(), SHOP)
        mine.jar = dict(shop.jar)
        together.wait()
        answers.append((mine.come_back(address).headers["location"], COOKIE in mine.jar))

    takers = [Thread(target=take) for _ in range(8)]
    for each in takers:
        each.start()
    for each in takers:
        each.join()
    assert sorted(got for _, got in answers) == [False] * 7 + [True]
    assert {where for where, got in answers if not got} == {house.base_url + "/to-app"}


@pytest.mark.guide("D31")
@pytest.mark.security("C2")
def test_a_ticket_is_good_for_a_minute(house, laptop):
    for seconds, is_good in ((59, True), (60, False)):
        shop = Elsewhere(laptop)
        address = shop.way_back(shop.set_out())
        house.clock.move(seconds=seconds)
        shop.come_back(address)
        assert (COOKIE in shop.jar) is is_good


@pytest.mark.guide("D31")
@pytest.mark.security("attack-11", "C2", "7.2.4")
def test_a_ticket_is_good_at_its_host_and_in_the_browser_that_set_out_there_alone(house, laptop, shop):
    address = shop.way_back(shop.set_out())
    victim = Elsewhere(house.browser(SAFARI_ON_IPHONE))
    assert victim.come_back(address).headers["location"] == house.base_url + "/to-app"
    assert COOKIE not in victim.jar, "a link signs nobody in as somebody else"
    assert shop.come_back(address).headers["location"] == house.base_url + "/to-app", (
        "used up without a mark too"
    )
    short, fresh = Elsewhere(house.browser(SAFARI_ON_IPHONE)), shop.way_back(shop.set_out())
    short.jar = {next(iter(shop.jar)): "x"}
    for one in (short, shop):
        assert one.come_back(fresh).headers["location"] == house.base_url + "/to-app"
    victim.set_out()
    fresh = shop.way_back(shop.set_out())
    assert victim.come_back(fresh).headers["location"] == house.base_url + "/to-app"
    assert shop.come_back(fresh).headers["location"] == house.base_url + "/to-app", "used up by the attempt"
    wiki = Elsewhere(laptop, WIKI)
    wiki.jar = dict(shop.jar)
    wiki.get("/.signedin/enter?ticket=" + ticket_in(shop.way_back(shop.set_out())))
    assert COOKIE not in wiki.jar


@pytest.mark.guide("R4", "R51")
def test_whoever_is_not_signed_in_signs_in_first_and_is_then_taken_back(house):
    stranger = house.browser()
    shop = Elsewhere(stranger)
    address = shop.set_out().removeprefix(house.base_url)
    asked = stranger.open(address)
    assert asked.status_code == 303
    assert asked.headers["location"].startswith("/sign-in?next=/to-app%3F")
    answer = stranger.sign_in(next=address)
    assert answer.headers["location"] == address
    assert shop.come_back(shop.way_back(address)).headers["location"] == "/orders?page=2&x=1"
    assert shop.check().status_code == 200


@pytest.mark.security("attack-12", "attack-29", "attack-14")
@pytest.mark.parametrize(
    "page",
    ["//evil.example", "/\\evil.example", "https://evil.example", "%2F%2Fevil.example", "/%0d%0aset-cookie:x",
     "javascript:alert(1)", "/.signedin/start", "", "evil", "/a\\b", "%00"],
)  # fmt: skip
def test_nobody_is_sent_anywhere_but_to_a_page_of_the_listed_host(house, laptop, page):
    shop = Elsewhere(laptop)
    address = shop.set_out(page)
    assert address.startswith(house.base_url + "/to-app?host=" + SHOP + "&")
    back = shop.way_back(address)
    assert back.startswith(f"https://{SHOP}/.signedin/enter?ticket=sgn_tik_")
    where = shop.come_back(back).headers["location"]
    assert where.startswith("/")
    assert not where.startswith(("//", "/\\", "/.signedin"))


@pytest.mark.security("attack-12", "attack-21")
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost", SHOP + "@evil.example", "SHOP.other.test", "", SHOP + "."]
)
def test_a_host_that_is_not_listed_gets_no_ticket(house, laptop, host):
    before = kept(house, tickets.tickets)
    answer = laptop.http.get("/to-app", params={"host": host, "state": "0" * 64, "next": "/"})
    assert answer.status_code == 410
    assert "evil" not in answer.headers.get("location", "")
    assert "http-equiv" not in answer.text
    assert kept(house, tickets.tickets) == before


@pytest.mark.security("3.5.1", "CSRF-2", "attack-11")
def test_no_page_elsewhere_fetches_a_ticket_behind_anybodys_back(house, laptop):
    before = kept(house, tickets.tickets)
    fields = {"host": SHOP, "state": "0" * 64}
    for mode in ("no-cors", "cors", "same-origin", "websocket"):
        answer = laptop.http.get("/to-app", params=fields, headers={"sec-fetch-mode": mode})
        assert answer.status_code == 410
    for state in ("", "0" * 63, "z" * 64, "0" * 65):
        assert laptop.http.get("/to-app", params=fields | {"state": state}).status_code == 410
    assert kept(house, tickets.tickets) == before


@pytest.mark.security("attack-21", "4.1.4")
def test_nothing_else_of_ours_is_there_at_another_host(house, laptop, shop):
    for path in (
        "/",
        "/sign-in",
        "/settings/sessions",
        "/v1/sessions",
        "/static/app.css",
        "/.signedin/x",
        "/.signedin/start/",
    ):
        answer = laptop.http.get(path, headers={"host": SHOP})
        assert (answer.status_code, answer.content) == (404, b""), path
        assert not {"strict-transport-security", "content-security-policy"} & set(answer.headers), (
            "its own concern"
        )
    for method in ("POST", "DELETE", "PUT"):
        assert laptop.http.request(method, "/.signedin/enter", headers={"host": SHOP}).status_code == 405
    assert laptop.http.get("/.signedin/start").status_code == 404, "and nothing of it at our own"


@pytest.mark.security("T2", "T4", "14.2.1", "16.2.5")
def test_neither_tickets_nor_cookies_are_kept_or_told_to_any_other(house, shop):
    address = shop.way_back(shop.set_out())
    with house.means.database.engine.connect() as conn:
        rows = repr(conn.execute(sa.select(tickets.tickets)).all())
    assert ticket_in(address) not in rows
    answer = shop.come_back(address)
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "ticket" not in answer.headers["location"]
    with house.means.database.engine.connect() as conn:
        assert shop.jar[COOKIE] not in repr(conn.execute(sa.select(host_cookies.host_cookies)).all())


@pytest.mark.guide("D12")
@pytest.mark.security("attack-19", "16.5.3")
def test_while_the_database_cannot_be_asked_a_way_back_is_no_way_in(house, shop, monkeypatch):
    address = shop.way_back(shop.set_out())

    async def locked(*_, **__):
        raise DatabaseProblem(reason="locked")

    with monkeypatch.context() as patched:
        patched.setattr(type(house.means.database), "write", locked)
        answer = shop.come_back(address)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert COOKIE not in shop.jar
    assert shop.come_back(address).status_code == 303
    assert COOKIE in shop.jar, "and the ticket was not used up"


@pytest.mark.guide("D31")
def test_of_one_session_at_one_host_there_are_few_cookies_and_the_newest_live(house, laptop):
    shops = []
    for _ in range(5):
        house.clock.move(seconds=1)
        shops.append(Elsewhere(laptop).entered())
    assert [each.check().status_code for each in shops] == [401, 401, 200, 200, 200]


@pytest.mark.security("T6")
def test_a_leaked_cookie_of_a_host_ends_its_session(house, laptop, shop):
    shop.entered()
    answer = house.browser().http.post(
        "/v1/leaked-tokens", json=[{"token": shop.jar[COOKIE], "type": "signedin", "url": "x"}]
    )
    assert answer.status_code in (200, 202, 204), answer.text
    assert shop.check().status_code == 401
    assert not laptop.is_signed_in


def test_tickets_that_nobody_took_are_swept_away(house, shop):
    from signedin.actions.sweep import sweep

    shop.way_back(shop.set_out())
    house.clock.move(seconds=61)
    asyncio.run(sweep(house.means, house.clock()))
    assert kept(house, tickets.tickets) == 0
