"""Each example by the one command of its README, beside a server as `make run` and `make demo` start it."""

from __future__ import annotations

import re
import stat

import httpx
import pytest

from client.shops import until
from connecting.programs import ROOT, allowed, allowed_back, started
from people import ADA
from ports import free_port
from served import a_place, served

pytestmark = pytest.mark.xdist_group("examples tried out")
NAMES = ("sync_client", "mobile_client", "third_party")


@pytest.fixture(scope="module")
def fresh():
    """A folder as on a fresh machine: everything is where it is by itself."""
    with a_place() as place:
        place.settings |= {
            "SIGNEDIN_DATABASE_URL": "sqlite:///var/signedin.db", "SIGNEDIN_SECRET_FILE": "var/secret.json",
            "SIGNEDIN_BASE_URL": place.base_url, "SIGNEDIN_MAIL_DIR": "var/mail",
        }  # fmt: skip
        place.somebody()
        with served(place) as server:
            yield server


def tried(server, name, *words):
    """The module that `make example` runs, in the folder of the server."""
    return started(f"examples.{name}", *words, folder=server.place.folder, **server.place.settings)


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_says_the_one_command_and_it_is_short(name):
    text = (ROOT / "examples" / name / "README.md").read_text()
    assert f"make example NAME={name} " in text
    assert len([line for line in text.splitlines() if line]) <= 10
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (ROOT / "examples" / name / link).exists()


def test_make_runs_just_that():
    rule = (ROOT / "Makefile").read_text().partition("\nexample: dev")[2].partition("\n\n")[0]
    assert "\t@exec $(PY) -m examples.$(NAME) $(WORDS)" in rule


@pytest.mark.parametrize("name", NAMES)
def test_asked_for_help_an_example_registers_nothing(tmp_path, name):
    with started(f"examples.{name}", "--help", folder=tmp_path) as program:
        program.says("usage: ")
        program.says("--demo")
    assert not [line for line in program.said if line.startswith("$ ")]
    assert list(tmp_path.iterdir()) == []


def test_the_sync_client_registers_itself_once_and_is_in_step(fresh):
    ada, more = (
        fresh.signed_in(),
        ("--no-browser", "--issuer", fresh.place.base_url, "--port", str(free_port())),
    )
    with tried(fresh, "sync_client", *more) as program:
        program.says(r"\$ signedin app add --type sync")
        program.says(r"\$ signedin key issue --service files")
        allowed(ada, program.says(r"Sign in at (\S+)")[1])
        program.says("In step")
        (fresh.place.folder / "var/examples/Synced/hello.txt").write_text("hello")
        program.says("sent: hello.txt")
    [kept] = fresh.place.folder.glob("var/examples/sync-*.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with tried(fresh, "sync_client", *more) as program:
        program.says("In step")
    assert not [line for line in program.said if line.startswith("$ ")]
    ada.log_out_all()


def test_the_calendar_registers_itself_and_connects(fresh):
    ada = fresh.signed_in()
    with tried(fresh, "third_party", "--issuer", fresh.place.base_url, "--port", str(free_port())) as program:
        program.says(r"\$ signedin client add --name 'Tidewater Calendar'")
        where = program.says(r"is at (\S+)")[1]
        with httpx.Client(base_url=where, timeout=30) as here:
            until(lambda: here.get("/").is_success)
            back = allowed_back(ada, here.get("/connect").headers["location"])
            assert here.get(back).status_code == 303
            assert ADA in here.get("/").text
    ada.log_out_all()


def test_the_phone_registers_itself_and_shows_its_screen(fresh):
    ada = fresh.signed_in()
    with tried(fresh, "mobile_client", "--issuer", fresh.place.base_url) as program:
        program.says(r"\$ signedin app add --type mobile")
        program.typed(allowed_back(ada, program.says(r"Sign in at (\S+)")[1]))
        program.says("Hello, Ada")
    ada.log_out_all()
