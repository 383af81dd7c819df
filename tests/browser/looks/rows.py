"""Rows of every shape for the pictures, written as the actions write them; ways in for some of them come later."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.actions.note_use import address_mac
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.account import AccountId
from signedin.rules.device import Device, DeviceKind
from signedin.rules.event import Event, EventKind
from signedin.rules.location import mask_address
from signedin.rules.secret import Kind, digest, make_session_id, make_token
from signedin.rules.session import AppType, Origin, Session, SessionId
from signedin.rules.suspicion import SeenBefore, notice
from signedin.server.demo import _days as demo_days
from signedin.server.demo_rows import DemoDevice
from signedin.store import journal, sessions
from signedin.store.sessions import SignedInWith

KINDS = {AppType.SYNC: DeviceKind.SYNC, AppType.ADMIN: DeviceKind.ADMIN}
ELSEWHERE = SeenBefore(
    is_first_sign_in=False, is_known_browser=False, familiar_places=frozenset({"berlin-de"})
)


def session_like(
    means: Means, account_id: AccountId, demo: DemoDevice, now: datetime, chance: random.Random
) -> Session:
    """A session as if the device had signed in by itself."""
    device = read_device(demo.user_agent, {}, demo.app_name or None, KINDS.get(demo.app_type))
    origin = Origin(mask_address(demo.address), means.places.locate(demo.address))
    began_at, last_at = now - demo.age, now - demo.idle
    limits = means.lifetimes.of(demo.app_type)
    return Session(
        id=SessionId(make_session_id(account_id, means.keyring.way_keys)), account_id=account_id,
        app_type=demo.app_type, device=device, began_at=began_at, began_from=origin, last_at=last_at,
        last_from=origin, idle=limits.idle, overall_until=began_at + limits.overall,
        first_proof=1, days=demo_days(began_at, last_at, demo.busy, chance), factors=("password",),
    )  # fmt: skip


def put(conn: sa.Connection, means: Means, session: Session, demo: DemoDevice) -> None:
    """Into the list with it."""
    token = make_token(Kind.SES, session.account_id, means.keyring.way_keys)
    sealed = means.keyring.encrypt("address", session.account_id, demo.address.encode())
    mac = address_mac(means.keyring, demo.address)
    sessions.begin(conn, session, SignedInWith(digest(token), demo.user_agent, ruleset(), sealed, mac))
    journal.record(conn, session.account_id, Event(EventKind.SESSION_STARTED, session.began_at, session.id))


def named(session: Session, name: str) -> Session:
    """The same, on a device of that name."""
    return replace(session, device=Device(name, session.device.kind, "Some Software 1.0"))


def noticed(session: Session) -> Session:
    """The same, worth a look."""
    return replace(session, noticed=notice(session.began_from.location, ELSEWHERE))
