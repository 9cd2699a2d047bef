"""``python -m anisoap_bench history``: which commits, what it counts, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from anisoap_bench.__main__ import main
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.history import cli
from anisoap_bench.history import run as asv_run
from anisoap_bench.history.commits import select
from anisoap_bench.history.counts import count, measured_commits
from tests.suite.asv_tools import ROOT, git, write_config


@pytest.fixture
def repository(tmp_path: Path) -> tuple[Path, list[str]]:
    """Six commits, the newest first, of which the second and the fifth touch ``package``."""
    folder = tmp_path / "repository"
    (folder / "package").mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=other")
    write_config(folder)
    commits = []
    for number in range(1, 7):
        changed = folder / ("package/code" if number in (2, 5) else "notes")
        changed.write_text(str(number))
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", f"--message={number}")
        commits.insert(0, git(folder, "rev-parse", "HEAD"))
    return folder, commits


def test_ranges(repository: tuple[Path, list[str]]) -> None:
    folder, commits = repository
    assert select("ALL", folder, set(), []) == commits
    assert select("HEAD~3..HEAD", folder, set(), []) == commits[:3]
    assert select("HEAD^!", folder, set(), []) == commits[:1]
    assert select("4", folder, set(), []) == commits[:4]
    assert select("NEW", folder, set(), []) == commits
    assert select("NEW", folder, {commits[2], commits[4], "0" * 40}, []) == commits[:2]
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
def test_ranges_without_commits(
    repository: tuple[Path, list[str]], wanted: str, touching: list[str], says: str
) -> None:
    with pytest.raises(CannotMeasure, match=says):
        select(wanted, repository[0], set(), touching)


def test_what_a_shallow_clone_lacks_and_a_folder_that_is_not_there(
    repository: tuple[Path, list[str]], tmp_path: Path
) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=2", repository[0].as_uri(), "shallow")
    with pytest.raises(CannotMeasure, match="HEAD~5.*shallow"):
        select("HEAD~5..HEAD", tmp_path / "shallow", set(), [])
    assert history(tmp_path / "no-such") == 2


def test_new_with_nothing_new(repository: tuple[Path, list[str]]) -> None:
    with pytest.raises(CannotMeasure, match="no commit in 'NEW'"):
        select("NEW", repository[0], set(repository[1]), [])


def write_results(folder: Path, commit: str, values: dict[str, tuple[Any, int]], environment: str = "e") -> None:
    """A results file as asv writes it: by benchmark, values and start in milliseconds."""
    path = folder / "m" / f"{commit[:8]}-{environment}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "commit_hash": commit,
        "env_name": environment,
        "result_columns": ["result", "params", "version", "started_at"],
        "results": {name: [result, [], "1", start] for name, (result, start) in values.items()},
    }
    path.write_text(json.dumps(content))
    (folder / "m" / "machine.json").write_text("{}")


def test_counts(tmp_path: Path) -> None:
    nan = float("nan")
    write_results(tmp_path, "a" * 40, {"old": ([1.0, nan], 5_000), "new": ([2.0], 11_000), "skip": ([nan], 11_000)})
    write_results(tmp_path, "b" * 40, {"new": ([1.0, None], 12_000), "broken": (None, 12_000)})
    write_results(tmp_path, "c" * 40, {"new": ([1.0], 12_000)})  # of a commit not asked for
    counts = count(tmp_path, "m", ["a" * 40, "b" * 40], since=10.0)
    assert (counts.new, counts.old, counts.skipped) == (2, 1, 1)
    assert counts.failed == ["bbbbbbbb new", "bbbbbbbb broken"]
    assert str(counts).startswith("2 commits × 2 benchmarks × 1 environments: 2 measured now, 1 before; 1 skipped")
    assert measured_commits(tmp_path, "m") == {letter * 40 for letter in "abc"}
    assert measured_commits(tmp_path, "another machine") == set()


def test_failures_of_before_are_told(tmp_path: Path) -> None:
    write_results(tmp_path, "a" * 40, {"part": ([1.0, None], 5_000), "all": (None, 5_000)})
    counts = count(tmp_path, "m", ["a" * 40], since=10.0)
    assert (counts.old, counts.failed, counts.failed_before) == (1, [], 2)
    assert "2 failed before (--again measures them anew)" in str(counts)


def test_a_broken_results_file_is_named(tmp_path: Path) -> None:
    write_results(tmp_path, "a" * 40, {})
    (tmp_path / "m" / "half.json").write_text('{"commit_hash":')
    with pytest.raises(CannotMeasure, match=r"half\.json is not a file of asv"):
        count(tmp_path, "m", [], 0.0)


class Asv:
    """In place of asv: writes what it is told to, and remembers how it was called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, values: Any, start: int = 1 << 50) -> None:
        self.calls: list[dict[str, Any]] = []

        def run(root: Path, commits: list[str], results: Path, machine: str, options: list[str]) -> None:
            self.calls.append({"commits": commits, "results": results, "machine": machine, "options": options})
            if values is not None:
                write_results(results, commits[0], {"benchmark": (values, start)})

        monkeypatch.setattr(cli, "run", run)
        monkeypatch.setattr(cli, "describe_machine", lambda name: None)


def history(folder: Path, *arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(["history", "ALL", "--root", str(folder), "--machine", "m", "--no-publish", *arguments]))
    return ended.value.code or 0  # type: ignore[return-value]


def test_results_go_to_the_tracked_folder_and_are_counted(
    repository: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, commits = repository
    asv = Asv(monkeypatch, [1.0])
    assert history(folder, "--touching", "package", "--bench", "Kernel") == 0
    assert asv.calls == [
        {
            "commits": [commits[1], commits[4]],
            "results": folder / "results" / "asv",
            "machine": "m",
            "options": ["--bench", "Kernel", "--skip-existing"],
        }
    ]
    assert "1 commits × 1 benchmarks × 1 environments: 1 measured now, 0 before" in capsys.readouterr().out
    assert history(folder, "--again", "--messages", "--results", "elsewhere") == 0
    assert asv.calls[1]["options"] == ["--show-stderr"]
    assert asv.calls[1]["results"] == folder / "elsewhere"


@pytest.mark.parametrize("values", [None, [float("nan")], [None]])
def test_nothing_measured_is_an_error(
    repository: tuple[Path, list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    values: Any,
) -> None:
    Asv(monkeypatch, values)
    assert history(repository[0]) == 2
    assert "not a single benchmark has a result" in capsys.readouterr().err


def test_failures_of_this_run_are_exit_code_1(
    repository: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Asv(monkeypatch, [1.0, None])
    assert history(repository[0]) == 1
    assert f"1 failed:\n{repository[1][0][:8]} benchmark" in capsys.readouterr().out
    Asv(monkeypatch, [1.0, None], start=1000)  # of a run before
    assert history(repository[0]) == 0


def test_a_pattern_that_is_none_is_refused(
    repository: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asv = Asv(monkeypatch, [1.0])
    assert history(repository[0], "--bench", "(6") == 2
    assert "--bench" in capsys.readouterr().err
    assert asv.calls == []


def test_asv_that_fails_is_an_error(
    repository: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder, commits = repository
    monkeypatch.setenv("HOME", str(tmp_path))
    write_config(folder, environment_type="no-such-type")
    with pytest.raises(CannotMeasure, match="exit code 1"):
        asv_run.run(folder, commits, folder / "results", "m", [])
    (folder / "asv.conf.json").write_text("{")
    with pytest.raises(CannotMeasure, match=r"asv\.conf\.json"):
        asv_run.configuration(folder)


def test_a_machines_description_does_not_name_the_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import platform

    monkeypatch.setenv("HOME", str(tmp_path))
    asv_run.describe_machine("some-name")
    written = (tmp_path / ".asv-machine.json").read_text()
    assert set(json.loads(written)["some-name"]) == {"machine", "os", "arch", "cpu", "num_cpu", "ram"}
    assert platform.node() not in written
    assert platform.release() not in written
    assert all(part.isalnum() for part in asv_run.machine_name().split("-"))


def test_history_is_tracked_and_ordinary_runs_are_not() -> None:
    import subprocess

    ignored = subprocess.run(["git", "check-ignore", "--quiet", "results/asv/m/x.json"], cwd=ROOT, check=False)
    assert ignored.returncode == 1
    assert git(ROOT, "check-ignore", ".asv/results/m/x.json") == ".asv/results/m/x.json"
