"""Consents as they are remembered: what was allowed together stays together, and code of before may go on beside."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from apps import a_client
from people import ADA, PASSWORD
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.rules.activity import DayLevels
from signedin.rules.consent import Consent
from signedin.rules.secret import make_session_id
from signedin.rules.session import SessionId
from signedin.server.means import utc_now
from signedin.store import accounts, clients, consents, session_rows

HOST, FILES = "app.example.org", "https://files.example.org"


@pytest.fixture
def consent(means):
    asyncio.run(add_by_operator(means, Applicant(ADA, "Ada", PASSWORD), utc_now()))
    account = means.database.read_now(accounts.find_by_email, ADA)
    means.database.write_now(clients.add, a_client())
    consent_id = SessionId(make_session_id(account.id, means.keyring.way_keys))
    first = Consent(
        consent_id, account.id, "porter", "Porter", "", utc_now(), (), timedelta(days=30), account.epoch, DayLevels(),
    ).decided(("openid", "email"), ("openid", "email"), HOST, (), utc_now())  # fmt: skip
    means.database.write_now(consents.add, first)
    return first


def read(means, consent):
    """The consent by either of the ways in which it is read."""
    alone = means.database.read_now(consents.to_client, consent.account_id, "porter")
    [listed] = means.database.read_now(session_rows.some, consent.account_id, [consent.id])
    assert listed.scopes_for == alone.scopes_for
    return alone


def written_by_code_of_before(means, consent, **values):
    where = consents.consents.c.consent_id == consent.id
    means.database.write_now(
        lambda conn: conn.execute(consents.consents.update().where(where).values(**values))
    )


@pytest.mark.security("10.7.1", "attack-31")
def test_which_scopes_were_allowed_for_which_resource_is_remembered(means, consent):
    assert read(means, consent).scopes_for == {"": ("openid", "email")}
    after = read(means, consent).decided(
        ("sessions:manage",), ("sessions:manage",), HOST, (FILES,), utc_now()
    )
    means.database.write_now(consents.change, after)
    found = read(means, consent)
    assert found.scopes_for == {"": ("openid", "email"), FILES: ("sessions:manage",)}
    assert found.covers(("sessions:manage",), HOST, (FILES,))
    assert not found.covers(("sessions:manage",), HOST, ())
    means.database.write_now(consents.change, found.narrowed(("email",), utc_now()))
    assert read(means, consent).scopes_for == {"": ("openid", "email")}


def test_a_consent_of_before_that_was_kept_is_read_as_it_stands(means, consent):
    written_by_code_of_before(means, consent, scopes_for=sa.null())
    found = read(means, consent)
    assert found.scopes_for is None
    assert found.covers(("openid", "email"), HOST, ())
    written_by_code_of_before(means, consent, resources=[FILES])
    assert not read(means, consent).covers(("email",), HOST, ())
    assert not read(means, consent).covers(("email",), HOST, (FILES,))
    means.database.write_now(consents.change, replace(found, tokens=2))
    assert read(means, consent).scopes_for is None


@pytest.mark.security("attack-31")
def test_what_code_of_before_adds_meanwhile_is_asked_about_and_what_it_takes_back_is_gone(means, consent):
    written_by_code_of_before(means, consent, scopes=["openid", "email", "profile"], resources=[FILES])
    found = read(means, consent)
    assert not found.covers(("profile",), HOST, ())
    assert not found.covers(("email",), HOST, (FILES,))
    assert found.covers(("email",), HOST, ())
    written_by_code_of_before(means, consent, scopes=["openid"])
    assert not read(means, consent).covers(("email",), HOST, ())
