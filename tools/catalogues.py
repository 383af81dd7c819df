"""Collects the texts that people read into src/signedin/locale, and compiles their translations.

python tools/catalogues.py            writes signedin.pot, and each language's signedin.po and signedin.mo
python tools/catalogues.py --check    only says whether they are as they would be written

Nothing in the files tells a date or a line, and texts stand in their own order, so that they change only when a
text does; where each is said is told for translators, and may lag behind when code moves.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
HOUSE = ROOT / "src" / "signedin"
LOCALES = HOUSE / "locale"
TEMPLATE = LOCALES / "signedin.pot"
METHODS = [("web/templates/**.html", "jinja2"), ("**.py", "python")]
KEYWORDS = {
    "_": None, "worded": None, "say": None, "counted": (1, 2), "count": (1, 2), "ngettext": (1, 2),
    "say_in": ((1, "c"), 2), "in_context": ((1, "c"), 2), "pgettext": ((1, "c"), 2),
}  # fmt: skip
"""The functions whose literal arguments are texts for people: rules/wording.py, rules/speech.py, web/rendering.py."""
DATED = {"Project-Id-Version", "POT-Creation-Date", "PO-Revision-Date", "Last-Translator", "Language-Team", "Generated-By",
         "Report-Msgid-Bugs-To"}  # fmt: skip
TOP = "# Texts of Signedin{into}.\n# docs/translating.md says how they are translated."


class Undated(Catalog):
    """A catalogue that says nothing about when and by whom it was made."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """What its head says: how it is to be read, and how the language forms its plurals."""
        return [(name, value) for name, value in super().mime_headers if name not in DATED]


def main() -> None:
    if "--check" in sys.argv:
        if found := stale():
            raise SystemExit(f"Stale: {', '.join(found)}. To write them: make catalogues")
        return
    for path, content in files():
        path.write_bytes(content)


def stale() -> list[str]:
    """The files whose texts are not those of now."""
    return [
        str(path.relative_to(ROOT))
        for path, content in files()
        if not path.exists() or _texts(path.read_bytes()) != _texts(content)
    ]


def _texts(content: bytes) -> list[bytes]:
    return [line for line in content.splitlines() if not line.startswith(b"#: ")]


def files() -> Iterator[tuple[Path, bytes]]:
    """Every file as it should be now."""
    template = collected()
    yield TEMPLATE, in_text(template)
    for path in sorted(LOCALES.glob("*/LC_MESSAGES/signedin.po")):
        catalogue = updated(path, template)
        yield path, in_text(catalogue)
        yield path.with_suffix(".mo"), compiled(catalogue)


def collected() -> Catalog:
    """Every text of the house that people read, in English."""
    found = Undated(project="Signedin", charset="utf-8", fuzzy=False, header_comment=TOP.format(into=""))
    for name, line, text, notes, context in extract_from_dir(
        HOUSE, METHODS, keywords=KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    ):
        found.add(text, None, [(name, line)], auto_comments=notes, context=context)
    return found


def updated(path: Path, template: Catalog) -> Catalog:
    """A language's catalogue with the texts of now; a changed one keeps its old translation, marked fuzzy."""
    lang = path.parent.parent.name
    with path.open("rb") as file:
        old = read_po(file, locale=lang)
    old.update(template)
    top = TOP.format(into=f" in {old.locale.english_name}" if old.locale else "")
    fresh = Undated(locale=lang, project="Signedin", charset="utf-8", fuzzy=False, header_comment=top)
    for each in old:
        if each.id:
            fresh.add(
                each.id, each.string, each.locations, each.flags, each.auto_comments, each.user_comments,
                context=each.context,
            )  # fmt: skip
    return fresh


def in_text(catalogue: Catalog) -> bytes:
    """The catalogue for translators."""
    file = BytesIO()
    write_po(file, catalogue, width=100, sort_output=True, include_lineno=False, ignore_obsolete=True)
    return file.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue for the program; what is not translated, or only perhaps, is left out."""
    file = BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


if __name__ == "__main__":
    main()
