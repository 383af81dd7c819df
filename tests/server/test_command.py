"""The light package as pip installs it: no other package beside it, and a command that says what it lacks."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import venv

import pytest

from fences import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LIGHT = (
    "signedin.client", "signedin.middleware", "signedin.testing", "signedin.rules.known", "signedin.adapters.asgi",
    "signedin.adapters.wsgi",
)  # fmt: skip


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """A Python with what the wheel holds (`[tool.hatch.build.targets.wheel]`), and nothing else."""
    folder = tmp_path_factory.mktemp("light")
    venv.create(folder, with_pip=False, symlinks=True)
    [packages] = (folder / "lib").glob("python3.*/site-packages")
    for package in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, packages / (ROOT / package).name, ignore=left_out)
    return folder / "bin" / "python"


def run(python, program):
    return subprocess.run(
        [python, "-I", "-c", program], capture_output=True, text=True, check=False, timeout=120, cwd=python.parent
    )  # fmt: skip


def test_the_light_package_needs_no_other_and_its_client_asks(python):
    assert PROJECT["project"]["dependencies"] == []
    done = run(
        python,
        f"""
import {", ".join(LIGHT)}
from signedin.testing import signed_in_as
with signed_in_as("7") as (service, session):
    print(service.sync_client().check(session.headers).account)
""",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "7\n", "")


def test_its_command_says_in_one_sentence_what_is_to_be_installed(python):
    module, _, name = PROJECT["project"]["scripts"]["signedin"].partition(":")
    done = run(python, f"import sys; from {module} import {name}; sys.exit({name}())")
    assert (done.returncode, done.stdout) == (1, "")
    said = "The command needs the server, and here click is missing: install signedin[server].\n"
    assert done.stderr == said


def test_where_the_server_is_installed_it_is_the_command():
    module, _, name = PROJECT["project"]["scripts"]["signedin"].partition(":")
    program = f"import sys; from {module} import {name}; sys.argv = ['signedin', '--version']; {name}()"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    assert PROJECT["project"]["version"] in done.stdout


def test_no_page_takes_the_package_from_a_registry():
    """Nothing is published under that name: whoever takes it there gets somebody else's package."""
    for page in ("README.md", *(f"docs/{each.name}" for each in (ROOT / "docs").glob("*.md"))):
        assert not re.search(r"pip install[^`\n]*[ \"']signedin\b", (ROOT / page).read_text()), page
