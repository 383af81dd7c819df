"""What the sources themselves must have, or must not: one way in, the system's random numbers, no secrets."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from signedin.rules.secret import TOKEN_PATTERN, Kind
from tools import session_rules

ROOT = Path(__file__).resolve().parent.parent
SOURCES = {file: ast.parse(file.read_text()) for file in sorted((ROOT / "src" / "signedin").rglob("*.py"))}
SECRETS = re.compile(
    rf"{TOKEN_PATTERN}|-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{{16}}|gh[pousr]_[0-9A-Za-z]{{36}}|"
    r"xox[baprs]-[0-9A-Za-z-]{10,}|\$argon2id\$v=19\$m=19456"
)


def named(file):
    return str(file.relative_to(ROOT / "src" / "signedin"))


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.security("7.1.1", "7.1.2", "7.1.3", "6.1.1", "6.1.3")
def test_the_page_of_sessions_is_true_and_tells_of_every_kind_and_every_limit():
    assert session_rules.PAGE.read_text() == session_rules.text(), "make docs"
    assert set(session_rules.KINDS) == set(Kind)
    patiences = {
        name
        for name, value in vars(session_rules.attempts).items()
        if isinstance(value, session_rules.Patience)
    }
    assert set(session_rules.COUNTED) == patiences


@pytest.mark.security("6.1.3", "6.3.4", "7.1.3", "N1")
def test_sessions_begin_in_one_place_after_one_proof():
    begin = [named(file) for file, tree in SOURCES.items() if "sessions.begin" in set(calls(tree))]
    assert begin == ["actions/move_sessions.py", "actions/sign_in.py"], (
        "the first begins none: it brings along"
    )
    enter = [named(file) for file, tree in SOURCES.items() if "sign_in" in set(calls(tree))]
    assert enter == ["web/admin_sign_in_page.py", "web/setup_page.py", "web/sign_in_page.py"]
    prove = [
        named(file) for file, tree in SOURCES.items() if any(c.endswith("hasher.verify") for c in calls(tree))
    ]
    assert prove == ["actions/prove_again.py", "actions/sign_in.py"], "the first begins no session"


@pytest.mark.security("11.5.1", "7.2.3", "N2")
def test_nothing_that_must_not_be_guessed_comes_from_anywhere_but_the_systems_random_numbers():
    users = [
        named(file)
        for file, tree in SOURCES.items()
        if {"random", "uuid", "numpy.random"} & set(imported(tree))
    ]
    assert users == ["server/demo.py", "server/demo_hours.py", "server/demo_story.py"], (
        "the demo's bars and dots are no secrets"
    )


@pytest.mark.security("11.2.3", "11.4.2", "11.5.1")
def test_no_weak_hash_or_cipher_is_used():
    weak = {"md5", "sha1", "new", "DES", "ARC4", "ECB", "CBC", "MD5", "SHA1"}
    used = {call.rpartition(".")[2] for tree in SOURCES.values() for call in calls(tree)}
    assert not weak & used
    assert "AESGCM" in used


@pytest.mark.security("11.2.4", "T5", "CSRF-6")
def test_what_is_not_looked_up_by_its_hash_is_compared_in_constant_time():
    """Every comparison in the gate, the web and the post of something that is called a token, seal, code or mark."""
    secret = re.compile(r"\b(token|csrf|expected|seal|mark|code|secret|credential|password)\b")
    harmless = {"status_code", "code in", "is None", "is not None"}
    found = []
    for file, tree in SOURCES.items():
        if not named(file).startswith(("gate/", "web/", "actions/", "api/")):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
                text = ast.unparse(node)
                if secret.search(text) and not any(word in text for word in harmless):
                    found.append(f"{named(file)}: {text}")
    assert found == ["web/static_files.py: mark == fresh"], "the mark of a file's content is no secret"
    compared = {
        named(file) for file, tree in SOURCES.items() if any("compare_digest" in c for c in calls(tree))
    }
    assert compared >= {"gate/same_site.py", "web/door.py", "web/setup_page.py"}


@pytest.mark.security("13.3.1")
def test_no_secret_stands_in_the_sources():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = [name for name in listed.stdout.decode().split("\0") if name]
    files = [ROOT / name for name in names] or list((ROOT / "src").rglob("*"))
    found = []
    for file in files:
        if file.suffix in {".png", ".mmdb", ".mo", ".lock"} or not file.is_file():
            continue
        text = file.read_text(errors="replace")
        found += [f"{file.relative_to(ROOT)}: {match[0][:20]}" for match in SECRETS.finditer(text)]
    assert [each for each in found if not each.startswith("tests/")] == []
