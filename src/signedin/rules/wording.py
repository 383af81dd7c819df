"""A text that people read: in English where it is written, in the reader's language where it is said.

The functions here mark what `make catalogues` collects for translators; they translate nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self


class Wording(str):
    """A text with facts in it. As a string it is plain English, for programs and logs.

    `pattern`, `many`, `number` and `facts` are what a reader's language needs to say it anew (`Speech.say`);
    a fact may be such a text itself. Where it `is_begun`, it begins with a capital letter in every language.
    """

    __slots__ = ("facts", "is_begun", "many", "number", "pattern")
    pattern: str
    many: str
    number: int
    facts: Mapping[str, object]
    is_begun: bool

    def __new__(
        cls, pattern: str, many: str, number: int, facts: Mapping[str, object], *, is_begun: bool = False
    ) -> Self:
        """The English text, the facts filled in."""
        text = (many if many and number != 1 else pattern).format(**facts)
        self = super().__new__(cls, begun(text) if is_begun else text)
        self.pattern, self.many, self.number, self.facts = pattern, many, number, facts
        self.is_begun = is_begun
        return self


def marked(text: str) -> str:
    """The text itself, marked for translation; imported as `_`."""
    return text


def begun(text: str) -> str:
    """The same, beginning with a capital letter.

    >>> begun("the keyring may be read by others.")
    'The keyring may be read by others.'
    """
    return text[:1].upper() + text[1:]


def in_context(context: str, text: str) -> str:
    """The text itself, marked for translation where English uses one word for two things.

    >>> in_context("short month", "May")
    'May'
    """
    del context
    return text


def worded(pattern: str, **facts: object) -> Wording:
    """A text with facts in it.

    >>> worded("Tell the operator this reference: {reference}.", reference="7f3a")
    'Tell the operator this reference: 7f3a.'
    """
    return Wording(pattern, "", 0, facts)


def counted(one: str, many: str, number: int, **facts: object) -> Wording:
    """A text that counts something, with the number as `{n}`.

    >>> counted("{n} day", "{n} days", 1), counted("{n} day", "{n} days", 30)
    ('1 day', '30 days')
    """
    return Wording(one, many, number, {"n": number, **facts})
