"""
"Chrome on macOS": the label, from the browser and system that were read.

Reading them is the gate's work (`gate/user_agent.py`); here is what a person is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from signedin.rules.wording import marked as _

UNKNOWN_DEVICE = _("Unknown device")
ON = " on "
"""Between program and system in a name; `Speech.device` says it in the reader's language."""


class DeviceKind(StrEnum):
    """What a device looks like, for its picture in the list (design: icons)."""

    LAPTOP = "laptop"
    PHONE = "phone"
    TABLET = "tablet"
    SYNC = "sync"
    ADMIN = "admin"
    APP = "app"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Device:
    """A device as a person would call it.

    `name` is "Chrome on macOS"; `software` is "Chrome 152 on macOS 26.1", or empty when no version is
    certain.
    """

    name: str
    kind: DeviceKind
    software: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a device; every part may be empty, and versions hold only what is certain.

    `app_name` is an application of one's own or another program; it stands in place of the browser. `model`
    is a person's word for the device: "iPhone 15".
    """

    browser: str = ""
    browser_version: str = ""
    system: str = ""
    system_version: str = ""
    model: str = ""
    kind: DeviceKind = DeviceKind.UNKNOWN
    app_name: str = ""
    app_version: str = ""


def device_from(reading: Reading) -> Device:
    """The device that was read. Versions are left out of its name (R6, D30).

    >>> device_from(Reading("Chrome", "152", "macOS", "26.1", kind=DeviceKind.LAPTOP))
    Device(name='Chrome on macOS', kind=<DeviceKind.LAPTOP: 'laptop'>, software='Chrome 152 on macOS 26.1')
    >>> device_from(Reading(app_name="Example Mobile", system="iOS", model="iPhone 15")).name
    'Example Mobile on iPhone 15'
    >>> device_from(Reading(browser="Safari", system="iOS", model="iPhone 15")).name
    'Safari on iOS'
    """
    named_by_model = bool(reading.app_name and reading.model)
    name = device_name(
        reading.app_name or reading.browser, reading.model if named_by_model else reading.system
    )
    return Device(name, reading.kind, _software(reading))


def device_name(browser: str, system: str) -> str:
    """The name of a device; what is not known is dropped (R6, D30). Guide: "Chrome on macOS".

    >>> device_name("Chrome", "macOS")
    'Chrome on macOS'
    >>> device_name("Chrome", ""), device_name("", "macOS"), device_name("", "")
    ('Chrome', 'macOS', 'Unknown device')
    """
    return ON.join(part for part in (browser, system) if part) or UNKNOWN_DEVICE


def _software(reading: Reading) -> str:
    version = reading.app_version if reading.app_name else reading.browser_version
    if not version and not reading.system_version:
        return ""
    program = _numbered(reading.app_name or reading.browser, version)
    system = _numbered(reading.system, reading.system_version)
    if reading.model and not reading.app_name:
        system = f"{system} ({reading.model})".strip()
    return device_name(program, system)


def _numbered(name: str, version: str) -> str:
    return f"{name} {version}" if name and version else name
