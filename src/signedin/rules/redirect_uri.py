"""Where an authorization may lead: addresses that a client has registered, byte for byte (RFC 9700, section 2.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from signedin.rules.errors import InvalidInput
from signedin.rules.wording import marked as _
from signedin.rules.wording import worded

LONGEST = 2_000
MOST = 50
_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::([1-9][0-9]{0,4}))?(/[^#]*)?", re.ASCII)
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+", re.ASCII)
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?::[1-9][0-9]{0,4})?"
    r"|\[[0-9a-f:.]+\](?::[1-9][0-9]{0,4})?",
    re.ASCII,
)
_READ_DIFFERENTLY = re.compile(r"%(?:00|0a|0d|2e|2f|5c)", re.IGNORECASE)
"""What ends, breaks or climbs a path for some who read it, and for others does not."""
LARGEST_PORT = 65_535
OF_ANSWERS = frozenset({
    "code", "state", "iss", "error", "error_description", "error_uri", "response", "access_token", "id_token",
})  # fmt: skip
"""What an answer may say to an app: an address that said it already would say it twice, and apps differ in which counts."""


def judge_redirect_uri(uri: str, *, is_native: bool, field: str = "redirect_uris") -> str:
    """The address as it may be registered.

    https to a host as browsers write it; on the person's own machine, for native apps, also http to a loopback
    address (any port may be used then), to localhost (with that port alone) and a private scheme with a dot (RFC 8252,
    section 7).

    Raises:
        InvalidInput: it could lead somewhere else than it seems to, or to nobody in particular; or it already says what
            only an answer may say.
    """
    if not _is_plain(uri):
        raise _refused(
            _("An address has no blanks, no backslash, no fragment and at most 2,000 characters."), field
        )
    if taken := sorted(OF_ANSWERS & _named_in(uri)):
        raise _refused(
            worded(_("An address has no parameter of an answer in it: {name}"), name=taken[0]), field
        )
    scheme = uri.partition(":")[0]
    if scheme == "https" and _is_web_address(uri):
        return uri
    if is_native and scheme == "http" and (_loopback(uri) is not None or _is_localhost(uri)):
        return uri
    if is_native and _PRIVATE_SCHEME.fullmatch(scheme) and len(uri) > len(scheme) + 1:
        return uri
    raise _refused(
        _("An address begins with https://, or for an app on the person's own machine with http://127.0.0.1, "
          "http://[::1] or a private scheme that has a dot."),
        field,
    )  # fmt: skip


def judge_web_address(uri: str, field: str) -> str:
    """An https address of a client's own server, as it may be registered.

    Raises:
        InvalidInput: it is none.
    """
    if not (_is_plain(uri) and uri.startswith("https://") and _is_web_address(uri)):
        raise InvalidInput(_("This has to be an https:// address without a fragment."), field=field)
    return uri


def is_registered(asked: str, registered: Iterable[str]) -> bool:
    """Whether that very address was registered; of a loopback address alone the port may be another one.

    >>> is_registered("http://127.0.0.1:51004/back", ["http://127.0.0.1/back"])
    True
    >>> is_registered("https://app.example.org/back?x=1", ["https://app.example.org/back"])
    False
    """
    if not _is_plain(asked):
        return False
    loopback = _loopback(asked)
    return any(asked == each or (loopback is not None and loopback == _loopback(each)) for each in registered)


def _is_plain(uri: str) -> bool:
    return (
        0 < len(uri) <= LONGEST
        and all("!" <= ch <= "~" for ch in uri)
        and not {"\\", "#", '"', "<", ">"} & {*uri}
    )


def _named_in(uri: str) -> frozenset[str]:
    """The parameters in the query of an address, as any reader may see them: some take ; for &."""
    query = uri.partition("?")[2].replace(";", "&")
    names = (name for name, _value in parse_qsl(query, keep_blank_values=True))
    return frozenset(re.split(r"[\[\0]", name)[0].strip() for name in names)


def _is_web_address(uri: str) -> bool:
    """Whether it names a host, and nobody before it; nothing in it is written in a way that readers could disagree on."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    rest = uri.removeprefix(f"{parts.scheme}://")
    written = rest[: len(parts.netloc)]
    if "@" in rest.partition("?")[0] or not _HOST.fullmatch(written) or not _is_port(written):
        return False
    if _READ_DIFFERENTLY.search(parts.path):
        return False
    return "/../" not in f"{parts.path}/" and "/./" not in f"{parts.path}/" and "..;" not in parts.path


def _is_port(host: str) -> bool:
    port = re.search(r":([0-9]+)$", host)
    return port is None or int(port[1]) <= LARGEST_PORT


def _loopback(uri: str) -> tuple[str, str] | None:
    """A loopback address without its port: where to, and which page."""
    found = _LOOPBACK.fullmatch(uri)
    if found is None or (found[2] and int(found[2]) > LARGEST_PORT) or "@" in uri:
        return None
    return found[1], found[3] or ""


def _is_localhost(uri: str) -> bool:
    return (
        uri.startswith("http://localhost") and _is_web_address(uri) and urlsplit(uri).hostname == "localhost"
    )


def _refused(sentence: str, field: str) -> InvalidInput:
    return InvalidInput(sentence, field=field)
