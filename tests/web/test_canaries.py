"""One full run with every secret known: where each of them may be found, and that it is nowhere else.

And what somebody who has copied the database could do with it: nothing.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import sys
from dataclasses import dataclass, field
from urllib.parse import quote, unquote
from zlib import crc32

import httpx
import pytest
import sqlalchemy as sa

from databases import kept_on_disk
from people import ADA, BERLIN, FIREFOX_ON_WINDOWS, GRACE, PASSWORD, SAFARI_ON_IPHONE, Browser, Clock
from routes import still
from signedin.actions.make_account import invite
from signedin.actions.means import Registration
from signedin.post.deliver import deliver, to_folder
from signedin.rules.access_key import AccessKey
from signedin.rules.secret import ALPHABET, Kind, digest, make_session_id, make_token
from signedin.server.jobs import flush_now
from signedin.store import access_keys, accounts, tables

pytestmark = pytest.mark.xdist_group("canaries")
GRACES = "a nanosecond of copper wire"
WRONG = "a wrong password typed by mistake"


@dataclass
class Run:
    """A house in which everything has happened once, what was secret in it, and all that could be seen."""

    house: object
    secrets: dict[str, set[str]] = field(default_factory=dict)
    answers: list[httpx.Response] = field(default_factory=list)
    log: io.StringIO = field(default_factory=io.StringIO)
    letters: str = ""

    def note(self, kind, *values):
        self.secrets.setdefault(kind, set()).update(value for value in values if value)

    def all(self, *without):
        return {
            value: kind for kind, values in self.secrets.items() if kind not in without for value in values
        }


class Watched(Browser):
    """A browser whose answers are kept, with every secret it is given."""

    def __init__(self, run, agent=FIREFOX_ON_WINDOWS, address=BERLIN):
        super().__init__(run.house.base_url, agent, address)
        self.run = run
        self.http.event_hooks = {"response": [self.keep]}

    def keep(self, answer):
        answer.read()
        self.run.answers.append(answer)
        self.run.note("form token", *re.findall(r'name="csrf" value="([^"]+)"', answer.text))
        kinds = {"signedin": "session", "signedin-browser": "mark", "signedin-form": "form cookie"}
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.run.note(kinds.get(name, "notice"), value)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    with (
        pytest.MonkeyPatch.context() as patched,
        still(folder, Clock(), registration=Registration.INVITATION) as house,
    ):
        run = Run(house)
        patched.setattr(sys, "stderr", run.log)
        live_through(run)
        asyncio.run(flush_now(house.server))
        asyncio.run(
            deliver(house.means, to_folder(folder / "mail"), "s@x.example", house.base_url, house.clock())
        )
        run.letters = "\n".join(file.read_text() for file in (folder / "mail").glob("*.eml"))
        ring = json.loads((folder / "secret.json").read_text())
        run.note("keyring", *(entry["key"] for entry in ring["keys"].values()))
        run.note("password", PASSWORD, GRACES, WRONG)
        yield run


def live_through(run):
    house = run.house
    run.note("set-up code", house.server.setup_code())
    laptop = Watched(run)
    first = {"name": "Ada Lovelace", "email": ADA, "password": PASSWORD}
    laptop.send("/setup", first | {"code": "0000-0000-0000-0000"}, page="/setup")
    laptop.send("/setup", first | {"code": house.server.setup_code()}, page="/setup")
    token = asyncio.run(invite(house.means, GRACE, house.clock()))
    run.note("invitation", token)
    graces = Watched(run)
    fields = {"name": "Grace", "email": GRACE, "password": GRACES, "invitation": token}
    graces.send("/register", fields | {"password": "short"}, page=f"/invite?token={token}")
    graces.send("/register", fields, page=f"/invite?token={token}")
    graces.send("/register", fields, page=f"/invite?token={token}")
    graces.sign_in(GRACE, GRACES, remember="1")
    graces.sign_in(GRACE, GRACES)
    phone, stranger = Watched(run, SAFARI_ON_IPHONE), Watched(run)
    phone.sign_in(remember="1")
    stranger.sign_in(password=WRONG)
    stranger.sign_in("nobody@example.org", WRONG)
    add_the_rest(run)
    for browser in (laptop, graces, stranger):
        for path in ("/settings/sessions", "/v1/sessions", "/settings/sessions/logout-all", "/sign-in", "/nonsense",
                     f"/v1/sessions/{laptop.secret}", f"/settings/sessions/{laptop.secret}/revoke",
                     f"/sign-in?next=/settings/sessions%3Fsecret={laptop.secret}", "/health/ready"):  # fmt: skip
            browser.open(path)
    break_something(run, laptop)
    row_id = next(row["id"] for row in laptop.sessions() if not row["current"])
    laptop.http.post(f"/settings/sessions/{row_id}/revoke", data={"csrf": "x"}, headers=laptop.own())
    laptop.revoke(row_id)
    phone.open("/sign-in")
    laptop.log_out_all(**{"except": "current"})
    graces.log_out_all()
    graces.open("/sign-in")


def add_the_rest(run):
    """A key and a known browser of each account, as later parts will make them."""
    means, now = run.house.means, run.house.clock()
    account = means.database.read_now(accounts.find_by_email, ADA)
    key = make_token(Kind.KEY, account.id, means.keyring.way_keys)
    run.note("access key", key)
    key_id = make_session_id(account.id, means.keyring.way_keys)
    means.database.write_now(
        access_keys.add, AccessKey(key_id, account.id, "k", ("account:read",), now, key[-4:]), digest(key)
    )


def break_something(run, laptop):
    """A bug in the middle of a sign-in: everything secret is in the local variables then."""

    async def broken(hashed, password):
        raise ValueError(password)

    run.house.means.hasher.verify = broken
    laptop.send("/sign-in", {"email": ADA, "password": PASSWORD}, page="/settings/sessions")
    del run.house.means.hasher.verify


def values_of(run):
    """(table, column, value) for every value in the database."""

    def read(conn):
        for table in tables.TABLES:
            for row in conn.execute(sa.text(f"SELECT * FROM {table.name}")).mappings():
                yield from ((table.name, column, value) for column, value in row.items() if value is not None)

    return run.house.means.database.read_now(lambda conn: list(read(conn)))


def raw_files(run):
    return kept_on_disk(run.house.means.database)


def found_in(text, secrets):
    return sorted({kind for value, kind in secrets.items() if value in text})


@pytest.mark.security("16.2.5", "LOG-1", "T2")
def test_the_run_made_secrets_of_every_kind(run):
    assert set(run.secrets) == {"set-up code", "form token", "form cookie", "session", "mark", "notice", "invitation",
                                "access key", "keyring", "password"}  # fmt: skip
    assert len(run.secrets["session"]) >= 3
    assert len(run.answers) > 40
    assert {answer.status_code for answer in run.answers} >= {200, 303, 401, 403, 404, 410, 422, 500}


@pytest.mark.security("T2", "LOG-1", "11.4.2", "FP-3", "SM-8")
def test_the_database_holds_no_secret_neither_in_its_values_nor_in_its_files(run):
    assert found_in(repr(values_of(run)), run.all("notice")) == []
    raw = raw_files(run)
    assert len(raw) > 100_000
    assert sorted(kind for value, kind in run.all("notice").items() if value.encode() in raw) == []
    keys = [base64.b64decode(key) for key in run.secrets["keyring"]]
    assert not [key for key in keys if key in raw]
    hashes = [value for table, column, value in values_of(run) if column == "hash"]
    assert len(hashes) == 2
    assert all(value.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for value in hashes)


@pytest.mark.security("16.2.5", "LOG-1", "16.3.3", "16.3.4", "CSRF-6", "16.5.1")
def test_the_log_holds_no_secret_no_address_and_nobodys_name_although_much_went_wrong(run):
    log = run.log.getvalue()
    codes = [json.loads(line).get("code") for line in log.splitlines()]
    assert set(codes) >= {"sign_in_refused", "cross_site_request", "setup_refused", "link_expired"}
    assert "a request failed" in log
    assert found_in(log, run.all()) == []
    assert not any(word in log for word in (ADA, GRACE, "Lovelace", "203.0.113.7", BERLIN, WRONG))


@pytest.mark.security("LOG-1", "FP-7", "6.3.6")
def test_letters_hold_no_secret(run):
    assert run.letters.count("Subject:") >= 4
    assert found_in(run.letters, run.all()) == []


@pytest.mark.security("3.3.4", "T4", "14.2.1", "16.5.1", "SM-3")
def test_pages_and_answers_hold_no_secret_but_the_token_of_a_form_and_the_invitation_one_came_with(run):
    for answer in run.answers:
        request = answer.request
        meant = {unquote(request.url.query.decode())} if request.url.path == "/invite" else set()
        meant |= {unquote(request.content.decode("latin-1"))} if request.url.path == "/register" else set()
        secrets = {
            value: kind
            for value, kind in run.all("form token").items()
            if not any(value in each for each in meant)
        }
        if "sgn_ses" in str(request.url):
            continue  # what one wrote into the address oneself comes back as the place to go on to
        assert found_in(answer.text, secrets) == [], request.url


@pytest.mark.security("14.2.1", "CSRF-6", "SM-3", "3.3.4")
def test_no_address_we_send_anybody_to_and_no_header_but_set_cookie_holds_a_secret(run):
    for answer in run.answers:
        if "sgn_ses" in str(answer.request.url):
            continue
        told = [value for name, value in answer.headers.multi_items() if name != "set-cookie"]
        told += re.findall(r'(?:href|src|action)="([^"]*)"', answer.text)
        assert found_in("\n".join(told), run.all()) == [], answer.request.url


@pytest.mark.security("CSRF-1", "N8", "SM-5")
def test_the_token_of_a_form_is_another_for_every_session_and_before_signing_in(run):
    assert len(run.secrets["form token"]) >= len(run.secrets["session"]) + 3


def spellings(value):
    """What somebody with a copy of the database would try: the value in every way it could be a credential."""
    if isinstance(value, bytes):
        number = int.from_bytes(value, "big")
        spelled = ""
        while number:
            number, rest = divmod(number, 62)
            spelled = ALPHABET[rest] + spelled
        yield from (value.hex(), base64.b64encode(value).decode(), base64.urlsafe_b64encode(value).decode())
        value = spelled
        yield value.rjust(43, "0")
    yield str(value)
    for kind in ("ses", "brw", "inv", "key"):
        payload = re.sub(r"[^0-9A-Za-z]", "", str(value))[:43].rjust(43, "0")
        head = f"sgn_{kind}_{payload}0{'0' * 11}"
        yield head + encoded(crc32(head.encode()), 6)


def encoded(number, length):
    text = ""
    for _ in range(length):
        number, rest = divmod(number, 62)
        text = ALPHABET[rest] + text
    return text


@pytest.mark.security("T2", "6.4.1", "7.2.1", "7.2.2", "attack-28")
def test_no_value_of_a_copied_database_is_a_credential_anywhere(run):
    tried = {each for _, _, value in values_of(run) for each in spellings(value) if 0 < len(each) < 400}
    assert len(tried) > 500
    before = run.log.getvalue()
    asyncio.run(try_all(run, sorted(tried)))
    assert "signed in" not in run.log.getvalue()[len(before) :]


async def try_all(run, tried):
    """Each as session, bearer, known browser's mark, invitation, and as the password of its account."""
    base_url, many = run.house.base_url, asyncio.Semaphore(8)
    async with httpx.AsyncClient(base_url=base_url, timeout=60) as client:

        async def attempt(number, value):
            cookie = quote(value, safe="!#$%&'()*+-./:<=>?@[]^_`{|}~")
            address = {"x-forwarded-for": f"198.{18 + number // 65536}.{number // 256 % 256}.{number % 256}"}
            async with many:
                answer = await client.get("/v1/sessions", headers=address | {"cookie": f"signedin={cookie}"})
                assert answer.status_code == 401, value
                bearer = {"authorization": f"Bearer {quote(value)}"}
                assert (await client.get("/v1/sessions", headers=address | bearer)).status_code == 401, value

        await asyncio.gather(*(attempt(number, value) for number, value in enumerate(tried)))


@pytest.mark.security("T2", "6.4.1", "attack-28")
def test_no_value_of_a_copied_database_is_an_invitation_a_form_token_or_a_mark(run):
    from signedin.actions.make_account import _use_invitation
    from signedin.actions.sign_in import Visit, _look_up
    from signedin.gate.same_site import form_token
    from signedin.gate.user_agent import read_device
    from signedin.rules.errors import LinkExpired

    means, now = run.house.means, run.house.clock()
    invited = asyncio.run(invite(means, "late@example.org", now))
    tried = {each for _, _, value in values_of(run) for each in spellings(value)}
    assert invited not in tried
    device = read_device(FIREFOX_ON_WINDOWS)
    genuine = {form_token(means, secret) for secret in run.secrets["session"]}
    assert not genuine & tried
    for value in tried:
        with pytest.raises(LinkExpired):
            means.database.note_now(_use_invitation, means, value, "late@example.org", now)
        visit = Visit(BERLIN, FIREFOX_ON_WINDOWS, device, "1", value)
        assert not means.database.read_now(_look_up, means, ADA, visit)[3]
