"""Every knob, typed, with its sentence: from the environment (`SIGNEDIN_*`, `..._FILE`) and `signedin.toml`."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from signedin.actions.means import Registration
from signedin.rules.lifetime import PROFILES, Lifetimes, Limits
from signedin.rules.session import AppType

PREFIX = "SIGNEDIN_"


class SettingsProblem(Exception):
    """The settings cannot be used; every problem is told at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def parse_span(text: str) -> timedelta:
    """A span of time as people write it.

    >>> parse_span("30d"), parse_span("5s")
    (datetime.timedelta(days=30), datetime.timedelta(seconds=5))
    """
    match = re.fullmatch(r"\s*(\d{1,6})\s*(s|m|h|d)\s*", text)
    if not match or not int(match[1]):
        raise ValueError("write it like 30d, 12h, 15m or 5s; it cannot be without end")
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[match[2]]
    return timedelta(**{unit: int(match[1])})


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


def _database_url(text: str) -> Path | str:
    if text.startswith("sqlite:///"):
        return Path(text.removeprefix("sqlite:///"))
    if text.startswith("postgresql://") and urlsplit(text).path.strip("/"):
        return text
    raise ValueError("write it like sqlite:///path or postgresql://user@host/name")


def _bus(text: str) -> str:
    if text != "postgres" and not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("write postgres, or redis://host:6379/0")
    return text


def _base_url(text: str) -> str:
    parts = urlsplit(text.rstrip("/"))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise ValueError("write it like https://account.example.org, without a path")
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError("plain http is only for localhost; put a proxy with TLS in front and use https")
    return text.rstrip("/")


def _profile(text: str) -> str:
    if text not in PROFILES:
        raise ValueError(f"choose one of {', '.join(PROFILES)}")
    return text


def _knob(default: Any, sentence: str, read: Callable[[str], Any], *, shown: bool = True) -> Any:
    make = {"default_factory": default} if callable(default) else {"default": default}
    return field(metadata={"sentence": sentence, "read": read}, repr=shown, **make)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force; `sources` says where each value came from."""

    database_url: Path | str = _knob(
        Path("var/signedin.db"),
        "The database: `sqlite:///path` or `postgresql://user@host/name`.",
        _database_url,
    )
    bus: str = _knob(
        "postgres",
        "Where processes on PostgreSQL hint of endings: `postgres`, or `redis://host:6379/0`.",
        _bus,
    )
    base_url: str = _knob("http://localhost:8000", "The address people use, without a path.", _base_url)
    secret_file: Path = _knob(Path("var/secret.json"), "The keyring; made at first start, 0600.", Path)
    inactivity: timedelta | None = _knob(
        None, "A session ends after this long without use (30d).", parse_span
    )
    overall: timedelta | None = _knob(None, "A session never lasts longer than this (365d).", parse_span)
    inactivity_admin: timedelta | None = _knob(None, "The same for Admin sessions.", parse_span)
    overall_admin: timedelta | None = _knob(None, "The same for Admin sessions.", parse_span)
    inactivity_sync: timedelta | None = _knob(None, "The same for Sync sessions.", parse_span)
    overall_sync: timedelta | None = _knob(None, "The same for Sync sessions.", parse_span)
    inactivity_mobile: timedelta | None = _knob(None, "The same for Mobile sessions.", parse_span)
    overall_mobile: timedelta | None = _knob(None, "The same for Mobile sessions.", parse_span)
    profile: str = _knob("default", "Limits to start from: " + ", ".join(PROFILES) + ".", _profile)
    registration: Registration = _knob(
        Registration.INVITATION, "Who may make an account: open, invitation or closed.", Registration
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = _knob(
        (), "Networks whose X-Forwarded-For is believed, with commas between.", _networks
    )
    geo_db: Path = _knob(
        Path("var/places.mmdb"), "The place file (MMDB); without one no place is shown.", Path
    )
    smtp_url: str = _knob(
        "", "Where mail goes (`smtp://user:pass@host:587`); else it is written to a folder.", str, shown=False
    )
    mail_dir: Path = _knob(Path("var/mail"), "The folder for mail when there is no SMTP server.", Path)
    mail_from: str = _knob("signedin@localhost", "The sender of mail.", str)
    brand_name: str = _knob("Signedin", "The name on the pages.", str)
    support_contact: str = _knob("", "Whom people may ask, shown where it helps.", str)
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The host people use."""
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def lifetimes(self) -> Lifetimes:
        """The limits in force: the profile, with what was set by itself on top (D7)."""
        profile = PROFILES[self.profile]
        default = _over(profile.default, self.inactivity, self.overall)
        by_type = {kind: _over(limits, None, None) for kind, limits in profile.by_app_type.items()}
        for kind in (AppType.ADMIN, AppType.SYNC, AppType.MOBILE):
            idle, overall = (getattr(self, f"{name}_{kind.value}") for name in ("inactivity", "overall"))
            if idle or overall:
                by_type[kind] = _over(by_type.get(kind, default), idle, overall)
        return Lifetimes(default, by_type)


def _over(limits: Limits, idle: timedelta | None, overall: timedelta | None) -> Limits:
    return Limits(idle or limits.idle, overall or limits.overall)


def knobs() -> list[tuple[str, str, Any]]:
    """Every setting: its environment name, its sentence, its default."""
    return [
        (PREFIX + knob.name.upper(), knob.metadata["sentence"], knob.default)
        for knob in fields(Settings)
        if "sentence" in knob.metadata
    ]


def load(environment: Mapping[str, str] | None = None, file: Path = Path("signedin.toml")) -> Settings:
    """Read the settings.

    Raises:
        SettingsProblem: every problem found, in one go.
    """
    environment = os.environ if environment is None else environment
    problems: list[str] = []
    written = _from_file(file, problems)
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    known = {knob.name: knob for knob in fields(Settings) if "read" in knob.metadata}
    problems += [f"{file}: there is no setting {name!r}" for name in written if name not in known]
    for name, knob in known.items():
        found = _find(name, environment, written, file, problems)
        if found is None:
            continue
        text, sources[name] = found
        try:
            values[name] = knob.metadata["read"](text)
        except ValueError as error:
            problems.append(f"{PREFIX}{name.upper()} ({sources[name]}): {error}")
    if problems:
        raise SettingsProblem(problems)
    return Settings(**values, sources=sources)


def _find(
    name: str, environment: Mapping[str, str], written: Mapping[str, str], file: Path, problems: list[str]
) -> tuple[str, str] | None:
    variable = PREFIX + name.upper()
    if variable in environment:
        return environment[variable], "environment"
    if f"{variable}_FILE" in environment:
        path = Path(environment[f"{variable}_FILE"])
        try:
            return path.read_text(encoding="utf-8").strip(), f"{variable}_FILE"
        except OSError:
            problems.append(f"{variable}_FILE: {path} cannot be read")
            return None
    return (written[name], str(file)) if name in written else None


def _from_file(file: Path, problems: list[str]) -> dict[str, str]:
    try:
        return {name: str(value) for name, value in tomllib.loads(file.read_text(encoding="utf-8")).items()}
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
        problems.append(f"{file}: {error}")
        return {}
