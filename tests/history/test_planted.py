"""The clone with planted commits, and the simulation's parts."""

from __future__ import annotations

import importlib
import operator
from pathlib import Path
from typing import Any

import pytest

from anisoap_bench.history import planted, simulate
from tests.gate.small_repository import git, repository


def test_twelve_commits_of_which_one_is_repaired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = planted.Plant(3, 5, "__init__", "{name} = _slowed({name})", "work", 1.5)
    monkeypatch.setattr(planted, "PLANTS", (slow,))
    root = repository(tmp_path / "repository")
    planted.make(tmp_path / "clone", root)
    subjects = git(tmp_path / "clone", "log", "--reverse", "--format=%s").splitlines()
    assert len(subjects) == 1 + planted.COMMITS
    assert subjects[3] == "number 3: work × 1.5"
    assert subjects[5] == "number 5: work repaired"
    for number, is_slow in ((2, False), (3, True), (4, True), (5, False)):
        text = git(tmp_path / "clone", "show", f"HEAD~{planted.COMMITS - number}:anisoap_opt/__init__.py")
        assert (planted.code(slow) in text) == is_slow
        assert text.rstrip().endswith(f"# {number}") == (not is_slow or number == 4)


def test_what_is_planted_gives_the_same() -> None:
    names: dict[str, Any] = {"work": lambda value: value + 1}
    exec(planted.code(planted.Plant(1, 2, "m", "{name} = _slowed({name})", "work", 2.0)), names)
    assert names["work"](3) == 4
    assert hasattr(names["work"], "__wrapped__")


def test_every_plant_finds_what_it_slows() -> None:
    for plant in planted.PLANTS:
        module = importlib.import_module(f"anisoap_opt.{plant.module.replace('/', '.')}")
        assert callable(operator.attrgetter(plant.function)(module))


def test_a_step_is_named_in_a_simulated_history_and_nothing_else() -> None:
    found = simulate.history(0, "1.4 %", 1.10)
    assert (found.right, found.wrong) == (1, 0)
    assert 4 < found.pairs < 7
    assert abs(found.error) < 0.02
    without = simulate.history(1, "1.4 %", 1.0)
    assert (without.right, without.wrong) == (0, 0)


def test_asv_sees_a_large_step() -> None:
    assert simulate.asv_names(simulate.np.repeat([1.0, 1.5], 20)) == [20]
