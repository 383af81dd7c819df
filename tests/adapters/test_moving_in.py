"""A real Django app moves in by the documented commands: its people with their passwords, and whoever is signed in."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest

from adapters.example_apps import EXAMPLES, started
from people import ADA, GRACE
from served import a_place, served

pytestmark = pytest.mark.xdist_group("moving in")
SHOP = EXAMPLES / "django_moving" / "shop.py"
OLD_PASSWORD = "short one"
PEOPLE = f"""
from django.contrib.auth.models import User
User.objects.create_user("ada", "{ADA}", "{OLD_PASSWORD}", first_name="Ada", last_name="Lovelace")
User.objects.create_user("grace", "{GRACE}", "{OLD_PASSWORD}", is_active=False)
User.objects.create_user("nobody", "nobody@example.org")
"""


class Shop:
    """The app with its own database, and what its people's browsers hold."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {"SHOP_DATABASE": str(folder / "shop.db")}
        self.run("migrate", "--verbosity", "0")
        self.run("shell", "--command", PEOPLE)

    def run(self, *words):
        done = subprocess.run(
            [sys.executable, SHOP, *words], env=os.environ | self.environment, cwd=self.folder, check=False,
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def as_it_was(self):
        return started(self.words, None, None, **self.environment)

    def beside(self, server, key):
        return started(self.words, server.place.base_url, key, **self.environment)

    @staticmethod
    def words(port):
        return [sys.executable, SHOP, "runserver", "--noreload", f"127.0.0.1:{port}"]


def opened(app, browser):
    return browser.get(app.url + "/orders", headers={"x-forwarded-for": "203.0.113.9"}, timeout=30)


def imported(place, thing, file, *more):
    """What `signedin account import` or `session import` says, as a program reads it."""
    done = place.run(thing, "import", str(file), "--service", "shop", "--json", *more)
    return done.returncode, json.loads(done.stdout or "{}")


def hash_of(place, email):
    asked = "SELECT hash, family FROM passwords JOIN accounts USING (account_id) WHERE email = ?"
    with closing(sqlite3.connect(place.database)) as conn:
        return conn.execute(asked, [email]).fetchone()


@pytest.mark.guide("D31", "R42", "R48")
@pytest.mark.security("7.4.1", "attack-14", "6.2.1", "11.4.2")
def test_a_django_app_moves_in_and_nobody_has_to_sign_in_again_or_choose_another_password(tmp_path):
    shop, laptop, phone, other = Shop(tmp_path), httpx.Client(), httpx.Client(), httpx.Client()
    people, signed_in = tmp_path / "people.jsonl", tmp_path / "sessions.jsonl"
    with shop.as_it_was() as app:
        for browser in (laptop, phone, other):
            asked = {"name": "ada", "password": OLD_PASSWORD}
            assert browser.get(app.url + "/sign-in", params=asked, timeout=30).text == "signed in"
            assert opened(app, browser).json() == {"name": "ada"}
    shop.run("export", str(people), str(signed_in))
    with a_place() as place:
        assert place.run("db", "upgrade").returncode == 0
        scopes = ("--scope", "sessions:begin", "--scope", "sessions:check")
        issued = place.run("key", "issue", "--service", "shop", *scopes, "--json")
        key = json.loads(issued.stdout)["token"]
        assert imported(place, "session", signed_in)[1]["refused"][0]["code"] == "account_unknown"
        whole = {"added": 3, "already": 0, "refused": [], "written": False, "dry_run": True}
        assert imported(place, "account", people, "--dry-run") == (0, whole)
        assert hash_of(place, ADA) is None, "a dry run writes nothing"
        assert imported(place, "account", people) == (0, whole | {"written": True, "dry_run": False})
        assert imported(place, "account", people)[1]["already"] == 3
        assert imported(place, "session", signed_in)[1]["added"] == 3
        assert imported(place, "session", signed_in)[1]["already"] == 3
        with served(place) as server, shop.beside(server, key) as app:
            _go_on(app, server, place, (laptop, phone, other))
        assert imported(place, "session", signed_in)[1] == whole | {
            "added": 0, "already": 3, "written": True, "dry_run": False,
        }  # fmt: skip


def _go_on(app, server, place, browsers):
    laptop, phone, _ = browsers
    with ThreadPoolExecutor(4) as at_once:
        answers = list(at_once.map(lambda _: opened(app, phone), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    (moved,) = {answer.json()["session"] for answer in answers}
    assert len({opened(app, each).json()["session"] for each in browsers}) == 3
    assert hash_of(place, ADA)[0].startswith("pbkdf2_sha256$")
    ada = server.browser()
    assert ada.sign_in(ADA, OLD_PASSWORD + ".").status_code != 303
    assert ada.sign_in(GRACE, OLD_PASSWORD).status_code != 303, "disabled there, and here"
    assert ada.sign_in("nobody@example.org", "").status_code != 303
    assert ada.sign_in(ADA, OLD_PASSWORD).status_code == 303
    kept, family = hash_of(place, ADA)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert family is None
    again = server.browser()
    assert again.sign_in(ADA, OLD_PASSWORD).status_code == 303
    assert {moved} < {row["id"] for row in ada.sessions()}
    ada.revoke(moved)
    assert opened(app, phone).json()["reason"] == "revoked"
    assert opened(app, laptop).status_code == 200
    ada.log_out_all()
    assert [opened(app, each).status_code for each in browsers] == [401] * 3


def test_what_the_page_of_the_docs_shows_stands_in_the_app_that_is_moved():
    page = (EXAMPLES.parent / "docs" / "move-in.md").read_text()
    shown = page.split("```python\n")[1].split("```")[0]
    assert shown in SHOP.read_text()
    for command in (
        "account import people.jsonl --service shop",
        "session import sessions.jsonl --service shop",
    ):
        assert f"signedin {command}\n" in page
