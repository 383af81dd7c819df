"""What a browser says of itself by client hints, which are more exact than its user agent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from signedin.rules.device import DeviceKind, Reading

HINT_HEADERS = (
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-ch-ua-platform-version",
    "sec-ch-ua-model",
)
"""The request headers that are read, and nothing more than these needs to be kept."""

ACCEPT_CH = "Sec-CH-UA-Platform-Version, Sec-CH-UA-Model"
"""What the sign-in page asks for in `Accept-CH`; the other hints come unasked (Chromium, https only)."""

_LONGEST_HINT = 256
_BRAND = re.compile(r'"([^"\\]{1,60})";\s{0,3}v="(\d{1,5})')
_NAME = re.compile(r"[\w .,()+/-]{1,40}")
_VERSION = re.compile(r"\d{1,5}(?:\.\d{1,5}){0,3}")
_BROWSERS = {
    "Google Chrome": "Chrome",
    "HeadlessChrome": "Chrome",
    "Microsoft Edge": "Edge",
    "YaBrowser": "Yandex Browser",
}
_SYSTEMS = {
    "Windows": "Windows",
    "macOS": "macOS",
    "Linux": "Linux",
    "Android": "Android",
    "iOS": "iOS",
    "Chrome OS": "ChromeOS",
    "Chromium OS": "ChromeOS",
}
_OLD_WINDOWS = {"0.1": "7", "0.2": "8", "0.3": "8.1"}


def hints_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The hints among these headers, and no other header, each shortened to 256 characters.

    >>> hints_of({"Sec-CH-UA-Platform": '"macOS"', "Cookie": "secret"})
    {'sec-ch-ua-platform': '"macOS"'}
    """
    given = ((name.lower(), value) for name, value in headers.items())
    return {name: value[:_LONGEST_HINT] for name, value in given if name in HINT_HEADERS}


def with_hints(reading: Reading, hints: tuple[str, ...]) -> Reading:
    """The reading of a Chromium's user agent, made more exact by its hints in the order of `HINT_HEADERS`."""
    brands, mobile, platform, platform_version, model = hints
    browser, version = _browser(brands)
    if browser and not reading.app_name:
        reading = replace(reading, browser=browser, browser_version=version)
    if system := _SYSTEMS.get(_unquoted(platform), ""):
        reading = _with_system(reading, system, _system_version(system, _unquoted(platform_version)))
    if _NAME.fullmatch(_unquoted(model)):
        reading = replace(reading, model=_unquoted(model))
    return replace(reading, kind=_kind(reading, mobile))


def _with_system(reading: Reading, system: str, exact: str) -> Reading:
    # A distribution that the user agent names is more than "Linux".
    is_distribution = system == "Linux" and reading.system not in {"", *_SYSTEMS.values()}
    if is_distribution or system == reading.system:
        return replace(reading, system_version=exact or reading.system_version)
    return replace(reading, system=system, system_version=exact)


def _browser(brands: str) -> tuple[str, str]:
    """The brand that is neither the engine nor the made-up one that keeps readers honest."""
    brand_list = [(name, version) for name, version in _BRAND.findall(brands) if _NAME.fullmatch(name)]
    named = [(name, version) for name, version in brand_list if not _is_made_up(name)]
    for name, version in named:
        if name != "Chromium":
            return _BROWSERS.get(name, name), version
    return named[0] if named else ("", "")


def _is_made_up(name: str) -> bool:
    letters = re.sub(r"[^a-z]", "", name.lower())
    return letters.startswith("not") and letters.endswith("brand")


def _system_version(system: str, said: str) -> str:
    """The version where the hint is certain: Chromium counts Windows 11 from 13, Linux tells its kernel."""
    if not _VERSION.fullmatch(said):
        return ""
    major = int(said.partition(".")[0])
    if system == "Windows":
        if major == 0:
            return _OLD_WINDOWS.get(".".join(said.split(".")[:2]), "")
        return "11" if major >= 13 else "10"
    if system in {"macOS", "Android", "iOS"} and major:
        return re.sub(r"(?:\.0)+$", "", ".".join(said.split(".")[:2]))
    return ""


def _kind(reading: Reading, mobile: str) -> DeviceKind:
    if reading.kind is DeviceKind.APP or not mobile:
        return reading.kind
    if reading.system == "Android":
        return DeviceKind.PHONE if mobile == "?1" else DeviceKind.TABLET
    return DeviceKind.LAPTOP if reading.system and mobile == "?0" else reading.kind


def _unquoted(value: str) -> str:
    return re.sub(r"\s+", " ", value.strip().strip('"')).strip()
