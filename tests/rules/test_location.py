"""Places as people say them, addresses as they may be shown."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signedin.rules.location import (
    LOCAL,
    UNKNOWN,
    Location,
    LocationKind,
    distance_km,
    is_local_address,
    mask_address,
    normalise_address,
)
from signedin.rules.regions import region_code

addresses_4 = st.integers(0, 2**32 - 1).map(IPv4Address)
addresses_6 = st.integers(0, 2**128 - 1).map(IPv6Address)


@pytest.mark.guide("R9")
@given(address=addresses_4)
def test_r9_the_last_octet_is_hidden_whatever_its_digits(address):
    masked = mask_address(str(address))
    assert masked == ".".join([*str(address).split(".")[:3], "\u2022\u2022\u2022"])


@pytest.mark.guide("R9")
def test_r9_two_addresses_of_one_network_look_alike():
    assert mask_address("192.168.1.77") == mask_address("192.168.1.7") == "192.168.1.•••"


@pytest.mark.guide("R10", "D6")
@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("2001:db8:85a3:8d3:1319:8a2e:370:7348", "2001:db8:85a3:•••"),
        ("2001:0DB8:00a3::1", "2001:db8:a3:•••"),
        ("2001:db8::1", "2001:db8:0:•••"),
        ("::1", "0:0:0:•••"),
        ("fe80::1%eth0", "fe80:0:0:•••"),
        ("[2001:db8:85a3::9]:443", "2001:db8:85a3:•••"),
    ],
)
def test_r10_an_ipv6_address_is_shown_as_its_48(address, masked):
    assert mask_address(address) == masked


@pytest.mark.guide("R10", "R11")
@given(address=addresses_6)
def test_r10_nothing_behind_the_48_can_be_told_from_what_is_shown(address):
    network = int(address) >> 80 << 80
    if address.ipv4_mapped is None:
        assert mask_address(str(address)) == mask_address(str(IPv6Address(network | 0xDEAD_BEEF_0001_0002)))


@pytest.mark.guide("R10")
@pytest.mark.parametrize("text", ["::ffff:192.168.1.7", "::FFFF:c0a8:107", "::ffff:192.168.1.7%en0"])
def test_r10_an_ipv4_mapped_address_is_shown_as_ipv4(text):
    assert mask_address(text) == "192.168.1.•••"


def _six_to_four(inner: int) -> int:
    return (0x2002 << 112) | (inner << 80) | 1


def _nat64(inner: int) -> int:
    return int(IPv6Address("64:ff9b::")) | inner


def _nat64_local(inner: int) -> int:
    return int(IPv6Address("64:ff9b:1::")) | (inner >> 16 << 64) | ((inner & 0xFFFF) << 40)


def _teredo(inner: int) -> int:
    return int(IPv6Address("2001:0:4136:e378:8000:63bf::")) | (inner ^ 0xFFFFFFFF)


def _teredo_server(inner: int) -> int:
    return int(IPv6Address("2001::")) | (inner << 64)


def _isatap(inner: int) -> int:
    return int(IPv6Address("2001:db8:1:2:0:5efe::")) | inner


def _translated(inner: int) -> int:
    return int(IPv6Address("::ffff:0:0:0")) | inner


@pytest.mark.guide("R10")
@pytest.mark.parametrize(
    "embed", [_six_to_four, _nat64, _nat64_local, _teredo, _teredo_server, _isatap, _translated, int]
)
@given(inner=st.integers(0, 2**32 - 1))
def test_r10_an_embedded_ipv4_address_never_shows_its_last_octet(embed, inner):
    shown = {mask_address(str(IPv6Address(embed(inner >> 8 << 8 | last)))) for last in (0, 1, 77, 255)}
    assert len(shown) == 1


@pytest.mark.guide("R10")
@pytest.mark.parametrize(
    "text", ["", " ", "nonsense", "1.2.3", "256.1.1.1", "1.2.3.4.5", ":::", "7" * 5000, "%", "[]"]
)
def test_r10_what_is_no_address_is_unknown(text):
    assert mask_address(text) == "Unknown"
    assert normalise_address(text) is None
    assert not is_local_address(text)


@given(text=st.text(max_size=120))
def test_no_text_makes_the_mask_fail_or_come_back_whole(text):
    assert mask_address(text) == "Unknown" or mask_address(text).endswith("•••")


def test_one_address_is_written_in_one_way():
    assert normalise_address(" 2001:DB8:0:0::1 ") == "2001:db8::1"
    assert normalise_address("203.0.113.9:50123") == "203.0.113.9"
    assert normalise_address("::ffff:203.0.113.9") == "203.0.113.9"
    assert normalise_address("fe80::1%eth0") == "fe80::1"


@pytest.mark.guide("R7", "D25")
@pytest.mark.parametrize(
    "address",
    [
        *(
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.7",
            "127.0.0.1",
            "169.254.9.9",
            "100.64.0.1",
        ),
        *("100.127.255.255", "::1", "fe80::1", "fe80::1%eth0", "fd12:3456::1", "fc00::1", "::ffff:10.0.0.1"),
    ],
)
def test_d25_private_and_loopback_addresses_are_local(address):
    assert is_local_address(address)


@pytest.mark.guide("D25")
@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "172.32.0.1",
        "100.128.0.1",
        "203.0.113.9",
        "198.51.100.1",
        "192.0.2.1",
        "2001:db8::1",
        "::2",
    ],
)
def test_d25_public_addresses_and_those_for_examples_are_not_local(address):
    assert not is_local_address(address)


@pytest.mark.guide("R7", "D26")
@pytest.mark.parametrize(
    ("location", "label"),
    [
        (Location("San Francisco", "CA", "US"), "San Francisco, CA, US"),
        (Location("São Paulo", "SP", "BR"), "São Paulo, SP, BR"),
        (Location("Dublin", "L", "IE"), "Dublin, IE"),
        (Location("San Francisco", None, "US"), "San Francisco, US"),
        (Location(None, "CA", "US"), "CA, US"),
        (Location(None, None, "DE"), "DE"),
        (Location("Berlin", None, None), "Berlin"),
        (Location(), "Unknown location"),
        (LOCAL, "Local network"),
        (UNKNOWN, "Unknown location"),
    ],
)
def test_r7_a_place_is_said_with_what_is_known_of_it(location, label):
    assert location.label == label


def test_the_short_form_has_no_region():
    assert Location("San Francisco", "CA", "US").short == "San Francisco, US"
    assert LOCAL.short == "Local network"


def test_equal_places_have_equal_keys_however_they_are_spelt():
    assert (
        Location("São Paulo", "SP", "BR").place_key == Location("Sao Paulo", "SP", "BR", 1.0, 2.0).place_key
    )
    assert Location("Dublin", "L", "IE").place_key == Location("Dublin", "Leinster", "IE").place_key
    assert (LOCAL.place_key, UNKNOWN.place_key, Location().place_key) == ("local", "unknown", "unknown")


def test_two_towns_of_one_name_in_two_regions_are_two_places():
    assert Location("Portland", "OR", "US").place_key != Location("Portland", "ME", "US").place_key


def test_distances_are_measured_over_ground():
    san_francisco = Location("San Francisco", "CA", "US", 37.7749, -122.4194)
    lisbon = Location("Lisbon", None, "PT", 38.7223, -9.1393)
    assert distance_km(san_francisco, lisbon) == pytest.approx(9116, abs=5)
    assert distance_km(lisbon, lisbon) == 0
    antipode = Location(latitude=-38.7223, longitude=180 - 9.1393)
    assert distance_km(lisbon, antipode) == pytest.approx(20015, abs=5)
    assert distance_km(lisbon, Location("Berlin", None, "DE")) is None
    assert distance_km(UNKNOWN, LOCAL) is None


@pytest.mark.guide("D26")
@pytest.mark.parametrize(
    ("country", "name", "code"),
    [
        ("US", "California", "CA"),
        ("US", "District of Columbia", "DC"),
        ("CA", "Québec", "QC"),
        ("AU", "new south wales", "NSW"),
        ("BR", "Sao Paulo", "SP"),
        ("MX", "Nuevo Leon", "NLE"),
        ("IN", "Tamil Nadu", "TN"),
        ("IE", "Leinster", None),
        ("US", "Ontario", None),
        ("US", "", None),
    ],
)
def test_d26_a_region_is_found_by_its_name_where_people_use_it(country, name, code):
    assert region_code(country, name) == code


def test_local_and_unknown_have_no_spot_on_the_map():
    assert LOCAL.kind is LocationKind.LOCAL
    assert UNKNOWN.kind is LocationKind.UNKNOWN
    assert (LOCAL.latitude, UNKNOWN.longitude) == (None, None)
