"""The account that an app names, by our number or by its own id of the person (D31), and whether the app still may."""

from __future__ import annotations

import sqlalchemy as sa

from signedin.rules import errors
from signedin.rules.account import Account, AccountId, OutsideId, account_named
from signedin.rules.presence import Service
from signedin.rules.wording import marked as _
from signedin.store import accounts, outside, services


def whose(named: str, service: Service) -> AccountId | OutsideId:
    """What the app means by a name.

    Raises:
        InvalidInput: that names nobody.
    """
    found = account_named(named, service.name)
    if found is None:
        raise errors.InvalidInput(_("This names no account."), field="id")
    return found


def account_of(conn: sa.Connection, meant: AccountId | OutsideId) -> Account:
    """The account that is meant.

    Raises:
        NotFound: there is none.
    """
    account_id = outside.find(conn, meant) if isinstance(meant, OutsideId) else meant
    account = None if account_id is None else accounts.find(conn, account_id)
    if account is None:
        raise errors.NotFound(_("There is no such account."), hint=_("Check the id."))
    return account


def hold_key(conn: sa.Connection, service: Service) -> None:
    """For who writes: once a key's revocation has returned, nothing is done by it any more, however long ago it was asked.

    Raises:
        NotSignedIn: the key has been revoked since it was recognised.
    """
    if not services.hold(conn, service.key_id):
        raise errors.NotSignedIn("revoked")


def refuse_revoked(conn: sa.Connection, service: Service) -> None:
    """For who only reads: refuse an app whose key has been revoked since it was recognised.

    Raises:
        NotSignedIn: so it is.
    """
    if not services.is_living(conn, service.key_id):
        raise errors.NotSignedIn("revoked")
