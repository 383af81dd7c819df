"""What clients send is read once each and within bounds (RFC 6749, section 3.1; security 15.3.7)."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from litestar import Request

from people import done_apart
from signedin.gate.arrival import Arrival
from signedin.oauth.form import KIND, LARGEST, LONGEST_NAME, LONGEST_VALUE, MOST, form_of, now_of, read_form
from signedin.rules.oauth_refusal import OAuthRefused

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


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


def sending(body, kind=KIND, pieces=1):
    """A request with a body, as it comes from the wire in so many pieces."""
    at = [len(body) * each // pieces for each in range(pieces + 1)]
    parts = [body[begin:end] for begin, end in pairwise(at)]

    async def receive():
        part = parts.pop(0) if parts else b""
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    headers = [(b"content-type", kind.encode())] if kind is not None else []
    arrival = Arrival(None, None, "203.0.113.7", {}, NOW)
    unbounded = SimpleNamespace(resolve_request_max_body_size=lambda: None)
    scope = {
        "type": "http",
        "method": "POST",
        "headers": headers,
        "signedin": arrival,
        "route_handler": unbounded,
    }
    return Request(scope, receive)


def form(*words, **named):
    return done_apart(form_of(sending(*words, **named)))


@pytest.mark.parametrize(
    "kind",
    [
        KIND, KIND.upper(), f" {KIND} ", f"{KIND};charset=utf-8", f'{KIND} ; Charset = "UTF-8"', f"{KIND};", f"{KIND}; ",
    ],
)  # fmt: skip
def test_a_form_is_one_in_utf_8_however_that_is_spelled(kind):
    assert form(b"a=1&b=2", kind, pieces=3) == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    "kind",
    [
        None, "", "application/json", f"{KIND}x", f"{KIND}; charset=utf-16", f"{KIND}; charset=latin-1", f"{KIND};x;charset=utf-8",
        "multipart/form-data; boundary=x", "charset=utf-8",
    ],
)  # fmt: skip
def test_anything_else_is_told_what_it_has_to_be(kind):
    with pytest.raises(OAuthRefused) as refusal:
        form(b"a=1", kind)
    assert (refusal.value.error, refusal.value.status) == ("invalid_request", 400)
    assert refusal.value.description == "The body has to be application/x-www-form-urlencoded in UTF-8."


@pytest.mark.security("15.3.7")
def test_as_much_as_is_ever_needed_is_taken_and_not_a_byte_more():
    body = b"&".join(b"%c=" % name + b"x" * 10_000 for name in b"abc")
    body += b"&d=" + b"x" * (LARGEST - len(body) - 3)
    assert len(body) == LARGEST
    assert len(form(body, pieces=4)["d"]) == 2_757
    for more in (body + b"x", body * 3):
        with pytest.raises(OAuthRefused) as refusal:
            form(more, pieces=2)
        assert (refusal.value.error, refusal.value.status) == ("invalid_request", 413)
        assert refusal.value.description == "What was sent is larger than any request needs to be."


@pytest.mark.security("15.3.7")
def test_names_values_and_their_number_have_their_bounds():
    longest = {"n" * LONGEST_NAME: "v" * LONGEST_VALUE}
    assert read_form(urlencode(longest).encode()) == longest
    assert len(read_form(b"&".join(b"a%d=1" % n for n in range(MOST)))) == MOST
    for much in ({"n" * (LONGEST_NAME + 1): "v"}, {"n": "v" * (LONGEST_VALUE + 1)}):
        with pytest.raises(OAuthRefused) as refusal:
            read_form(urlencode(much).encode())
        assert (refusal.value.error, refusal.value.status) == ("invalid_request", 413)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"a=1&a=1", "The parameter a came twice."),
        (b"a=%ff", "The body cannot be read as a form."),
        (b"a=%1f", "A parameter holds a control character."),
        (b"a=b%7f", "A parameter holds a control character."),
        (b"a%1f=b", "A parameter holds a control character."),
    ],
)
def test_whoever_writes_the_client_is_told_what_is_wrong(body, sentence):
    with pytest.raises(OAuthRefused) as refusal:
        read_form(body)
    assert (refusal.value.error, refusal.value.description) == ("invalid_request", sentence)


def test_a_resource_without_a_value_is_none_wherever_it_stands():
    for body in (b"resource=&resource=https://a.test/", b"resource=https://a.test/&resource="):
        assert read_form(body) == {"resource": "https://a.test/"}


def test_everything_in_a_request_happens_at_one_moment():
    assert now_of(sending(b"")) is NOW
