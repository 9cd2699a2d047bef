"""Why a benchmark changed: stages from made-up and from real pairs, lines that allocate, sentences."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anisoap_bench.calibration.plant import SLOWED, with_code
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import compare, drive, lines, report, why
from anisoap_bench.gate.build import build, export
from anisoap_bench.gate.suite import prepare_suite
from benchmarks.cases import CASES
from tests.benchmarks import test_stages
from tests.gate.builds import BASE, HEAD, doing, installed
from tests.gate.small_repository import PACKAGE, ROOT, change, gate, write
from tests.gate.test_report import FAT, SLOW, result

MILLISECONDS = {"checks": 1.0, "neighbours": 4.0, "kernel": 10.0, "coupling": 3.0, why.REST: 2.0}
PREFIXES = ("checks", "neighbours", "neighbours+kernel", "neighbours+kernel+coupling")


def pairs_of(factors: dict[str, float], pairs: int = 12, seed: int = 0, lacking: str = "") -> why.Why:
    """What is judged of times that scatter by one per cent, of stages that take so many times as long in head."""
    random = np.random.default_rng(seed)
    sides = [MILLISECONDS, {stage: time * factors.get(stage, 1.0) for stage, time in MILLISECONDS.items()}]

    def measured(stages: list[str]) -> np.ndarray:
        exact = np.array([[sum(side[stage] for stage in stages)] for side in sides])
        return exact * np.exp(0.01 * random.standard_normal((2, pairs)))

    calls = {name: measured(name.split("+")) for name in PREFIXES if name != lacking}
    return why.judge("case", measured(list(MILLISECONDS)), calls)


def test_the_stage_that_takes_longer_is_named_with_its_own_change() -> None:
    found = pairs_of({"neighbours": 1.5})
    assert found.sentence.startswith("slower: neighbours, +")
    assert found.sentence.endswith("]; everything else unchanged")
    by_name = {stage.name: stage for stage in found.stages}
    assert [name for name, stage in by_name.items() if stage.changed] == ["neighbours"]
    stage = by_name["neighbours"]
    assert stage.share == pytest.approx(0.2, abs=0.01)
    assert stage.low < 0.1 < stage.high
    assert found.pairs == 12
    assert sum(each.change for each in found.stages) == pytest.approx(0.1, abs=0.02)


def test_what_became_faster_is_told_too() -> None:
    assert pairs_of({"kernel": 0.7}).sentence.startswith("faster: kernel, −")
    found = pairs_of({"kernel": 1.6, "coupling": 0.2})
    assert found.sentence.startswith("slower: kernel, +")
    assert "; coupling, −" in found.sentence


def test_a_change_of_the_whole_that_no_stage_explains() -> None:
    assert pairs_of(dict.fromkeys(MILLISECONDS, 1.015), seed=1).sentence.endswith("; no stage alone")
    assert pairs_of({}).sentence.startswith("no difference in 12 pairs")
    assert pairs_of({why.REST: 2.0}).sentence.startswith(f"slower: {why.REST}, +")


def test_without_a_change_hardly_any_stage_is_named() -> None:
    """In 5 % of the runs at most, by Bonferroni's inequality, or hardly more: Student's t is an approximation."""
    named = sum(any(stage.changed for stage in pairs_of({}, seed=seed).stages) for seed in range(400))
    assert named <= 33  # 20, and three standard deviations


def test_stages_that_cannot_be_told_apart_are_one() -> None:
    found = pairs_of({"coupling": 2.0}, lacking="neighbours+kernel")
    assert found.sentence.startswith("slower: kernel and coupling, +")


def test_what_is_lost_is_told() -> None:
    slow = np.array([[2.0] * 12, [2.5] * 12]) * np.exp(0.001 * np.random.default_rng(0).standard_normal((2, 12)))
    found = why.judge("case", slow, {"checks": np.ones((2, 12))}, lost=3)
    assert found.sentence.startswith("slower: everything that cannot be told apart, +")
    assert found.sentence.endswith("; everything else unchanged (3 stages can't be measured with both)")


def test_the_sentence() -> None:
    stage = why.Stage("neighbours", 0.5, 0.06, 0.05, 0.07, changed=True)
    assert str(stage) == "neighbours, +12 % [10, 14]"
    whole = why.Stage("the whole", 1.0, 0.06, 0.05, 0.07, changed=True)
    kernel = why.Stage("kernel", 0.5, 0.002, -0.001, 0.005, changed=False)
    told = "slower: neighbours, +12 % [10, 14]; everything else unchanged"
    assert why._sentence(whole, [stage, kernel], 12, 0) == told
    assert why._sentence(whole, [stage, kernel], 12, 2) == f"{told} (2 stages can't be measured with both)"
    little = why.Stage("kernel", 0.5, 0.002, 0.001, 0.003, changed=True)
    assert why._sentence(whole, [little, stage], 12, 0) == told.replace("everything else unchanged", "little in kernel")
    changes = {"a": 1e-3, "b": 3e-3, "c": 4e-3, "d": 2e-3}
    four = [why.Stage(name, 0.1, change, 0.0, 0.01, changed=True) for name, change in changes.items()]
    told_first = told.replace("everything else unchanged", "little in c, b, d and 1 more")
    assert why._sentence(whole, [*four, stage], 12, 0) == told_first
    unclear = why.Stage("the whole", 1.0, 0.06, -0.05, 0.17, changed=False)
    told = "no difference in 12 pairs that were measured stage by stage: the whole, +6.0 % [−5.0, 17.0]"
    assert why._sentence(unclear, [kernel, *four], 12, 0) == told
    assert why._sentence(unclear, [*four, stage], 12, 0) == f"{told}; but neighbours, +12 % [10, 14]"
    assert str(why.Stage("rest", 0.001, 0.06, -0.05, 0.17, changed=True)) == "rest, +6.0 % [−5.0, 17.0] of the whole"


STAGES = """
import anisoap_opt
import pytest


@pytest.mark.parametrize("name", ["loop:search"])
def test_stage(name, timed):
    timed(lambda: anisoap_opt.search(), calls=2)

"""
SEARCH = "\n\ndef search():\n    return sum(range(LOOPS))\n"
WITH_A_SEARCH = doing("search()") + SEARCH


def test_a_stage_is_measured_only_if_it_is_asked_for(suite: Path) -> None:
    write(suite, {"tests/benchmarks/test_stages.py": STAGES})
    one = installed(suite.parent, "head", WITH_A_SEARCH)

    def names(**asked: object) -> set[str]:
        (found,) = drive.observe([one], suite, core=None, **asked)
        return set(found.seconds)

    assert names() == {"loop", "memory", "late"}
    assert names(only="loop") == {"loop"}
    assert names(only="loop:") == {"loop:search"}
    assert names(names=frozenset({"loop", "loop:search"})) == {"loop", "loop:search"}


@pytest.mark.parametrize("head", [PACKAGE, WITH_A_SEARCH])
def test_what_cannot_be_explained(suite: Path, head: str) -> None:
    base, other = installed(suite.parent, "base"), installed(suite.parent, "head", head)
    if head != PACKAGE:
        write(suite, {"tests/benchmarks/test_stages.py": STAGES})
    found = why.explain(base, other, suite, None, "loop", pairs=4)
    assert found.sentence == "not explained: base and head have no stages in common that can be measured"
    assert why.explain(BASE, HEAD, suite, None, "loop", deadline=time.monotonic()).sentence.endswith("no time is left")


def test_lines_at_the_peak(tmp_path: Path) -> None:
    """Of a file below the folder, also where NumPy or a function elsewhere allocates for it."""
    code = "import numpy as np\n\n\ndef fill(call):\n    kept = np.full(300_000, 1.0)\n    call(kept)\n    del kept\n"
    (tmp_path / "part.py").write_text(code + "    return np.ones(100_000)\n")
    space: dict[str, Any] = {}
    exec(compile(code + "    return np.ones(100_000)\n", str(tmp_path / "part.py"), "exec"), space)
    found = lines.at_peak(lambda: space["fill"](lambda kept: kept.sum()), tmp_path)
    assert [each[:3] for each in found] == [("part.py", 5, "kept = np.full(300_000, 1.0)")]
    assert found[0][3] == pytest.approx(8 * 300_000, rel=1e-3)
    assert lines.at_peak(lambda: np.ones(100_000).sum(), tmp_path) == []


def test_lines_that_hold_more() -> None:
    base = [("a.py", 10, "f()", 6 * why.MIB), ("b.py", 3, "g()", why.MIB)]
    head = [("a.py", 14, "f()", 8 * why.MIB), ("b.py", 4, "g()", why.MIB + 100), ("c.py", 1, "h()", 2 * why.MIB)]
    assert [str(one) for one in why.growing(base, head)] == [
        "a.py:14 (`f()`), +2.00 MiB of 8.00",
        "c.py:1 (`h()`), +2.00 MiB of 2.00",
    ]
    assert why.growing(base, base) == ()


def test_the_gate_explains_what_is_worse_while_time_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any) -> why.Why:
        raise CannotMeasure("it ended")

    monkeypatch.setattr(compare, "explain", lambda *arguments, deadline: why.Why(arguments[4], "slower: kernel"))
    monkeypatch.setattr(compare, "allocating_lines", fail)
    found = result(SLOW, memory=(FAT,))
    *_, last = compare._explained(found, BASE, HEAD, Path(), None, float("inf"))
    assert [(one.benchmark, one.sentence) for one in last.why] == [
        ("kernel", "slower: kernel"),
        ("power", "not explained: it ended"),
    ]
    assert last.exit_code == found.exit_code
    assert "why kernel: slower: kernel" in report.terminal(last)
    assert "- why kernel: slower: kernel" in report.markdown(last)
    assert json.loads(report.as_json(last))["why"][0]["sentence"] == "slower: kernel"
    assert not list(compare._explained(found, BASE, HEAD, Path(), None, time.monotonic()))


def test_every_benchmark_of_a_descriptor_has_stages() -> None:
    """Each call that does several is there with all that it begins with, so that every stage can be told apart."""
    names = set(test_stages.STAGES)
    assert {name.partition(":")[0] for name in names} == {*CASES}
    assert all(name.rpartition("+")[0] in names for name in names if "+" in name)
    assert "benzenes-numba:neighbours+kernel+coupling" in names


@pytest.mark.slow
def test_the_whole_gate_names_the_stage_and_the_line(repo: Path) -> None:
    write(repo, {"tests/benchmarks/test_stages.py": STAGES})
    change(repo, "def work():\n", SEARCH.strip() + "\n\n\ndef work():\n    search()\n")
    change(repo, "def search():\n", "def search():\n    sum(range(LOOPS))\n")
    code, output = gate(repo, "--base", "HEAD~1", "--only", "loop")
    assert code == 1, output
    assert "why loop: slower: search, +" in output
    change(repo, "BYTES = 8_000_000", "BYTES = 9_600_000")
    code, output = gate(repo, "--base", "HEAD~1", "--only", "memory")
    assert code == 1, output
    assert "memory (allocated)" in output
    assert re.search(
        r"why memory: more memory: anisoap_opt/__init__.py:\d+ \(`return np.ones.*`\), \+1.53 MiB of 9.16", output
    ), output


@pytest.mark.slow
def test_a_slower_search_for_neighbours_is_named(tmp_path: Path) -> None:
    """Of this package, whose search takes three times as long in head."""
    source = export(ROOT, None, tmp_path / "source")
    base = build(source, "abc", tmp_path / "base")
    head = with_code(
        base, "head", 3.0, {"neighbors.py": SLOWED + "\n\nfind_neighborhoods = _slowed(find_neighborhoods)\n"}
    )
    suite = prepare_suite(source, tmp_path / "suite")
    found = why.explain(base, head, suite, drive.core_to_use(None), "ellipsoids-numpy_only", pairs=8)
    assert found.sentence.startswith("slower: neighbours, +"), found.sentence
    assert not found.sentence.count("; kernel, ")
