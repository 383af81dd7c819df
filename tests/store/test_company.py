"""Alone or in company: whether what one process has seen of last use is all there is."""

from __future__ import annotations

import fcntl
import threading

import pytest

from databases import only_on_sqlite
from people import ADA, SAFARI_ON_IPHONE, Clock, running
from signedin.store.company import Company


@only_on_sqlite("Servers of one file know each other by a lock beside it.")
@pytest.mark.guide("D28")
def test_a_process_is_alone_until_another_begins_and_never_again_after_that(tmp_path):
    first = Company(tmp_path / "signedin.db")
    assert first.is_alone()
    second = Company(tmp_path / "signedin.db")
    assert not first.is_alone()
    assert not second.is_alone()
    second.close()
    assert not first.is_alone(), "what the second saw last may have gone with it"
    first.close()
    third = Company(tmp_path / "signedin.db")
    assert third.is_alone()
    third.close()


@only_on_sqlite("Servers of one file know each other by a lock beside it.")
@pytest.mark.guide("D28")
def test_of_two_that_begin_at_once_none_believes_that_it_is_alone(tmp_path, monkeypatch):
    others, flock = [], fcntl.flock

    def between(file, how):
        if how == fcntl.LOCK_SH and not others:  # here the first holds neither lock for a moment
            flock(file, fcntl.LOCK_UN)
            others.append(threading.Thread(target=lambda: others.append(Company(tmp_path / "signedin.db"))))
            others[0].start()
            others[0].join(0.2)
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", between)
    first = Company(tmp_path / "signedin.db")
    others[0].join()
    assert (first.is_alone(), others[1].is_alone()) == (False, False)
    others[1].close()
    first.close()


@pytest.mark.guide("D28", "R70")
def test_with_two_processes_no_session_ends_before_its_last_use_in_either(tmp_path):
    clock = Clock()
    with running(tmp_path, clock) as one, running(tmp_path, clock, base_url=one.base_url) as other:
        one.somebody(ADA)
        phone = one.signed_in(SAFARI_ON_IPHONE)
        clock.move(seconds=15)
        there = phone_at(other, phone)
        assert there.open("/settings/sessions").status_code == 200
        other.means.recent.take(99)  # as if it had been killed before it wrote that down
        clock.move(days=30, seconds=-1)
        assert phone.is_signed_in, "its last use was 30 days less a second ago"
        clock.move(seconds=120)
        assert not phone.is_signed_in


def phone_at(house, phone):
    """The same browser at another process of the same installation."""
    browser = house.browser(SAFARI_ON_IPHONE)
    browser.http.cookies.set("signedin", phone.secret, domain="localhost.local", path="/")
    return browser
