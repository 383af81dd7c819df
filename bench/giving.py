"""What people have given a client, made in this process as authorization leaves it, while a server runs beside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.rules.account import AccountId
from signedin.rules.activity import DayLevels
from signedin.rules.client import Authentication, Client, ClientKind, GrantType
from signedin.rules.consent import Consent
from signedin.rules.grant import CODE_LASTS, Grant, Redeemable
from signedin.rules.pkce import challenge_of
from signedin.rules.secret import Kind, digest, make_session_id, make_token
from signedin.rules.session import SessionId
from signedin.store import accounts, clients, consents, grants

CLIENT = "tidewater"
CALLBACK = "https://app.example.org/callback"
VERIFIER = "v" * 50
SCOPES = ("openid", "email", "offline_access")


class Giving:
    """A client that keeps a secret, and people who allow it something, one after the other."""

    def __init__(self, means: Means, people: Sequence[AccountId]) -> None:
        self._means, self._turn, self._people = means, 0, people
        self.secret = make_token(Kind.CLS, 0, means.keyring.way_keys)
        self._client = Client(
            id=CLIENT, name="Tidewater Calendar", kind=ClientKind.THIRD_PARTY, authentication=Authentication.BASIC,
            grant_types=frozenset({GrantType.CODE, GrantType.REFRESH}), scopes=frozenset(SCOPES),
            made_at=datetime.now(UTC), redirect_uris=(CALLBACK,), secrets=(digest(self.secret),),
        )  # fmt: skip
        means.database.write_now(clients.add, self._client)

    def codes(self, count: int) -> list[str]:
        """The codes of so many people, each with a grant and a row of the list of its own."""
        first = self._turn
        self._turn += count
        whose = [self._people[number % len(self._people)] for number in range(first, self._turn)]
        return self._means.database.write_now(self._give, whose)

    def _give(self, conn: sa.Connection, whose: list[AccountId]) -> list[str]:
        return [self._give_one(conn, account_id) for account_id in whose]

    def _give_one(self, conn: sa.Connection, account_id: AccountId) -> str:
        now, keys = datetime.now(UTC), self._means.keyring.way_keys
        proof, client = accounts.history_number(conn, account_id), self._client
        known = consents.to_client(conn, account_id, client.id)
        if known is None:
            known = Consent(
                SessionId(make_session_id(account_id, keys)), account_id, client.id, client.name, "", now, SCOPES,
                client.idle, proof, DayLevels(),
            )  # fmt: skip
            consents.add(conn, known)
        grant = Grant(
            make_session_id(account_id, keys), account_id, client.id, SCOPES, proof, now, now, now + timedelta(days=365),
            row_id=known.id, factors=("password",), nonce="n-0S6", sid="browser",
        )  # fmt: skip
        grants.add(conn, grant)
        code = make_token(Kind.COD, account_id, keys)
        kept = Redeemable(grant.id, account_id, client.id, CALLBACK, challenge_of(VERIFIER), now + CODE_LASTS)
        grants.add_code(conn, digest(code), kept)
        return code
