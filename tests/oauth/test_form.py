"""What clients send is read once each and within bounds (RFC 6749, section 3.1; security 15.3.7)."""

from __future__ import annotations

import pytest

from signedin.oauth.form import LARGEST, MOST, read_form
from signedin.rules.oauth_refusal import OAuthRefused


def test_parameters_are_read_and_empty_ones_count_as_left_out():
    assert read_form(b"grant_type=refresh_token&scope=&a+b=c%20d%2B") == {
        "grant_type": "refresh_token",
        "a b": "c d+",
    }
    assert read_form(b"name=%E2%98%82") == {"name": "☂"}
    assert read_form(b"") == {}


@pytest.mark.security("15.3.7")
@pytest.mark.parametrize(
    "body",
    [
        b"code=a&code=b", b"code=a&code=a", b"code=&code=a", b"c%6fde=a&code=b", b"\xff=a", b"a=%ff", b"a=%00", b"a=b%0d%0ac",
        b"%00=a", "a=ü".encode(), b"&".join(b"a%d=1" % n for n in range(MOST + 1)),
    ],
)  # fmt: skip
def test_what_is_doubtful_is_refused(body):
    with pytest.raises(OAuthRefused) as refusal:
        read_form(body)
    assert (refusal.value.error, refusal.value.status) == ("invalid_request", 400)


def test_what_is_too_large_is_refused():
    for body in (b"a=" + b"x" * (LARGEST // 2 + 1), b"a" * 101 + b"=1"):
        with pytest.raises(OAuthRefused) as refusal:
            read_form(body)
        assert refusal.value.status == 413


def test_resource_alone_may_come_several_times():
    assert read_form(b"resource=https://a.test/&resource=https://b.test/") == {
        "resource": "https://a.test/ https://b.test/"
    }
