"""Reads a user agent and its client hints (ua-parser), asks rules/device.py for the label.

A user agent is what somebody else chose to send: it is shortened, cleaned, read by rules that cannot run
away, and believed only as a label. Nothing is decided by it (R16).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, lru_cache
from importlib.metadata import version
from types import MappingProxyType

from ua_parser import OS, Parser, UserAgent
from ua_parser.loaders import load_lazy_builtins
from ua_parser.regex import Resolver

from signedin.gate.app_agent import read_app, read_program, read_shell
from signedin.gate.client_hints import ACCEPT_CH, HINT_HEADERS, hints_of, with_hints
from signedin.rules.device import Device, DeviceKind, Reading, device_from
from signedin.rules.session import AppType

__all__ = [
    "ACCEPT_CH",
    "HINT_HEADERS",
    "RULESET",
    "hints_of",
    "read_again",
    "read_device",
    "ruleset",
    "what_it_said",
]

RULESET = "1"
"""Raised when the reading here changes, so that kept labels can be made anew (`signedin devices relabel`)."""

LONGEST_USER_AGENT = 1024
LONGEST_NAME = 40

_NO_HINTS: Mapping[str, str] = MappingProxyType({})
_BROWSERS = {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "HeadlessChrome": "Chrome",
    "Mobile Safari": "Safari",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Edge Mobile": "Edge",
    "Opera Mobile": "Opera",
    "Opera Touch": "Opera",
    "IE": "Internet Explorer",
    "IE Mobile": "Internet Explorer",
    "DuckDuckGo Mobile": "DuckDuckGo",
    "Brave Mobile": "Brave",
    "Chrome Mobile WebView": "",
    "Android": "",
    "PostmanRuntime": "Postman",
    "Mobile Safari UI/WKWebView": "",
    "WebKit Nightly": "",
    "Other": "",
}
_SYSTEMS = {"Mac OS X": "macOS", "Mac OS": "macOS", "Chrome OS": "ChromeOS", "ATV OS X": "tvOS", "Other": ""}
_DESKTOPS = frozenset({"Windows", "macOS", "ChromeOS", "Linux", "Ubuntu", "Debian", "Fedora", "FreeBSD"})
_DESKTOP_WORDS = re.compile(r"X11|Macintosh|Windows NT|CrOS|Linux x86_64|Linux i686|Linux aarch64")
_FROZEN = {("Windows", "10"), ("macOS", "10.15"), ("Android", "10"), ("Android", "10.0")}
_IOS_VERSION = re.compile(r"(?:iPhone )?OS (\d{1,2})_(\d{1,2})")
_SAFARI_VERSION = re.compile(r"Version/(\d{1,3})(?:\.(\d{1,2}))?")
_ROBOT = re.compile(r"bot\b|crawler|spider|\+https?://", re.IGNORECASE)


def read_device(
    user_agent: str,
    hints: Mapping[str, str] = _NO_HINTS,
    app_name: str | None = None,
    kind: DeviceKind | None = None,
) -> Device:
    """The device behind a request, from its user agent and the headers named in `HINT_HEADERS` (R6, D30).

    Never fails, whatever was sent. `app_name` is the registered name of a first-party application and takes
    the browser's place; `kind` is the picture its app type asks for (R22, R23).
    """
    # The regex engine reads the whole of it, so the length is capped before anything else looks at it.
    given = hints_of(hints)
    in_order = tuple(given.get(name, "") for name in HINT_HEADERS)
    return _read(_clean(user_agent[:LONGEST_USER_AGENT]), in_order, _clean(app_name or ""), kind)


def what_it_said(user_agent: str, headers: Mapping[str, str]) -> str:
    """What a browser said of itself, in one text to keep: its user agent, and a line for each hint it gave."""
    given = hints_of(headers)
    return "\n".join(
        [
            _clean(user_agent[:LONGEST_USER_AGENT]),
            *(f"{name}: {_clean(value)}" for name, value in given.items()),
        ]
    )


def read_again(said: str, app_type: AppType, before: Device) -> Device:
    """The device behind what was kept; an application keeps the name it is registered by (R22, R23)."""
    user_agent, *lines = said.split("\n")
    hints = dict(line.split(": ", 1) for line in lines if ": " in line)
    is_own_app = app_type in {AppType.SYNC, AppType.MOBILE}
    app_name = before.name.rpartition(" on ")[0] or before.name if is_own_app else None
    kind = before.kind if before.kind in {DeviceKind.SYNC, DeviceKind.ADMIN} else None
    return read_device(user_agent, hints, app_name, kind)


@cache
def ruleset() -> str:
    """Which rules read a device: those here and the data they stand on, such as `1/202610`."""
    return f"{RULESET}/{version('ua-parser-builtins')}"


@lru_cache(maxsize=2048)
def _read(user_agent: str, hints: tuple[str, ...], app_name: str, kind: DeviceKind | None) -> Device:
    own = read_app(user_agent)
    reading = own or _read_other(user_agent)
    if "Chrome/" in user_agent or not user_agent:
        reading = with_hints(reading, hints)
    if app_name:
        is_itself = own is not None or _letters(reading.app_name) == _letters(app_name)
        reading = replace(reading, app_name=app_name, app_version=reading.app_version if is_itself else "")
    return device_from(_shortened(replace(reading, kind=kind or reading.kind)))


def _read_other(user_agent: str) -> Reading:
    parsed = _parser().parse(user_agent)
    is_robot = bool(_ROBOT.search(user_agent))
    if parsed.os is None and (is_robot or not user_agent.startswith("Mozilla/")):
        return _read_program(parsed.user_agent, user_agent)
    browser, browser_version = _browser(parsed.user_agent)
    system, system_version = _system(parsed.os, user_agent)
    app_name, app_version = read_shell(user_agent)
    kind = DeviceKind.APP if app_name or is_robot else _kind(system, user_agent)
    return Reading(browser, browser_version, system, system_version, "", kind, app_name, app_version)


def _read_program(found: UserAgent | None, user_agent: str) -> Reading:
    name, number = read_program(user_agent)
    if found is not None and _BROWSERS.get(found.family, found.family):
        name = _BROWSERS.get(found.family, found.family)
        number = ".".join(part for part in (found.major, found.minor, found.patch) if part)
    return Reading(kind=DeviceKind.APP if name else DeviceKind.UNKNOWN, app_name=name, app_version=number)


def _browser(found: UserAgent | None) -> tuple[str, str]:
    if found is None:
        return "", ""
    name = _BROWSERS.get(found.family, found.family)
    return name, (found.major or "") if name else ""


def _system(found: OS | None, user_agent: str) -> tuple[str, str]:
    if found is None:
        return "", ""
    name = _SYSTEMS.get(found.family, found.family)
    if name == "iOS":
        return ("iPadOS" if "iPad" in user_agent else "iOS"), _ios_version(user_agent)
    said = ".".join(part for part in (found.major, found.minor) if part)
    return name, "" if _is_frozen(name, said) else said


def _is_frozen(system: str, said: str) -> bool:
    """Whether browsers say this version on other systems too, or it is the number of a kernel or build."""
    return system in {"Linux", "ChromeOS"} or (system, said) in _FROZEN


def _ios_version(user_agent: str) -> str:
    """The version of iOS or iPadOS; since 26 WebKit goes on saying 18.6 or 18.7, and Safari is right."""
    system, safari = _IOS_VERSION.search(user_agent), _SAFARI_VERSION.search(user_agent)
    if safari and int(safari[1]) >= 26:
        return f"{safari[1]}.{safari[2]}" if safari[2] and safari[2] != "0" else safari[1]
    if system is None or (not safari and (system[1], system[2]) in {("18", "6"), ("18", "7")}):
        return ""
    return f"{system[1]}.{system[2]}" if system[2] != "0" else system[1]


def _kind(system: str, user_agent: str) -> DeviceKind:
    if user_agent.startswith("Dalvik/"):
        return DeviceKind.PHONE
    if system == "iPadOS" or "Tablet" in user_agent:
        return DeviceKind.TABLET
    if system == "Android":
        return DeviceKind.PHONE if "Mobile" in user_agent else DeviceKind.TABLET
    if system in {"iOS", "Windows Phone", "KaiOS"} or "Mobile" in user_agent:
        return DeviceKind.PHONE
    is_desktop = system in _DESKTOPS or _DESKTOP_WORDS.search(user_agent)
    return DeviceKind.LAPTOP if is_desktop else DeviceKind.UNKNOWN


@cache
def _parser() -> Parser:
    return Parser(Resolver(load_lazy_builtins()))


def _clean(text: str) -> str:
    """Without control characters, and without those that turn the direction of what follows (R29)."""
    return (text if text.isprintable() else "".join(c for c in text if c.isprintable())).strip()


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _shortened(reading: Reading) -> Reading:
    return Reading(
        browser=_word(reading.browser),
        browser_version=_word(reading.browser_version),
        system=_word(reading.system),
        system_version=_word(reading.system_version),
        model=_word(reading.model),
        kind=reading.kind,
        app_name=_word(reading.app_name),
        app_version=_word(reading.app_version),
    )


def _word(text: str) -> str:
    return _clean(text)[:LONGEST_NAME].strip()
