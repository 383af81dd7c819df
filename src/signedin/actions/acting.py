"""Which operator asks, and what they may do: asked of the database in every transaction, never remembered."""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa

from signedin.actions.named import hold_key, refuse_revoked
from signedin.rules import errors
from signedin.rules.account import AccountId
from signedin.rules.operator import Deed, LastOwner, Operator, Role, RoleNeeded, refuse_unless
from signedin.rules.presence import Presence, Service
from signedin.rules.scope import not_by_this_key
from signedin.store import last_of_all, operators

READ, MANAGE = "admin:read", "admin:manage"
_CAN_TAKE_A_ROLE = frozenset({Deed.APPOINT, Deed.STOP})
Asking = Presence | Service


def operator_asking(conn: sa.Connection, asking: Asking, deed: Deed, *, writes: bool = False) -> Operator:
    """Who asks, if they may do that: by an Admin session with its person's role, or by a service key's scope.

    An Admin session began with a proof of identity at the operators' own sign-in page. What an app has vouched for
    is none, whatever type it calls it (D31).

    Who writes asks this before anything else is held: the role stays what it is until the deed is committed, and whoever
    takes it away waits for that. Whether the session still lives is asked once more just before the deed is committed.

    Raises:
        NotSignedIn: the session or the key has ended since it was recognised.
        RoleNeeded: without the role, or no operator at all.
        InsufficientPermission: a key without the scope, or one of a person's.
    """
    if isinstance(asking, Service):
        return _service(conn, asking, deed, writes=writes)
    if asking.scopes is not None or asking.current_id is None:
        raise not_by_this_key(scope_for(deed) or "")
    if writes:
        operators.hold_roles(conn, alone=deed in _CAN_TAKE_A_ROLE)
    found = operators.acting(conn, asking.account_id, asking.current_id)
    if found is None and asking.app_type == "admin":
        raise errors.NotSignedIn("revoked")
    if found is None or found.role is None or not found.factors:
        raise RoleNeeded(Role.VIEWER)
    operator = Operator(
        found.role, found.name, asking.account_id, asking.current_id, organisation_id=found.organisation_id
    )
    refuse_unless(operator, deed)
    if writes:
        ask_again = partial(_refuse_who_has_ended, account_id=asking.account_id, session_id=asking.current_id)
        last_of_all.note_asking(conn, asking.account_id, ask_again)
    return operator


def scope_for(deed: Deed) -> str | None:
    """The scope that a service key needs for that; `None` for what no key does."""
    return {Deed.SEE: READ, Deed.REVEAL: MANAGE, Deed.END: MANAGE}.get(deed)


def refuse_last_owner(conn: sa.Connection, account_id: AccountId) -> None:
    """Refuse what would leave an installation without an owner who can sign in, also where two try it at once.

    Raises:
        LastOwner: it would.
    """
    if operators.hold_owners(conn) == [account_id]:
        raise LastOwner


def _refuse_who_has_ended(conn: sa.Connection, account_id: AccountId, session_id: str) -> None:
    if operators.acting(conn, account_id, session_id) is None:
        raise errors.NotSignedIn("revoked")


def _service(conn: sa.Connection, service: Service, deed: Deed, *, writes: bool) -> Operator:
    scope = scope_for(deed)
    if scope is None:
        raise RoleNeeded(Role.OWNER)
    if scope not in service.scopes:
        raise not_by_this_key(scope)
    (hold_key if writes else refuse_revoked)(conn, service)
    role = Role.HELPER if MANAGE in service.scopes else Role.VIEWER
    return Operator(role, service.name, service=service.name, key_id=service.key_id)
