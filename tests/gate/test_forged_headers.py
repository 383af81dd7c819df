"""Whose request it is: forged, doubled and odd proxy headers change nothing (attacks 20 and 33)."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signedin.gate.client_address import client_address, forwarded_line, reader

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8:aaaa::/48"))
PROXY, STRANGER, CLIENT = "10.1.2.3", "203.0.113.66", "198.51.100.7"


def forwarded(*values, name=b"x-forwarded-for"):
    return [(name, value.encode("latin-1")) for value in values]


@pytest.mark.security("4.1.3", "15.3.4", "attack-20", "attack-33")
@pytest.mark.parametrize("trusted", [(), PROXIES])
@pytest.mark.parametrize("claimed", [CLIENT, "127.0.0.1", PROXY, f"{CLIENT}, {PROXY}", "", "::1", "unknown"])
def test_a_stranger_is_believed_nothing(trusted, claimed):
    assert client_address(STRANGER, forwarded(claimed), trusted) == STRANGER


@pytest.mark.security("4.1.3", "15.3.4", "attack-20", "attack-33")
@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([CLIENT], CLIENT),
        ([f"{STRANGER}, {CLIENT}"], CLIENT),
        ([f"127.0.0.1, {CLIENT}"], CLIENT),
        ([f"{CLIENT}, {PROXY}"], CLIENT),
        ([f"{STRANGER}, {CLIENT}, 10.9.9.9, {PROXY}"], CLIENT),
        ([STRANGER, CLIENT], CLIENT),
        ([CLIENT, PROXY], CLIENT),
        ([f"{PROXY}, {PROXY}"], PROXY),
        ([], PROXY),
        ([""], PROXY),
        ([" , ,"], PROXY),
        ([f"{CLIENT},"], CLIENT),
        ([f"\t{CLIENT} "], CLIENT),
        ([f"::ffff:{CLIENT}"], CLIENT),
        (["2001:db8:bbbb::7"], "2001:db8:bbbb::7"),
        (["[2001:db8:bbbb::7]:4711"], "2001:db8:bbbb::7"),
        ([f"{CLIENT}:4711"], CLIENT),
    ],
)
def test_a_trusted_proxy_is_believed_and_whoever_it_believed_as_far_as_they_are_trusted(lines, found):
    assert client_address(PROXY, forwarded(*lines), PROXIES) == found


@pytest.mark.security("4.1.3", "attack-20")
@pytest.mark.parametrize(
    "hop", ["unknown", "_hidden", "300.1.1.1", "x' OR 1=1", "localhost", "0x7f.1", "\xa0"]
)
def test_at_a_hop_that_is_no_address_the_last_that_was_believed_stands(hop):
    assert client_address(PROXY, forwarded(f"{CLIENT}, {hop}"), PROXIES) == PROXY
    assert client_address(PROXY, forwarded(f"{CLIENT}, {hop}, 10.9.9.9"), PROXIES) == "10.9.9.9"


@pytest.mark.security("4.1.3", "attack-20")
@pytest.mark.parametrize(
    "name",
    [b"x_forwarded_for", b"forwarded", b"x-real-ip", b"true-client-ip", b"cf-connecting-ip", b"client-ip",
     b"x-client-ip", b"x-forwarded", b"forwarded-for", b"x-cluster-client-ip", b"x-forwarded-for ", b"via",
     b"x-original-forwarded-for", b"remote_addr"],
)  # fmt: skip
def test_no_other_header_and_no_twin_with_underscores_says_who_it_is(name):
    value = f"for={CLIENT}" if name == b"forwarded" else CLIENT
    assert client_address(PROXY, forwarded(value, name=name), PROXIES) == PROXY
    both = [*forwarded(value, name=name), *forwarded(STRANGER)]
    assert client_address(PROXY, both, PROXIES) == STRANGER
    assert client_address(PROXY, both[::-1], PROXIES) == STRANGER


@pytest.mark.security("attack-20", "attack-33")
def test_who_makes_the_proxy_drop_its_header_is_taken_for_the_proxy_and_never_for_whom_they_like():
    """`Connection: X-Forwarded-For` makes some proxies take the header away again."""
    assert client_address(PROXY, [(b"connection", b"x-forwarded-for")], PROXIES) == PROXY


@pytest.mark.security("attack-33", "15.2.2")
def test_of_a_very_long_chain_only_the_end_is_read():
    chain = ", ".join([CLIENT] + [PROXY] * 100_000)
    assert client_address(PROXY, forwarded(chain), PROXIES) == PROXY


@pytest.mark.security("15.3.4", "attack-20")
@given(
    st.lists(st.text(st.characters(max_codepoint=255), max_size=40), max_size=5),
    st.sampled_from([PROXY, STRANGER, None, "x"]),
)
def test_whatever_is_sent_there_is_an_address_or_nothing(values, peer):
    found = client_address(peer, forwarded(*values), PROXIES)
    assert found == "" or "." in found or ":" in found


@pytest.mark.security("15.3.4")
def test_a_proxy_that_comes_by_ipv6_or_by_a_mapped_address_is_the_same_proxy():
    assert client_address("2001:db8:aaaa::1", forwarded(CLIENT), PROXIES) == CLIENT
    assert client_address(f"::ffff:{PROXY}", forwarded(CLIENT), PROXIES) == CLIENT


@pytest.mark.security("15.3.4", "attack-20")
@given(
    st.lists(
        st.lists(st.sampled_from([PROXY, STRANGER, CLIENT, "unknown", " ", "x" * 99]), max_size=4), max_size=4
    ),
    st.sampled_from([PROXY, STRANGER, None]),
)
def test_what_is_kept_of_an_address_is_what_would_be_read_anew(lines, peer):
    headers = forwarded(*(", ".join(hops) for hops in lines))
    assert {KEPT(peer, forwarded_line(headers)) for _ in range(2)} == {client_address(peer, headers, PROXIES)}


KEPT = reader(PROXIES)
