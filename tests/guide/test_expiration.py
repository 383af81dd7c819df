"""Guide: Session Expiration."""

from __future__ import annotations

from datetime import timedelta

import pytest

from databases import DOUBT
from people import ADA, SAFARI_ON_IPHONE, Clock, running
from signedin.rules.lifetime import PROFILES


@pytest.mark.guide("R68", "D28")
@pytest.mark.security("7.3.1", "7.4.1", "N5", "N11")
def test_a_session_lives_29_days_23_59_59_without_use_and_is_refused_after_30_days(house, clock):
    laptop = house.signed_in()
    clock.move(days=29, hours=23, minutes=59, seconds=59)
    assert laptop.open("/settings/sessions", **{"signedin-automatic": "1"}).status_code == 200
    clock.move(seconds=1 + DOUBT)
    assert laptop.open("/v1/sessions").json()["reason"] == "expired_idle"
    assert "Your session expired." in laptop.open("/sign-in").text


@pytest.mark.guide("R69")
@pytest.mark.security("7.3.1", "N11")
def test_activity_at_day_29_keeps_a_session_alive_at_day_58(house, clock):
    laptop = house.signed_in()
    clock.move(days=29)
    assert laptop.open("/settings/sessions").status_code == 200
    clock.move(days=29)
    assert laptop.open("/settings/sessions").status_code == 200


@pytest.mark.guide("R71")
def test_an_expired_session_is_not_in_the_list_although_nothing_has_swept(house, clock):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    clock.move(days=20)
    laptop.open("/settings/sessions")
    clock.move(days=10, seconds=DOUBT)
    assert [row["device"] for row in laptop.sessions()] == ["Chrome on macOS"]
    assert not phone.is_signed_in


@pytest.mark.guide("R72", "D15")
def test_failed_requests_and_automatic_re_reads_do_not_reset_the_timer(house, clock):
    laptop = house.signed_in()
    clock.move(days=29)
    assert laptop.open("/settings/nonsense").status_code == 404
    assert laptop.open("/settings/sessions", **{"signedin-automatic": "1"}).status_code == 200
    assert laptop.open("/settings/sessions/alive").status_code == 204
    clock.move(days=1, seconds=DOUBT)
    assert not laptop.is_signed_in


@pytest.mark.guide("R73", "D7")
@pytest.mark.security("7.3.2", "N5", "N11")
def test_the_overall_limit_ends_even_a_session_in_daily_use(house, clock):
    laptop = house.signed_in()
    for _ in range(14):
        clock.move(days=26)
        assert laptop.open("/settings/sessions").status_code == 200
    clock.move(days=1)
    assert laptop.open("/v1/sessions").json()["reason"] == "expired_overall"


@pytest.mark.guide("R73")
def test_the_period_is_a_setting_down_to_seconds(tmp_path):
    with running(tmp_path, Clock(), inactivity=timedelta(seconds=5)) as house:
        house.somebody(ADA)
        laptop = house.signed_in()
        house.clock.move(seconds=4)
        assert laptop.open("/settings/sessions").status_code == 200
        house.clock.move(seconds=4)
        assert laptop.open("/settings/sessions").status_code == 200
        house.clock.move(seconds=5)
        assert not laptop.is_signed_in


@pytest.mark.guide("D7")
@pytest.mark.security("7.1.1")
@pytest.mark.parametrize(
    ("profile", "idle", "overall"),
    [("nist-aal1", 30 * 24, 30 * 24), ("nist-aal2", 1, 24), ("nist-aal3", 0.25, 12)],
)
def test_the_presets_are_those_of_the_standard(profile, idle, overall):
    limits = PROFILES[profile].default
    assert (limits.idle, limits.overall) == (timedelta(hours=idle), timedelta(hours=overall))


@pytest.mark.guide("D35")
def test_on_a_shared_computer_the_session_ends_after_an_hour_and_its_cookie_with_the_window(house, clock):
    kiosk = house.browser()
    answer = kiosk.sign_in(shared="1", remember="1")
    cookies = answer.headers.get_list("set-cookie")
    assert not [cookie for cookie in cookies if "Max-Age" in cookie and cookie.startswith("signedin=")]
    assert not [cookie for cookie in cookies if cookie.startswith("signedin-browser=sgn_")]
    clock.move(minutes=59, seconds=59)
    assert kiosk.is_signed_in
    clock.move(seconds=1 + DOUBT)
    assert not kiosk.is_signed_in


@pytest.mark.guide("R70", "D28")
def test_after_a_restart_no_session_ends_before_its_last_use_plus_the_period(tmp_path):
    clock = Clock()
    with running(tmp_path, clock) as house:
        house.somebody(ADA)
        laptop = house.signed_in()
        secret = laptop.secret
    clock.move(days=30, seconds=-1)
    with running(tmp_path, clock) as house:
        again = house.browser()
        again.http.cookies.set("signedin", secret, domain="localhost.local", path="/")
        assert again.is_signed_in
        clock.move(seconds=61)
        assert not again.is_signed_in


@pytest.mark.guide("R74")
def test_a_devices_clock_has_no_influence(house, clock):
    laptop = house.signed_in()
    laptop.http.headers["date"] = "Mon, 23 Nov 2076 14:20:00 GMT"
    laptop.open("/settings/sessions")
    assert laptop.current()["last_activity_at"] == "2026-11-23T14:20:00Z"


@pytest.mark.guide("R71")
def test_sweeping_moves_expired_sessions_away_and_the_reason_stays_for_the_device(house, clock):
    import asyncio

    from signedin.actions.sweep import sweep

    house.signed_in()
    phone = house.signed_in(SAFARI_ON_IPHONE)
    clock.move(days=31)
    swept = asyncio.run(sweep(house.means, clock()))
    assert swept.expired == 2
    assert "It had not been used for 30 days." in phone.open("/sign-in").text
    clock.move(days=31)
    assert asyncio.run(sweep(house.means, clock())).tombstones_forgotten == 2
    assert "Your session expired" not in phone.open("/sign-in").text


@pytest.mark.guide("R73", "D7")
def test_a_setting_that_is_tightened_holds_for_what_begins_after_it_and_what_lives_keeps_its_own(tmp_path):
    clock = Clock()
    with running(tmp_path, clock) as house:
        house.somebody()
        secret = house.signed_in().secret
    with running(tmp_path, clock, inactivity=timedelta(hours=1)) as house:
        before, after = house.browser(), house.signed_in()
        before.http.cookies.set("signedin", secret, domain="localhost.local", path="/")
        clock.move(hours=2)
        assert (before.is_signed_in, after.is_signed_in) == (True, False)
