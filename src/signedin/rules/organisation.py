"""Accounts that belong together, and the rules that are set for them: no tenants, accounts stay what they are (D32)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from signedin.rules.account import OrganisationId, tidy_name
from signedin.rules.errors import InvalidInput, NotFound, Refused
from signedin.rules.wording import marked as _


@dataclass(frozen=True, slots=True)
class Organisation:
    """A name that accounts are grouped under; an account may belong to several, and to none."""

    id: OrganisationId
    name: str
    created_at: datetime


class OrganisationInUse(Refused):
    """It still has members, or operators who are there for it alone: nobody loses their rules by the way."""

    code = "organisation_in_use"
    sentence = _("This organisation still has members or operators of its own.")
    hint = _("Take them out of it first.")


class NameTaken(InvalidInput):
    """Two organisations of one name could not be told apart by whoever reads which rule applies."""

    code = "name_taken"
    sentence = _("There is an organisation with this name already.")
    hint = _("Choose another name.")


def no_organisation() -> NotFound:
    """There is none like that, or none that whoever asks may know of: the same words."""
    return NotFound(_("There is no such organisation."), hint=_("Look at which organisations there are."))


def judge_name(text: str) -> str:
    """The name as it is shown.

    >>> judge_name(" Tidewater  Marine ")
    'Tidewater Marine'

    Raises:
        InvalidInput: nothing is left of it.
    """
    name = tidy_name(text)
    if not name:
        raise InvalidInput(_("An organisation needs a name."), field="name")
    return name


def organisation_named(text: str) -> OrganisationId:
    """The organisation that a path or a command names by its number.

    Raises:
        NotFound: no number of an organisation.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) < 2**63):
        raise no_organisation()
    return OrganisationId(int(text))
