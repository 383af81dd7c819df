"""Somebody who runs an installation: which role they have, and what each role may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from signedin.rules.account import LONGEST_REASON, Account, AccountId, OrganisationId
from signedin.rules.errors import InsufficientPermission, InvalidInput, Refused
from signedin.rules.session import SessionId
from signedin.rules.wording import marked as _


class Role(StrEnum):
    """What an operator is there for, the least first: each may do what those before it may."""

    VIEWER = "viewer"
    HELPER = "helper"
    OWNER = "owner"


class Deed(StrEnum):
    """What operators do: look, end what one account has signed in, and what concerns everybody."""

    SEE = "see"
    REVEAL = "reveal"
    END = "end"
    STOP = "stop"
    APPOINT = "appoint"
    RULE = "rule"
    BULK = "bulk"


NEEDED = {
    Deed.SEE: Role.VIEWER,
    Deed.REVEAL: Role.HELPER,
    Deed.END: Role.HELPER,
    Deed.STOP: Role.OWNER,
    Deed.APPOINT: Role.OWNER,
    Deed.RULE: Role.OWNER,
    Deed.BULK: Role.OWNER,
}
"""The least role for each deed. A full address is more than looking: who sees it has said why."""
_ORDER = tuple(Role)
_NEEDS = {
    Role.VIEWER: _("Only operators may do this."),
    Role.HELPER: _("This needs the role helper."),
    Role.OWNER: _("This needs the role owner."),
}


@dataclass(frozen=True, slots=True)
class Operator:
    """Who acts: an operator by their Admin session, or an app by a service key with a scope of operators.

    `account_id` and `session_id` are none's where an app asks; then `service` and `key_id` name it.
    """

    role: Role
    name: str
    account_id: AccountId | None = None
    session_id: SessionId | None = None
    service: str = ""
    key_id: str = ""
    organisation_id: OrganisationId | None = None

    def may_know(self, organisation_id: OrganisationId) -> bool:
        """Whether the organisation is theirs to know of."""
        return self.organisation_id in (None, organisation_id)

    def may(self, deed: Deed) -> bool:
        """Whether the role is enough for that.

        >>> Operator(Role.HELPER, "Rosa").may(Deed.END), Operator(Role.HELPER, "Rosa").may(Deed.STOP)
        (True, False)
        """
        return _ORDER.index(self.role) >= _ORDER.index(NEEDED[deed])

    def facts(self) -> dict[str, object]:
        """What the history of an account says of who did it: ids, never names."""
        if self.account_id is None:
            return {"by": "service", "service": self.service, "key": self.key_id}
        return {"by": "operator", "operator": str(self.account_id)}


class RoleNeeded(InsufficientPermission):
    """An operator without the role that it needs, or somebody who is none (D11); `role` names it."""

    hint = _("Ask an owner to do it, or to give you the role.")

    def __init__(self, role: Role, sentence: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(sentence or _NEEDS[role], hint=hint)
        self.role = role.value


class LastOwner(Refused):
    """An installation always has an owner who can sign in."""

    code = "last_owner"
    sentence = _("This is the last owner.")
    hint = _("Make somebody else an owner first.")


class OwnRole(Refused):
    """Nobody changes their own role, up or down, nor disables themselves."""

    code = "own_role"
    sentence = _("Nobody does this to themselves.")
    hint = _("Ask another owner.")


def refuse_unless(operator: Operator, deed: Deed) -> None:
    """Refuse who has not the role for it.

    Raises:
        RoleNeeded: with the role that it needs.
    """
    if not operator.may(deed):
        raise RoleNeeded(NEEDED[deed])


def may_act_on(operator: Operator, account: Account, deed: Deed) -> None:
    """Refuse what the role does not allow on that account: other operators are an owner's to act on, and no app's.

    Raises:
        RoleNeeded: with the role that it needs.
        OwnRole: one would disable oneself.
    """
    refuse_unless(operator, deed)
    is_own = account.id == operator.account_id
    if is_own and deed is Deed.STOP:
        raise OwnRole
    if account.is_operator and not is_own and operator.role is not Role.OWNER:
        raise RoleNeeded(
            Role.OWNER, _("Only an owner acts on the account of another operator."), hint=_("Ask an owner.")
        )


def may_appoint(operator: Operator, account_id: AccountId) -> None:
    """Refuse who may not change that account's role; least of all one's own.

    Raises:
        RoleNeeded: only owners appoint.
        OwnRole: it is one's own.
    """
    refuse_unless(operator, Deed.APPOINT)
    if account_id == operator.account_id:
        raise OwnRole


def as_kept(role: Role, organisation_id: OrganisationId | None) -> str:
    """A role as it is kept, with the organisation that it is bound to: code that knows of none takes that for no role.

    >>> as_kept(Role.HELPER, None), as_kept(Role.HELPER, OrganisationId(7))
    ('helper', 'helper@7')
    """
    return role.value if organisation_id is None else f"{role.value}@{organisation_id}"


def from_kept(text: str | None) -> tuple[Role, OrganisationId | None] | None:
    """The role that was kept, and what it is bound to; what a later version has written is no role.

    >>> from_kept("helper@7"), from_kept("owner@7"), from_kept("chief")
    ((<Role.HELPER: 'helper'>, 7), None, None)
    """
    name, at, number = (text or "").partition("@")
    if name not in set(Role) or (at and (not number.isdigit() or name == Role.OWNER)):
        return None
    return Role(name), OrganisationId(int(number)) if at else None


def role_named(text: str) -> Role:
    """The role of that name.

    Raises:
        InvalidInput: there is none.
    """
    if text not in set(Role):
        raise InvalidInput(_("There is no such role."), field="role")
    return Role(text)


def judge_reason(text: str) -> str:
    """Why it is done, in one line; the account's owner reads it.

    >>> judge_reason(" lost  laptop ")
    'lost laptop'

    Raises:
        InvalidInput: there is none, or it is too long.
    """
    reason = " ".join("".join(ch if ch.isprintable() else " " for ch in text).split())
    if not reason:
        raise InvalidInput(
            _("A reason is needed."), field="reason", hint=_("The account’s owner sees it: say why.")
        )
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(_("The reason is too long."), field="reason", hint=_("Say it in fewer words."))
    return reason
