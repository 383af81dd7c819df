"""The check for proxies and other apps: who is let in, who is not, and what is said when it cannot be known."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from databases import DOUBT
from people import (
    ADA,
    BERLIN,
    CHROME_ON_MACOS,
    FIREFOX_ON_WINDOWS,
    SAFARI_ON_IPHONE,
    SAN_FRANCISCO,
    Clock,
    done_apart,
    running,
)
from signedin.actions import operate
from signedin.rules.attempts import UNKNOWN_SECRETS
from signedin.rules.errors import DatabaseProblem, Unavailable
from signedin.rules.secret import Kind, digest, make_token
from signedin.server.jobs import flush_now
from signedin.store import accounts

pytestmark = pytest.mark.xdist_group("check")
CHECK = "/v1/check"
IDENTITY = ("signedin-account", "signedin-session", "signedin-app-type", "signedin-scopes")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running(tmp_path_factory.mktemp("house"), Clock()) as house:
        house.somebody(ADA)
        yield house


def asked(house, browser=None, query="", address=SAN_FRANCISCO, **headers):
    """A check as a proxy asks it: with the headers of the person's request, and their address."""
    secret = {"cookie": f"signedin={browser.secret}"} if browser else {}
    return house.browser(address=address).http.get(CHECK + query, headers=secret | headers)


def account(house):
    return house.means.database.read_now(accounts.find_by_email, ADA).id


def changed(house, browser, **values):
    """Change a column of the session's row, as a sign-in of another kind would have written it."""
    sets = ", ".join(f"{name} = :{name}" for name in values)
    where = {"id": browser.current()["id"]}
    done = sa.text(f"UPDATE sessions SET {sets} WHERE session_id = :id").bindparams(**values, **where)
    house.means.database.write_now(lambda conn: conn.execute(done))
    house.means.met.forget_all()
    if house.server.lease is not None:
        house.server.lease.known._forget_all()


def an_app(house):
    """A session whose secret is a bearer token, and that secret."""
    browser, token = house.signed_in(), make_token(Kind.APP, account(house), house.means.keyring.way_keys)
    changed(house, browser, digest=digest(token), app_type="mobile")
    return token


@pytest.mark.guide("R48", "D12")
@pytest.mark.security("14.3.2")
def test_a_check_says_who_it_is_in_four_headers_and_nothing_keeps_the_answer(house):
    laptop = house.signed_in()
    answer = asked(house, laptop)
    assert (answer.status_code, answer.content) == (200, b"")
    said = {name: answer.headers.get_list(name) for name in IDENTITY}
    row = laptop.current()["id"]
    assert said == dict(zip(IDENTITY, ([str(account(house))], [row], ["web"], ["*"]), strict=True))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers


def test_head_is_answered_like_get_and_nothing_else_is_answered(house):
    laptop = house.signed_in()
    secret = {"cookie": f"signedin={laptop.secret}"}
    head = house.browser().http.head(CHECK, headers=secret)
    assert (head.status_code, head.headers["signedin-app-type"], head.content) == (200, "web", b"")
    assert house.browser().http.head(CHECK).status_code == 401
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        answer = house.browser().http.request(method, CHECK, headers=secret)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
        assert not set(IDENTITY) & set(answer.headers)


def revoked(house, laptop, phone):
    laptop.revoke(phone.current()["id"])


def logged_out(house, laptop, phone):
    phone.log_out()


def logged_out_everywhere(house, laptop, phone):
    laptop.log_out_all()


def ended_by_operator(house, laptop, phone):
    done_apart(operate.end_one(house.means, phone.current()["id"], "lost", house.clock()))


def account_disabled(house, laptop, phone):
    done_apart(operate.disable(house.means, ADA, house.clock()))
    done_apart(operate.enable(house.means, ADA, house.clock()))


def expired_idle(house, laptop, phone):
    house.clock.move(days=30, seconds=DOUBT + 1)


def expired_overall(house, laptop, phone):
    changed(house, phone, overall_until=int((house.clock() - timedelta(1)).timestamp() * 1_000_000))


ENDINGS = [
    revoked, logged_out, logged_out_everywhere, ended_by_operator, account_disabled, expired_idle, expired_overall,
]  # fmt: skip


@pytest.mark.guide("R42", "R48", "R58", "R68", "D9", "D12")
@pytest.mark.security("7.4.1", "7.4.2", "attack-1")
@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.__name__)
def test_what_has_ended_is_refused_at_the_next_check_with_the_reason(house, ending):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    kept = SimpleNamespace(secret=phone.secret)
    assert asked(house, kept).status_code == 200
    ending(house, laptop, phone)
    answer = asked(house, kept)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == f'Session error="{ending.__name__}"'
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["code"], told["reason"], told["status"]) == ("not_signed_in", ending.__name__, 401)
    assert not set(IDENTITY) & set(answer.headers)
    assert answer.headers["cache-control"] == "no-store"


def bad_credentials(house):
    keys, live = house.means.keyring.way_keys, house.signed_in().secret
    unknown = make_token(Kind.SES, account(house), keys)
    yield {}, "missing"
    yield {"cookie": "other=1"}, "missing"
    yield {"cookie": f"Signedin={live}"}, "missing"
    yield {"authorization": "Basic YTpi"}, "missing"
    yield {"cookie": "signedin="}, "missing"
    yield {"cookie": f"signedin={unknown}"}, "unknown"
    yield {"cookie": f"signedin={live[:-1]}"}, "malformed"
    yield {"cookie": f"signedin={live[:-1]}{'0' if live[-1] != '0' else '1'}"}, "unknown or malformed"
    yield {"cookie": f'signedin="{live}"'}, "malformed"
    yield {"cookie": f"signedin={live}; signedin={live}"}, "malformed"
    yield {"cookie": f"signedin={live}; x={'y' * 20_000}"}, "malformed"
    yield {"authorization": "Bearer somebody-elses"}, "malformed"
    yield {"authorization": f"Bearer {live}"}, "wrong_kind"
    yield {"cookie": f"signedin={live}", "authorization": f"Bearer {live}"}, "malformed"
    for kind in set(Kind) - {Kind.SES, Kind.HST}:
        yield {"cookie": f"signedin={make_token(kind, account(house), keys)}"}, "wrong_kind"
    yield {"cookie": f"signedin={make_token(Kind.HST, account(house), keys)}"}, "unknown"
    for kind in set(Kind) - {Kind.APP}:
        yield {"authorization": f"Bearer {make_token(kind, account(house), keys)}"}, "wrong_kind"


@pytest.mark.guide("D12", "R26")
@pytest.mark.security("7.2.1", "7.2.2", "C5")
def test_each_credential_that_is_known_to_be_bad_is_told_why(house):
    for headers, reason in bad_credentials(house):
        answer = asked(house, **headers)
        assert answer.status_code == 401, headers
        assert answer.json()["reason"] in reason.split(" or "), headers


@pytest.mark.guide("D12", "R20", "R23")
def test_sessions_of_other_app_types_are_let_in_only_where_they_are_named(house):
    laptop, app = house.signed_in(), {"authorization": f"Bearer {an_app(house)}"}
    assert asked(house, laptop).status_code == 200
    for query in ("", "?app_type=web", "?app_type=admin,sync", "?scope=account:read"):
        answer = asked(house, query=query, **app)
        assert (answer.status_code, answer.json()["reason"]) == (401, "wrong_app_type")
    for query in ("?app_type=mobile", "?app_type=web,mobile"):
        answer = asked(house, query=query, **app)
        assert (answer.status_code, answer.headers["signedin-app-type"]) == (200, "mobile")
    assert asked(house, laptop, "?app_type=web,mobile").status_code == 200
    assert asked(house, laptop, "?app_type=mobile").json()["reason"] == "wrong_app_type"


@pytest.mark.guide("D12")
@pytest.mark.security("7.2.2")
def test_an_apps_own_authorization_beside_the_cookie_is_no_concern_of_ours(house):
    laptop = house.signed_in()
    for own in ("Basic YTpi", "Bearer eyJhbGciOi.x.y", "Digest x", ""):
        assert asked(house, laptop, authorization=own).status_code == 200
    assert asked(house, laptop, authorization=f"Bearer {an_app(house)}").json()["reason"] == "malformed"


@pytest.mark.security("15.3.7", "attack-20", "attack-21")
@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("?app_type=oauth", "invalid_input", "app_type"),
        ("?app_type=", "invalid_input", "app_type"),
        ("?app_type=web,", "invalid_input", "app_type"),
        ("?app_type=Web", "invalid_input", "app_type"),
        ("?app_type=web&app_type=admin", "invalid_input", "app_type"),
        ("?scope=account:read&app_type=web&scope=account:read", "invalid_input", "scope"),
        ("?scope=", "invalid_input", "scope"),
        ("?scope=everything", "invalid_input", "scope"),
        ("?resource=https://api.example.org", "invalid_input", "resource"),
        ("?scope=account:read&resource=api", "invalid_input", "resource"),
        ("?scope=account:read&resource=https://api.example.org/%23x", "invalid_input", "resource"),
        ("?as=admin", "unknown_field", "as"),
        ("?app_type=web%00", "invalid_input", "app_type"),
        ("?" + "x" * 3000, "invalid_input", None),
    ],
)
def test_a_question_with_a_mistake_in_it_lets_nobody_in(house, query, code, field):
    answer = asked(house, house.signed_in(), query)
    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json().get("field")) == (code, field)
    assert not set(IDENTITY) & set(answer.headers)


def test_a_session_passes_a_check_that_names_a_scope_and_its_resource(house):
    query = "?scope=account:read%20sessions:read&resource=https://api.example.org"
    assert asked(house, house.signed_in(), query).headers["signedin-scopes"] == "*"


@pytest.mark.security("4.1.3", "attack-20")
def test_what_a_client_claims_to_be_changes_nothing(house):
    laptop = house.signed_in()
    claims = dict.fromkeys((*IDENTITY, "signedin_account", "x-signedin-account"), "victim")
    claims |= {"x-forwarded-uri": "/public", "x-original-url": "/public", "x-http-method-override": "HEAD"}
    assert asked(house, **claims).status_code == 401
    answer = asked(house, laptop, **claims)
    assert answer.status_code == 200
    assert "victim" not in str(answer.headers)


@pytest.mark.guide("D15", "D16", "R12", "R13", "R15")
@pytest.mark.security("15.3.4")
def test_a_check_is_the_persons_activity_from_where_they_are(house):
    laptop = house.signed_in(FIREFOX_ON_WINDOWS, address=BERLIN)
    house.clock.move(hours=2)
    assert asked(house, laptop, address=SAN_FRANCISCO).status_code == 200
    done_apart(flush_now(house.server))
    (row,) = [row for row in house.signed_in().sessions() if row["id"] == laptop.current()["id"]]
    assert row["location"] == "San Francisco, CA, US"
    assert row["last_activity_at"].startswith(house.clock().strftime("%Y-%m-%dT%H:%M"))


LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:149.0) Gecko/20100101 Firefox/149.0"
HOSTILE = {
    "none": b"",
    "too long": (LINUX + " x" * 250).encode(),
    "64 kB": (LINUX + ";" * 63_000).encode(),
    "a tab": LINUX.replace("; rv", ";\trv").encode(),
    "no ASCII": LINUX.encode().replace(b"rv", b"\xff\xc3"),
    "right to left": LINUX.replace("rv", "\u202erv").encode(),
    "quoted": LINUX.replace("rv", '"rv"').encode(),
    "nothing in it": b"Mozilla/5.0",
}


@pytest.mark.guide("D16")
@pytest.mark.security("3.2.2", "16.4.1", "attack-33")
@pytest.mark.parametrize("agent", HOSTILE.values(), ids=HOSTILE)
def test_an_agent_that_cannot_be_read_changes_nothing_and_is_shown_nowhere(house, agent):
    laptop, other = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    row = laptop.current()["id"]
    house.clock.move(minutes=2)
    assert asked(house, laptop, **{"user-agent": FIREFOX_ON_WINDOWS}).status_code == 200
    done_apart(flush_now(house.server))
    page = other.open("/settings/sessions").text
    house.clock.move(minutes=2)
    for _ in range(2):
        assert asked(house, laptop, **{"user-agent": agent}).status_code in {200, 400, 431}
    done_apart(flush_now(house.server))
    (found,) = [each for each in other.sessions() if each["id"] == row]
    assert (found["device"], found["last_device"]) == ("Chrome on macOS", "Firefox on Windows")
    assert "<dd>Firefox on Windows</dd>" in page
    assert "<dd>Firefox on Windows</dd>" in other.open("/settings/sessions").text


@pytest.mark.guide("D16", "R33")
def test_the_last_device_is_that_of_the_latest_check_and_the_row_is_called_by_its_sign_in(house):
    laptop, other = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    row, told = laptop.current()["id"], []
    for agent in (FIREFOX_ON_WINDOWS, "curl/8.5.0", CHROME_ON_MACOS):
        house.clock.move(minutes=2)
        assert asked(house, laptop, **{"user-agent": agent}).status_code == 200
        done_apart(flush_now(house.server))
        (found,) = [each for each in other.sessions() if each["id"] == row]
        told.append((found["device"], found["last_device"]))
    assert told == [
        ("Chrome on macOS", "Firefox on Windows"), ("Chrome on macOS", "curl"), ("Chrome on macOS", "Chrome on macOS"),
    ]  # fmt: skip
    page = other.open("/settings/sessions").text
    assert "Last used with" not in page[page.index(f'id="s-{row}"') :].split("</li>")[0]


@pytest.mark.guide("R69", "R70", "R72", "D15")
def test_checks_alone_keep_a_session_alive_and_refused_ones_do_not(house):
    used, idle = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    house.clock.move(days=29)
    assert asked(house, used).status_code == 200
    assert asked(house, idle, "?app_type=admin").status_code == 401
    assert asked(house, idle, "?app_type=nothing").status_code == 422
    house.clock.move(days=1, seconds=DOUBT + 1)
    assert asked(house, used).status_code == 200
    assert asked(house, idle).json()["reason"] == "expired_idle"
    house.clock.move(days=28)
    assert asked(house, used).status_code == 200


@pytest.mark.guide("D12", "D28")
@pytest.mark.security("attack-19", "16.5.3")
@pytest.mark.parametrize(
    "problem", [DatabaseProblem("gone"), Unavailable(), RuntimeError("a bug"), TimeoutError(), KeyError("x")],
    ids=lambda each: type(each).__name__,
)  # fmt: skip
def test_what_cannot_be_known_is_neither_yes_nor_no(house, monkeypatch, problem):
    laptop = house.signed_in()

    def raising(*_):
        raise problem

    with monkeypatch.context() as broken:
        for name in ("at_once", "without_waiting"):
            broken.setattr(house.server.recogniser, name, raising)
        answer = asked(house, laptop)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        assert not {"www-authenticate", "set-cookie", *IDENTITY} & set(answer.headers)
    assert asked(house, laptop).status_code == 200


@pytest.mark.guide("D28")
@pytest.mark.security("attack-19")
def test_a_use_that_has_to_be_written_first_and_cannot_be_lets_nobody_in(house, monkeypatch):
    laptop = house.signed_in()
    house.clock.move(days=29, hours=23, minutes=59)

    async def failing(*_):
        raise DatabaseProblem

    with monkeypatch.context() as broken:
        broken.setattr("signedin.gate.check.write_first", failing)
        assert asked(house, laptop).status_code == 503
    assert asked(house, laptop).status_code == 200


@pytest.mark.guide("R48")
@pytest.mark.security("attack-1")
def test_a_session_that_ends_while_its_use_is_written_is_refused(house, monkeypatch):
    laptop = house.signed_in()
    row = laptop.current()["id"]
    house.clock.move(days=29, hours=23, minutes=59)

    async def ending(*_):
        await operate.end_one(house.means, row, "lost", house.clock())

    monkeypatch.setattr("signedin.gate.check.write_first", ending)
    assert asked(house, laptop).json()["reason"] in {"ended_by_operator", "unknown"}


@pytest.mark.security("SM-9")
def test_unknown_secrets_are_counted_and_recorded_and_a_good_one_is_let_in_all_the_same(house, log_lines):
    keys, laptop = house.means.keyring.way_keys, house.signed_in()
    for _ in range(UNKNOWN_SECRETS.free + 1):
        token = make_token(Kind.SES, account(house), keys)
        answer = asked(house, address="198.51.100.77", cookie=f"signedin={token}")
        assert (answer.status_code, answer.json()["reason"]) == (401, "unknown")
    (line,) = [line for line in log_lines() if line["event"] == "somebody guesses sessions"]
    assert line["origin"] == "198.51.100.•••"
    assert asked(house, laptop, address="198.51.100.77").status_code == 200


@pytest.mark.guide("D12")
def test_between_the_clock_and_the_answer_nothing_waits(house):
    laptop, sent = house.signed_in(), []
    assert asked(house, laptop).status_code == 200  # from here on it is in memory, where there is one

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": CHECK, "query_string": b"", "client": ("127.0.0.1", 1),
        "headers": [(b"cookie", f"signedin={laptop.secret}".encode())],
    }  # fmt: skip
    with pytest.raises(StopIteration):  # it came to its end without giving way once
        house.server.app(scope, None, send).send(None)
    assert sent[0]["status"] == 200


def test_the_check_passes_on_everything_that_is_not_its_own(house):
    for path in ("/v1/check/", "/v1/checks", "/V1/check", "/v1/check;x", "//v1/check", "/v1/check/x"):
        assert house.browser().http.get(path).status_code in {404, 401}, path
    assert house.browser().http.get("/v1/%63heck").status_code == 401


def test_two_checks_at_once_are_answered_each_with_its_own(house):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    rows = {each.secret: each.current()["id"] for each in (laptop, phone)}

    async def both():
        each = [asyncio.to_thread(asked, house, browser) for browser in (laptop, phone) * 10]
        return await asyncio.gather(*each)

    answers = done_apart(both())
    assert [answer.headers["signedin-session"] for answer in answers] == [*rows.values()] * 10


AS_TRAEFIK = {"x-forwarded-method": "POST", "x-forwarded-uri": "/orders?app_type=admin", "x-forwarded-proto": "https",
              "x-forwarded-host": "app.example.org", "accept-encoding": "gzip"}  # fmt: skip
AS_ENVOY = {"content-length": "0", "host": "app.example.org", "x-envoy-internal": "true", "authorization": ""}


@pytest.mark.guide("D12", "D16")
@pytest.mark.parametrize("shape", [AS_TRAEFIK, AS_ENVOY], ids=["Traefik", "Envoy"])
def test_a_request_in_the_shape_of_other_proxies_is_answered_like_any(house, shape):
    laptop = house.signed_in()
    assert asked(house, laptop, **shape).headers["signedin-session"] == laptop.current()["id"]
    assert asked(house, **shape).status_code == 401
