"""What a form makes once, however often a browser sends it: the form names the row that it makes."""

from __future__ import annotations

from datetime import timedelta

from signedin.rules import errors
from signedin.rules.wording import marked as _

LASTS = timedelta(days=1)
"""How long a form may be sent after it was shown; what is left of a row that has ended is there for longer (D10)."""


class MadeAlready(errors.Refused):
    """The form was sent before, and what it makes was made then."""

    code = "made_already"
    sentence = _("No second access key was made: this form had been sent before.")
    hint = _(
        "Its secret was shown then. If you did not copy it, revoke that access key and create another one."
    )


class FormTooOld(errors.InvalidInput):
    """The form was shown too long ago to know what it has made, or it is none of ours."""

    code = "form_too_old"
    sentence = _("This form was opened too long ago.")
    hint = _("Check it and send it again.")
