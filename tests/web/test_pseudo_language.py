"""Nothing that a person sees is said past the catalogue: every page in a language that nobody speaks.

In `qps` every text is accented, so whatever still has plain letters is a name, a place, a code - or a text that was
not made translatable.
"""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest

import pseudo
from people import ADA, ADELAIDE, FIREFOX_ON_WINDOWS, PASSWORD, SAFARI_ON_IPHONE, Clock, done_apart, running
from signedin.actions import operate
from signedin.actions.ending import end_sessions
from signedin.actions.hear import heard_everywhere
from signedin.actions.revoke import EndReason
from signedin.actions.tell import Message
from signedin.post.letters import letter
from signedin.rules.session import AppType
from signedin.server.demo import EMAIL, NAME, fill
from signedin.server.demo_places import DEMO_ADDRESSES
from signedin.server.demo_rows import APPS

HOME = "/settings/sessions"
NAMES = [
    "Signedin", r"localhost:\d+", "Ada Lovelace", NAME, re.escape(ADA), re.escape(EMAIL), r"\bAL\b", r"\bIH\b",
    "Chrome", "Firefox", "Safari", "Edge", "Example (?:Sync|Mobile)", "macOS", "Windows", "Ubuntu", "iOS", "iPadOS",
    "ChromeOS", "Android", "iPhone 15", "Pixel 8", "iPad Air", "Europe/Berlin", r"UTC(?:[+−][\d:]+)?", "VPN",
    *DEMO_ADDRESSES, *(app.name for app in APPS), *(re.escape(app.description) for app in APPS), r"\bPo\b", r"\bLe\b",
    r", [A-Z]{2}\b", r"\b[0-9A-Za-z]{26}\b", r"[0-9a-f.:]{4,}:•*", "{name}", "nothing like it", "help@example.org",
]  # fmt: skip
DATA = re.compile("|".join(sorted(NAMES, key=len, reverse=True)))
PLAIN = re.compile(r"[A-Za-z]{2,}")
HUMAN = {"aria-label", "title", "placeholder", "alt", "data-gone", "data-already", "data-refreshed", "data-thanks",
         "data-refused", "data-shown"}  # fmt: skip


class Visible(HTMLParser):
    """What a person is shown or told of a page: texts, and the attributes that are read out."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._inside: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        # A code is for programs; a language calls itself by its own name.
        is_data = given.get("class") == "ip" or (tag == "button" and "lang" in given)
        if tag not in {"input", "meta", "link", "br", "path", "circle", "use", "rect"}:
            self._inside.append((tag, is_data or tag in {"script", "style"}))
        self.said += [value for name, value in attrs if name in HUMAN and value]

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(is_data for _, is_data in self._inside):
            self.said.append(data)


@pytest.fixture(autouse=True)
def pseudo_languages(monkeypatch, tmp_path):
    pseudo.speak_them(monkeypatch, tmp_path / "locale")


@pytest.fixture
def empty_house(tmp_path, pseudo_languages):
    with running(tmp_path, Clock(), support_contact="help@example.org") as house:
        yield house


@pytest.fixture
def demo(empty_house):
    filled = done_apart(fill(empty_house.means, empty_house.clock()))
    browser = foreigner(empty_house)
    assert browser.sign_in(EMAIL, filled.password).status_code == 303
    return browser


@pytest.mark.guide("R89")
def test_the_pages_before_an_account_and_every_reason_against_a_password(empty_house):
    browser = foreigner(empty_house)
    reads_foreign(browser.open("/setup"))
    newcomer = {"name": "Ada Lovelace", "email": ADA, "code": empty_house.server.setup_code()}
    for password in (
        "short",
        "x" * 1025,
        "a" * 20,
        "qwertyuiopasdfghjkl",
        "AdaLovelace1815!!",
        "password password 12",
    ):
        reads_foreign(browser.send("/setup", newcomer | {"password": password}, page="/setup"), 422)
    for wrong in ({"code": "0000"}, {"email": "nobody"}, {"name": ""}):
        answer = browser.send("/setup", newcomer | {"password": PASSWORD} | wrong, page="/setup")
        reads_foreign(answer, 403 if "code" in wrong else 422)


@pytest.mark.guide("R89")
def test_the_pages_of_a_stranger(house):
    browser = foreigner(house)
    for path in ("/sign-in", "/register", "/invite?token=x", "/help/active-sessions", "/privacy"):
        reads_foreign(browser.open(path))
    reads_foreign(browser.send("/sign-in", {"email": ADA, "password": "wrong"}), 401)
    reads_foreign(
        browser.send("/register", {"email": ADA, "name": "A", "password": PASSWORD, "invitation": "x"}), 410
    )
    browser.send("/register", {"email": ADA, "name": "Ada", "password": "a nanosecond of copper wire"})
    reads_foreign(browser.open("/sign-in"))
    reads_foreign(until_refused(browser), 429)


@pytest.mark.guide("R89")
def test_the_list_with_rows_of_every_type_and_every_question_to_it(demo, empty_house):
    queries = ["", *(f"?type={kind.value}" for kind in AppType), "?sort=idle", "?q=Berlin", "?q=nothing+like+it",
               "?q=Berlin&type=oauth", "?place=local"]  # fmt: skip
    for query in queries:
        reads_foreign(demo.open(f"{HOME}{query}"))
    demo.http.cookies.set("signedin_zone", "Europe%2FBerlin", domain="localhost.local", path="/")
    empty_house.clock.move(days=1, hours=5)
    reads_foreign(demo.open(HOME))
    empty_house.clock.move(days=24)
    reads_foreign(demo.open(HOME))


@pytest.mark.guide("R89", "D25")
def test_the_list_of_a_newcomer_whose_device_and_place_are_not_known(house):
    browser = foreigner(house, agent="", address="192.168.1.7")
    browser.sign_in(shared="1")
    reads_foreign(browser.open(HOME))
    for address in ("8.8.8.8", "nonsense"):
        other = foreigner(house, address=address)
        other.sign_in()
        reads_foreign(other.open(HOME))


@pytest.mark.guide("R89")
def test_the_dialogs_and_what_is_said_after_them(demo, house):
    rows = demo.sessions()
    for row in rows[1:6] + [row for row in rows if row["app_type"] == "oauth"]:
        reads_foreign(demo.open(f"{HOME}/{row['id']}/revoke"))
    for query in ("", "?except=current"):
        reads_foreign(demo.open(f"{HOME}/logout-all{query}"))
    for deed, row in zip(("revoke", "not-me", "recognize"), rows[1:4], strict=True):
        demo.send(f"{HOME}/{row['id']}/{deed}", page=HOME)
        reads_foreign(demo.open(HOME))
    demo.log_out_all(**{"except": "current"})
    reads_foreign(demo.open(HOME))
    reads_foreign(demo.open(f"{HOME}/logout-all"))
    reads_foreign(demo.open(f"{HOME}/logout-all?except=current"))
    demo.log_out_all()
    reads_foreign(demo.open("/sign-in"))


@pytest.mark.guide("R89", "D10")
def test_every_reason_why_a_session_ended(house):
    for reason in EndReason:
        browser = foreigner(house)
        browser.sign_in()
        end_with(house, browser, reason)
        answer = browser.open("/sign-in")
        reads_foreign(answer)
        assert (reason is EndReason.LOGGED_OUT) or 'role="status"' in answer.text


@pytest.mark.guide("R89")
def test_every_kind_of_refusal_that_has_a_page(house):
    laptop, other = foreigner(house), foreigner(house, agent=SAFARI_ON_IPHONE)
    laptop.sign_in()
    other.sign_in()
    gone = other.current()["id"]
    other.log_out()
    for path, status in (("/nonsense", 404), ("/sign-out", 405), (f"{HOME}/{'0' * 26}/revoke", 404),
                         (f"{HOME}/{laptop.current()['id']}/revoke", 409), ("/static/x/y.css", 404)):  # fmt: skip
        reads_foreign(laptop.open(path), status)
    reads_foreign(laptop.send(f"{HOME}/{gone}/revoke", page=HOME), 410)
    reads_foreign(laptop.http.post("/sign-in", data={"csrf": "x"}), 403)
    reads_foreign(laptop.http.post("/sign-in", content=b"{}", headers=laptop.own()), 422)
    form = laptop.own() | {"content-type": "application/x-www-form-urlencoded"}
    reads_foreign(laptop.http.post("/sign-in", content=b"x" * 1_100_000, headers=form), 413)


@pytest.mark.guide("R89")
def test_the_letters():
    account = {"to": ADA, "name": "Ada Lovelace", "at": "2026-11-23T14:20:00+00:00"}
    counted = {"sessions": "6", "consents": "2", "keys": "3"}
    sign_in = {"device": "Chrome on macOS", "place": "Local network", "masked_ip": "192.168.1.•••"}
    for kind, fields in (("new_sign_in", sign_in), ("logged_out_everywhere", counted), ("logged_out_others", counted),
                         ("address_already_registered", {})):  # fmt: skip
        message = Message(1, "id", kind, account | fields, None, locale=pseudo.PSEUDO, zone="Europe/Berlin")
        mail = letter(message, sender="signedin@example.org", brand="Signedin", base_url="http://localhost:1")
        read = message_from_bytes(mail.as_bytes(), policy=policy.default)
        body = re.sub(r"http://\S+", "", read.get_content())
        assert not PLAIN.findall(DATA.sub(" ", f"{read['Subject']} {body}")), kind


def test_what_is_said_past_the_catalogue_is_found(house):
    browser = house.signed_in(address=ADELAIDE, agent=FIREFOX_ON_WINDOWS)
    found = said_past_the_catalogue(browser.open(HOME).text)
    assert {"Active now", "Firefox on Windows", "Adelaide, SA, AU"} & set(found) == {
        "Active now",
        "Firefox on Windows",
    }
    assert "last part hidden" in found


def foreigner(house, **came):
    browser = house.browser(**came)
    browser.http.headers["accept-language"] = f"{pseudo.PSEUDO}, en;q=0.5"
    return browser


def until_refused(browser):
    answers = (browser.send("/sign-in", {"email": ADA, "password": "wrong"}) for _ in range(40))
    return next(answer for answer in answers if answer.status_code == 429)


def reads_foreign(answer, status=200):
    assert answer.status_code == status
    assert answer.headers["content-language"] == pseudo.PSEUDO
    assert said_past_the_catalogue(answer.text) == []
    assert answer.text.count("[") > 5


def said_past_the_catalogue(page):
    visible = Visible()
    visible.feed(page)
    said = [" ".join(text.split()) for text in visible.said]
    return [text for text in said if PLAIN.search(DATA.sub(" ", text))]


def end_with(house, browser, reason):
    row = browser.current()["id"]
    if reason is EndReason.ACCOUNT_DISABLED:
        done_apart(operate.disable(house.means, ADA, house.clock()))
        done_apart(operate.enable(house.means, ADA, house.clock()))
    else:
        account = house.means.database.read_now(lambda conn: sessions_account(conn, row))
        done_apart(house.means.database.write(end_sessions, account, [row], reason, house.clock(), 1))
        done_apart(heard_everywhere(house.means))


def sessions_account(conn, row):
    import sqlalchemy as sa

    from signedin.store.sessions import sessions

    return conn.scalar(sa.select(sessions.c.account_id).where(sessions.c.session_id == row))
