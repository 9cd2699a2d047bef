"""The clone with planted commits, and the simulation's parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from anisoap_bench.history import planted, simulate
from tests.gate.small_repository import git, repository


def test_twelve_commits_of_which_one_is_repaired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = planted.Plant(3, 5, "__init__", "work", 1.5)
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


@pytest.mark.parametrize("function", ["work", "Worker.work"])
def test_what_is_planted_gives_the_same_and_takes_longer(function: str) -> None:
    given = "TIMES = []\ndef work(*a):\n    TIMES.append(1)\n    return 3\nclass Worker:\n    work = classmethod(work)\n"
    names: dict[str, object] = {}
    exec(given + planted.code(planted.Plant(1, 2, "m", function, 2.0)), names)
    called = eval(function, names)
    assert called() == 3
    assert names["TIMES"] == [1]
    assert called.__wrapped__ is not called


def test_a_step_is_named_in_a_simulated_history_and_nothing_else() -> None:
    found = simulate.history(0, "1.4 %", 1.10)
    assert (found.right, found.wrong) == (1, 0)
    assert 6 < found.pairs < 9
    assert abs(found.error) < 0.02
    without = simulate.history(1, "1.4 %", 1.0)
    assert (without.right, without.wrong) == (0, 0)


def test_asv_sees_a_large_step() -> None:
    assert simulate.asv_names(simulate.np.repeat([1.0, 1.5], 20)) == [20]
