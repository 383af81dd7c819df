"""The rows of the demo: invented people's things, times relative to now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from signedin.rules.session import AppType
from signedin.server.demo_places import DEMO_ADDRESSES


@dataclass(frozen=True, slots=True)
class DemoDevice:
    """One session of the demo; sessions with the same `browser` were begun in the same, remembered one.

    Before it began so many wrong passwords (`guesses`) were tried from there.
    """

    user_agent: str
    address: str
    age: timedelta
    idle: timedelta
    app_type: AppType = AppType.WEB
    app_name: str = ""
    busy: float = 0.5
    browser: str = ""
    is_recognised: bool = True
    is_kept: bool = False
    has_logged_out: bool = False
    guesses: int = 0


@dataclass(frozen=True, slots=True)
class DemoApp:
    """One connected app of the demo."""

    name: str
    description: str
    scopes: tuple[str, ...]
    address: str
    age: timedelta
    idle: timedelta
    busy: float
    logo: str | None = None


@dataclass(frozen=True, slots=True)
class DemoKey:
    """An access key: how many days ago it was issued, and on which part of the days it is used from where, if at all."""

    name: str
    scopes: tuple[str, ...]
    age: int
    busy: float = 0.0
    address: str = ""


def _ago(days: float = 0, hours: float = 0, minutes: float = 0) -> timedelta:
    return timedelta(days=days, hours=hours, minutes=minutes)


_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
_WIN = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
CHROME_MAC = _MAC + "Chrome/152.0.0.0 Safari/537.36"
CHROME_WIN = _WIN + "Chrome/152.0.0.0 Safari/537.36"
EDGE_WIN = CHROME_WIN + " Edg/150.0.0.0"
FIREFOX_WIN = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:149.0) Gecko/20100101 Firefox/149.0"
FIREFOX_UBUNTU = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:149.0) Gecko/20100101 Firefox/149.0"
SAFARI_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15"  # a fact, in one piece
SAFARI_IPAD = "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1"  # a fact, in one piece
SAFARI_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1"  # a fact, in one piece
CHROMEOS = "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/151.0.0.0 Safari/537.36"  # a fact, in one piece
SYNC_MAC = "ExampleSync/4.2 (macOS 26.1; arm64)"
SYNC_WIN = "ExampleSync/4.2 (Windows 11 24H2; x64)"
SYNC_UBUNTU = "ExampleSync/4.1 (Ubuntu 24.04; x64)"
MOBILE_IPHONE = "ExampleMobile/5.1.0 (iPhone 15; iOS 26.1)"
MOBILE_PIXEL = "ExampleMobile/5.0.2 (Pixel 8; Android 15)"
MOBILE_IPAD = "ExampleMobile/5.1.0 (iPad Air; iPadOS 26.0)"

_SF, _BERLIN, _DUBLIN, _ASHBURN, _ADELAIDE, _AUSTIN, _TOKYO, _SAO_PAULO, _LISBON = (
    DEMO_ADDRESSES[name]
    for name in (
        "San Francisco",
        "Berlin",
        "Dublin",
        "Ashburn",
        "Adelaide",
        "Austin",
        "Tokyo",
        "São Paulo",
        "Lisbon",
    )
)
_SYNC, _MOBILE, _ADMIN = AppType.SYNC, AppType.MOBILE, AppType.ADMIN

DEVICES: tuple[DemoDevice, ...] = (
    DemoDevice(SYNC_MAC, _SF[0], _ago(158), _ago(minutes=4), _SYNC, "Example Sync", 1.0),
    DemoDevice(SYNC_WIN, _BERLIN[0], _ago(235), _ago(hours=5), _SYNC, "Example Sync", 1.0),
    DemoDevice(MOBILE_IPAD, "192.168.1.44", _ago(141), _ago(12), _MOBILE, "Example Mobile", 0.2),
    DemoDevice(CHROME_WIN, _BERLIN[1], _ago(85), _ago(3), busy=0.6),
    DemoDevice(MOBILE_IPHONE, _SF[3], _ago(63), _ago(hours=2), _MOBILE, "Example Mobile", 0.9),
    DemoDevice(SAFARI_MAC, _SF[1], _ago(52), _ago(1, 4), busy=0.25),
    DemoDevice(EDGE_WIN, _AUSTIN[0], _ago(43), _ago(21, 4), busy=0.8),
    DemoDevice(SAFARI_IPHONE, _LISBON[1], _ago(34), _ago(28, 3), busy=0.3, is_kept=True),
    DemoDevice(MOBILE_PIXEL, _TOKYO[1], _ago(25), _ago(6), _MOBILE, "Example Mobile", 0.8),
    DemoDevice(CHROME_MAC, _SF[0], _ago(20), _ago(hours=9), busy=0.6),
    DemoDevice(CHROMEOS, _SAO_PAULO[0], _ago(15), _ago(9), busy=0.7),
    DemoDevice(FIREFOX_UBUNTU, _BERLIN[2], _ago(14), _ago(2), _ADMIN, busy=0.3),
    DemoDevice(SYNC_UBUNTU, _BERLIN[2], _ago(14), _ago(3, 2), _SYNC, "Example Sync", 0.9),
    DemoDevice(CHROME_MAC, _SF[0], _ago(7), _ago(hours=3), _ADMIN, busy=0.3),
    DemoDevice(FIREFOX_WIN, _SF[1], _ago(70), _ago(16), browser="travel laptop", has_logged_out=True),
    DemoDevice(SAFARI_IPAD, _SF[2], _ago(1, 5), _ago(1, 3), is_recognised=False),
    DemoDevice(
        FIREFOX_WIN,
        _ADELAIDE[1],
        _ago(hours=10),
        _ago(minutes=38),
        browser="travel laptop",
        is_recognised=False,
        guesses=3,
    ),
)

APPS: tuple[DemoApp, ...] = (
    DemoApp(
        "Watchpost", "Alerts your security team about unusual sign-ins.",
        ("account:read", "sessions:read", "activity:read"), _DUBLIN[0], _ago(254), _ago(minutes=26), 1.0,
        "logo-watchpost",
    ),
    DemoApp(
        "Porter", "Ends sessions when a contract ends.", ("account:read", "sessions:read", "sessions:manage"),
        _ASHBURN[0], _ago(82), _ago(hours=7), 0.3,
    ),
    DemoApp(
        "Tidewater Calendar", "A shared calendar for teams.", ("account:read", "offline_access"), _DUBLIN[1],
        _ago(254), _ago(1, 2), 0.8, "logo-tidewater",
    ),
    DemoApp("Ledgerline", "Bookkeeping for small companies.", ("account:read",), _ASHBURN[1], _ago(349), _ago(11), 0.4),
)  # fmt: skip

KEYS = (
    DemoKey("Nightly backup", ("account:read", "sessions:read"), 120, 0.95, _ASHBURN[1]),
    DemoKey("Status board", ("sessions:read",), 44, 0.6, _SF[0]),
    DemoKey("Export script", ("account:read", "activity:read"), 9),
)
