"""An app vouches for one of its people: for whom, with which app types, and what such a session never is (D31)."""

from __future__ import annotations

from signedin.rules.account import Account, AccountState
from signedin.rules.errors import InsufficientPermission, Refused
from signedin.rules.presence import Service
from signedin.rules.session import AppType
from signedin.rules.wording import marked as _


class AccountInactive(Refused):
    """No session begins for a disabled or closed account; told to apps alone. `reason` says which."""

    code = "account_inactive"
    sentence = _("This account is disabled or closed.")
    hint = _("Ask the operator.")

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class BackToApp(Refused):
    """It needs a fresh proof of identity, and an app began the session: nothing was ever proved here."""

    code = "back_to_app"
    sentence = _("An app has signed you in here, so you cannot show again here that it is you.")
    hint = _("Go back to the app that you came from, or sign in here yourself.")


def may_vouch_as(service: Service, app_type: AppType) -> None:
    """Refuse an app type that was not fixed in the key.

    Raises:
        InsufficientPermission: this key begins no such sessions.
    """
    if app_type not in service.app_types:
        raise InsufficientPermission(
            _("This key begins no sessions of that type."), hint=_("Use a key with that app type.")
        )


def may_change(account: Account) -> None:
    """Refuse to let an app change or stop an operator's account.

    Raises:
        InsufficientPermission: it is one.
    """
    if account.is_operator:
        raise InsufficientPermission(
            _("No app changes an operator’s account."), hint=_("Operators do that by themselves.")
        )


def may_vouch_for(account: Account) -> None:
    """Refuse accounts that no app signs in.

    Raises:
        InsufficientPermission: it is an operator's.
        AccountInactive: it is disabled or closed.
    """
    if account.is_operator:
        raise InsufficientPermission(
            _("No app begins sessions for an operator’s account."), hint=_("Operators sign in by themselves.")
        )
    if account.state is not AccountState.ACTIVE:
        raise AccountInactive(f"account_{account.state}")
