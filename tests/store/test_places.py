"""Where an address is, from a file that may be of three kinds, missing, broken or replaced."""

from __future__ import annotations

import dataclasses
import os
import random
from datetime import UTC, datetime, timedelta

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from signedin.rules.location import LOCAL, UNKNOWN, Location
from signedin.server.demo_places import DEMO_ADDRESSES, DEMO_NETWORKS, DEMO_PLACES_FILE
from signedin.store.places import Places
from tools import demo_places as tool

ADDRESS = "203.0.113.9"
GEOLITE2 = {
    "city": {"geoname_id": 1, "names": {"de": "San Franzisko", "en": "San Francisco"}},
    "country": {"iso_code": "US", "names": {"en": "United States"}},
    "location": {
        "latitude": 37.77,
        "longitude": -122.42,
        "accuracy_radius": 20,
        "time_zone": "America/Los_Angeles",
    },
    "subdivisions": [{"iso_code": "CA", "names": {"en": "California"}}],
}
DB_IP = {
    "city": {"names": {"en": "San Francisco (Mission District)"}},
    "country": {"iso_code": "US", "names": {"en": "United States"}},
    "location": {"latitude": 37.77, "longitude": -122.42},
    "subdivisions": [{"names": {"en": "California"}}],
}
IPINFO = {"country": "United States", "country_code": "US", "continent": "North America", "asn": "AS64496"}


def write(
    path, record, database_type="DBIP-City-Lite", networks=("203.0.113.0/24", "2001:db8:31c::/48"), version=6
):
    writer = MMDBWriter(
        ip_version=version, ipv4_compatible=version == 6, database_type=database_type, float_type="f64"
    )
    writer.insert_network(IPSet(list(networks)), record)
    writer.to_db_file(str(path))
    return path


@pytest.fixture
def file(tmp_path):
    return tmp_path / "places.mmdb"


@pytest.mark.guide("R7", "R8", "D26")
@pytest.mark.parametrize(
    ("database_type", "record", "label"),
    [
        ("GeoLite2-City", GEOLITE2, "San Francisco, CA, US"),
        ("GeoIP2-City", GEOLITE2, "San Francisco, CA, US"),
        ("DBIP-City-Lite", DB_IP, "San Francisco, CA, US"),
        ("ipinfo generic_lite.mmdb", IPINFO, "US"),
    ],
)
def test_r8_the_place_comes_from_the_address_whichever_kind_of_file_is_used(
    file, database_type, record, label
):
    assert Places(write(file, record, database_type)).locate(ADDRESS).label == label


def test_one_place_is_one_place_in_both_large_files(tmp_path):
    by_maxmind = Places(write(tmp_path / "a", GEOLITE2, "GeoLite2-City")).locate(ADDRESS)
    by_db_ip = Places(write(tmp_path / "b", DB_IP)).locate(ADDRESS)
    assert by_maxmind == by_db_ip == Location("San Francisco", "CA", "US", 37.77, -122.42)


@pytest.mark.parametrize("address", ["2001:db8:31c::42", "::ffff:203.0.113.9", "203.0.113.9:443"])
def test_ipv6_and_ipv4_mapped_addresses_are_found(file, address):
    assert Places(write(file, DB_IP)).locate(address).city == "San Francisco"


@pytest.mark.guide("R7", "D25")
@pytest.mark.parametrize("address", ["10.0.0.9", "192.168.1.7", "127.0.0.1", "100.64.3.3", "::1", "fd00::1"])
def test_d25_local_addresses_are_never_looked_up(file, address):
    everywhere = write(file, GEOLITE2, "GeoLite2-City", ("0.0.0.0/1", "128.0.0.0/1", "8000::/1"))
    assert Places(everywhere).locate("9.9.9.9").city == "San Francisco"
    assert Places(everywhere).locate(address) is LOCAL


@pytest.mark.guide("D25")
@pytest.mark.parametrize("address", ["198.51.100.1", "2001:db9::1", "nonsense", ""])
def test_d25_what_is_not_in_the_file_is_unknown(file, address):
    places = Places(write(file, DB_IP))
    assert places.locate(address) is UNKNOWN
    assert places.problem is None


def test_a_file_of_ipv4_alone_knows_no_ipv6_and_that_is_no_problem(file):
    places = Places(write(file, DB_IP, networks=("203.0.113.0/24",), version=4))
    assert places.locate(ADDRESS).city == "San Francisco"
    assert places.locate("2001:db8::1") is UNKNOWN
    assert places.problem is None


def test_without_a_file_every_place_is_unknown_and_nothing_is_wrong():
    places = Places(None)
    assert (places.locate(ADDRESS), places.problem, places.attribution) == (UNKNOWN, None, None)
    assert places.locate("192.168.1.7") is LOCAL
    assert places.age_days(datetime.now(UTC)) is None


def test_a_missing_file_is_one_sentence_and_no_error(file):
    places = Places(file)
    assert places.locate(ADDRESS) is UNKNOWN
    assert places.problem == f"The place file {file} is missing or cannot be read."


@pytest.mark.parametrize(
    "content", [b"", b"junk", b"\xab\xcd\xefMaxMind.com", b"\xab\xcd\xefMaxMind.com\xe0"]
)
def test_a_corrupt_file_is_one_sentence_and_no_error(file, content):
    file.write_bytes(content)
    places = Places(file)
    assert places.locate(ADDRESS) is UNKNOWN
    assert places.problem == f"The place file {file} is damaged or is no MMDB file."


def test_no_broken_byte_of_a_file_stops_a_request(file):
    whole = write(file, GEOLITE2, "GeoLite2-City").read_bytes()
    dice = random.Random(20261123)
    for _ in range(400):
        broken = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        file.write_bytes(broken)
        places = Places(file)
        assert isinstance(places.locate(ADDRESS).label, str)
        assert isinstance(places.locate("2001:db8:31c::42").label, str)
        assert isinstance(places.describe(), dict)


@pytest.mark.parametrize(
    "record",
    [
        {"city": "", "country": {"iso_code": "usa"}},
        {"city": {"names": []}, "country": "Nowhere", "subdivisions": [], "location": {}},
        {"city": {"names": {"en": 7}}, "subdivisions": ["California"], "location": {"latitude": "37"}},
        ["San Francisco"],
    ],
)
def test_an_odd_record_is_an_unknown_place(file, record):
    assert Places(write(file, record)).locate(ADDRESS).label in {"Unknown location", "California"}


def test_a_spot_that_is_not_on_earth_is_left_out(file):
    record = GEOLITE2 | {"location": {"latitude": 137.0, "longitude": float("nan")}}
    location = Places(write(file, record)).locate(ADDRESS)
    assert (location.latitude, location.longitude, location.city) == (None, None, "San Francisco")


def test_names_in_a_file_cannot_turn_the_direction_of_the_page(file):
    record = DB_IP | {"city": {"names": {"en": "San\u202e Fran\u0000cisco"}}}
    assert Places(write(file, record)).locate(ADDRESS).city == "San Francisco"


def test_a_replaced_file_is_used_at_once(file, tmp_path):
    places = Places(write(file, DB_IP))
    assert places.locate(ADDRESS).city == "San Francisco"
    write(tmp_path / "new", DB_IP | {"city": {"names": {"en": "Oakland"}}}).replace(file)
    assert places.locate(ADDRESS).city == "Oakland"


def test_a_file_that_breaks_and_is_mended_while_in_use_is_followed(file):
    whole = write(file, DB_IP).read_bytes()
    places = Places(file)
    assert places.locate(ADDRESS).city == "San Francisco"
    file.write_bytes(b"junk")
    assert places.locate(ADDRESS) is UNKNOWN
    assert places.problem is not None
    file.unlink()
    assert places.locate(ADDRESS) is UNKNOWN
    file.write_bytes(whole)
    assert places.locate(ADDRESS).city == "San Francisco"
    assert places.problem is None


def test_an_unchanged_file_is_opened_once(file):
    places = Places(write(file, DB_IP))
    places.locate(ADDRESS)
    opened = places._opened
    places.locate(ADDRESS)
    assert places._opened is opened


def test_a_folder_in_place_of_the_file_is_one_sentence(file):
    file.mkdir()
    assert Places(file).locate(ADDRESS) is UNKNOWN
    assert Places(file).problem == f"The place file {file} is damaged or is no MMDB file."


def test_a_file_cut_short_while_in_use_does_not_end_the_process(file):
    write(file, DB_IP)
    places = Places(file)
    stamp = places._current().stamp
    os.truncate(file, 100)
    places._opened = dataclasses.replace(places._opened, stamp=stamp)
    assert places._look_up(places._opened, "203.0.113.77") is UNKNOWN


@pytest.mark.parametrize(
    ("database_type", "text"),
    [
        ("DBIP-City-Lite", "IP geolocation by DB-IP"),
        ("GeoLite2-City", "Includes GeoLite2 data created by MaxMind"),
        ("ipinfo generic_lite.mmdb", "IP address data powered by IPinfo"),
        ("GeoIP2-City", None),
        ("Signedin-Demo-Places", None),
    ],
)
def test_the_attribution_is_the_one_the_licence_asks_for(file, database_type, text):
    attribution = Places(write(file, DB_IP, database_type)).attribution
    assert (attribution.text if attribution else None) == text


def test_the_age_of_a_file_is_told_in_days(file):
    places = Places(write(file, DB_IP))
    now = datetime.now(UTC)
    assert places.age_days(now) == 0
    assert places.age_days(now + timedelta(days=45, hours=1)) == 45


def test_the_state_of_the_file_can_be_shown(file):
    told = Places(write(file, DB_IP)).describe()
    assert told["path"] == str(file)
    assert told["database_type"] == "DBIP-City-Lite"
    assert told["attribution"] == "IP geolocation by DB-IP"
    assert told["problem"] is None


def test_the_demo_has_nine_places_and_every_example_address_is_where_it_should_be():
    places = Places(DEMO_PLACES_FILE)
    labels = {
        name: {places.locate(address).label for address in given} for name, given in DEMO_ADDRESSES.items()
    }
    assert labels == {
        "San Francisco": {"San Francisco, CA, US"},
        "Berlin": {"Berlin, DE"},
        "Dublin": {"Dublin, IE"},
        "Ashburn": {"Ashburn, VA, US"},
        "Adelaide": {"Adelaide, SA, AU"},
        "Austin": {"Austin, TX, US"},
        "Tokyo": {"Tokyo, JP"},
        "São Paulo": {"São Paulo, SP, BR"},
        "Lisbon": {"Lisbon, PT"},
    }
    assert DEMO_NETWORKS.keys() == DEMO_ADDRESSES.keys()
    assert DEMO_PLACES_FILE.stat().st_size < 10_000


def test_the_demos_file_is_what_its_tool_makes(file):
    tool.build(file)
    assert file.read_bytes() == DEMO_PLACES_FILE.read_bytes()
