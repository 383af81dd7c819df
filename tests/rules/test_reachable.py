"""Where a server may call by itself: never behind its own walls, however the address is written (attack 14)."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from signedin.rules.reachable import may_be_called

pytestmark = pytest.mark.security("attack-14")
OUTSIDE = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822")
INSIDE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.0.192", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
    "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "64:ff9b::7f00:1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe", "localhost", "",
)  # fmt: skip


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_open_internet_may_be_called(address):
    assert may_be_called(address, ())


@pytest.mark.parametrize("address", INSIDE)
def test_nothing_behind_a_wall_may_be_called(address):
    assert not may_be_called(address, ())


def test_what_the_operator_has_named_may_be_called_and_nothing_beside_it():
    named = [ip_network("10.1.0.0/16"), ip_network("fd00::/8")]
    assert may_be_called("10.1.2.3", named)
    assert may_be_called("::ffff:10.1.2.3", named)
    assert may_be_called("fd00::5", named)
    assert not may_be_called("10.2.0.1", named)
    assert not may_be_called("127.0.0.1", named)
