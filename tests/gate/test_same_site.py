"""Whether a change was asked for from one of our own pages."""

from __future__ import annotations

import pytest

from signedin.gate.same_site import came_from_ourselves

HERE = "https://account.test"
FOREIGN = [
    "https://evil.example", "null", "", "https://account.test.evil.example", "http://account.test",
    "https://account.test:8443", "https://ACCOUNT.test", "https://sub.account.test", "https://account.test/",
    "https://account.test, https://evil.example",
]  # fmt: skip


def headers(site, origin):
    pairs = [(b"sec-fetch-site", site), (b"origin", origin)]
    return [(name, value.encode()) for name, value in pairs if value is not None]


@pytest.mark.security("CSRF-2", "3.5.2")
@pytest.mark.parametrize(("site", "origin"), [("same-origin", HERE), ("same-origin", None), (None, HERE)])
def test_our_own_pages_are_told_by_the_site_first_and_by_the_origin_in_its_absence(site, origin):
    assert came_from_ourselves(headers(site, origin), HERE)


@pytest.mark.security("CSRF-2", "CSRF-4", "C4", "3.5.2")
@pytest.mark.parametrize(
    "site", ["cross-site", "same-site", "none", "", "SAME-ORIGIN", "same-origin, cross-site"]
)
@pytest.mark.parametrize("origin", [HERE, None, "https://evil.example"])
def test_no_other_site_is_ourselves_a_sibling_neither_whatever_the_origin_says(site, origin):
    assert not came_from_ourselves(headers(site, origin), HERE)


@pytest.mark.security("CSRF-2", "3.5.2")
@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("site", ["same-origin", None])
def test_no_other_origin_is_ourselves_whatever_the_site_says(site, origin):
    assert not came_from_ourselves(headers(site, origin), HERE)


@pytest.mark.security("CSRF-2")
def test_a_request_that_says_neither_changes_nothing():
    assert not came_from_ourselves([], HERE)
