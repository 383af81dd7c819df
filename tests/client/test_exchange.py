"""One HTTP/1.1 answer as it comes in: whole or in pieces, and never guessed."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signedin.client.exchange import LONGEST_BODY, Answer, Incoming, Malformed, question

PLAIN = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}'
CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4;x=y\r\n":1}\r\n0\r\nA-Trailer: 1\r\n\r\n'


def answered(*pieces):
    incoming = Incoming()
    for piece in pieces:
        incoming.feed(piece)
    return incoming


@pytest.mark.parametrize(
    "whole",
    [PLAIN, CHUNKED, b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN],
    ids=["plain", "chunked", "after another"],
)
@given(data=st.data())
def test_an_answer_is_the_same_however_it_is_cut_into_pieces(whole, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    incoming = answered(*pieces)
    assert incoming.is_complete
    assert json.loads(incoming.answer().body) == {"a": 1}
    assert incoming.may_go_on


def test_an_answer_is_read_with_its_headers_in_lower_case():
    found = answered(PLAIN).answer()
    assert found == Answer(200, {"content-type": "application/json", "content-length": "7"}, b'{"a":1}')


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n" + b"x" * (LONGEST_BODY + 1),
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (LONGEST_BODY + 1),
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000,
    ],
)
def test_what_is_not_understood_is_refused(said):
    with pytest.raises(Malformed):
        answered(said)


@given(st.binary(max_size=300))
def test_nonsense_never_becomes_an_answer(nonsense):
    incoming = Incoming()
    with suppress(Malformed):
        incoming.feed(nonsense)
    assert not incoming.is_complete or nonsense.startswith(b"HTTP/1.1 ")


def test_a_connection_that_is_to_be_closed_or_has_more_to_say_is_not_asked_again():
    closing = PLAIN.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")
    assert not answered(closing).may_go_on
    assert not answered(PLAIN + b"HTTP/1.1 200 OK").may_go_on, "an answer to a question that was not asked"


def test_no_header_can_hold_the_end_of_its_line():
    for value in ("a\r\nb: c", "a\nb", "a\0"):
        with pytest.raises(ValueError, match="end of a line"):
            question("GET", "/v1/check", [("cookie", value)])
    assert (
        question("POST", "/x", [("host", "h")], b"{}")
        == b"POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\n{}"
    )
