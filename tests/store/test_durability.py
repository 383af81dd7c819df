"""What PostgreSQL promises of a commit, also as one sees it who is no superuser."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import pq

from databases import only_on_postgres, own_server
from signedin.server import doctor_database
from signedin.store import durability

pytestmark = only_on_postgres("It is about standbys of PostgreSQL.")


@pytest.fixture
def standby():
    """Somebody connected as a standby that has to be waited for, which has kept nothing yet; the server's address."""
    url = own_server().url("postgres")
    named = "ALTER SYSTEM SET synchronous_standby_names TO "
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("SET synchronous_commit = off")
        conn.execute("CREATE ROLE ordinary LOGIN")
        conn.execute(f"{named} nobody")
        conn.execute("SELECT pg_reload_conf()")
        wire = pq.PGconn.connect(f"{url}?replication=true&application_name=nobody".encode())
        assert wire.status == pq.ConnStatus.OK, wire.error_message
        try:
            yield url
        finally:
            wire.finish()
            conn.execute(f"{named} ''")
            conn.execute("SELECT pg_reload_conf()")
            conn.execute("DROP ROLE ordinary")


def seen_by(url, role):
    engine = sa.create_engine(url.replace("postgresql://signedin@", f"postgresql+psycopg://{role}@"))
    try:
        with engine.connect() as conn:
            while not conn.scalar(sa.text("SHOW synchronous_standby_names")):
                conn.rollback()
            return durability.has_synchronous_standby(conn), doctor_database._replication(conn)
    finally:
        engine.dispose()


@pytest.mark.guide("R48")
def test_an_ordinary_role_is_told_that_it_may_not_look_instead_of_a_no(standby, monkeypatch):
    monkeypatch.setattr(durability, "flushes_to_disk", lambda _: True)
    is_synchronous, finding = seen_by(standby, "ordinary")
    assert is_synchronous is None
    assert finding.verdict == "look"
    assert "not allowed to look" in finding.sentence
    assert finding.what_to_do.endswith("GRANT pg_read_all_stats TO ordinary;")
    assert seen_by(standby, "signedin")[0] is False
    with psycopg.connect(standby, autocommit=True) as conn:
        conn.execute("SET synchronous_commit = off")
        conn.execute("GRANT pg_read_all_stats TO ordinary")
    assert seen_by(standby, "ordinary")[0] is False
