"""Reads how applications of one's own name themselves: `ExampleSync/3.2.1 (Windows 11 24H2; x64)`.

The grammar is `Name/version (part; part; ...)`: parts in any order, one of them a system with its version,
one of them a model ("iPhone 15", "Pixel 8", or Apple's "iPhone15,4"); what is not understood is left out.
Apps in an Electron shell and those of Apple's networking library are known by their first token.
"""

from __future__ import annotations

import re

from signedin.rules.device import DeviceKind, Reading

_APP = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,39})/(\d[\w.+-]{0,23})(?: \(([^()]{0,300})\))?(?: .*)?")
_TOKEN = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,39})/(\d[\w.+-]{0,23})")
_SHELL = frozenset({"Mozilla", "AppleWebKit", "Chrome", "Electron", "Safari"})
_PROGRAM = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,39})/(\d[\d.]{0,15})(?:[ (].*)?")
_NOT_APPS = frozenset({"Mozilla", "Opera", "Dalvik"})
_SYSTEMS = (
    "Windows|macOS|iPadOS|iOS|Android|ChromeOS|Ubuntu|Debian|Fedora|Arch Linux|Linux Mint|openSUSE|"
    "Red Hat Enterprise Linux|Rocky Linux|AlmaLinux|Linux|FreeBSD"
)
_SYSTEM = re.compile(rf"({_SYSTEMS})(?: (\d{{1,5}}(?:\.\d{{1,5}}){{0,2}}))?(?: [\w.]{{1,12}})?")
_MODEL = re.compile(
    r"(?:iPhone|iPad|iPod|Pixel|Galaxy|SM-|Nexus|Xperia|Moto|OnePlus|Redmi|Nothing|Fairphone)[\w ,()+-]{0,30}"
)
_APPLE_MODEL = re.compile(r"(iPhone|iPad|iPod)\d{1,2},\d{1,2}")
_HANDHELD = {"iOS": DeviceKind.PHONE, "Android": DeviceKind.PHONE, "iPadOS": DeviceKind.TABLET}

_IPHONES = {
    "12,1": "11", "12,3": "11 Pro", "12,5": "11 Pro Max", "12,8": "SE",
    "13,1": "12 mini", "13,2": "12", "13,3": "12 Pro", "13,4": "12 Pro Max",
    "14,2": "13 Pro", "14,3": "13 Pro Max", "14,4": "13 mini", "14,5": "13", "14,6": "SE",
    "14,7": "14", "14,8": "14 Plus", "15,2": "14 Pro", "15,3": "14 Pro Max",
    "15,4": "15", "15,5": "15 Plus", "16,1": "15 Pro", "16,2": "15 Pro Max",
    "17,1": "16 Pro", "17,2": "16 Pro Max", "17,3": "16", "17,4": "16 Plus", "17,5": "16e",
    "18,1": "17 Pro", "18,2": "17 Pro Max", "18,3": "17", "18,4": "Air",
}  # fmt: skip


def read_app(user_agent: str) -> Reading | None:
    """The application that names itself so, with system and model where it says them, or `None`."""
    match = _APP.fullmatch(user_agent)
    if match is None or match[1] in _NOT_APPS:
        return None
    parts = [part.strip() for part in (match[3] or "").split(";")]
    system, system_version = _system(parts)
    if not system and " CFNetwork/" not in user_agent:
        return None
    # The number after the name is a build there, and Darwin may be any of Apple's systems.
    version = "" if " CFNetwork/" in user_agent else match[2]
    model = next((_model(part) for part in parts if _MODEL.fullmatch(part)), "")
    if system == "iOS" and model.startswith("iPad"):
        system = "iPadOS"
    kind = _HANDHELD.get(system, DeviceKind.APP)
    return Reading("", "", system, system_version, model, kind, in_words(match[1]), version)


def read_shell(user_agent: str) -> tuple[str, str]:
    """Name and version of an app in an Electron shell; empty when it is none or does not say its name."""
    if " Electron/" not in user_agent:
        return "", ""
    tokens = (match.groups() for match in _TOKEN.finditer(user_agent))
    name, version = next(((name, version) for name, version in tokens if name not in _SHELL), ("", ""))
    return in_words(name), version


def read_program(user_agent: str) -> tuple[str, str]:
    """Name and version of a program that says no more than `name/version` at its beginning."""
    match = _PROGRAM.fullmatch(user_agent)
    return (match[1], match[2]) if match and match[1] not in _NOT_APPS else ("", "")


def in_words(name: str) -> str:
    """A token as words.

    >>> in_words("ExampleSync"), in_words("MyIPTool"), in_words("notes-desktop_app")
    ('Example Sync', 'My IP Tool', 'notes desktop app')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return re.sub(r"[\s_.-]+", " ", spaced).strip()


def _system(parts: list[str]) -> tuple[str, str]:
    for part in parts:
        if match := _SYSTEM.fullmatch(part):
            return match[1], match[2] or ""
    return "", ""


def _model(part: str) -> str:
    if match := _APPLE_MODEL.fullmatch(part):
        number = _IPHONES.get(part.removeprefix("iPhone"), "") if match[1] == "iPhone" else ""
        return f"{match[1]} {number}".strip()
    return part
