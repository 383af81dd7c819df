"""Every knob, typed, with its sentence: from the environment (`SIGNEDIN_*`, `..._FILE`) and `signedin.toml`."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from signedin.actions.means import Registration
from signedin.rules.lifetime import PROFILES, Lifetimes, Limits
from signedin.rules.session import AppType
from signedin.server import setting_values

PREFIX = "SIGNEDIN_"
NOT_YET = {"step_up": "a fresh sign-in before ending sessions"}
"""Settings that have a name already, but whose feature this version does not have."""


class SettingsProblem(Exception):
    """The settings cannot be used; every problem is told at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _profile(text: str) -> str:
    if text not in PROFILES:
        raise ValueError(f"choose one of {', '.join(PROFILES)}")
    return text


def _knob(default: Any, sentence: str, read: Callable[[str], Any], *, shown: bool = True) -> Any:
    make = {"default_factory": default} if callable(default) else {"default": default}
    return field(metadata={"sentence": sentence, "read": read}, repr=shown, **make)


def _limit(sentence: str) -> Any:
    """A span that the profile decides unless it is set."""
    return _knob(None, sentence, setting_values.span)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force; `sources` says where each value came from."""

    database_url: Path | str = _knob(
        Path("var/signedin.db"),
        "The database: `sqlite:///path` or `postgresql://user@host/name`.",
        setting_values.database_url, shown=False,
    )  # fmt: skip
    bus: str = _knob(
        "postgres",
        "Where processes on PostgreSQL hint of endings: `postgres`, or `redis://host:6379/0`.",
        setting_values.bus, shown=False,
    )  # fmt: skip
    workers: int = _knob(1, "How many processes answer (`serve --workers`).", setting_values.count)
    metrics: str = _knob(
        "", "Where Prometheus asks, host:port; with several processes each has one of the ports from there on.",
        setting_values.host_and_port,
    )  # fmt: skip
    base_url: str = _knob(
        "http://localhost:8000", "The address people use, without a path.", setting_values.base_url
    )
    app_hosts: tuple[str, ...] = _knob(
        (), "Other hosts whose apps are guarded: `https://shop.example.net`, with commas between.",
        setting_values.app_hosts,
    )  # fmt: skip
    secret_file: Path = _knob(Path("var/secret.json"), "The keyring; made at first start, 0600.", Path)
    inactivity: timedelta | None = _limit("A session ends after this long without use.")
    overall: timedelta | None = _limit("A session never lasts longer than this.")
    inactivity_web: timedelta | None = _limit("The same for Web sessions.")
    overall_web: timedelta | None = _limit("The same for Web sessions.")
    inactivity_admin: timedelta | None = _limit("The same for Admin sessions.")
    overall_admin: timedelta | None = _limit("The same for Admin sessions.")
    inactivity_sync: timedelta | None = _limit("The same for Sync sessions.")
    overall_sync: timedelta | None = _limit("The same for Sync sessions.")
    inactivity_mobile: timedelta | None = _limit("The same for Mobile sessions.")
    overall_mobile: timedelta | None = _limit("The same for Mobile sessions.")
    inactivity_oauth: timedelta | None = _limit("The same for consents.")
    overall_oauth: timedelta | None = _limit(
        "Consents never last longer than this; without end unless it is set."
    )
    profile: str = _knob("default", "Limits to start from: " + ", ".join(PROFILES) + ".", _profile)
    registration: Registration = _knob(
        Registration.INVITATION, "Who may make an account: open, invitation or closed.", Registration
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = _knob(
        (), "Networks whose X-Forwarded-For is believed, with commas between.", setting_values.networks
    )
    cors_origins: tuple[str, ...] = _knob(
        (), "Origins whose pages may call `/v1` with a bearer token, each by its exact name, with commas between.",
        setting_values.origins,
    )  # fmt: skip
    calls_a_minute: int = _knob(
        600, "How many calls a minute a session or key makes at `/v1` in each process; apps make ten times as many.",
        setting_values.many,
    )  # fmt: skip
    geo_db: Path = _knob(
        Path("var/places.mmdb"), "The place file (MMDB); without one no place is shown.", Path
    )
    private_receivers: tuple[IPv4Network | IPv6Network, ...] = _knob(
        (), "Networks of your own where clients may be told of sign-outs, beside the open internet, with commas between.",
        setting_values.networks,
    )  # fmt: skip
    smtp_url: str = _knob(
        "", "Where mail goes (`smtp://user:pass@host:587`); else it is written to a folder.",
        setting_values.smtp_url, shown=False,
    )  # fmt: skip
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
        for kind in AppType:
            idle, overall = (getattr(self, f"{name}_{kind.value}") for name in ("inactivity", "overall"))
            if idle or overall:
                by_type[kind] = _over(by_type.get(kind, default), idle, overall)
        return Lifetimes(default, by_type)


def _over(limits: Limits, idle: timedelta | None, overall: timedelta | None) -> Limits:
    return Limits(idle or limits.idle, overall or limits.overall)


def knobs(settings: Settings) -> list[tuple[str, str, str, str]]:
    """Every setting: its environment name, its sentence, the value in force, and where that came from."""
    return [
        (
            PREFIX + knob.name.upper(),
            knob.metadata["sentence"],
            *_in_force(settings, knob.name),
        )
        for knob in fields(Settings)
        if "sentence" in knob.metadata
    ]


def _in_force(settings: Settings, name: str) -> tuple[str, str]:
    value, source = getattr(settings, name), settings.sources.get(name)
    if value is not None:
        return setting_values.said(value), source or "default"
    if name == "overall_oauth":
        return "none", "default"
    limit, _, kind = name.partition("_")
    limits = settings.lifetimes.of(AppType(kind)) if kind else settings.lifetimes.default
    value = limits.idle if limit == "inactivity" else limits.overall
    by_profile = value != getattr(settings, limit) and settings.profile != "default"
    whence = f"profile {settings.profile}" if by_profile else settings.sources.get(limit, "default")
    return setting_values.said(value), whence


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
    problems += _unknown(environment, written, file, known)
    for name, knob in known.items():
        found = _find(name, environment, written, file, problems)
        if found is None:
            continue
        text, sources[name] = found
        try:
            values[name] = knob.metadata["read"](text)
        except ValueError as error:
            problems.append(f"{PREFIX}{name.upper()} ({sources[name]}): {error}")
    settings = Settings(**values, sources=sources)
    if settings.host in {urlsplit(each).hostname for each in settings.app_hosts}:
        problems.append(
            f"{PREFIX}APP_HOSTS: an app on the host of {PREFIX}BASE_URL needs no ticket; leave it out"
        )
    if problems:
        raise SettingsProblem(problems)
    return settings


def _unknown(
    environment: Mapping[str, str], written: Iterable[str], file: Path, known: Iterable[str]
) -> Iterator[str]:
    """What is set that is no setting, with the name that was perhaps meant."""
    for variable in sorted(each for each in environment if each.startswith(PREFIX)):
        name = variable.removeprefix(PREFIX).lower()
        if name not in known and name.removesuffix("_file") not in known:
            yield f"{variable}: {_why_unknown(name, known, lambda meant: PREFIX + meant.upper())}"
    for name in written:
        if name not in known:
            yield f"{file}: {name}: {_why_unknown(name, known, str)}"


def _why_unknown(name: str, known: Iterable[str], said: Callable[[str], str]) -> str:
    if name in NOT_YET:
        return f"{NOT_YET[name]} is not built yet, so it would do nothing; leave it out"
    meant = get_close_matches(name, known, 1, 0.7)
    return "there is no such setting" + (f"; did you mean {said(meant[0])}?" if meant else "")


def _find(
    name: str, environment: Mapping[str, str], written: Mapping[str, str], file: Path, problems: list[str]
) -> tuple[str, str] | None:
    variable = PREFIX + name.upper()
    if variable in environment and f"{variable}_FILE" in environment:
        problems.append(f"{variable} and {variable}_FILE are both set; leave one")
    if variable in environment:
        return environment[variable], "environment"
    if f"{variable}_FILE" in environment:
        path = Path(environment[f"{variable}_FILE"])
        try:
            return path.read_text(encoding="utf-8").strip(), f"{variable}_FILE"
        except (OSError, UnicodeDecodeError):
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
