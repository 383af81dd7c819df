"""A service key that is revoked after it was recognised and before anything is written: nothing is."""

from __future__ import annotations

import json
import socket

import pytest
import sqlalchemy as sa

from databases import only_on_postgres
from people import ADA, BERLIN, CHROME_ON_MACOS, GRACE, PASSWORD, done_apart
from signedin.actions.begin_session import Vouched, begin_session
from signedin.actions.issue_key import issue_service_key
from signedin.actions.keep_accounts import Change, change_account, close_account, end_sessions_of
from signedin.actions.lend import Lending
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.note_reports import note_reports
from signedin.actions.revoke_key import revoke_any_key
from signedin.actions.sign_in import Visit
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules import errors
from signedin.rules.access_key import Wish
from signedin.rules.account import AccountId, AccountState
from signedin.rules.feed import Use
from signedin.rules.presence import Service
from signedin.rules.scope import OF_SERVICES
from signedin.rules.session import AppType
from signedin.store import accounts, schema, services
from signedin.store.endings import nodes

VISIT = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
HASTE = "SET LOCAL lock_timeout = '50ms'"
WRITES = {
    "begins a session": lambda means, shop, ada, now: begin_session(
        means, shop, Vouched(ada.named, AppType.WEB), VISIT, now
    ),
    "begins a session of somebody new": lambda means, shop, ada, now: begin_session(
        means, shop, Vouched("outside:new", AppType.WEB), VISIT, now
    ),
    "makes an account": lambda means, shop, ada, now: add_by_operator(
        means, Applicant(GRACE, "Grace", PASSWORD), now, shop
    ),
    "renames": lambda means, shop, ada, now: change_account(means, shop, ada.named, Change("Eve"), now),
    "disables": lambda means, shop, ada, now: change_account(
        means, shop, ada.named, Change(state=AccountState.DISABLED), now
    ),
    "closes": lambda means, shop, ada, now: close_account(means, shop, ada.named, "", now),
    "ends sessions": lambda means, shop, ada, now: end_sessions_of(means, shop, ada.named, "", now),
    "joins": lambda means, shop, ada, now: Lending(means).join(shop, "node", "b" * 16, now),
    "reports a use": lambda means, shop, ada, now: note_reports(
        means, shop, [Use(ada.id, ada.session, 1, BERLIN)], now
    ),
}


class Ada:
    """As the app names her, with a session of hers."""

    def __init__(self, house):
        self.id = house.means.database.read_now(accounts.find_by_email, ADA).id
        self.named = str(self.id)
        self.session = house.signed_in().current()["id"]


def issued(house):
    made = issue_service_key(house.means, Wish("shop", OF_SERVICES), [AppType.WEB], house.clock())
    return done_apart(made)


def revoke(house, key_id):
    done_apart(revoke_any_key(house.means, key_id, house.clock()))


def everything(house):
    """All rows of all tables but those that say when something was used; of nodes who they are: they renew meanwhile."""
    left_out = {"activity", "jobs", "facts"}

    def read(conn):
        tables = [table for table in schema.metadata.sorted_tables if table.name not in left_out]
        found = {table.name: sorted(map(repr, conn.execute(sa.select(table)))) for table in tables}
        return found | {"nodes": sorted(conn.scalars(sa.select(nodes.c.node_id)))}

    return house.means.database.read_now(read)


@pytest.mark.guide("R48", "D31")
@pytest.mark.security("7.4.1", "15.4.2")
@pytest.mark.parametrize("what", WRITES)
def test_what_a_service_was_about_to_do_is_not_done_once_its_key_was_revoked(house, what):
    ada, key = Ada(house), issued(house).key
    shop = Service(key.id, key.name, frozenset(key.scopes), frozenset(key.app_types))
    revoke(house, key.id)
    before, used = everything(house), house.means.recent.latest(AccountId(ada.id), ada.session)
    with pytest.raises(errors.NotSignedIn) as refused:
        done_apart(WRITES[what](house.means, shop, ada, house.clock()))
    assert refused.value.reason == "revoked"
    assert everything(house) == before
    assert house.means.recent.latest(AccountId(ada.id), ada.session) == used


class HeldOpen:
    """A backend's call whose last bytes are held back: it is recognised long before it is carried out."""

    def __init__(self, house, token, path, said):
        body = json.dumps(said).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {house.base_url.partition('://')[2]}\r\nConnection: close\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._socket = socket.create_connection(("127.0.0.1", int(house.base_url.rpartition(":")[2])))
        self._socket.sendall(head.encode() + body[:5])
        self._rest = body[5:]

    def let_go(self):
        with self._socket, self._socket.makefile("rb") as answer:
            self._socket.sendall(self._rest)
            return answer.read().decode("latin-1")


@pytest.mark.guide("R48", "D31")
@pytest.mark.security("7.4.1", "15.4.2")
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1/accounts", {"email": GRACE, "name": "Grace", "password": PASSWORD}),
        ("/v1/accounts/outside:new/sessions", {"app_type": "web", "address": BERLIN}),
        ("/v1/feed/ack", {"node": "a" * 16, "boot": "b" * 16, "join": True}),
    ],
)
def test_a_call_that_was_held_open_changes_nothing_once_its_key_was_revoked(house, path, said):
    made = issued(house)
    held = HeldOpen(house, made.token, path, said)
    revoke(house, made.key.id)
    before = everything(house)
    answer = held.let_go()
    assert answer.startswith("HTTP/1.1 401"), answer
    assert '"reason":"revoked"' in answer.replace(" ", "")
    assert everything(house) == before


@only_on_postgres("On SQLite whoever writes is alone.")
@pytest.mark.security("15.4.2")
def test_a_key_is_revoked_after_what_is_being_written_by_it_and_many_write_by_it_at_once(house):
    key_id, database = issued(house).key.id, house.means.database

    def another_way(conn):
        assert services.hold(conn, key_id)
        database.write_now(services.hold, key_id)
        with pytest.raises(errors.DatabaseProblem):
            database.write_now(in_haste)
        return key_id

    def in_haste(conn):
        conn.execute(sa.text(HASTE))
        services.revoke(conn, key_id, house.clock())

    database.write_now(another_way)
    assert database.read_now(services.is_living, key_id)
    revoke(house, key_id)
    assert not database.write_now(services.hold, key_id)
