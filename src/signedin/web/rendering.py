"""How templates become pages: Jinja2 with autoescape, texts in the reader's language, files by hashed names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from signedin.rules.speech import Speech
from signedin.rules.tally import ended_said, kept_said
from signedin.web.static_files import address_of

TEMPLATES = Path(__file__).parent / "templates"


def environment() -> Environment:
    """The templates, escaped by default; a variable that nobody gave is an error, not an empty text.

    One environment serves every language: a text is looked up in the `speech` of the page at hand. Only
    what stands literally in a template may be given to `_`, which trusts its text; anything else is said by
    `speech.say`, and escaped.
    """
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals |= {
        "static": address_of, "_": _text, "pgettext": _text_in, "ngettext": _counted,
        "ended_said": ended_said, "kept_said": kept_said,
    }  # fmt: skip
    templates.filters |= {"number": _number, "bdi": _isolated, "joined": _joined}
    return templates


@pass_context
def _text(context: Context, text: str, /, **facts: object) -> Markup:
    return _filled(context, _speech(context).texts.gettext(text), facts)


@pass_context
def _text_in(context: Context, where: str, text: str, /, **facts: object) -> Markup:
    return _filled(context, _speech(context).texts.pgettext(where, text), facts)


@pass_context
def _counted(context: Context, one: str, many: str, number: int, /, **facts: object) -> Markup:
    said = _speech(context).texts.ngettext(one, many, number)
    return _filled(context, said, {"num": number, **facts})


@pass_context
def _number(context: Context, number: int) -> str:
    """A number as the reader writes it: 12,400."""
    return _speech(context).number(number)


@pass_context
def _joined(context: Context, names: Iterable[str]) -> Markup:
    """Names in a row, each by itself."""
    return escape(_speech(context).between).join(_isolated(name) for name in names)


def _isolated(name: str) -> Markup:
    """A name that somebody chose, which may run the other way than the text around it."""
    return Markup("<bdi>{}</bdi>").format(name)


def _filled(context: Context, said: str, facts: dict[str, object]) -> Markup:
    speech = _speech(context)
    shown = {name: _shown(fact, speech) for name, fact in facts.items()}
    return Markup(said) % shown  # noqa: S704  # the text is ours, and what is filled in is escaped


def _shown(fact: object, speech: Speech) -> object:
    if isinstance(fact, int):
        return speech.number(fact)
    return speech.apart(fact) if isinstance(fact, str) and not isinstance(fact, Markup) else fact


def _speech(context: Context) -> Speech:
    speech: Speech = context["speech"]
    return speech
