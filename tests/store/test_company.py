"""Alone or in company: whether what one process has seen of last use is all there is."""

from __future__ import annotations

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


@pytest.mark.guide("D28", "R70")
def test_with_two_processes_no_session_ends_before_its_last_use_in_either(tmp_path):
    clock = Clock()
    with running(tmp_path, clock) as one, running(tmp_path, clock, base_url=one.base_url) as other:
        one.somebody(ADA)
        phone = one.signed_in(SAFARI_ON_IPHONE)
        clock.move(seconds=15)
        there = phone_at(other, phone)
        assert there.open("/settings/sessions").status_code == 200
        other.means.recent.take()  # as if it had been killed before it wrote that down
        clock.move(days=30, seconds=-1)
        assert phone.is_signed_in, "its last use was 30 days less a second ago"
        clock.move(seconds=120)
        assert not phone.is_signed_in


def phone_at(house, phone):
    """The same browser at another process of the same installation."""
    browser = house.browser(SAFARI_ON_IPHONE)
    browser.http.cookies.set("signedin", phone.secret, domain="localhost.local", path="/")
    return browser
