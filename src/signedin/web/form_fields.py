"""The fields of a form, read strictly: each once, and no more than there are on the page."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from litestar import Request

from signedin.rules import errors
from signedin.rules.wording import marked as _

LARGEST_FORM = 65_536
FEW = 40
"""Fields of a usual form; one with a tick for each row of a list has more."""


async def form_fields(ask: Request[Any, Any, Any], most: int = FEW) -> dict[str, str]:
    """What the form says.

    Raises:
        InvalidInput: it is no form, too large, or says something twice.
    """
    kind = ask.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise errors.InvalidInput(_("This is not a form."), hint=_("Open the page again and send its form."))
    if len(body := await ask.body()) > LARGEST_FORM:
        raise errors.InvalidInput(_("The form is too large."))
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=most, errors="strict")
    except (ValueError, UnicodeDecodeError):
        raise errors.InvalidInput(_("The form cannot be read.")) from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise errors.InvalidInput(_("A field of the form came twice."))
    return fields
