"""What `make mutants` leaves alive is explained, and the explanations still fit the sources."""

from __future__ import annotations

import ast

import pytest

from tools import mutations, mutations_copy, mutations_page
from tools.mutations_page import Outcome, Survivor

EXPLAINED = mutations.explained_of(mutations.TABLE)


def body_of(function):
    """The stripped lines of a function: `signedin.oauth.form.read_form`, or of a method behind its class."""
    module, _, name = function.rpartition(".")
    file = mutations.ROOT / "src" / f"{module.replace('.', '/')}.py"
    if not file.exists():
        return body_of_method(module, name)
    return lines_of(file, ast.parse(file.read_text()).body, name)


def body_of_method(owner, name):
    module, _, of = owner.rpartition(".")
    file = mutations.ROOT / "src" / f"{module.replace('.', '/')}.py"
    [found] = [each for each in ast.parse(file.read_text()).body if getattr(each, "name", "") == of]
    return lines_of(file, found.body, name)


def lines_of(file, statements, name):
    [found] = [each for each in statements if getattr(each, "name", "") == name]
    return [line.strip() for line in file.read_text().splitlines()[found.lineno - 1 : found.end_lineno]]


def test_each_survivor_is_explained_once():
    said = [(each.function, each.was, becomes) for each in EXPLAINED for becomes in each.becomes]
    assert len({*said}) == len(said)


@pytest.mark.parametrize("each", EXPLAINED, ids=lambda each: f"{each.function}: {each.was}")
def test_an_explanation_is_a_sentence_about_lines_that_stand_there(each):
    assert each.why.lstrip("`")[0].isupper()
    assert each.why.endswith(".")
    assert each.becomes
    assert {*each.was.strip().splitlines()} <= {*body_of(each.function)}


def test_decorators_are_applied_behind_their_functions_and_nothing_else_is_changed():
    source = "@first\n@second(1)\ndef told():\n    return 1\n\n\ndef plain():\n    return 2\n"
    assert mutations_copy.decorated_behind(source) == (
        "def told():\n    return 1\n\n\ntold = first(second(1)(told))\n\n\ndef plain():\n    return 2\n"
    )


def test_mutants_are_known_by_their_functions():
    for name, module, function in (
        ("signedin.oauth.form.x_read_form__mutmut_3", "signedin.oauth.form", "read_form"),
        ("signedin.oauth.par.xǁPushedǁ__init____mutmut_12", "signedin.oauth.par", "Pushed.__init__"),
        ("signedin.oauth.form.x__too_large__mutmut_1", "signedin.oauth.form", "_too_large"),
    ):
        mutant = mutations.Mutant(name, "killed")
        assert (mutant.module, mutant.function) == (module, f"{module}.{function}")


def test_everything_that_is_tried_is_named_so_that_ids_of_tests_are_tried_first():
    assert mutations.patterns_of([]) == ["*"]
    assert mutations.patterns_of(["oauth/form.py", "grant"]) == ["*oauth.form.x*", "*grant.x*"]


def test_in_a_copy_that_stays_only_the_same_revision_goes_on(tmp_path):
    (tmp_path / mutations_copy.REVISION).write_text("another")
    with pytest.raises(SystemExit, match="not of this revision"):
        mutations_copy.copied(tmp_path)
    (tmp_path / mutations_copy.REVISION).write_text(mutations_copy.revision())
    assert mutations_copy.copied(tmp_path) == tmp_path


def test_what_was_tried_in_a_copy_is_not_tried_again(tmp_path, monkeypatch):
    names = [f"signedin.oauth.form.x_read_form__mutmut_{number}" for number in (1, 2)]
    fates, asked = dict.fromkeys(names, "killed"), []

    def listed(copy, *command):
        return "".join(f"    {name}: {fate}\n" for name, fate in fates.items())

    def run(copy, words, minutes):
        asked.append(words[2:])
        fates.update(dict.fromkeys(names, "killed"))

    (tmp_path / "mutants").mkdir()
    (tmp_path / mutations_copy.REVISION).write_text("0123456")
    monkeypatch.setattr(mutations, "answer", listed)
    monkeypatch.setattr(mutations, "run", run)
    begun = {names[1]: mutations.NOT_YET}
    for more, minutes, expected in (
        ({}, 9, (2, 0, [])),
        (begun, 0, (1, 1, [])),
        (begun, 9, (2, 0, [[names[1]]])),
    ):
        fates.update(more)
        [outcome] = mutations.tried(tmp_path, 2, ["oauth.form"], [], minutes)
        assert (outcome.mutants, outcome.untried, asked) == expected
        assert "0123456" in outcome.when
        assert len(mutations.unfinished([outcome])) == (not minutes)


READ_FORM = "signedin.oauth.form.read_form"
ALIVE = Survivor(READ_FORM, "survived", "a", "b", "It is the same.")
HANGING = Survivor(READ_FORM, "timeout", "c", "d\ne")
OUTCOME = Outcome("signedin.oauth.form", 4, "2026-11-30, 0123456, Python 3.11", [ALIVE, HANGING])


def test_what_is_not_explained_and_what_is_explained_in_vain_are_complained_about():
    assert ["d\ne" in said for said in mutations.unexplained([OUTCOME])] == [True]
    explained = [
        mutations.Explained(READ_FORM, "a", ["b", "f"], "It is the same."),
        mutations.Explained("signedin.oauth.par.push_request", "x", ["y"], "It was not tried."),
    ]
    assert ["+ f" in said for said in mutations.outdated(explained, [OUTCOME])] == [True]


def test_the_page_tells_each_file_and_each_survivor_with_its_explanation(tmp_path, monkeypatch):
    monkeypatch.setattr(mutations_page, "KEPT", tmp_path / "mutants.json")
    monkeypatch.setattr(mutations_page, "PAGE", tmp_path / "mutants.md")
    mutations_page.keep([Outcome("signedin.oauth.par", 6, "before", [])])
    mutations_page.keep([Outcome("signedin.oauth.par", 5, "now", []), OUTCOME])
    page = (tmp_path / "mutants.md").read_text()
    assert "7 of 9 that were tried were noticed, 77.8 %." in page
    assert "| `oauth/form.py` | 4 | 2 | 2 | 0 | 0 | 2026-11-30, 0123456, Python 3.11 |" in page
    assert "| `oauth/par.py` | 5 | 5 | 0 | 0 | 0 | now |" in page
    assert "### `oauth.form.read_form`" in page
    assert "It is the same.\n\n```diff\n- a\n+ b\n```" in page
    mutations_page.keep([Outcome("signedin.oauth.par", 3, "now", [], untried=2)])
    stopped = (tmp_path / "mutants.md").read_text()
    assert "5 of 7 that were tried were noticed, 71.4 %; 2 were not tried" in stopped
    assert "| `oauth/par.py` | 3 | 3 | 0 | 0 | 2 | now |" in stopped
    assert "**Not explained.**\n\n```diff\n- c\n+ d\n+ e\n```" in page
