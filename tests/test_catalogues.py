"""The catalogues are whole and true: every text is collected, every translation is complete and fits its text."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pytest
from babel.messages.pofile import read_po

from signedin.gate.languages import ENGLISH, LANGUAGES
from signedin.rules import errors, health, scope
from signedin.rules.location import LOCAL, UNKNOWN
from tools import catalogues
from tools.map import HOUSE

TRANSLATED = sorted(set(LANGUAGES) - {ENGLISH})
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")
TAG = re.compile(r"<[^>]*>")
HUMAN = re.compile(
    r'\b(?:aria-label|title|placeholder|alt|data-(?:gone|already|refreshed|thanks|refused|shown))="([^"]*)"'
)
WORD = re.compile(r"[A-Za-z]{2,}")
NO_TEXTS_OF_THEIR_OWN = {errors.NotSignedIn, errors.SessionAlreadyEnded, errors.TooManyRequests}
FOR_PROGRAMS = (
    "client/",
    "testing.py",
    "api/",
    "server/",
    "actions/operate.py",
    "gate/check_query.py",
    "actions/restore.py",
    "store/company.py",
    "store/copies.py",
)
"""Where what is refused is told to a program, or to whoever starts the server."""


@pytest.fixture(scope="module")
def template():
    return catalogues.collected()


@pytest.fixture(scope="module", params=TRANSLATED)
def translation(request):
    with (catalogues.LOCALES / request.param / "LC_MESSAGES" / "signedin.po").open("rb") as file:
        return read_po(file, locale=request.param)


@pytest.mark.guide("R89")
def test_the_catalogues_are_as_make_catalogues_writes_them():
    assert catalogues.stale() == [], "to write them: make catalogues"


@pytest.mark.guide("R89")
def test_nothing_is_untranslated_doubtful_or_left_over(translation):
    texts = [message for message in translation if message.id]
    assert [m.id for m in texts if not (all(m.string) if m.pluralizable else m.string)] == []
    assert [m.id for m in texts if m.fuzzy] == []
    assert list(translation.obsolete) == []


@pytest.mark.guide("R89")
def test_a_translation_keeps_the_placeholders_and_tags_of_its_text(translation):
    wrong = [
        (one, other)
        for one, other in pairs(translation)
        if any(Counter(part.findall(one)) != Counter(part.findall(other)) for part in (PLACEHOLDER, TAG))
    ]
    assert wrong == []


def test_no_text_breaks_out_of_an_attribute_or_into_html(template, translation):
    for catalogue in (template, translation):
        for one, other in pairs(catalogue):
            for text in (one, other):
                bare = TAG.sub("", text)
                assert not set('"<>&') & set(bare), text
                if "%(" in text:
                    assert "%" not in PLACEHOLDER.sub("", text), text


def test_a_sentence_stays_a_sentence_and_no_blank_is_added(translation):
    for message in translation:
        if message.id and not message.pluralizable and not message.context:
            assert (message.id[-1] in ".:") == (message.string[-1] in ".:"), message.id
            assert message.string == message.string.strip(), message.id


def test_every_literal_text_of_the_code_is_collected(template):
    texts = {text for message in template if message.id for text in ids(message)}
    found = [
        text
        for file in HOUSE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and called(node) in catalogues.KEYWORDS
        for text in literals(node, called(node))
    ]
    assert len(found) > 200
    assert set(found) - texts == set()


def test_every_refusal_scope_and_place_without_a_name_is_collected(template):
    said = [text for kind in refusals() for text in (kind.sentence, kind.hint) if text]
    said += [*scope.SENTENCES.values(), LOCAL.label, UNKNOWN.label]
    assert [text for text in said if text not in template] == []


def test_a_refusal_on_a_page_is_never_raised_with_a_text_that_was_not_marked():
    names = {kind.__name__ for kind in refusals() if kind not in NO_TEXTS_OF_THEIR_OWN}
    unmarked = [
        (file.relative_to(HOUSE).as_posix(), node.lineno)
        for file in HOUSE.rglob("*.py")
        if not file.relative_to(HOUSE).as_posix().startswith(FOR_PROGRAMS)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and called(node) in names
        for text in [*node.args, *(word.value for word in node.keywords if word.arg == "hint")]
        if isinstance(text, ast.Constant | ast.JoinedStr)
    ]
    assert unmarked == []


def test_a_finding_is_about_what_has_a_name_and_its_texts_are_marked():
    made = [
        (file, node)
        for file in (HOUSE / "server").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and called(node) == "Finding"
    ]
    assert len(made) > 30
    subjects = {node.args[0].value for _, node in made if isinstance(node.args[0], ast.Constant)}
    assert subjects <= set(health.SUBJECTS)
    texts = [(file.name, text.lineno, text) for file, node in made for text in node.args[2:]]
    unmarked = [each[:2] for each in texts if isinstance(each[2], ast.Constant | ast.JoinedStr)]
    assert unmarked == []


@pytest.mark.guide("R89")
@pytest.mark.parametrize("name", sorted(path.name for path in (HOUSE / "web" / "templates").glob("*.html")))
def test_a_template_says_no_word_by_itself(name):
    source = (HOUSE / "web" / "templates" / name).read_text()
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->", "", source, flags=re.DOTALL)
    said = HUMAN.findall(bare) + re.split(r"<[^>]*>", bare, flags=re.DOTALL)
    assert [text for text in said if WORD.search(text)] == []


def refusals():
    return [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.Refused)
    ]


def pairs(catalogue):
    for message in catalogue:
        if message.id and message.pluralizable:
            yield from zip(message.id, message.string or message.id, strict=True)
        elif message.id:
            yield message.id, message.string or message.id


def ids(message):
    return message.id if message.pluralizable else [message.id]


def called(node):
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def literals(node, name):
    at = {"say_in": [1], "in_context": [1], "count": [0, 1], "counted": [0, 1]}.get(name, [0])
    given = [node.args[each] for each in at if each < len(node.args)]
    if len(given) == len(at) and all(
        isinstance(each, ast.Constant) and isinstance(each.value, str) for each in given
    ):
        yield from (each.value for each in given)
