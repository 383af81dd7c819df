"""The log: one JSON line per event, without what people typed, and never in the way."""

from __future__ import annotations

import asyncio
import logging
import sys
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
import structlog

from people import ADA, PASSWORD, Clock, running
from signedin.rules.secret import Kind, WayKeys, make_token
from signedin.server.jobs import _every
from signedin.store.sqlite import SqliteDatabase

HOSTILE = "line\r\nbreak \x1b[31mred\x1b[0m \x00 \u2028 \u202e"
KEYS = WayKeys("0", {"0": b"k" * 32})


def fails(password):
    secret = password + "!"
    raise ValueError(f"cannot use {secret}")


@pytest.mark.security("16.2.1", "16.2.2", "16.2.4", "LOG-3")
def test_a_line_is_one_json_object_with_the_moment_in_utc_and_what_it_is_about(log_lines):
    structlog.get_logger("signedin.x").warning("a letter could not be delivered", kind="new_sign_in")
    (line,) = log_lines()
    assert (line["event"], line["kind"], line["level"]) == (
        "a letter could not be delivered",
        "new_sign_in",
        "warning",
    )
    assert datetime.fromisoformat(line["timestamp"]).utcoffset() == timedelta(0)


@pytest.mark.security("16.2.5", "16.3.4", "LOG-1")
def test_of_an_exception_the_log_tells_type_and_place_but_no_value_and_no_local_variable(log_lines):
    try:
        try:
            fails(PASSWORD)
        except ValueError as error:
            raise KeyError(PASSWORD) from error
    except KeyError as error:
        structlog.get_logger().error("a request failed", exc_info=error)
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    ours, theirs = log_lines()
    assert [thrown["type"] for thrown in ours["exception"]] == ["KeyError", "ValueError"]
    assert ours["exception"][1]["where"][-1].endswith(" fails")
    assert theirs["exception"] == ours["exception"]
    assert PASSWORD not in str([ours, theirs])


@pytest.mark.security("16.2.5", "LOG-1", "CSRF-6")
@pytest.mark.parametrize("kind", list(Kind))
def test_a_token_that_gets_into_a_line_is_masked_wherever_it_stands(log_lines, kind):
    token = make_token(kind, 7, KEYS)
    structlog.get_logger().info(f"asked for {token}", path=f"/x/{token}?t={token}", deep={"a": [token, 1]})
    (line,) = log_lines()
    assert token not in str(line)
    assert line["deep"]["a"] == [f"sgn_{kind}_…{token[-4:]}", 1]


@pytest.mark.security("16.4.1", "LOG-4")
def test_line_ends_and_control_characters_stay_inside_their_line(log_lines, capsys):
    structlog.get_logger().info("event " + HOSTILE, path=HOSTILE)
    logging.getLogger("uvicorn").warning("from a library: %s", HOSTILE)
    written = capsys.readouterr().err
    assert written.count("\n") == 2
    assert all(character == "\n" or " " <= character <= "~" for character in written)


@pytest.mark.security("16.2.3", "16.2.4")
def test_what_libraries_say_is_written_like_all_else(log_lines):
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    logging.getLogger("asyncio").error("Task exception was never retrieved")
    assert [(line["event"], line["level"]) for line in log_lines()] == [
        ("Invalid HTTP request received.", "warning"),
        ("Task exception was never retrieved", "error"),
    ]


class Broken:
    def write(self, _):
        raise OSError(28, "No space left on device")

    flush = write


@pytest.mark.security("LOG-5", "16.5.2")
def test_a_log_that_cannot_be_written_stops_neither_a_request_nor_a_job(log_lines, monkeypatch, tmp_path):
    with running(tmp_path, Clock()) as house:
        house.somebody(ADA)
        monkeypatch.setattr(sys, "stderr", Broken())
        assert house.browser().sign_in(password="not the password").status_code == 401
        assert house.signed_in().is_signed_in
        house.means.hasher.verify = fails
        assert house.browser().sign_in().status_code == 500

    turns = []

    async def job():
        turns.append(1)
        if len(turns) == 3:
            raise asyncio.CancelledError
        raise OSError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(_every(0, "a job", job))
    assert len(turns) == 3


@pytest.mark.security("16.2.5", "LOG-1")
def test_what_the_database_says_of_an_error_holds_no_parameters(tmp_path):
    database = SqliteDatabase(tmp_path / "signedin.db")
    database.create()
    database.write_now(lambda conn: conn.execute(sa.text("CREATE TABLE t (p UNIQUE)")))
    insert = sa.text("INSERT INTO t VALUES (:p)")
    database.write_now(lambda conn: conn.execute(insert, {"p": PASSWORD}))
    with pytest.raises(sa.exc.IntegrityError) as raised:
        database.write_now(lambda conn: conn.execute(insert, {"p": PASSWORD}))
    assert PASSWORD not in str(raised.value)
    database.close()


@pytest.mark.security("16.3.4", "16.5.1")
def test_a_bug_becomes_a_page_with_a_reference_that_the_log_has_too_and_tells_nothing_else(
    log_lines, tmp_path
):
    with running(tmp_path, Clock()) as house:
        house.somebody(ADA)

        async def broken(*_):
            fails(PASSWORD)

        house.means.hasher.verify = broken
        answer = house.browser().sign_in()
    assert answer.status_code == 500
    (line,) = [line for line in log_lines() if line["event"] == "a request failed"]
    assert line["reference"] in answer.text
    assert line["path"] == "/sign-in"
    assert PASSWORD not in str(line)
    assert not any(word in answer.text for word in ("ValueError", "Traceback", "cannot use", PASSWORD))
