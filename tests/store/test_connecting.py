"""Why nobody can connect to PostgreSQL is known in whatever language it says so; one that is not in UTF-8 is refused."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from contextlib import contextmanager, suppress

import psycopg
import pytest
import sqlalchemy as sa
import trustme

from databases import empty_database_in, only_on_postgres, own_server
from signedin.rules.errors import DatabaseProblem
from signedin.store import connecting, schema_version
from signedin.store.held import HeldLines
from signedin.store.postgres import CONNECT, PostgresDatabase

pytestmark = only_on_postgres("It is about connections to PostgreSQL.")
TLS = 1234 << 16 | 5679
WITHOUT = {TLS, 1234 << 16 | 5680}
"""What is asked before everything else: whether the server speaks TLS or GSSAPI."""
WORDS = "Datenbank »nope« existiert nicht: password authentication failed, connection refused"
"""What a server may say in its own language; nothing of it is to be gone by."""


def asks(url):
    """What is said of an address: by a pool of connections, and by one that is held on an event loop."""
    database = PostgresDatabase(url)
    with pytest.raises(DatabaseProblem) as of_a_pool:
        database.read_now(lambda conn: conn.scalar(sa.text("SELECT 1")))
    database.close()

    async def held():
        lines = HeldLines(sa.make_url(url), CONNECT, 1)
        with pytest.raises(DatabaseProblem) as told:
            await lines.ask("SELECT 1", ())
        return told.value

    told = asyncio.run(held())
    assert (told.sentence, told.reason) == (of_a_pool.value.sentence, of_a_pool.value.reason)
    return told


@contextmanager
def one_that_answers(with_an_answer):
    """A server that does something with every connection; the address by which it is reached."""

    def answer():
        while True:
            line, _ = listening.accept()
            with suppress(OSError), line:
                with_an_answer(line)

    def answer_until_closed():
        with suppress(OSError):
            answer()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=answer_until_closed, daemon=True).start()
        yield f"postgresql://signedin@127.0.0.1:{listening.getsockname()[1]}/signedin"


def asked(line):
    """The next thing that is asked of a server at the start: a version of the protocol, or TLS."""
    [length] = struct.unpack("!i", line.recv(4, socket.MSG_WAITALL))
    return struct.unpack("!i", line.recv(length - 4, socket.MSG_WAITALL)[:4])[0]


def one_that_refuses(state):
    """A server that refuses everybody by a state, in words of its own language."""
    fields = {"S": "SCHWERWIEGEND", "V": "FATAL", "C": state, "M": WORDS}
    said = b"".join(name.encode() + text.encode("latin-1") + b"\0" for name, text in fields.items()) + b"\0"

    def refuse(line):
        while asked(line) in WITHOUT:
            line.sendall(b"N")
        line.sendall(b"E" + struct.pack("!i", len(said) + 4) + said)

    return one_that_answers(refuse)


def one_with_tls(certificate):
    """A server that speaks TLS, and ends when that has begun."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    def speak(line):
        while asked(line) != TLS:
            line.sendall(b"N")
        line.sendall(b"S")
        context.wrap_socket(line, server_side=True).close()

    return one_that_answers(speak)


@pytest.mark.parametrize(
    ("state", "reason"),
    [("3D000", "missing"), ("28000", "refused"), ("28P01", "refused"), ("53300", "full_of_connections"),
     ("57P03", "unreachable"), ("42501", "not_allowed"), ("XX000", "unknown")],
)  # fmt: skip
def test_a_server_that_refuses_in_any_language_is_understood_by_its_state(state, reason):
    with one_that_refuses(state) as url:
        assert asks(url).reason == reason


def test_a_server_that_gives_no_state_and_a_libpq_that_tells_none_are_told_as_not_known(monkeypatch):
    with one_that_refuses("3D000") as url:
        monkeypatch.setattr(connecting, "_chooses_verbosity", lambda: None)
        assert asks(url).reason == "unknown"
    with one_that_refuses("") as url:
        monkeypatch.undo()
        assert asks(url).reason == "unknown"


def test_of_several_hosts_the_one_that_answers_says_why():
    with one_that_refuses("28P01") as url, socket.create_server(("127.0.0.1", 0)) as nobody:
        ports = f"{nobody.getsockname()[1]},{sa.make_url(url).port}"
        nobody.close()
        several = f"postgresql://signedin@/signedin?host=127.0.0.1,127.0.0.1&port={ports}"
        assert asks(several).reason == "refused"


def test_a_real_server_is_understood_by_its_state_too():
    url = own_server().url("nowhere")
    assert asks(url).reason == "missing"
    assert asks(url.replace("signedin@", "stranger@")).reason == "refused"


def test_whoever_waits_for_a_lock_in_vain_is_told_so_in_any_language(tmp_path):
    database = empty_database_in(tmp_path)
    told = "DO $$ BEGIN RAISE EXCEPTION 'storniere Anfrage wegen Zeitüberschreitung' USING ERRCODE = '55P03'; END $$"
    with pytest.raises(DatabaseProblem) as problem:
        database.write_now(lambda conn: conn.exec_driver_sql(told))
    assert problem.value.reason == "in_use"
    database.close()


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_is_not_in_utf_8_is_refused_and_nothing_is_made_in_it(encoding):
    name = f"in_{encoding.lower()}"
    with psycopg.connect(own_server().url("postgres"), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
        try:
            assert asks(own_server().url(name)).reason == "encoding"
            database = PostgresDatabase(own_server().url(name))
            with pytest.raises(DatabaseProblem, match="not in UTF-8"):
                schema_version.upgrade(database)
            database.close()
            with psycopg.connect(own_server().url(name)) as there:
                assert there.execute(
                    "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
                ).fetchone() == (0,)
        finally:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize(
    ("query", "reason", "sentence"),
    [("sslmode=verify-full", "tls", "speaks no TLS"), ("sslmode=require", "tls", "speaks no TLS"),
     ("sslmode=verify", "address", "says something that PostgreSQL does not know"),
     ("service=nobodys", "address", "says something that PostgreSQL does not know")],
)  # fmt: skip
def test_a_server_without_tls_and_a_mode_that_is_none_are_each_told(query, reason, sentence):
    told = asks(f"{own_server().url('postgres')}?{query}")
    assert told.reason == reason
    assert sentence in told.sentence


def test_a_missing_root_certificate_and_one_that_is_not_trusted_are_each_told(tmp_path):
    ours, theirs = trustme.CA(), trustme.CA()
    ours.cert_pem.write_to_path(tmp_path / "ours.pem")
    theirs.cert_pem.write_to_path(tmp_path / "theirs.pem")
    with one_with_tls(theirs.issue_cert("db.example.org")) as url:
        for root, sentence in (
            ("nothing.pem", "is not there, or cannot be read"),
            ("ours.pem", "not trusted, or is for another name"),
            ("theirs.pem", "not trusted, or is for another name"),
        ):
            told = asks(f"{url}?sslmode=verify-full&sslrootcert={tmp_path / root}")
            assert told.reason == "tls"
            assert sentence in told.sentence


def test_a_connection_that_ends_is_not_taken_for_a_mistake_with_certificates(tmp_path):
    with one_with_tls(trustme.CA().issue_cert("db.example.org")) as url:
        assert asks(f"{url}?sslmode=require").reason == "unknown"
