"""Who would take over, as far as a role may see; what the doctor says of it."""

from __future__ import annotations

from contextlib import contextmanager

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import pq

from databases import only_on_postgres, own_server
from signedin.server.doctor_standby import of_standby
from signedin.store.standby import Standby, next_one

pytestmark = only_on_postgres("It is about standbys of PostgreSQL.")


@pytest.fixture
def superuser():
    """Somebody who may see everything, beside a role that may not."""
    with psycopg.connect(own_server().url("postgres"), autocommit=True) as conn:
        conn.execute("SET synchronous_commit = off")
        conn.execute("CREATE ROLE onlooker LOGIN")
        try:
            yield conn
        finally:
            conn.execute("DROP ROLE onlooker")


@contextmanager
def somebody_follows():
    wire = pq.PGconn.connect(f"{own_server().url('postgres')}?replication=true".encode())
    assert wire.status == pq.ConnStatus.OK, wire.error_message
    try:
        yield
    finally:
        wire.finish()


@contextmanager
def awaited(superuser):
    superuser.execute("ALTER SYSTEM SET synchronous_standby_names TO '*'")
    superuser.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        superuser.execute("ALTER SYSTEM RESET synchronous_standby_names")
        superuser.execute("SELECT pg_reload_conf()")


def seen_by(role, *, wanted=""):
    """What a role sees, once the server has read its settings anew."""
    at = sa.make_url(own_server().url("postgres")).set(drivername="postgresql+psycopg", username=role)
    engine = sa.create_engine(at)
    try:
        with engine.connect() as conn:
            while conn.scalar(sa.text("SHOW synchronous_standby_names")) != wanted:
                conn.rollback()
            return next_one(conn), of_standby(conn)
    finally:
        engine.dispose()


@pytest.mark.guide("R48")
def test_a_standby_that_nobody_waits_for_is_worth_a_look_because_endings_may_be_lost(superuser):
    with somebody_follows():
        seen, finding = seen_by("signedin")
        assert seen is Standby.ASYNCHRONOUS
        assert finding.verdict == "look"
        assert "an ending that was told may be lost when it takes over" in finding.sentence
        assert "timeline 1 of system" in finding.sentence


@pytest.mark.guide("R48")
def test_who_may_not_look_is_told_so_and_nothing_is_guessed(superuser):
    assert seen_by("onlooker")[0] is Standby.NONE
    with somebody_follows():
        seen, finding = seen_by("onlooker")
        assert (seen, finding.verdict) == (Standby.HIDDEN, "look")
        assert finding.what_to_do.endswith("GRANT pg_read_all_stats TO onlooker;")
        assert seen.outlives_failover is None, "not known, instead of a no"
        with awaited(superuser):
            assert seen_by("onlooker", wanted="*")[0] is Standby.HIDDEN
        superuser.execute("GRANT pg_read_all_stats TO onlooker")
        assert seen_by("onlooker")[0] is Standby.ASYNCHRONOUS
        assert seen_by("onlooker")[0].outlives_failover is False


@pytest.mark.guide("R48")
def test_one_that_is_waited_for_and_is_not_there_is_bad(superuser):
    with awaited(superuser):
        for role in ("signedin", "onlooker"):
            seen, finding = seen_by(role, wanted="*")
            assert (seen, finding.verdict) == (Standby.MISSING, "bad")
    assert seen_by("signedin")[1].verdict == "good"
