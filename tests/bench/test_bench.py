"""The bench runs: every case finds its figures on a tiny amount of everything. Nothing here is about speed."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys

import pytest

from bench import machine, peers
from bench.__main__ import CASES, main, measured
from bench.figures import Case, percentile
from bench.installing import Missing, installed
from bench.ranks import mann_whitney
from bench.sampling import read_stacks, table_of
from bench.writing import Run, page_of, said, write

pytestmark = pytest.mark.xdist_group("bench")

PLACE = {
    "python": "3", "sqlite": "3", "system": "Linux", "kernel": "6", "processor": "some", "cores": 2, "memory_gb": 1,
    "load": [0, 0, 0], "packages": {"uvicorn": "1"},
}  # fmt: skip


@functools.cache
def found(name):
    """What a case finds at the least size; found once for all tests."""
    return measured(name, "tiny")


@pytest.mark.parametrize("name", [name for name in CASES if name != "peers"])
def test_each_case_finds_its_figures(name):
    case = found(name)
    assert case.name == name
    assert case.figures
    assert case.ratios
    for figure in case.figures:
        # Processor time is counted in hundredths of a second: so few requests may take none.
        may_be_none = "processor time" in figure.name
        assert all(value > 0 or (may_be_none and value == 0) for value in figure.values), figure.name
    assert json.loads(json.dumps(case.as_dict()))["name"] == name
    assert f"## {name}" in page_of(
        Run("2026-11-24", "abc1234", False, "tiny", "make bench", PLACE, [case], [20.0])
    )


@pytest.mark.guide("R48")
def test_the_check_that_is_measured_is_one_statement_and_none_for_what_is_no_token():
    facts = found("check").facts
    assert facts["statements for one check; let in"] == "1"
    assert facts["statements for one check; malformed"] == "0"


def test_the_list_that_is_measured_takes_at_most_two_statements_however_long_it_is():
    counted = [ratio for ratio in found("list").ratios if ratio.name.startswith("statements")]
    assert len(counted) == 4
    assert all(ratio.is_met for ratio in counted)


@pytest.mark.timeout(1200)  # the first time, packages are installed
def test_every_peer_is_measured_beside_the_check_or_is_said_to_be_left_out():
    case = found("peers")
    figures, notes = [figure.name for figure in case.figures if figure.is_rate], " ".join(case.notes)
    assert figures[0] == peers.OURS
    assert [ratio.name for ratio in case.ratios] == [f"{peers.OURS} / {name}" for name in figures[1:]]
    for peer in peers.PEERS:
        assert (peer.name in figures) != (f"{peer.name} was left out: " in notes)
        assert (peer.name in figures) == (peer.name in case.facts)


def test_a_peer_is_left_out_with_a_sentence_where_its_installer_is_missing_or_fails(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(Missing, match="pip could not install django 5"):
        installed(peers.NAMED / "django_allauth")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Missing, match="there is no node on this machine"):
        installed(peers.NAMED / "better_auth", hurried=True)
    assert list((tmp_path / "signedin-bench").iterdir()) == []


def test_what_is_installed_is_named_by_exact_versions_and_pythons_by_their_hashes():
    for folder in {peer.folder for peer in peers.PEERS}:
        named = peers.NAMED / folder
        if (named / "package.json").exists():
            wanted = json.loads((named / "package.json").read_text())["dependencies"].values()
            assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted)
        else:
            wanted = re.split(r"\n(?=\S)", (named / "requirements.txt").read_text().strip())
            assert all(
                re.fullmatch(r"[\w-]+==[\d.]+ \\\n    --hash=sha256:[0-9a-f]{64}", each) for each in wanted
            )


def test_a_lock_file_of_npm_says_what_each_package_is_and_not_from_where():
    named = peers.ROOT / "tests/foreign"
    wanted = json.loads((named / "package.json").read_text())["dependencies"]
    locked = json.loads((named / "package-lock.json").read_text())["packages"]
    assert locked.pop("")["dependencies"] == wanted
    for name, version in wanted.items():
        assert locked[f"node_modules/{name}"]["version"] == version
    assert all(each["integrity"].startswith("sha512-") and "resolved" not in each for each in locked.values())


def test_a_case_that_does_not_exist_is_refused_with_those_that_do(capsys):
    with pytest.raises(SystemExit):
        main(["nothing-like-it"])
    assert "logout-all" in capsys.readouterr().err


def test_a_run_is_kept_as_a_page_and_as_json_and_listed_with_what_was_missed(tmp_path):
    case = Case("check", "A case")
    case.ratio("one / other", [4.0, 6.0, 5.0], [2.0, 2.0, 2.0], at_most=2)
    case.ratio("other / one", [1.0], [2.0], at_most=2)
    run = Run("2026-11-24", "abc1234", False, "small", "make bench SIZE=small", PLACE, [case], [20.0])
    page = write(run, tmp_path)
    assert "| one / other | 2.5 | 2 to 3 | 2 | at most 2 | **missed** |" in page.read_text()
    assert json.loads((tmp_path / "2026-11-24-abc1234-small.json").read_text())["cases"][0]["name"] == "check"
    index = (tmp_path / "README.md").read_text()
    assert (
        "| [2026-11-24](2026-11-24-abc1234-small.md) | abc1234 | small | 1 of 2 | one / other |  |" in index
    )


def test_a_case_that_other_programs_disturbed_says_so_whether_its_goal_is_met_or_not(tmp_path):
    case, counted = Case("burst", "By the clock", neighbours=0.4), Case("disk", "Counted", neighbours=0.4)
    counted.minds_neighbours = False
    for each in (case, counted):
        each.goal("a ratio", 1.5, at_most=2)
    run = Run("2026-11-24", "abc1234", False, "small", "make bench", PLACE, [case, counted], [20.0])
    page = write(run, tmp_path).read_text()
    assert "| at most 2 | met, disturbed |" in page
    assert "| at most 2 | met |" in page
    assert "other programs used 40% of the machine meanwhile: **disturbed**" in page
    assert (tmp_path / "README.md").read_text().rstrip().endswith("| 2 of 2 |  | burst |")


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, which counts processor time by process")
def test_what_a_server_of_its_own_used_is_not_counted_as_other_programs(monkeypatch):
    """A server that left who started it is nobody's child, and was taken for a neighbour of every case beside it."""
    monkeypatch.setattr(machine, "_servers", [])
    busy = (
        "import sys, time\nwhile time.process_time() < 0.4: pass\nprint('done', flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout.readline() == "done\n"
        before = machine._own_seconds()
        machine.count_as_own(server.pid)
        # The system tells each kind of time in hundredths, cut off.
        assert machine._own_seconds() - before >= 0.35
        server.stdin.close()


def test_two_series_that_do_not_differ_are_told_from_two_that_do():
    steps = [step / 10 for step in range(300)]
    assert mann_whitney([19, 22, 16, 29, 24], [20, 11, 17, 12]) == pytest.approx(0.11134688653)
    assert mann_whitney(steps, steps) == 1.0
    assert mann_whitney(steps, [value + 5 for value in steps]) < 0.0001
    assert mann_whitney([1.0] * 20, [1.0] * 20) == 1.0


def test_numbers_are_said_with_three_digits_that_mean_something():
    assert [said(value) for value in (12345.6, 12.34, 1.9567, 0.01234)] == [
        "12,346",
        "12.3",
        "1.96",
        "0.0123",
    ]
    assert percentile(list(range(1, 1001)), 99) == pytest.approx(990, abs=1)
    assert percentile([3, 9, 5], 99) == 9


def test_samples_of_a_process_are_told_by_what_it_was_busy_with_and_not_by_what_waited():
    stacks = read_stacks(
        "main (a.py:1);check (b.py:2);ask (c.py:3) 6\nmain (a.py:1);check (b.py:2) 2\nmain (a.py:1);send (d.py:4) 2\n"
        "start (t.py:1);_worker (concurrent/futures/thread.py:69) 90\nnonsense\n"
    )
    assert sum(stacks.values()) == 10
    told = table_of(stacks)
    assert "10 samples" in told
    assert "60.0%  60.0%  ask (c.py:3)" in told
    assert "20.0%  80.0%  check (b.py:2)" in told
    assert "_worker" not in told
