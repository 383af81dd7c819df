"""For trying the examples out: registers them by the documented commands, with the Signedin that runs here.

Nothing of this is needed by an app: an app is told its client id by whoever has registered it.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMAND = Path(sys.executable).with_name("signedin")
REMEMBERED = Path("var/examples")
DEMO = {
    "SIGNEDIN_DATABASE_URL": "sqlite:///var/demo/demo.db",
    "SIGNEDIN_SECRET_FILE": "var/demo/secret.json",
}
"""Where `make demo` keeps what it has."""


def registered(name, *words, is_demo=False):
    """What `signedin WORDS` makes, a client or a key, with its secret: made once, and remembered for its owner alone."""
    file = REMEMBERED / f"{name}{'-demo' if is_demo else ''}.json"
    known = _remembered(file)
    if known is None or _id_of(known) not in _ids(words[0], is_demo):
        print("$", shlex.join(["signedin", *words]))
        known = _told(words, is_demo)
        REMEMBERED.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.unlink(missing_ok=True)
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as kept:  # noqa: PTH123  # only open() takes a descriptor
            json.dump(known, kept)
    return known


def _remembered(file):
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError):
        return None


def _id_of(known):
    return known.get("client_id") or known.get("id")


def _ids(kind, is_demo):
    return {_id_of(each) for each in _told([kind, "list", "--json"], is_demo)}


def _told(words, is_demo):
    done = subprocess.run(
        [COMMAND, *words],
        env=os.environ | (DEMO if is_demo else {}),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(
            "It could not be registered. Start `make run` in this folder first, or `make demo` and say --demo."
        )
    return json.loads(done.stdout)
