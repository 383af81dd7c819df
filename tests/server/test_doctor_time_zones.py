"""The doctor on a machine that does not know the world's time zones."""

from __future__ import annotations

import pytest

from people import settings_in
from signedin.server import doctor


def time_zones(folder):
    return next(each for each in doctor.examine(settings_in(folder, 1)) if each.subject == "time zones")


@pytest.mark.guide("D14")
def test_a_machine_without_time_zones_is_worth_a_look_and_the_doctor_says_what_to_install(
    tmp_path, monkeypatch
):
    assert time_zones(tmp_path).verdict == "good"
    monkeypatch.setattr(doctor, "zone_of", lambda name: None)
    found = time_zones(tmp_path)
    assert (found.verdict, "tzdata" in found.what_to_do) == ("look", True)
