"""The place file is fetched with consent, checked, and swapped in one step; otherwise the old one stays."""

from __future__ import annotations

import gzip
import hashlib
import threading
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from signedin.server.demo_places import DEMO_PLACES_FILE
from signedin.server.geo import DB_IP, UpdateRefused, download, update
from signedin.store.places import Places

TODAY = date(2026, 11, 23)
NEW = "/free/dbip-city-lite-2026-11.mmdb.gz"
LAST = "/free/dbip-city-lite-2026-10.mmdb.gz"


@pytest.fixture
def city_file():
    # The same length, so that the file stays whole: "Signedin-Demo-Places" becomes a kind with "City" in it.
    return DEMO_PLACES_FILE.read_bytes().replace(b"Signedin-Demo-Places", b"DBIP-City-Lite-Tests")


@pytest.fixture
def site():
    """A small web server: path -> status and body; it remembers what was asked for."""

    class Site(BaseHTTPRequestHandler):
        pages: dict[str, tuple[int, bytes]] = {}  # noqa: RUF012 - one fresh class for each test
        asked: list[str] = []  # noqa: RUF012
        claimed_length: int | None = None

        def do_GET(self):
            self.asked.append(self.path)
            status, body = self.pages.get(self.path, (404, b"none"))
            self.send_response(status)
            self.send_header("Content-Length", str(self.claimed_length or len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    Site.base = f"http://127.0.0.1:{server.server_port}/free/"
    yield Site
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "var" / "places.mmdb"


def fetch_from(site, target, *, consent=True, **more):
    return update(target, download, TODAY, consent, base=site.base, **more)


def test_the_address_is_where_db_ip_publishes_its_file(target):
    asked = []

    def fetch(url):
        asked.append(url)
        raise OSError("no network here")

    with pytest.raises(UpdateRefused):
        update(target, fetch, TODAY, consent=True)
    assert asked == ["https://download.db-ip.com/free/dbip-city-lite-2026-11.mmdb.gz"]
    assert DB_IP.startswith("https://")


def test_without_consent_nothing_is_asked_for_and_one_sentence_says_why(site, target):
    with pytest.raises(UpdateRefused, match=r"needs your consent.*CC BY 4\.0"):
        fetch_from(site, target, consent=False)
    assert site.asked == []
    assert not target.parent.exists()


def test_this_months_file_is_put_in_place_and_its_digest_told(site, target, city_file):
    site.pages[NEW] = (200, gzip.compress(city_file))
    updated = fetch_from(site, target)
    assert target.read_bytes() == city_file
    assert updated.sha256 == hashlib.sha256(city_file).hexdigest()
    assert (updated.month, updated.size, updated.url) == ("2026-11", len(city_file), site.base + NEW[6:])
    assert Places(target).attribution.text == "IP geolocation by DB-IP"
    assert [file.name for file in target.parent.iterdir()] == ["places.mmdb"]


def test_while_this_months_file_is_not_out_last_months_is_used(site, target, city_file):
    site.pages[LAST] = (200, gzip.compress(city_file))
    assert fetch_from(site, target).month == "2026-10"
    assert site.asked == [NEW, LAST]


def test_in_january_last_month_is_in_the_year_before(site, target, city_file):
    site.pages["/free/dbip-city-lite-2026-12.mmdb.gz"] = (200, gzip.compress(city_file))
    assert update(target, download, date(2027, 1, 1), consent=True, base=site.base).month == "2026-12"


def test_a_running_server_uses_the_new_file_at_once(site, target, city_file):
    places = Places(target)
    assert places.locate("203.0.113.9").label == "Unknown location"
    site.pages[NEW] = (200, gzip.compress(city_file))
    fetch_from(site, target)
    assert places.locate("203.0.113.9").label == "San Francisco, CA, US"


def _cut(data: bytes) -> bytes:
    return gzip.compress(data)[:-20]


def _flipped(data: bytes) -> bytes:
    packed = bytearray(gzip.compress(data))
    packed[len(packed) // 2] ^= 0xFF
    return bytes(packed)


BAD_FILES = {
    "cut short": (_cut, "damaged: it cannot be unpacked"),
    "flipped": (_flipped, "damaged: it cannot be unpacked"),
    "not packed": (lambda data: b"<html>", "damaged: it cannot be unpacked"),
    "nothing": (lambda data: b"", "damaged"),
    "a packed page": (lambda data: gzip.compress(b"<html>"), "damaged: it is no MMDB file"),
    "no cities": (lambda data: gzip.compress(DEMO_PLACES_FILE.read_bytes()), "no file of cities"),
    "a bomb": (lambda data: gzip.compress(bytes(3_000_000)), "unpacks to more than 1000000 bytes"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_and_the_old_one_stays(site, target, city_file, case):
    target.parent.mkdir()
    target.write_bytes(city_file)
    spoil, sentence = BAD_FILES[case]
    site.pages[NEW] = (200, spoil(city_file))
    with pytest.raises(UpdateRefused, match=sentence):
        fetch_from(site, target, limit=1_000_000)
    assert target.read_bytes() == city_file
    assert [file.name for file in target.parent.iterdir()] == ["places.mmdb"]


def test_when_neither_month_is_there_the_sentence_says_so(site, target):
    with pytest.raises(UpdateRefused, match="neither this month's nor last month's"):
        fetch_from(site, target)


def test_another_status_is_told_and_last_month_is_not_tried(site, target):
    site.pages[NEW] = (503, b"busy")
    with pytest.raises(UpdateRefused, match="answered with status 503"):
        fetch_from(site, target)
    assert site.asked == [NEW]


def test_a_folder_that_cannot_be_written_is_told(site, tmp_path, city_file):
    site.pages[NEW] = (200, gzip.compress(city_file))
    (tmp_path / "var").write_text("a file, no folder")
    with pytest.raises(UpdateRefused, match="Nothing can be written to"):
        fetch_from(site, tmp_path / "var" / "places.mmdb")


def test_a_download_that_is_too_large_is_given_up(site):
    site.pages[NEW] = (200, bytes(200_000))
    with pytest.raises(OSError, match="larger than 100000 bytes"):
        download(site.base + NEW[6:], greatest=100_000)


def test_a_download_that_takes_too_long_is_given_up(site):
    site.pages[NEW] = (200, bytes(200_000))
    with pytest.raises(OSError, match=r"took longer than|timed out"):
        download(site.base + NEW[6:], longest=timedelta(microseconds=1))


def test_a_download_that_ends_early_is_no_file(site):
    site.pages[NEW] = (200, bytes(1000))
    site.claimed_length = 5000
    with pytest.raises(OSError, match="before the end"):
        download(site.base + NEW[6:])
