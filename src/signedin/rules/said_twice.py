"""A field that is named twice: which of the two was meant cannot be known, so neither is taken (security 15.3.7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from signedin.rules.errors import InvalidInput
from signedin.rules.wording import marked as _


class SaidTwice(InvalidInput):
    """A field comes twice in a query or in an object of JSON; `field` names it."""

    code = "bad_request"
    sentence = _("A field is named twice.")
    hint = _("Name each field once.")


def refuse_twice(names: Iterable[str]) -> None:
    """Refuse names that are not each another.

    Raises:
        SaidTwice: by the first name that comes again.
    """
    [(name, times)] = Counter(names).most_common(1) or [("", 0)]
    if times > 1:
        raise SaidTwice(field=name[:100])
