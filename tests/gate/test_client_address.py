"""Whose request it is: a forged header changes nothing, a trusted proxy's is believed (R12)."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from signedin.gate.client_address import client_address

PROXIES = (ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def forwarded(*lines):
    return [(b"x-forwarded-for", line.encode("latin-1")) for line in lines]


@pytest.mark.guide("R12")
@pytest.mark.parametrize(
    ("peer", "lines", "address"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1, 203.0.113.9, 10.1.2.3"], "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["10.1.2.3, 10.9.9.9"], "10.1.2.3"),
        ("127.0.0.1", ["198.51.100.1, nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["nonsense, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("::ffff:127.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("fd00::1", ["[2001:DB8::1]:4711"], "2001:db8::1"),
        ("127.0.0.1", ["fe80::1%" + "z" * 200], "127.0.0.1"),
        ("127.0.0.1", ["1" * 5000], "127.0.0.1"),
        (None, ["198.51.100.1"], ""),
        ("a-socket", ["198.51.100.1"], ""),
    ],
)
def test_each_hop_is_believed_as_long_as_a_trusted_proxy_reports_it(peer, lines, address):
    assert client_address(peer, forwarded(*lines), PROXIES) == address
    assert client_address(peer, forwarded(*lines), PROXIES) == address


@pytest.mark.guide("R12")
def test_without_trusted_proxies_the_header_is_never_read():
    assert client_address("127.0.0.1", forwarded("198.51.100.1"), ()) == "127.0.0.1"
