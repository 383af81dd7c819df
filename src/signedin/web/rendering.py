"""How templates become pages: Jinja2 with autoescape, texts by gettext, files by hashed names."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from signedin.web.static_files import address_of

TEMPLATES = Path(__file__).parent / "templates"


def environment() -> Environment:
    """The templates, escaped by default; a variable that nobody gave is an error, not an empty text."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    templates.globals["static"] = address_of
    return templates
