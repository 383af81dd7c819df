"""What somebody sends who wants in: cookies, headers, hosts and paths, made by chance from what has fooled others."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from urllib.parse import quote

HEADERS = ("Signedin-Account", "Signedin-Session", "Signedin-App-Type", "Signedin-Scopes")
CLAIM = "victim"
ODD = [
    "\x00",
    "\x01",
    "\x7f",
    "\x80",
    "\xff",
    "\t",
    " ",
    '"',
    "'",
    ",",
    ";",
    "=",
    "%",
    "%00",
    "\\",
    "é",
    "\u00a0",
]


@dataclass(frozen=True)
class Secrets:
    """A session that lives, one that has ended, and the first one's cookie of another host, if it has one."""

    live: str
    ended: str
    elsewhere: str = "sgn_hst_none"


def surely_more_than(share: float, many: int) -> float:
    """How many of so many by chance are exceeded always, but for once in a thousand million times (six deviations)."""
    return max(0, share * many - 6 * math.sqrt(share * (1 - share) * many))


class Hostile:
    """An endless supply of requests, the same for the same seed."""

    def __init__(self, seed: int, secrets: Secrets, port: int, cookie: str = "signedin") -> None:
        self._by = random.Random(seed)
        self._secrets = secrets
        self._port = port
        self._cookie = cookie

    def nobodys(self) -> bytes:
        """A request that carries the live secret nowhere where it counts, or no live secret."""
        return self._request(self._bad_credential())

    def somebodys(self) -> bytes:
        """A request of somebody who is signed in and claims to be somebody else."""
        claims = [self._claim() for _ in range(self._by.randint(1, 4))]
        return self._request([f"Cookie: {self._cookie}={self._secrets.live}", *claims])

    def _request(self, lines: list[str]) -> bytes:
        by = self._by
        more = [self._other_header() for _ in range(by.randint(0, 3))]
        every = [*lines, *more]
        by.shuffle(every)
        connection = by.choice(
            ["close"] * 5 + ["close, Signedin-Account", "close, X-Forwarded-For, signedin-session"]
        )
        head = f"{self._method()} {self._path()} HTTP/1.1"
        return "\r\n".join(
            [head, f"Host: {self._host()}", f"Connection: {connection}", *every, "", ""]
        ).encode("latin-1", "replace")

    def _method(self) -> str:
        return self._by.choice(
            ["GET"] * 6 + ["HEAD", "POST", "DELETE", "OPTIONS", "PROPFIND", "get", "TRACE"]
        )

    def _host(self) -> str:
        return self._by.choice([
            *[f"localhost:{self._port}"] * 4, "localhost", "app.example.org", "EXAMPLE.org.", "a.B.example.com", "127.0.0.1",
            "signedin", "[::1]", "localhost:8000", "evil.example", "x y", "",
        ])  # fmt: skip

    def _path(self) -> str:
        return self._by.choice([
            "/", "/secret", "//secret", "/./secret", "/static/../secret", "/static/..%2fsecret", "/static/%2e%2e/secret",
            "/v1/../secret", "/v1/check/../../secret", "/sign-in;/secret", "/sign-in/..;/secret", "/settings/%2e%2e;/secret",
            "/secret%00", "/secret%0a/v1/x", "/secret?x=/sign-in", "/secret#/sign-in", "/.signedin-check", "//.signedin-check",
            "/.signedin-check?app_type=web", "/%2esignedin-check", "http://localhost/secret", "http://signedin/v1/check",
            "/secret\\..\\v1", "/SECRET", "/s%65cret", "/%73ign-in/../secret", "/help/active-sessions/../../secret",
            "/v1/check?app_type=admin&x=", "*", "/\xe9", "/" + "a" * 3000, "/secret?signedin=" + self._secrets.live,
            "/secret?" + self._text(),
        ])  # fmt: skip

    def _bad_credential(self) -> list[str]:
        by, live, ended = self._by, self._secrets.live, self._secrets.ended
        at = by.randrange(len(live))
        changed = live[:at] + by.choice("0Aaz_-.~é") + live[at + 1 :]
        value = by.choice([
            ended, "" if changed == live else changed, live[:at], live + "x", live.upper(), live.swapcase(), live[::-1],
            quote(live, safe="")[:-1], f'"{live}"', live[:8] + "0" * (len(live) - 8), live.replace("ses", "app"),
            live.replace("ses", "hst"), live.replace("sgn", "SGN"), live + by.choice(ODD[:4]), live[:20] + by.choice(ODD) + live[20:],
            "null", "undefined", "true", "[object Object]", "../../etc/passwd", "' OR 1=1 --", "x" * 5000, self._text(), "{}",
        ])  # fmt: skip
        where = by.choice([
            [f"Cookie: signedin={value}"], [f"Cookie: signedin={live}; signedin={live}"], [f"Cookie: Signedin={live}"],
            [f"Cookie: __Host-signedin={live}"], [f"Cookie: signedin-browser={live}"], [f"Cookie: signedin[]={live}"],
            [f"Cookie: sig%6eedin={live}"], [f"Cookie: a=signedin={live}"], [f"Cookie2: signedin={live}"],
            [f"Cookie: signedin={ended}; signedin={live}"], [f"Cookie: {self._text()}={value}"],
            [f"Cookie: signedin={live}; big={'y' * 6000}; more={'z' * 3000}; last={'w' * 8000}"],
            [f"Authorization: Bearer {live}"], [f"Authorization: Bearer {value}"], [f"Authorization: {live}"],
            [f"Authorization: Bearer {live}", f"Cookie: signedin={live}"], [f"Proxy-Authorization: Bearer {live}"],
            [f"Cookie: signedin={self._secrets.elsewhere}"], [f"Cookie: signedin-host={self._secrets.elsewhere}"],
            [f"Cookie: signedin-host={live}"], [f"Authorization: Bearer {self._secrets.elsewhere}"],
            [f"X-Signedin: {live}"], [f"Cookie : signedin={live}"], [f"X-Cookie: signedin={live}"], [],
        ])  # fmt: skip
        return [*where, self._claim()]

    def _claim(self) -> str:
        """An identity header of the client's own, in one of the ways in which they have been let through."""
        name = self._by.choice(HEADERS)
        name = self._by.choice([
            name, name.lower(), name.upper(), name.replace("-", "_"), name.lower().replace("-", "_"), name + " ", name + "\t",
            f"X-{name}", f"HTTP_{name}", name.replace("-", "."), name + "_", f"{name}-", "Signedin_Account", f" {name}",
            f"Foo: bar\n{name}", "Signedin-Role", "Remote-User",
        ])  # fmt: skip
        return f"{name}: {CLAIM}"

    def _other_header(self) -> str:
        return self._by.choice([
            "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Uri: /sign-in", "X-Forwarded-Method: OPTIONS", "X-Original-URL: /sign-in",
            "X-Rewrite-URL: /v1/check", "X-Forwarded-Host: evil.example", "Forwarded: for=127.0.0.1;host=evil", "X-Accel-Redirect: /",
            "X-HTTP-Method-Override: GET", "Upgrade: websocket", "Content-Length: 0", "Transfer-Encoding: identity",
            "Expect: 100-continue", "Range: bytes=0-", "Sec-Fetch-Mode: navigate", "TE: trailers", "Trailer: Signedin-Account",
            "Via: 1.1 signedin", "X-Real-IP: 127.0.0.1", f"X-Long: {'a' * 3000}", f"X-Odd: {self._text()}",
        ])  # fmt: skip

    def _text(self) -> str:
        by = self._by
        return "".join(by.choice([*ODD, "a", "0", "sgn_ses_"]) for _ in range(by.randint(1, 12))).replace(
            "\n", ""
        )


SMUGGLED = (
    "GET /secret HTTP/1.1\r\nHost: localhost\r\nSignedin-Account: victim\r\nSignedin-Session: victim\r\n"
    "Signedin-App-Type: web\r\nSignedin-Scopes: *\r\nConnection: close\r\n\r\n"
)
SMUGGLERS = [
    f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(SMUGGLED) + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    f"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{SMUGGLED}",
    f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
    f"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    f"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
    f"GET /sign-in HTTP/1.0\r\nConnection: keep-alive\r\n\r\n{SMUGGLED}",
    f"GET / HTTP/0.9\r\n\r\n{SMUGGLED}",
    f"GET /\r\n{SMUGGLED}",
    f"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{SMUGGLED}",
    f"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nSignedin-Account: victim\r\n\r\n{SMUGGLED}",
]
"""Two requests in the bytes of one, after which the second would pass unchecked."""
