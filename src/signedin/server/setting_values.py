"""How the values of settings are written: spans of time, addresses, networks; what cannot be read is refused."""

from __future__ import annotations

import re
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, urlsplit

import sqlalchemy as sa
from psycopg.pq import Conninfo

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_USUAL_PORTS = {"http": 80, "https": 443}
_PASSWORD = re.compile(r"^([a-z]+://[^/@]*?:).*@")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def span(text: str) -> timedelta:
    """A span of time as people write it.

    >>> span("30d"), span("5s")
    (datetime.timedelta(days=30), datetime.timedelta(seconds=5))
    """
    match = re.fullmatch(r"\s*(\d{1,6})\s*(s|m|h|d)\s*", text)
    if not match or not int(match[1]):
        raise ValueError("write it like 30d, 12h, 15m or 5s; it cannot be without end")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def said(value: object) -> str:
    """A value as people would write it.

    >>> said(timedelta(days=30)), said(timedelta(minutes=90)), said((ip_network("10.0.0.0/8"),))
    ('30d', '90m', '10.0.0.0/8')

    A password in an address is left out:

    >>> said("postgresql://signedin:secret@db.example.org/signedin")
    'postgresql://signedin:***@db.example.org/signedin'
    """
    if isinstance(value, timedelta):
        unit = next(unit for unit, word in _UNITS.items() if not value % timedelta(**{word: 1}))
        return f"{value // timedelta(**{_UNITS[unit]: 1})}{unit}"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return _PASSWORD.sub(r"\1***@", str(value))


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Networks with commas between."""
    return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


def database_url(text: str) -> Path | str:
    """Where the database is: the file of SQLite, or the address of PostgreSQL as it was written.

    What is wrong with it is told without repeating it, for it may hold a password.
    """
    if text.startswith("sqlite:///"):
        return Path(text.removeprefix("sqlite:///"))
    if text.startswith(("postgresql://", "postgres://")) and _split(text).path.strip("/"):
        _refuse_what_does_nothing(_split(text).query)
        address = "postgresql://" + text.partition("://")[2]
        _refuse_ports_of_nobody(address)
        return address
    raise ValueError("write it like sqlite:///path or postgresql://user@host/name")


def _refuse_what_does_nothing(query: str) -> None:
    try:
        said = [name for name, _ in parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))]
    except ValueError:
        raise ValueError(
            "write what stands behind its ? like sslmode=verify-full&sslrootcert=/path"
        ) from None
    known = {each.keyword.decode() for each in Conninfo.get_defaults()}
    for name in said:
        if name not in known:
            what = (
                f"PostgreSQL knows no {name}="
                if re.fullmatch("[a-z_]{1,40}", name)
                else "one of them is unknown"
            )
            near = "".join(f", but {each}=" for each in get_close_matches(name, known, 1))
            raise ValueError(f"check what stands behind its ?: {what}{near}")
        if said.count(name) > 1:
            raise ValueError(f"say {name}= once behind its ?, several hosts with commas between")
    # Those that every connection is given (store/postgres.py) take their place, so that they would do nothing;
    # joined to them, a statement_timeout of somebody's would cancel commits.
    if "options" in said:
        raise ValueError(
            "leave out options=, which would do nothing, for Signedin gives its own;"
            " set them for its role instead: ALTER ROLE signedin SET name = value"
        )


def _refuse_ports_of_nobody(address: str) -> None:
    url = sa.make_url(address).set(drivername="postgresql+psycopg")
    try:
        url.get_dialect()().create_connect_args(url)
    except sa.exc.ArgumentError:
        raise ValueError("name one port for all of its hosts, or one for each of them, as numbers") from None


def bus(text: str) -> str:
    """Where processes hint of endings to each other: the database itself, or a Redis."""
    if text != "postgres" and _split(text).scheme not in ("redis", "rediss", "unix"):
        raise ValueError("write postgres, or redis://host:6379/0")
    return text


def count(text: str) -> int:
    """A whole number of things, at least one."""
    if not re.fullmatch(r"[1-9][0-9]{0,2}", text.strip()):
        raise ValueError("write a whole number from 1 to 999")
    return int(text)


def many(text: str) -> int:
    """A whole number of things, perhaps very many."""
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text.strip()):
        raise ValueError("write a whole number from 1 to 999999")
    return int(text)


def origins(text: str) -> tuple[str, ...]:
    """Origins with commas between, each as browsers write it; no pattern stands for several.

    >>> origins("https://Shop.Example.org:443, http://localhost:3000")
    ('https://shop.example.org', 'http://localhost:3000')
    """
    named = [part.strip() for part in text.split(",") if part.strip()]
    if any("*" in each or each == "null" for each in named):
        raise ValueError("name each origin exactly, like https://shop.example.org")
    return tuple(map(base_url, named))


def host_and_port(text: str) -> str:
    """An address to listen on; nothing means nowhere."""
    parts = _split(f"//{text}")
    if text and not (parts.hostname and parts.port):
        raise ValueError("write it like 127.0.0.1:9464")
    return text


def base_url(text: str) -> str:
    """The address people use, as browsers write it: host in small letters, no usual port, nothing after it.

    >>> base_url("https://Account.Example.ORG:443/")
    'https://account.example.org'
    """
    parts = _split(text.strip())
    rest = parts.path.rstrip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in _USUAL_PORTS or not parts.hostname or rest:
        raise ValueError("write it like https://account.example.org, without a path")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("plain http is only for localhost; put a proxy with TLS in front and use https")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, _USUAL_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def app_hosts(text: str) -> tuple[str, ...]:
    """Addresses of apps on other hosts, with commas between.

    >>> app_hosts("https://Shop.example.net, https://wiki.example.com:8443/")
    ('https://shop.example.net', 'https://wiki.example.com:8443')
    """
    return tuple(base_url(part) for part in text.split(",") if part.strip())


def smtp_url(text: str) -> str:
    """Where mail goes; what is wrong with it is told without repeating it, for it may hold a password."""
    parts = _split(text)
    rest = parts.path.rstrip("/") or parts.query or parts.fragment
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or rest:
        raise ValueError(
            "write it like smtp://user:password@host:587 or smtps://host; encode / ? # and @ in it"
        )
    if parts.password and not parts.username:
        raise ValueError("there is a password but no user")
    return text


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("its host or port cannot be read") from None
    return parts
