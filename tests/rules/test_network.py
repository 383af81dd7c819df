"""Networks are asked for as far as addresses are kept in the open, and no further."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signedin.rules.errors import InvalidInput
from signedin.rules.location import mask_address
from signedin.rules.network import masks_of, network_named


@pytest.mark.guide("R9", "R10", "D22")
@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("203.0.113.0/24", "203.0.113.0/24"),
        (" 203.0.113.77/24 ", "203.0.113.0/24"),
        ("203.0.113.•••", "203.0.113.0/24"),
        ("203.0.113.", "203.0.113.0/24"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("2001:db8:85a3::/48", "2001:db8:85a3::/48"),
        ("2001:db8:85a3:•••", "2001:db8:85a3::/48"),
        ("2002:cb00::/32", "2002:cb00::/32"),
    ],
)
def test_a_network_is_known_by_each_of_its_spellings(said, meant):
    assert network_named(said) == meant


@pytest.mark.guide("R11", "D22")
@pytest.mark.parametrize(
    ("said", "wider"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("203.0.113.64/26", "203.0.113.0/24"),
        ("2001:db8:85a3:8d3::/64", "2001:db8:85a3::/48"),
        ("2002:cb00:7100::/48", "2002:cb00::/32"),
    ],
)
def test_a_finer_network_than_is_shown_is_refused_and_the_one_that_can_be_asked_is_named(said, wider):
    with pytest.raises(InvalidInput) as refused:
        network_named(said)
    assert refused.value.field == "network"
    assert wider in refused.value.hint


@pytest.mark.parametrize(
    "said", ["nonsense", "", "1.2.3.4.5/24", "0.0.0.0/0", "::/0", "2001:db8::/33", "1/24", "/24"]
)
def test_what_is_no_network_or_nearly_everybodys_is_refused(said):
    with pytest.raises(InvalidInput):
        network_named(said)


@settings(deadline=None)
@given(st.integers(8, 24), st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_what_a_network_shows_is_exactly_what_its_addresses_show(length, of_network, address):
    network = network_named(f"{of_network}/{length}")
    whole, beginnings = masks_of(network)
    shown = mask_address(str(address))
    found = shown in whole or shown.startswith(beginnings or "none")
    assert found == (address in ip_network(network))


@settings(deadline=None)
@given(st.sampled_from([16, 31, 32, 40, 44, 47, 48]), st.ip_addresses(v=6), st.integers(0, 2**128 - 1))
def test_of_version_six_too(length, of_network, noise):
    try:
        network = ip_network(network_named(f"{of_network}/{length}"))
    except InvalidInput:
        return  # of 6to4 less is shown
    whole, beginnings = masks_of(str(network))
    address = network[noise % network.num_addresses]
    if address.ipv4_mapped:
        return  # that is one of version four
    inside = mask_address(str(address))
    assert inside in whole or inside.startswith(beginnings or "none")
