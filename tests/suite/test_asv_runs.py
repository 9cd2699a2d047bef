"""``python -m anisoap_bench asv``: which commits, what it counts, and how it ends."""

from __future__ import annotations

import json
import platform
import subprocess
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from anisoap_bench.__main__ import main
from anisoap_bench.asv_files import configuration, read_results
from anisoap_bench.asv_runs import cli
from anisoap_bench.asv_runs import run as asv_run
from anisoap_bench.asv_runs.counts import check_parameters, count
from anisoap_bench.commits import select
from anisoap_bench.errors import CannotMeasure
from tests.suite.asv_tools import ROOT, commit, git, write_config, write_results

Repository = tuple[Path, list[str]]
NAN = float("nan")


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


def rows(**values: tuple[list[float | None] | None, int]) -> dict[str, list[Any]]:
    """Rows of results from the values and the start, in milliseconds, of each benchmark."""
    return {name: [found, [[repr(k) for k in range(2)]], "1", start] for name, (found, start) in values.items()}


def test_counts(tmp_path: Path) -> None:
    first = rows(old=([1.0, NAN], 5_000), new=([2.0, 2.0], 11_000), skip=([NAN, NAN], 11_000), all=(None, 5_000))
    write_results(tmp_path, "m", "a" * 40, first)
    second = rows(new=([1.0, None], 12_000), broken=(None, 12_000), part=([1.0, None], 5_000))
    write_results(tmp_path, "m", "b" * 40, second)
    write_results(tmp_path, "m", "c" * 40, rows(new=([1.0, 1.0], 12_000)))  # of a commit not asked for
    counts = count(tmp_path, "m", ["a" * 40, "b" * 40], since=10.0)
    assert str(counts) == (
        "2 commits × 3 benchmarks × 1 environments: 2 measured now, 2 before; 1 skipped, as the commit lacks what they "
        "need; 2 failed before (--again measures them anew); 2 failed:\nbbbbbbbb new\nbbbbbbbb broken"
    )
    assert [one.commit for one in read_results(tmp_path / "m")] == [letter * 40 for letter in "abc"]
    assert read_results(tmp_path / "another machine") == []


class Asv:
    """In place of asv: writes what it is told to, and remembers how it was called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, values: Any, start: int = 1 << 50) -> None:
        self.calls: list[dict[str, Any]] = []

        def run(root: Path, commits: list[str], results: Path, machine: str, options: list[str]) -> None:
            self.calls.append({"commits": commits, "results": results, "options": options})
            if values is not None:
                write_results(results, machine, commits[0], rows(benchmark=(values, start)))

        monkeypatch.setattr(cli, "run", run)


def run_asv(folder: Path, *arguments: str) -> int:
    return main(["asv", "ALL", "--root", str(folder), "--machine", "m", "--no-publish", *arguments])


def test_results_go_to_the_tracked_folder_and_are_counted(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, commits = repository
    asv = Asv(monkeypatch, [1.0, 1.0])
    assert run_asv(folder, "--touching", "package", "--bench", "Kernel", "--bench", "Bulk") == 0
    assert asv.calls.pop() == {
        "commits": [commits[1], commits[4]],
        "results": folder / "results" / "asv",
        "options": ["--bench", "Kernel", "--bench", "Bulk", "--skip-existing"],
    }
    assert "1 commits × 1 benchmarks × 1 environments: 1 measured now, 0 before" in capsys.readouterr().out
    assert run_asv(folder, "--again", "--messages", "--results", "elsewhere") == 0
    assert asv.calls.pop() == {"commits": commits, "results": folder / "elsewhere", "options": ["--show-stderr"]}


def test_nothing_new_is_no_error(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asv = Asv(monkeypatch, [1.0, 1.0])
    assert run_asv(repository[0]) == 0
    options = ("--root", str(repository[0]), "--machine", "m", "--no-publish")
    assert main(["asv", "NEW", *options]) == 0
    assert "nothing new: 1 commits have results" in capsys.readouterr().out
    assert len(asv.calls) == 1


@pytest.mark.parametrize(
    ("names", "params", "version", "says"),
    [
        (["size"], [["0", "1"]], "1", None),
        (["size"], [["0", "1", "2"]], "1", "benchmark: results of .* give the class a new version"),
        (["size"], [["0", "1", "2"]], "2", None),
        (["backend"], [["0", "1", "2"]], "1", None),
        (["size", "backend"], [["0", "1"], ["0"]], "1", "give the class a new version"),
    ],
)
def test_other_parameters_need_another_version(
    repository: Repository, tmp_path: Path, names: list[str], params: list[list[str]], version: str, says: str | None
) -> None:
    commit = repository[1][0]
    write_results(tmp_path, "m", commit, rows(benchmark=([1.0, 1.0], 5_000)))
    now = {"benchmark": {"param_names": names, "params": params, "version": version}, "version": 2}
    (tmp_path / "benchmarks.json").write_text(json.dumps(now))
    with pytest.raises(CannotMeasure, match=says) if says else nullcontext():
        check_parameters(tmp_path, "m", [commit])
    check_parameters(tmp_path, "m", [])


@pytest.mark.parametrize("values", [None, [NAN, NAN], [None, None]])
def test_nothing_measured_is_an_error(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], values: Any
) -> None:
    Asv(monkeypatch, values)
    assert run_asv(repository[0]) == 2
    assert "not a single benchmark has a result" in capsys.readouterr().err


def test_failures_of_this_run_are_exit_code_1(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Asv(monkeypatch, [1.0, None])
    assert run_asv(repository[0]) == 1
    assert f"1 failed:\n{repository[1][0][:8]} benchmark" in capsys.readouterr().out
    Asv(monkeypatch, [1.0, None], start=1000)  # of a run before
    assert run_asv(repository[0]) == 0


def test_pages_are_made_unless_they_are_not_wanted(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Asv(monkeypatch, [1.0, 1.0])
    monkeypatch.setattr(cli, "publish", lambda root: root / "pages")
    assert run_asv(repository[0], "--publish") == 0
    assert f"published in {repository[0] / 'pages'}" in capsys.readouterr().out


def test_a_pattern_that_is_none_is_refused(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_asv(repository[0], "--bench", "(6")
    assert ended.value.code == 2
    assert "--bench: '(6'" in capsys.readouterr().err


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert run_asv(tmp_path / "no-such") == 2


def test_asv_that_fails_is_an_error(repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder, commits = repository
    monkeypatch.setenv("HOME", str(tmp_path))
    write_config(folder, environment_type="no-such-type")
    with pytest.raises(CannotMeasure, match="exit code 1"):
        asv_run.run(folder, commits, folder / "results", "m", [])
    (folder / "asv.conf.json").write_text("{")
    with pytest.raises(CannotMeasure, match=r"asv\.conf\.json"):
        configuration(folder)


def test_a_machines_description_does_not_name_the_host() -> None:
    described = asv_run.describe_machine("some-name")
    assert set(described) == {"machine", "os", "arch", "cpu", "num_cpu", "ram"}
    assert platform.node() not in described.values()
    assert platform.release() not in described.values()
    assert all(part.isalnum() for part in asv_run.machine_name().split("-"))


@pytest.mark.parametrize(("file", "code"), [("results/asv/m/x.json", 1), (".asv/results/m/x.json", 0)])
def test_history_is_tracked_and_ordinary_runs_are_not(file: str, code: int) -> None:
    assert subprocess.run(["git", "check-ignore", "--quiet", file], cwd=ROOT).returncode == code
