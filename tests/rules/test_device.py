"""What a device is called, from what was read of it."""

from __future__ import annotations

import pytest

from signedin.rules.device import DeviceKind, Reading, device_from, device_name


@pytest.mark.guide("R6")
def test_r6_a_device_is_the_browser_on_the_system():
    assert device_name("Chrome", "macOS") == "Chrome on macOS"


@pytest.mark.guide("R6")
@pytest.mark.parametrize(
    ("browser", "system", "name"),
    [("Chrome", "", "Chrome"), ("", "macOS", "macOS"), ("", "", "Unknown device")],
)
def test_r6_what_is_not_known_is_dropped(browser, system, name):
    assert device_name(browser, system) == name


@pytest.mark.guide("R6", "D30")
def test_r6_an_own_app_is_named_with_its_system():
    assert device_from(Reading(app_name="Sync", system="Windows")).name == "Sync on Windows"


@pytest.mark.guide("D30")
def test_d30_an_own_app_is_named_with_the_model_it_reports():
    reading = Reading(
        app_name="Example Mobile", app_version="7.1", system="iOS", system_version="26", model="iPhone 15"
    )
    device = device_from(reading)
    assert device.name == "Example Mobile on iPhone 15"
    assert device.software == "Example Mobile 7.1 on iOS 26"


@pytest.mark.guide("D30")
def test_d30_a_browser_keeps_its_system_in_the_name_and_the_model_among_the_details():
    device = device_from(Reading("Chrome", "152", "Android", "16", "Pixel 9", DeviceKind.PHONE))
    assert (device.name, device.software) == ("Chrome on Android", "Chrome 152 on Android 16 (Pixel 9)")


@pytest.mark.guide("D30")
def test_d30_versions_stand_in_the_details_and_never_in_the_name():
    device = device_from(Reading("Chrome", "152", "macOS", "26.1", kind=DeviceKind.LAPTOP))
    assert (device.name, device.software) == ("Chrome on macOS", "Chrome 152 on macOS 26.1")
    assert device.kind is DeviceKind.LAPTOP


@pytest.mark.guide("D30")
def test_d30_without_a_certain_version_nothing_is_said_about_software():
    assert device_from(Reading("Chrome", "", "macOS", "")).software == ""
    assert device_from(Reading()).software == ""


def test_an_app_is_never_given_the_version_of_a_browser():
    assert device_from(Reading("Chrome", "152", "macOS", "", app_name="Example Sync")).software == ""
