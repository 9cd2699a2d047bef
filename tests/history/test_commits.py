"""Which commits a range means, and what this machine is called."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import pytest

from anisoap_bench.commits import select
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.history import line
from anisoap_bench.machines import describe_machine, machine_name
from tests.gate import small_repository
from tests.suite.asv_tools import ROOT, commit, git, write_config

Repository = tuple[Path, list[str]]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Six commits, the newest first, of which the second and the fifth touch ``package``."""
    folder = tmp_path / "repository"
    (folder / "package").mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=other")
    write_config(folder)
    commits = []
    for number in range(1, 7):
        (folder / ("package/code" if number in (2, 5) else "notes")).write_text(str(number))
        commits.insert(0, commit(folder, str(number)))
    return folder, commits


def test_ranges(repository: Repository) -> None:
    folder, commits = repository
    assert select("ALL", folder, set(), []) == commits
    assert select("HEAD~3..HEAD", folder, set(), []) == commits[:3]
    assert select("HEAD^!", folder, set(), []) == commits[:1]
    assert select("4", folder, set(), []) == commits[:4]
    assert select("NEW", folder, set(), []) == commits
    assert select("NEW", folder, {commits[2], commits[4], "0" * 40}, []) == commits[:2]
    assert select("NEW", folder, set(commits), []) == []
    assert select("ALL", folder, set(), ["package"]) == [commits[1], commits[4]]
    assert select("1", folder, set(), ["package"]) == [commits[1]]


@pytest.mark.parametrize(
    ("wanted", "touching", "says"),
    [
        ("no-such", [], "no-such"),
        ("HEAD..HEAD", [], "no commit in 'HEAD..HEAD'"),
        ("0", [], "no commit"),
        ("--all", [], "no range"),
        ("ALL", ["elsewhere"], "that touches elsewhere"),
    ],
)
def test_ranges_without_commits(repository: Repository, wanted: str, touching: list[str], says: str) -> None:
    with pytest.raises(CannotMeasure, match=says):
        select(wanted, repository[0], set(repository[1]), touching)


def test_what_a_shallow_clone_lacks(repository: Repository, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=2", repository[0].as_uri(), "shallow")
    with pytest.raises(CannotMeasure, match="HEAD~5.*shallow"):
        select("HEAD~5..HEAD", tmp_path / "shallow", set(), [])


@pytest.mark.parametrize("wanted", ["ALL", "NEW", "3"])
def test_a_shallow_clone_does_not_shorten_a_range(repository: Repository, tmp_path: Path, wanted: str) -> None:
    folder, commits = repository
    git(tmp_path, "clone", "--quiet", "--depth=2", folder.as_uri(), "shallow")
    with pytest.raises(CannotMeasure, match=f"commits of '{wanted}' may be missing.*unshallow"):
        select(wanted, tmp_path / "shallow", set(), [])
    assert select("2", tmp_path / "shallow", set(), []) == commits[:2]
    assert select("HEAD~1..HEAD", tmp_path / "shallow", set(), []) == commits[:1]
    git(tmp_path, "clone", "--quiet", "--depth=1", folder.as_uri(), "shallower")
    assert select("HEAD^!", tmp_path / "shallower", set(), []) == commits[:1]


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
