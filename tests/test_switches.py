"""The table of features that `make mutants` switches off still fits the sources and the tests."""

from __future__ import annotations

import ast
import tomllib

import pytest

from tools import coverage_table, mutants

SWITCHES = mutants.switches_of(mutants.TABLE)


def test_every_switch_has_a_name_of_its_own():
    assert len({switch.name for switch in SWITCHES}) == len(SWITCHES)


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.name)
def test_a_switch_names_one_text_and_tests_that_exist(switch):
    source = (mutants.ROOT / switch.file).read_text()
    assert source.count(switch.text) == 1
    ast.parse(source.replace(switch.text, switch.becomes))
    assert set(switch.guide) <= set(tomllib.loads(coverage_table.PROMISES.read_text())["promises"])
    for test in switch.tests:
        file, _, name = test.partition("::")
        tree = ast.parse((mutants.ROOT / file).read_text())
        assert name in {
            node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
