"""An app with Signedin within the same process, by the file in examples/, on either database."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from client.shops import bound_to_berlin, sent_by, until
from databases import ON_POSTGRES, own_server
from given import given, redeemed
from people import ADA, ADELAIDE, BERLIN, FIREFOX_ON_WINDOWS, SAFARI_ON_IPHONE, Browser, Clock, done_apart
from postgres_server import make_database
from routes import THE_APPS_OWN, every_route, still
from served import Served, a_place
from signedin.actions.issue_key import issue_key_for
from signedin.client import NotAllowed, NotSignedIn, SignedIn, Unavailable
from signedin.rules.access_key import Wish
from signedin.rules.sent import CookieNames
from signedin.server.within import OURS, Within
from signedin.store import accounts

pytestmark = pytest.mark.xdist_group("within")
EXAMPLES = Path(__file__).parents[2] / "examples"
NAVIGATES = {"sec-fetch-mode": "navigate"}


@contextmanager
def begun(place):
    """The example of an app with Signedin within it."""
    command = [
        sys.executable, "-m", "uvicorn", "--app-dir", EXAMPLES / "within_app", "within_app:app",
        "--port", str(place.port), "--no-proxy-headers", "--timeout-graceful-shutdown", "2",
    ]  # fmt: skip
    said = place.folder / "server.log"
    with said.open("w") as log:
        process = subprocess.Popen(command, cwd=place.folder, env=place.environment(), stdout=log, stderr=log)
        running = Served(place, process, said)
        try:
            until(lambda: process.poll() is not None or lives(place))
            assert process.poll() is None, said.read_text()
            yield running
        finally:
            running.stop()
    assert process.returncode in {0, -15}, said.read_text()
    assert "Traceback" not in said.read_text(), said.read_text()


def lives(place):
    try:
        return httpx.get(f"{place.base_url}/health/live").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def place():
    with a_place(SIGNEDIN_INACTIVITY="9m") as made:  # so short that each use is on disk before the answer
        made.settings["SIGNEDIN_BASE_URL"] = made.base_url
        if ON_POSTGRES:
            name = f"within_{time.monotonic_ns()}"
            make_database(own_server().url("postgres"), name)
            made.settings["SIGNEDIN_DATABASE_URL"] = own_server().url(name)
        made.somebody()
        yield made


@pytest.fixture(scope="module")
def app(place):
    with begun(place) as running:
        yield running


def phone_of(app):
    browser = Browser(app.place.base_url, SAFARI_ON_IPHONE)
    assert browser.sign_in().status_code == 303
    return browser


@pytest.mark.guide("R1", "R42", "R48", "R51")
@pytest.mark.security("7.4.1", "attack-1")
def test_revoking_in_one_browser_shuts_the_other_out_of_the_app_at_its_next_request(app):
    laptop, phone = app.signed_in(), phone_of(app)
    for _ in range(3):
        told = phone.open("/orders").json()
        assert told["session"] == phone.current()["id"]
    laptop.revoke(told["session"])
    answer = phone.open("/orders")
    assert (answer.status_code, answer.json()["reason"]) == (401, "revoked")
    assert laptop.open("/orders").json()["orders_of"] == told["orders_of"]
    laptop.log_out_all()
    assert laptop.open("/orders").status_code == 401


@pytest.mark.guide("R4", "R44")
def test_who_goes_to_a_page_of_the_app_signs_in_and_comes_back_to_it(app):
    stranger = app.browser()
    assert stranger.open("/").json() == "Welcome to the shop"
    assert stranger.open("/orders").json()["reason"] == "missing"
    answer = stranger.open("/orders?page=2", **NAVIGATES)
    assert answer.status_code == 303
    assert stranger.open(answer.headers["location"]).status_code == 200
    assert stranger.sign_in(next="/orders?page=2").headers["location"] == "/orders?page=2"
    assert stranger.open("/orders?page=2", **NAVIGATES).status_code == 200


@pytest.mark.guide("R49", "R58")
@pytest.mark.security("attack-2")
def test_a_stream_of_the_app_ends_within_a_second_of_its_session(app):
    laptop, phone = app.signed_in(), phone_of(app)
    heard = []

    def listen():
        with phone.http.stream("GET", "/events") as answer:
            heard.extend(time.monotonic() for line in answer.iter_lines() if line)

    listening = threading.Thread(target=listen, daemon=True)
    listening.start()
    pause = threading.Event()
    pause.wait(0.6)
    laptop.log_out_all()
    over = time.monotonic()
    listening.join(30)
    assert not listening.is_alive()
    assert heard
    assert heard[-1] < over + 1


@pytest.mark.guide("R15", "D16")
def test_a_use_of_the_app_is_the_activity_of_the_person(app):
    laptop, phone = app.signed_in(), phone_of(app)
    row = phone.open("/orders").json()["session"]
    begun_at = next(each for each in laptop.sessions() if each["id"] == row)["last_activity_at"]
    until(lambda: used_again(laptop, phone, row) > begun_at, 10)


@pytest.mark.guide("D16")
def test_a_use_of_the_app_tells_the_device_that_it_came_from(app):
    laptop, phone = app.signed_in(), phone_of(app)
    row = phone.open("/orders").json()["session"]

    def last_device(agent):
        assert phone.open("/orders", **{"user-agent": agent}).status_code == 200
        return next(each for each in laptop.sessions() if each["id"] == row)["last_device"]

    until(lambda: last_device(FIREFOX_ON_WINDOWS) == "Firefox on Windows", 10)
    until(lambda: last_device(SAFARI_ON_IPHONE) == "Safari on iOS", 10)


def used_again(laptop, phone, row):
    assert phone.open("/orders").status_code == 200
    return next(each for each in laptop.sessions() if each["id"] == row)["last_activity_at"]


@pytest.mark.guide("D12")
@pytest.mark.only_on_sqlite("The file is moved away.")
@pytest.mark.security("attack-19", "16.5.3")
def test_a_database_that_was_moved_away_lets_nobody_in_and_signs_nobody_out(app):
    phone, file = phone_of(app), app.place.database
    aside = file.with_name("aside.db")
    file.rename(aside)
    try:
        until(lambda: phone.open("/orders").status_code == 503)
    finally:
        aside.rename(file)
    until(lambda: phone.open("/orders").status_code == 200)


@pytest.mark.guide("D12", "R60")
@pytest.mark.security("7.2.2")
def test_a_session_of_another_app_type_is_not_let_in_and_a_key_only_by_its_scope(tmp_path):
    with still(tmp_path, Clock()) as house:
        house.somebody()
        phone = house.signed_in()
        headers, now = sent_by(phone), house.server.clock()
        account = phone.open("/v1/account").json()["id"]
        wish = Wish("backup", ("account:read",), None)
        made = done_apart(issue_key_for(house.means, ADA, wish, now))
        by_key = [(b"authorization", f"Bearer {made.token}".encode())]

        async def story():
            mobile, web = within(house, "mobile"), within(house, "web")
            assert mobile.known(headers) is None
            assert await mobile.check(headers) == NotSignedIn("wrong_app_type")
            assert web.known(headers) == await web.check(headers)
            assert web.known(by_key) is None
            assert await web.check(by_key) == NotSignedIn("wrong_kind")
            found = await web.check(by_key, scope="account:read")
            assert found == SignedIn(account, None, None, frozenset({"account:read"}))
            assert await web.check(by_key, scope="sessions:read") == NotAllowed()
            one = web.hold(by_key, lambda _: None, scope="account:read")
            assert await web.still(one)

        asyncio.run(story())


@pytest.mark.guide("D12", "R49")
def test_what_an_app_that_was_allowed_to_opens_stays_open_until_it_may_no_more(tmp_path):
    with still(tmp_path, Clock()) as house:
        house.somebody()
        phone, it = house.signed_in(), given(house, scopes=("openid", "account:read", "offline_access"))
        token = redeemed(house, it).access_token
        by_token = [(b"authorization", f"Bearer {token}".encode())]

        async def story():
            web, said = within(house, "web"), []
            assert await web.check(by_token, scope="account:read")
            one, other = (
                web.hold(by_token, said.append, scope=each) for each in ("account:read", "sessions:read")
            )
            assert await web.still(one)
            assert not await web.still(other)
            await asyncio.to_thread(phone.revoke, it.grant.row_id)
            assert not await web.still(one)
            assert said == [NotAllowed().reason, "revoked"]

        asyncio.run(story())


@pytest.mark.guide("D7", "D12")
@pytest.mark.security("6.3.8")
def test_from_outside_the_networks_of_an_organisation_nobody_is_let_in_and_nothing_is_noted(tmp_path):
    with still(tmp_path, Clock()) as house:
        house.somebody()
        phone = house.signed_in(address=BERLIN)
        bound_to_berlin(house, ADA)
        headers, row = sent_by(phone), phone.current()["id"]
        account = house.means.database.read_now(accounts.find_by_email, ADA).id
        house.clock.move(hours=1)

        async def story():
            web = within(house, "web")
            assert web.known(headers, ADELAIDE) is None
            assert web.known(headers) is None
            assert await web.check(headers, address=ADELAIDE) == NotSignedIn("outside_networks")
            assert house.means.recent.latest(account, row) != house.clock()
            assert (await web.check(headers, address=BERLIN)).session == row
            assert house.means.recent.latest(account, row) == house.clock()

        asyncio.run(story())


@pytest.mark.guide("R49", "D7")
@pytest.mark.security("6.3.8")
def test_what_is_open_is_closed_where_an_organisation_does_not_let_its_people_be(tmp_path):
    with still(tmp_path, Clock()) as house:
        house.somebody()
        headers = sent_by(house.signed_in(address=BERLIN))

        async def story():
            web, said = within(house, "web"), []
            inside, outside = (
                web.hold(headers, said.append, address=each) for each in (f"::ffff:{BERLIN}", ADELAIDE)
            )
            assert await web.still(inside)
            assert await web.still(outside)
            bound_to_berlin(house, ADA)
            assert await web.still(inside)
            assert not await web.still(outside)
            assert said == ["outside_networks"]

        asyncio.run(story())


def test_before_the_app_has_begun_nobody_is_let_in():
    unbegun = Within()
    assert unbegun.pages("/sign-in") is None
    with pytest.raises(Unavailable):
        unbegun.known([])
    with pytest.raises(ValueError, match="app_types"):
        Within(app_types=["oauth"])


def within(house, *app_types):
    """As it is once the app has begun, in the place of a server of its own."""
    made = Within(house.server.settings, app_types, house.clock)
    made._server, made._names = house.server, CookieNames.for_base_url(house.base_url)
    return made


def test_every_page_of_signedin_is_its_own_and_everything_else_is_the_apps(tmp_path):
    with still(tmp_path, None) as house:
        every = {path for _, path in every_route(house)} - {"/", *THE_APPS_OWN}
    of_operators = {path for path in every if path == "/admin" or path.startswith("/admin/")}
    paths = every - of_operators
    assert of_operators, "the console has pages, and none is on an app's host"
    assert not [path for path in paths if not OURS.fullmatch(path)]
    for path in (
        "/",
        "/orders",
        "/settingsx",
        "/v1",
        "/v1x",
        "/sign-in/x",
        "/static\n/x",
        "/x/v1/check",
        *THE_APPS_OWN,
        *of_operators,
    ):
        assert not OURS.fullmatch(path), path


def test_what_the_page_of_the_docs_shows_stands_in_the_file_that_is_started():
    page = (EXAMPLES.parent / "docs" / "in-front-asgi.md").read_text()
    (shown,) = re.findall(r"<!-- within -->\n```python\n(.+?)```", page, re.DOTALL)
    assert shown in (EXAMPLES / "within_app" / "within_app.py").read_text()
