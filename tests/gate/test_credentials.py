"""How a credential travels: cookies by exact name, and nothing that is doubtful."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signedin.gate.credentials import set_cookie
from signedin.rules.sent import DUPLICATED, LONGEST_COOKIE_HEADER, CookieNames, cookies

SECURE = CookieNames.for_base_url("https://account.test")
OURS = SECURE.session.encode()
GOOD = b"sgn_ses_" + b"A" * 61


def session_in(*lines):
    """The session's cookie as it is read from these Cookie headers."""
    return cookies([(b"cookie", line) for line in lines]).get(SECURE.session)


@pytest.mark.security("C5")
@pytest.mark.parametrize(
    "line",
    [OURS + b"=" + GOOD, b"a=1; " + OURS + b"=" + GOOD + b"; b=2", b"\t" + OURS + b"=" + GOOD,
     b";;" + OURS + b"=" + GOOD + b";", b"signedin=other; " + OURS + b"=" + GOOD],
)  # fmt: skip
def test_our_cookie_is_found_among_others(line):
    assert session_in(line) == GOOD.decode()


@pytest.mark.security("C5", "SM-2", "3.3.1")
@pytest.mark.parametrize(
    "name",
    [b"__host-signedin", b"__HOST-SIGNEDIN", b"__Host-Signedin", b"__Secure-signedin", b"signedin", b"$Version",
     b"\xa0__Host-signedin", b"\x85__Host-signedin", b"\x0b__Host-signedin", b"\x0c__Host-signedin",
     b"\x1c__Host-signedin", b"\xe2\x80\x83__Host-signedin", b"__Host-signedin\xa0", b"__Host-signedin\x00",
     b"__Host-signedin ;", b"\"__Host-signedin\"", b"__Host-signedin-form"],
)  # fmt: skip
def test_a_name_that_only_looks_like_ours_is_not_ours(name):
    assert session_in(name + b"=" + GOOD) is None


@pytest.mark.security("C5")
@pytest.mark.parametrize(
    "lines",
    [(OURS + b"=" + GOOD + b"; " + OURS + b"=" + GOOD,), (OURS + b"=" + GOOD, OURS + b"=" + GOOD),
     (OURS + b"=" + GOOD + b"; " + OURS + b"=",), (OURS + b"=x;" + OURS + b"=y;" + OURS + b"=z",)],
)  # fmt: skip
def test_of_two_cookies_with_one_name_neither_counts(lines):
    assert session_in(*lines) == DUPLICATED


@pytest.mark.security("C5", "SM-4")
def test_a_jar_that_is_too_large_is_not_read_at_all():
    small = OURS + b"=" + GOOD
    fill = b"; x=" + b"y" * (LONGEST_COOKIE_HEADER - len(small) - 4)
    assert session_in(small + fill) == GOOD.decode()
    assert session_in(small + fill + b"y") is None
    assert session_in(small, b"x=" + b"y" * LONGEST_COOKIE_HEADER) is None


@pytest.mark.security("C5", "SM-4")
@given(st.lists(st.binary(max_size=60), max_size=4), st.binary(max_size=20))
def test_any_bytes_may_be_sent_and_what_is_read_was_sent_exactly_once(lines, value):
    lines = [*lines, OURS + b"=" + value]
    read = cookies([(b"cookie", line) for line in lines])
    assert SECURE.session in read
    found = read[SECURE.session]
    assert found == DUPLICATED or found.encode("latin-1") in value


@pytest.mark.security("C1", "C3", "N10", "3.3.1", "3.3.2", "3.3.3", "3.3.4")
def test_a_cookie_is_for_this_host_over_tls_out_of_reach_of_scripts_and_never_for_other_sites():
    made = set_cookie(SECURE, SECURE.session, "value", max_age=60)
    assert made == "__Host-signedin=value; Path=/; SameSite=Lax; Max-Age=60; HttpOnly; Secure"


@pytest.mark.security("SM-1", "SM-5")
def test_the_names_tell_nothing_of_what_serves_and_differ_before_and_after_signing_in():
    names = {SECURE.session, SECURE.browser, SECURE.form, SECURE.flash}
    assert len(names) == 4
    assert all(name.startswith("__Host-signedin") for name in names)
    assert not any(
        word in name.lower() for name in names for word in ("session", "python", "litestar", "sid")
    )
