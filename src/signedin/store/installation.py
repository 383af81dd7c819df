"""What the installation itself remembers: when jobs last ran, who is invited, and where it is served."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from signedin.store.schema import Moment, insert, metadata

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("ran_at", Moment, nullable=False),
)

invitations = sa.Table(
    "invitations",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
)

facts = sa.Table(
    "facts",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    comment="base_url: the address people use; oldest_code: the oldest version that may use this",
)


def job_ran(conn: sa.Connection, name: str, now: datetime) -> None:
    """Note that a job has run."""
    values = {"ran_at": now}
    conn.execute(
        insert(conn, jobs)
        .values(name=name, **values)
        .on_conflict_do_update(index_elements=["name"], set_=values)
    )


def job_last_ran(conn: sa.Connection, name: str) -> datetime | None:
    """When the job last ran, or `None`."""
    return conn.scalar(sa.select(jobs.c.ran_at).where(jobs.c.name == name))


def job_begins(conn: sa.Connection, name: str, now: datetime, every: timedelta) -> bool:
    """Begin a job of which one run in so much time is enough, whichever process runs it; false where one has begun."""
    begun = insert(conn, jobs).values(name=name, ran_at=now)
    late = (jobs.c.ran_at <= now - every) | (jobs.c.ran_at > now)  # or the clock was wrong once
    taken = begun.on_conflict_do_update(index_elements=["name"], set_={"ran_at": now}, where=late)
    return conn.execute(taken.returning(jobs.c.name)).first() is not None


def succeeded(conn: sa.Connection, lineage: str) -> None:
    """Note that this database has taken the place of another: numbers of before mean nothing."""
    _note(conn, "lineage", lineage)


def keyring_mark(conn: sa.Connection) -> str | None:
    """The mark of the keyring that this database was first used with, or `None` when it has none yet."""
    is_old = not sa.inspect(conn).has_table(facts.name)  # of the first versions, not yet brought forward
    return None if is_old else _noted(conn, "keyring")


def mark(conn: sa.Connection, mark: str) -> None:
    """Remember the mark of a keyring, if there is none: whoever comes first has made the database."""
    new = insert(conn, facts).values(name="keyring", value=mark)
    conn.execute(new.on_conflict_do_nothing(index_elements=["name"]))


def invite(conn: sa.Connection, digest: bytes, email: str, expires_at: datetime) -> None:
    """Remember an invitation by the digest of its link."""
    conn.execute(invitations.insert().values(digest=digest, email=email, expires_at=expires_at))


def find_invitation(conn: sa.Connection, digest: bytes, now: datetime) -> str | None:
    """The address that a link invites, while it does."""
    where = (invitations.c.digest == digest) & (invitations.c.expires_at > now)
    return conn.scalar(sa.select(invitations.c.email).where(where))


def use_invitation(conn: sa.Connection, digest: bytes, now: datetime) -> str | None:
    """Use an invitation up, by one statement; returns its address, or `None` when it was not there."""
    where = (invitations.c.digest == digest) & (invitations.c.expires_at > now)
    return conn.execute(invitations.delete().where(where).returning(invitations.c.email)).scalar_one_or_none()


def forget_invitations(conn: sa.Connection) -> None:
    """Forget every invitation, after a restore: they may have been used since."""
    conn.execute(invitations.delete())


def serve_at(conn: sa.Connection, base_url: str) -> None:
    """Remember the address people use, for whoever makes links outside the server."""
    _note(conn, "base_url", base_url)


def oldest_code(conn: sa.Connection) -> str | None:
    """The oldest version whose code may use this database, or `None` when it does not say; a migration says it."""
    return _noted(conn, "oldest_code")


def served_at(conn: sa.Connection) -> str | None:
    """The address that people used when a server last began, or `None` when none ever did."""
    return _noted(conn, "base_url")


def _note(conn: sa.Connection, name: str, value: str) -> None:
    values = {"value": value}
    conn.execute(
        insert(conn, facts)
        .values(name=name, **values)
        .on_conflict_do_update(index_elements=["name"], set_=values)
    )


def _noted(conn: sa.Connection, name: str) -> str | None:
    return conn.scalar(sa.select(facts.c.value).where(facts.c.name == name))
