"""Links into the list, which say everything that was asked for and so can be kept as bookmarks."""

from __future__ import annotations

from urllib.parse import urlencode

from signedin.rules.session_list import Question, Sort

HOME = "/settings/sessions"


def link(question: Question, **more: int) -> str:
    """The address of the list for a question.

    >>> link(Question(words="berlin"), page=2)
    '/settings/sessions?q=berlin&page=2'
    """
    asked = {
        "type": question.app_type.value if question.app_type else "",
        "place": question.place or "",
        "q": question.words,
        "sort": question.sort.value if question.sort is not Sort.GROUPS else "",
        **more,
    }
    kept = {name: value for name, value in asked.items() if value}
    return f"{HOME}?{urlencode(kept)}" if kept else HOME
