"""Servers are upgraded one after another: the code of before goes on with a database that the code of now has changed."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

import earlier_code
from databases import database_for
from people import ADA, BERLIN, CHROME_ON_MACOS, PASSWORD, recognised
from signedin.actions import revoke
from signedin.actions.audit import audit
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.presence import Presence
from signedin.rules.session import AppType
from signedin.server.means import utc_now
from signedin.store import schema_version

VISIT = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())


@pytest.fixture(scope="session")
def code_of_before(tmp_path_factory):
    """The code as it was before the newest version of the schema."""
    return earlier_code.code_of_before(tmp_path_factory.mktemp("before"))


@pytest.mark.guide("R48", "R68")
def test_code_of_before_signs_in_and_revokes_in_a_database_of_now_and_the_other_way_round(
    means, tmp_path, code_of_before
):
    asyncio.run(add_by_operator(means, Applicant(ADA, "Ada", PASSWORD), utc_now()))
    ended_here, ended_there, laptop = (signed_in(means) for _ in range(3))
    asking = Presence(laptop.session.account_id, laptop.session.id, AppType.WEB, utc_now())
    asyncio.run(revoke.revoke(means, asking, ended_here.session.id, utc_now()))
    tokens = [begun.token for begun in (ended_here, ended_there, laptop)]
    said = done_by(code_of_before, tmp_path, row_id=ended_there.session.id, tokens=tokens)
    assert said["found"] == ["revoked", "revoked", "in"]
    here = recognised(means, *tokens, said["token"], now=utc_now())
    assert [getattr(found, "reason", "in") for found in here] == ["revoked", "revoked", "in", "in"]
    assert asyncio.run(audit(means)).broken == ()
    assert schema_version.current(means.database) == schema_version.newest()


def test_code_that_a_database_does_not_allow_any_more_says_so_in_one_sentence(
    means, tmp_path, code_of_before
):
    said = sa.text("UPDATE facts SET value = :newest WHERE name = 'oldest_code'")
    means.database.write_now(lambda conn: conn.execute(said, {"newest": schema_version.newest()}))
    with pytest.raises(subprocess.CalledProcessError) as refused:
        done_by(code_of_before, tmp_path, row_id="", tokens=[])
    assert b"The database is newer than this version of Signedin." in refused.value.stderr


def test_the_oldest_code_is_one_there_has_been(means):
    asked = sa.text("SELECT value FROM facts WHERE name = 'oldest_code'")
    oldest = means.database.read_now(lambda conn: conn.scalar(asked))
    assert any(
        file.name.startswith(f"{oldest}_") for file in (earlier_code.ROOT / earlier_code.VERSIONS).iterdir()
    )


def signed_in(means):
    return asyncio.run(sign_in(means, ADA, PASSWORD, VISIT, Ticks(), utc_now()))


def done_by(code, folder, **asked):
    """What other code says it did in a folder's database."""
    where = database_for(folder)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIGNEDIN_")}
    ours = {
        "PYTHONPATH": str(code),
        "SIGNEDIN_DATABASE_URL": f"sqlite:///{where}" if isinstance(where, Path) else where,
        "SIGNEDIN_SECRET_FILE": str(folder / "secret.json"),
        "SIGNEDIN_MAIL_DIR": str(folder / "mail"),
    }
    told = json.dumps({"email": ADA, "password": PASSWORD, **asked})
    command = [sys.executable, Path(__file__).with_name("code_of_before.py"), told]
    done = subprocess.run(command, cwd=folder, env=kept | ours, capture_output=True, check=False, timeout=120)
    sys.stderr.buffer.write(done.stderr)
    done.check_returncode()
    return json.loads(done.stdout.splitlines()[-1])  # before it, the log
