"""Where the service is: read from its address once, with what every question to it has in common."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Address:
    """The service's address. `tls` verifies it; `socket` is the path of a Unix socket that leads to it."""

    host: str
    port: int
    named: str
    prefix: str
    tls: ssl.SSLContext | None
    socket: str | None = None

    @classmethod
    def of(cls, base_url: str, *, tls: ssl.SSLContext | None = None, socket: str | None = None) -> Address:
        """Read an address; https is verified against what this machine trusts, unless something else is given.

        Raises:
            ValueError: it is none.
        """
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(
                f"{base_url!r} is no address of a Signedin service, like https://signedin.example.org"
            )
        is_secure = parts.scheme == "https"
        if not is_secure and tls is not None:
            raise ValueError("a TLS context is for an address that begins with https://")
        context = (tls or ssl.create_default_context()) if is_secure else None
        port = parts.port or (443 if is_secure else 80)
        return cls(
            parts.hostname, port, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), context, socket
        )
