"""What `make mutants` leaves alive is explained, and the explanations still fit the sources."""

from __future__ import annotations

import ast

import pytest

from tools import mutations

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
    assert each.why[0].isupper()
    assert each.why.endswith(".")
    assert each.becomes
    assert {*each.was.strip().splitlines()} <= {*body_of(each.function)}


def test_decorators_are_applied_behind_their_functions_and_nothing_else_is_changed():
    source = "@first\n@second(1)\ndef told():\n    return 1\n\n\ndef plain():\n    return 2\n"
    assert mutations.decorated_behind(source) == (
        "def told():\n    return 1\n\n\ntold = first(second(1)(told))\n\n\ndef plain():\n    return 2\n"
    )


def test_what_is_not_explained_and_what_is_explained_in_vain_are_complained_about():
    noticed = mutations.Mutant("signedin.oauth.form.x_read_form__mutmut_3", "killed")
    alive = mutations.Mutant("signedin.oauth.form.x_read_form__mutmut_4", "survived")
    hanging = mutations.Mutant("signedin.oauth.discovery.xǁDiscoveryǁ__post_init____mutmut_1", "timeout")
    assert (alive.function, hanging.function) == (
        "signedin.oauth.form.read_form", "signedin.oauth.discovery.Discovery.__post_init__",
    )  # fmt: skip
    seen = [mutations.Survivor(alive, "a", "b", "It is the same."), mutations.Survivor(hanging, "c", "d", "")]
    assert [hanging.name in said for said in mutations.unexplained(seen)] == [True]
    explained = [mutations.Explained("signedin.oauth.form.read_form", "a", ["b", "e"], "It is the same.")]
    complaints = mutations.outdated(explained, seen, [noticed, alive, hanging])
    assert [said.rpartition("+ ")[2] for said in complaints] == ["e"]
    page = mutations.evidence([noticed, alive, hanging], seen)
    assert "1 of 3 noticed, 33.3 %" in page
    assert "| `oauth/form.py` | 2 | 1 | 1 | 0 |" in page
    assert "It is the same.\n\n```diff\n- a\n+ b\n```" in page
    assert "**Not explained.**" in page
