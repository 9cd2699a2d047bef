"""Which commits a range means, and what this machine is called."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import pytest

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.history import line
from anisoap_bench.machines import describe_machine, machine_name
from tests.gate import small_repository
from tests.suite.asv_tools import ROOT, commit, git, write_config


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Six commits, of which the first, the second and the fifth change what a wheel is built from."""
    folder = tmp_path / "repository"
    (folder / "anisoap_opt").mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=other")
    write_config(folder)
    for number in range(1, 7):
        (folder / ("anisoap_opt/code" if number in (1, 2, 5) else "notes")).write_text(str(number))
        commit(folder, str(number))
    return folder


def test_ranges(root: Path) -> None:
    found = line.FirstParents(root, [])
    assert list(found.numbers.values()) == [1, 2, 3, 4, 5, 6]
    commits = list(found.numbers)
    first, second, fifth = found.changing
    assert [found.numbers[one] for one in found.changing] == [1, 2, 5]
    assert (
        found.select("ALL", set()) == found.select("NEW", set()) == found.select("3", set()) == [first, second, fifth]
    )
    assert found.select("HEAD~3..HEAD", set()) == found.select("1", set()) == [second, fifth]
    assert found.select("HEAD~4^!", set()) == [first, second]
    assert found.select("HEAD^!", set()) == []
    assert found.select("NEW", {commits[2], "0" * 40}) == [second, fifth]
    assert found.select("NEW", {fifth}) == []


@pytest.mark.parametrize(
    ("wanted", "says"), [("no-such", "no-such"), ("HEAD..HEAD", "no commit in 'HEAD..HEAD'"), ("--all", "--all")]
)
def test_ranges_without_commits(root: Path, wanted: str, says: str) -> None:
    with pytest.raises(CannotMeasure, match=says):
        line.FirstParents(root, []).select(wanted, set())


def test_another_branch_is_no_range(root: Path) -> None:
    git(root, "checkout", "--quiet", "-b", "side")
    commit(root, "aside")
    git(root, "checkout", "--quiet", "other")
    with pytest.raises(CannotMeasure, match="not among the first parents of HEAD"):
        line.FirstParents(root, []).select("side", set())


def test_a_shallow_clone_is_refused(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=2", root.as_uri(), "shallow")
    with pytest.raises(CannotMeasure, match="all commits are needed.*unshallow"):
        line.FirstParents(tmp_path / "shallow", [])


def test_a_machines_description_does_not_name_the_host() -> None:
    described = describe_machine("some-name")
    assert set(described) == {"machine", "os", "arch", "cpu", "num_cpu", "ram"}
    assert platform.node() not in described.values()
    assert platform.release() not in described.values()
    assert all(part.isalnum() for part in machine_name().split("-"))


@pytest.mark.parametrize(("file", "code"), [("results/asv/m/x.json", 1), (".asv/results/m/x.json", 0)])
def test_history_is_tracked_and_ordinary_runs_are_not(file: str, code: int) -> None:
    assert subprocess.run(["git", "check-ignore", "--quiet", file], cwd=ROOT).returncode == code


def test_a_history_begins_with_the_last_commits_and_goes_on_after_the_newest(tmp_path: Path) -> None:
    root = small_repository.repository(tmp_path / "repository")
    for number in range(line.FIRST + 3):
        small_repository.change(root, "some work", f"some work, {number} times")
    found = line.FirstParents(root, ["numpy"])
    assert len(found.changing) == line.FIRST + 4
    begun = found.select("NEW", set())
    assert begun == found.changing[-line.FIRST - 1 :]  # and the one before, to compare with
    assert found.select("NEW", set(begun)) == []
    assert found.select("NEW", set(begun[:-2])) == begun[-3:]
    assert found.before(begun[1]) == begun[0]
    assert found.about(begun[0])["versions"].keys() == {"python", "numpy"}
