"""The command: exit codes, messages and files, whatever goes wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anisoap_bench.__main__ import main
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import cli, report
from anisoap_bench.gate.result import Comparison, Decision, FidelityCheck, GateResult
from tests.gate.small_repository import change, commit, gate, git, start_gate, write

ASKED = GateResult("b", "c")
PASSED = Decision((Comparison("a", 8, 1.0, 0.9, 1.1, 0.5, "not slower"),), 8, 0)


def ends(monkeypatch: pytest.MonkeyPatch, steps: Callable[[], Iterator[GateResult]], *options: str) -> int:
    """Exit code of a run with these findings."""
    monkeypatch.setattr(cli, "_compare", lambda *args, **more: steps())
    return main(["gate", *options])


@pytest.mark.parametrize("passed", [True, False])
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CannotMeasure("a segfault"), "could not measure: a segfault"),
        (OSError("no space"), "could not measure: OSError: no space"),  # Python ends with 1 after an exception
        (KeyboardInterrupt(), "could not measure: interrupted"),
    ],
)
def test_what_ends_a_run_early_is_no_regression_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, error: BaseException, words: str, passed: bool
) -> None:
    def steps() -> Iterator[GateResult]:
        yield ASKED.with_more([FidelityCheck("tests of fidelity", passed, "off by 1")])
        raise error

    assert ends(monkeypatch, steps) == (2 if passed else 1)
    shown = capsys.readouterr().out
    assert words in shown
    assert ("wrong: tests of fidelity: off by 1" in shown) is not passed


@pytest.mark.parametrize("code", [0, 1])
def test_a_report_that_cannot_be_written_is_no_pass_and_no_regression(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, code: int
) -> None:
    """The other files are written, and the report is printed."""
    found = GateResult("b", "c", fidelity=(FidelityCheck("tests", code == 0),), decision=PASSED)

    def steps() -> Iterator[GateResult]:
        (tmp_path / "report.md").mkdir()  # it could be written when the run began
        yield found

    files = ["--markdown", str(tmp_path / "report.md"), "--json", str(tmp_path / "report.json")]
    assert ends(monkeypatch, steps, *files) == (1 if code else 2)
    shown = capsys.readouterr()
    assert report.headline(found) in shown.out
    assert "cannot be written" in shown.err
    assert json.loads((tmp_path / "report.json").read_text())["exit_code"] == code


def test_a_report_that_cannot_be_written_is_told_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "file").touch()
    options = ["--markdown", str(tmp_path / "file" / "report.md")]
    assert ends(monkeypatch, lambda: pytest.fail("measured"), *options) == 2
    assert "could not measure: cannot write" in capsys.readouterr().out


@pytest.mark.parametrize("unread", ["stdout", "stderr"])
def test_a_pipe_that_nobody_reads_is_no_regression(repo: Path, unread: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    write(repo, {"pyproject.toml": "no TOML\n"})
    commit(repo, "break the build")
    options = ("--base", "HEAD", "--only", "no such", "--json", "found")
    with start_gate(repo, *options, **{unread: writing}) as process:
        os.close(writing)
        _, progress = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Exception ignored" not in (progress or "")
    assert "does not build" in json.loads((repo / "found").read_text())["message"]


def test_a_name_that_is_no_text_is_no_regression(repo: Path) -> None:
    code, output = gate(repo, "--base", os.fsdecode(b"\xff"), "--markdown", "report.md")
    assert code == 2
    assert "NOT MEASURED" in output
    assert "Traceback" not in output


only_linux_pins = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux pins processes")


@pytest.mark.parametrize(
    ("changed", "options", "words"),
    [
        ({}, ("--base", "no-such-branch"), "no commit is called 'no-such-branch'"),
        ({}, ("--base", "main"), "main and HEAD are the same commit"),
        ({"new.txt": "", "anisoap_opt/__init__.py": ""}, (), "anisoap_opt/__init__.py, new.txt"),
        ({"results/asv/new.json": ""}, ("--base", "main"), "main and HEAD are the same commit"),
        ({}, ("--head", "HEAD~1", "--allow-dirty"), "head has to be the commit checked out"),
        pytest.param({}, ("--base", "HEAD", "--core", "9999"), "no core 9999", marks=only_linux_pins),
    ],
    ids=["unknown", "same commit", "not committed", "only results", "not checked out", "core"],
)
def test_what_is_not_compared(repo: Path, changed: dict[str, str], options: tuple[str, ...], words: str) -> None:
    commit(repo, "second")
    write(repo, changed)
    code, output = gate(repo, *options)
    assert code == 2
    assert words in output
    assert ("--allow-dirty" in output) == ("new.txt" in changed or "--allow-dirty" in options)
    assert "shallow" not in output


@pytest.mark.parametrize("base", ["HEAD~1", "main"])
def test_a_shallow_clone_says_what_to_do(repo: Path, base: str) -> None:
    """The base is missing, or so much that the branches' ends are all there is."""
    change(repo, "VALUE = 3.0", "VALUE = 3.5")
    shallow = repo.parent / "shallow"
    git(repo.parent, "clone", "--quiet", "--depth", "1", repo.as_uri(), str(shallow))
    code, output = gate(shallow, "--base", base)
    assert code == 2
    assert "git fetch --unshallow" in output


def test_outside_of_a_repository(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with start_gate(tmp_path / "empty") as process:
        output = "".join(process.communicate(timeout=60))
    assert process.returncode == 2
    assert "not a git repository" in output
