"""The map: where pins stand, and which places share one."""

from __future__ import annotations

import pytest

from signedin.rules.location import LOCAL, UNKNOWN, Location
from signedin.rules.session_list import Place
from signedin.web.map_picture import number_of, pins, project

SAN_FRANCISCO = Location("San Francisco", "CA", "US", 37.7749, -122.4194)
OAKLAND = Location("Oakland", "CA", "US", 37.8044, -122.2712)
BERLIN = Location("Berlin", None, "DE", 52.52, 13.405)
ADELAIDE = Location("Adelaide", "SA", "AU", -34.9285, 138.6007)


def place(location, count=1, *, has_current=False, is_flagged=False):
    return Place(location.place_key, location, count, has_current, is_flagged)


@pytest.mark.parametrize(
    ("latitude", "longitude", "x", "y"),
    [
        (37.8, -122.4, 13.22, 29.47),
        (52.5, 13.4, 50.94, 18.42),
        (53.3, -6.3, 45.47, 17.82),
        (35.7, 139.7, 86.03, 31.05),
        (-34.9, 138.6, 85.72, 84.14),
        (77, -170, 0.0, 0.0),
        (-56, 180, 97.22, 100.0),
    ],
)
def test_a_pin_stands_where_its_place_is_on_the_picture(latitude, longitude, x, y):
    assert project(latitude, longitude) == (x, y)


def test_the_poles_are_at_the_picture_s_edge_and_not_outside_it():
    assert project(90, 0)[1] == 0.0
    assert project(-90, 0)[1] == 100.0


def test_places_closer_than_six_degrees_share_a_pin_with_the_sum():
    drawn = pins([place(SAN_FRANCISCO, 3), place(BERLIN), place(OAKLAND, 2, has_current=True)])
    shared = next(pin for pin in drawn if 0 in pin.places)
    assert shared.places == (0, 2)
    assert shared.count == 5
    assert shared.has_current
    assert (shared.x, shared.y) == project(SAN_FRANCISCO.latitude, SAN_FRANCISCO.longitude)
    assert number_of(drawn, 0) == number_of(drawn, 2) != number_of(drawn, 1)


def test_places_on_either_side_of_the_date_line_are_near_each_other():
    suva, apia = Location("Suva", None, "FJ", -18.1, 178.4), Location("Apia", None, "WS", -13.8, -177.8)
    assert len(pins([place(suva), place(apia)])) == 1


def test_six_degrees_apart_is_far_enough():
    north = Location("North", None, "DE", BERLIN.latitude + 6, BERLIN.longitude)
    assert len(pins([place(BERLIN), place(north)])) == 2


def test_an_unfamiliar_place_keeps_its_own_pin_and_lies_on_top():
    drawn = pins([place(OAKLAND, is_flagged=True), place(SAN_FRANCISCO, has_current=True), place(BERLIN)])
    assert len(drawn) == 3
    assert [pin.is_flagged for pin in drawn] == [False, False, True]
    assert [pin.has_current for pin in drawn] == [False, True, False]


def test_what_has_no_place_on_earth_has_no_pin():
    drawn = pins([place(LOCAL), place(UNKNOWN), place(Location("Somewhere", None, "DE"))])
    assert drawn == ()
    assert number_of(drawn, 0) == 0
