"""`signedin account import`, `session import` and `account export`: what is taken, what is refused, and that it is told exactly."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import bcrypt
import pytest

from fences import beginning
from people import ADA

BCRYPT = bcrypt.hashpw(b"short one", bcrypt.gensalt(4)).decode()
GOOD = {"id": "7", "email": "joan@example.org", "name": "Joan", "password_hash": BCRYPT}
TOO_COSTLY = "pbkdf2_sha256$900000000$salt$l9GGLjsuOnBg4vQpyXbLZ1lLVJUiGXJ8eK6y3VE3Pto="


@pytest.fixture
def written(installed):
    """A function that writes a file and imports it."""

    def work(thing, lines, *more, service="shop"):
        file = installed.folder / "moving"
        text = lines if isinstance(lines, str) else "\n".join(json.dumps(each) for each in lines)
        file.write_text(text, encoding="utf-8", errors="surrogateescape")
        asked = ("--service", service) if service else ()
        return installed(thing, "import", str(file), "--json", *asked, *more)

    return work


def counted(command_line, table):
    with closing(sqlite3.connect(command_line.database)) as conn:
        return conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def ago(**span):
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


REFUSED = {
    "email_invalid": {"email": "nobody"},
    "email_missing": {"id": "9", "password_hash": BCRYPT},
    "state_unknown": {"email": "0@example.org", "state": "gone"},
    "hash_unknown": {"email": "1@example.org", "password_hash": "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99"},
    "hash_too_costly": {"email": "2@example.org", "password_hash": TOO_COSTLY},
    "unknown_field": {"email": "3@example.org", "password": "in the clear"},
    "field_invalid": {"email": "4@example.org", "name": ["Grace"]},
    "id_invalid": {"email": "5@example.org", "id": "a/\u0000b"},
    "moment_invalid": {"email": "6@example.org", "created_at": "2026-11-28 20:15"},
    "email_taken": {"email": ADA, "id": "1"},
}


@pytest.mark.security("15.2.2")
def test_each_line_that_is_refused_is_named_with_its_reason_and_nothing_is_written(installed, written):
    before = counted(installed, "accounts")
    said = written("account", [GOOD, *REFUSED.values(), GOOD])
    assert said.status == 1
    told = [(each["line"], each["code"]) for each in said.value["refused"]]
    assert told == [*enumerate(REFUSED, 2), (len(REFUSED) + 2, "twice")]
    assert (said.value["written"], said.value["added"]) == (False, 0)
    assert "in the clear" not in said.out + said.err
    for table in ("accounts", "passwords", "old_hashes", "outside_ids"):
        assert counted(installed, table) == (before if table in {"accounts", "passwords"} else 0), table


def test_the_others_are_written_where_that_is_asked_for_and_it_may_be_done_again(installed, written):
    before = counted(installed, "accounts")
    said = written("account", [GOOD, {"email": "nobody"}], "--skip-refused")
    assert (said.status, said.value["added"], len(said.value["refused"])) == (0, 1, 1)
    assert counted(installed, "accounts") == before + 1
    again = written("account", [GOOD | {"name": "Another", "password_hash": ""}])
    assert (again.value["added"], again.value["already"]) == (0, 1)
    listed = {each["email"]: each["name"] for each in installed.done("account", "list", "--json").value}
    assert listed["joan@example.org"] == "Joan"
    with closing(sqlite3.connect(installed.database)) as conn:
        kept = conn.execute("SELECT hash FROM passwords WHERE family = 'bcrypt'").fetchall()
    assert kept == [(BCRYPT,)]


def test_a_dry_run_says_the_same_and_writes_nothing(installed, written):
    before = counted(installed, "accounts")
    said = written("account", [GOOD, {"email": ADA}], "--dry-run", service="shop")
    assert (said.status, said.value["added"], said.value["already"]) == (0, 1, 1)
    assert counted(installed, "accounts") == before
    assert written("account", [GOOD, {"email": "x"}], "--dry-run").status == 1


def test_csv_is_read_by_its_first_line(installed, written):
    said = written(
        "account", f'email,name,password_hash\njoan@example.org,"Joan, of York",{BCRYPT}\nx,y\n', "--dry-run"
    )
    assert said.value["added"] == 1
    assert [(each["line"], each["code"]) for each in said.value["refused"]] == [(3, "line_unreadable")]


@pytest.mark.security("15.2.2")
@pytest.mark.parametrize(
    "text",
    [
        "", "[" * 10_000, '{"email": ' * 2000, "x" * 30_000, '{"email": "\udcff"}', '{"email": 1e999}', "null", "[]",
        '{"email": "a@example.org", "email": "b@example.org"}', '{"email": ' + "9" * 5000 + "}", '"quoted,\n',
        "email\n\0\n", '{"email": "\\ud800@example.org"}', "email,email\na,b\n",
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_in_a_sentence(installed, written, text):
    before = counted(installed, "accounts")
    said = written("account", text)
    assert said.status == 1
    assert counted(installed, "accounts") == before


def test_what_is_exported_can_be_imported_elsewhere_with_the_passwords(installed, written, tmp_path):
    written("account", [GOOD])
    exported = installed.done("account", "export", "--with-hashes").out
    found = {each["email"]: each for each in map(json.loads, exported.splitlines())}
    assert found["joan@example.org"]["password_hash"] == BCRYPT
    assert "id" not in found["joan@example.org"]
    assert found[ADA]["password_hash"].startswith("$argon2id$")
    assert "password_hash" not in installed.done("account", "export").out
    installed.environment |= {"SIGNEDIN_DATABASE_URL": f"sqlite:///{tmp_path}/elsewhere.db"}
    installed.done("db", "upgrade")
    assert written("account", exported).value["added"] == len(found)


@pytest.mark.security("15.3.1", "8.2.3")
def test_a_file_for_one_app_holds_the_people_of_that_app_and_nobody_else(installed, written, tmp_path):
    other = bcrypt.hashpw(b"another one", bcrypt.gensalt(4)).decode()
    written("account", [GOOD])
    written(
        "account",
        [
            {"id": "7", "email": "grace@example.org", "password_hash": other},
            {"id": "8", "email": "mary@example.org", "password_hash": other},
        ],
        service="news",
    )
    exported = installed.done("account", "export", "--service", "shop", "--with-hashes").out
    [line] = exported.splitlines()
    assert json.loads(line).items() >= (GOOD | {"state": "active"}).items()
    listed = installed.done("account", "export", "--service", "news", "--json").value
    assert {each["id"]: each["email"] for each in listed} == {
        "7": "grace@example.org", "8": "mary@example.org",
    }  # fmt: skip
    nobody = installed("account", "export", "--service", "shpo", "--with-hashes")
    assert (nobody.status, nobody.out) == (1, "")
    installed.environment |= {"SIGNEDIN_DATABASE_URL": f"sqlite:///{tmp_path}/elsewhere.db"}
    installed.done("db", "upgrade")
    assert written("account", exported).value["added"] == 1


@pytest.mark.security("6.3.8")
def test_while_an_old_hash_is_here_every_sign_in_works_for_it_and_no_longer(installed, written):
    written("account", [GOOD])
    assert counted(installed, "old_hashes") == 1
    installed.done("sweep")
    assert counted(installed, "old_hashes") == 1
    words = ("account", "set-password", "joan@example.org", "--password-stdin")
    installed.done(*words, typed="violet lamps under the harbour\n")
    installed.done("sweep")
    assert counted(installed, "old_hashes") == 0


SESSION = {"account": "7", "token": "the old app's secret of somebody"}


@pytest.mark.guide("R68", "R71")
@pytest.mark.security("7.3.1")
def test_sessions_that_would_be_over_here_are_refused_and_none_is_of_nobody(installed, written):
    refused = {
        "account_unknown": SESSION | {"account": "8", "last_at": ago(days=1)},
        "last_use_missing": SESSION,
        "expired_idle": SESSION | {"last_at": ago(days=30), "token": "another secret of somebody"},
        "expired_overall": SESSION | {"last_at": ago(days=1), "first_at": ago(days=366), "token": "x" * 20},
        "moment_invalid": SESSION | {"last_at": ago(days=-1)},
        "token_invalid": SESSION | {"token": "short", "last_at": ago(days=1)},
        "token_missing": {"account": "7", "last_at": ago(days=1)},
        "app_type_unknown": SESSION | {"last_at": ago(days=1), "app_type": "oauth"},
        "address_invalid": SESSION | {"last_at": ago(days=1), "address": "home"},
    }
    written("account", [GOOD])
    said = written("session", list(refused.values()))
    assert [each["code"] for each in said.value["refused"]] == list(refused)
    assert counted(installed, "sessions") == 0
    assert (
        written("session", [SESSION | {"last_at": ago(days=1)}], service="").value["refused"][0]["code"]
        == "service_missing"
    )


@pytest.mark.guide("R68", "R12")
def test_a_session_keeps_its_device_its_place_and_its_first_and_last_use(installed, written):
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:149.0) Gecko/20100101 Firefox/149.0"
    first, last = ago(days=40), ago(days=3)
    more = {"first_at": first, "last_at": last, "user_agent": agent, "address": "203.0.113.7"}
    written("account", [GOOD])
    assert written("session", [SESSION | more]).value["added"] == 1
    (row,) = installed.done("session", "list", "joan@example.org", "--json").value
    assert (row["device"], row["masked_ip"]) == ("Firefox on Windows", "203.0.113.•••")
    at = [datetime.fromisoformat(row[name]) for name in ("started_at", "last_activity_at", "expires_at")]
    known = datetime.fromisoformat(last)
    assert [abs(a - b) < timedelta(seconds=2) for a, b in zip(
        at, (datetime.fromisoformat(first), known, known + timedelta(days=30)), strict=True)] == [True] * 3  # fmt: skip
    assert written("session", [SESSION | more]).value["already"] == 1
    with closing(sqlite3.connect(installed.database)) as conn:
        kept = "\n".join(conn.iterdump())
    assert SESSION["token"] not in kept, "nothing of the old token is kept"


def test_the_lines_that_the_page_shows_are_read(installed, written):
    """As docs/move-in.md shows them, with what is cut short there made whole."""
    page, digest = "docs/move-in.md", "9f86d081" * 8
    joan = beginning(page, '{"id": "7"').replace("pbkdf2_sha256$1000000$...", BCRYPT)
    assert written("account", joan).value["added"] == 1
    session = json.loads(beginning(page, '{"account": "7"').replace("9f86d081...", digest))
    for name, days in (("first_at", 20), ("last_at", 2)):  # what stands there grows old
        assert datetime.fromisoformat(session[name]).tzinfo is not None
        session[name] = ago(days=days)
    assert written("session", [session]).value["added"] == 1
    words = beginning(page, "signedin account export").partition(" > ")[0].split()[1:]
    exported = [json.loads(line) for line in installed.done(*words).out.splitlines()]
    assert [each["id"] for each in exported if each["email"] == "joan@example.org"] == ["7"]


@pytest.mark.security("15.3.1", "8.2.3")
@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_name_of_a_service_is_a_variable_that_is_not_set_and_prints_nobody(
    installed, written, empty
):
    written("account", [GOOD])
    key = ("key", "issue", "--scope", "sessions:check")
    for words in (
        ("account", "export", "--with-hashes"),
        ("account", "import", "-"),
        ("session", "import", "-"),
        key,
    ):
        said = installed(*words, "--service", empty, typed=json.dumps(GOOD))
        assert (said.status, said.out) == (2, ""), words
        assert "It is empty." in said.err


def test_a_closed_account_is_in_no_file_and_somebody_with_several_ids_keeps_them_all(
    installed, written, tmp_path
):
    closed = {"id": "9", "email": "gone@example.org"}
    anna = {"id": "10", "other_ids": ["10 old", "a10"], "email": "anna@example.org"}
    bare = {"id": "11", "other_ids": ["b11"]}
    assert written("account", [GOOD, closed, anna, bare]).value["added"] == 4
    with closing(sqlite3.connect(installed.database)) as conn, conn:
        conn.execute("UPDATE accounts SET state = 'closed' WHERE email = ?", [closed["email"]])
    for words in ((), ("--service", "shop")):
        assert closed["email"] not in installed.done("account", "export", "--with-hashes", *words).out
    exported = installed.done("account", "export", "--service", "shop").out
    found = {each["id"]: each for each in map(json.loads, exported.splitlines())}
    assert found.keys() == {"7", "10", "11"}
    assert (found["10"]["other_ids"], found["11"]["other_ids"]) == (["10 old", "a10"], ["b11"])
    assert "other_ids" not in found["7"]
    assert written("account", exported).value["already"] == 3
    installed.environment |= {"SIGNEDIN_DATABASE_URL": f"sqlite:///{tmp_path}/elsewhere.db"}
    installed.done("db", "upgrade")
    assert written("account", exported).value["added"] == 3
    again = installed.done("account", "export", "--service", "shop").out
    assert sorted(again.splitlines()) == sorted(exported.splitlines())


@pytest.mark.parametrize("others", ["10", [10], {}, ["x" * 201], [""]])
def test_other_ids_are_a_list_of_ids_beside_the_first(installed, written, others):
    said = written("account", [GOOD | {"other_ids": others}, {"email": "a@example.org", "other_ids": ["1"]}])
    assert {each["field"] for each in said.value["refused"]} == {"other_ids"}
    assert len(said.value["refused"]) == 2


@pytest.mark.guide("R68")
def test_a_token_is_judged_as_the_app_will_show_it(installed, written):
    """Spaces around it are a part of it: what is imported without them could never go on."""
    written("account", [GOOD])
    short = SESSION | {"token": "a" * 15, "last_at": ago(days=1)}
    assert written("session", [short]).value["refused"][0]["code"] == "token_invalid"
    spaced = SESSION | {"token": f"  {SESSION['token']} ", "last_at": ago(days=1)}
    both = [SESSION | {"last_at": ago(days=1)}, spaced]
    assert written("session", both).value["added"] == 2, "they are two"
