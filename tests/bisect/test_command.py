"""The command on throw-away repositories: exit codes, recordings, interrupts, and what is refused."""

from __future__ import annotations

import errno
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from anisoap_bench.__main__ import main
from anisoap_bench.bisect import cli
from tests.gate.small_repository import ROOT, commit, git, write

Bisect: TypeAlias = Callable[..., tuple[int, str, str]]

COMMITS = 9
SLOW = 6


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A file that says its commit's number, changed for the worse at one of them."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    for number in range(COMMITS + 1):
        write(folder, {"number": f"{number}\n", "state": "slow\n" if number >= SLOW else "fast\n"})
        commit(folder, f"number {number}")
    return folder


@pytest.fixture
def bisect(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Exit code, report and progress of the command in this process."""
    monkeypatch.chdir(repo)

    def run(*options: str) -> tuple[int, str, str]:
        code = main(["bisect", *options])
        return code, *capsys.readouterr()

    return run


def test_a_command_names_the_commit(repo: Path, bisect: Bisect) -> None:
    code, report, progress = bisect("--good", "HEAD~9", "--command", "grep -q fast state")
    assert code == 0, progress
    assert re.search(r"^changed by \w{10} number 6$", report, re.MULTILINE)
    code, again, _ = bisect("--good", "HEAD~9", "--command", "grep -q slow state")  # improvements too
    assert (code, again) == (0, report)
    assert not (repo / ".gate").exists()


def test_a_script_of_the_commit_is_run(repo: Path, bisect: Bisect) -> None:
    (repo / "check.sh").write_text("#!/bin/sh\ngrep -q fast state\n")
    (repo / "check.sh").chmod(0o755)
    commit(repo, "a script")
    write(repo, {"state": "fast\n"})
    commit(repo, "fast again")
    code, report, progress = bisect("--good", "HEAD~1", "--command", "./check.sh")
    assert code == 0, progress
    assert "fast again" in report


def test_a_commit_that_lacks_the_command_is_a_gap(repo: Path, bisect: Bisect) -> None:
    words = "test $(cat number) -eq 5 && exec no-such-tool; grep -q fast state"
    code, report, _ = bisect("--good", "HEAD~9", "--command", words)
    assert code == 2
    assert re.search(r"not measured: \w{10} number 5: exit code 127", report)


def test_python_imports_the_files_of_the_commit_wherever_it_starts(
    repo: Path, bisect: Bisect, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repo.parent / "installed", {"planted.py": "FAST = True\n", "another.py": ""})
    monkeypatch.setenv("PYTHONPATH", str(repo.parent / "installed"))
    for fast in (True, False):
        write(repo, {"planted.py": f"FAST = {fast}\n"})
        commit(repo, f"fast is {fast}")
    words = f"cd / && {sys.executable} -c 'import another, planted; assert planted.FAST'"
    code, report, progress = bisect("--good", "HEAD~1", "--command", words)
    assert code == 0, progress
    assert "fast is False" in report


def test_good_and_bad_alike(bisect: Bisect) -> None:
    code, report, _ = bisect("--good", "HEAD~2", "--command", "grep -q fast state")
    assert code == 1
    assert report.endswith("NOTHING CHANGED between good and bad\n")


def test_where_the_command_cannot_tell_a_range_is_left(bisect: Bisect) -> None:
    words = "test $(cat number) -eq 5 && exit 125; grep -q fast state"
    code, report, progress = bisect("--good", "HEAD~9", "--command", words)
    assert code == 2
    assert "changed by one of these" in report
    assert len(re.findall("number [56]\n", report)) == 2
    assert re.search(r"not measured: \w{10} number 5: exit code 125", report)
    assert progress.count("exit code 125") == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "--good COMMIT is needed"),
        (("--good", "no-such"), "no commit is called 'no-such'"),
        (("--good", "HEAD"), "no commit after HEAD up to"),
        (
            ("--good", "HEAD", "--bad", "HEAD~3"),
            r"HEAD is not among the first parents of \w{10}: good and bad are swapped",
        ),
        (("--good", "HEAD~3"), "no commit after HEAD~3 up to .* can have changed"),
        (("--good", "HEAD~3", "--command", "exit 125"), "good .* cannot be measured: exit code 125"),
        (
            ("--good", "HEAD~3", "--command", "no-such-tool"),
            "good .*: exit code 127:\n.*no-such-tool",
        ),
        (("--good", "HEAD~3", "--command", "./state"), "good .*: exit code 126:\n.*[Pp]ermission"),
        (("--good", "HEAD~3", "--command", "kill -9 $$"), "good .*: exit code -9"),
        (("--good", "HEAD~3", "--command", "true", "--benchmark", "a"), "--command goes without --benchmark"),
        (("--good", "HEAD~3", "--command", "true", "--quantity", "error"), "--command goes without .* --quantity"),
        (("--replay",), "--replay needs --recording"),
        (("--replay", "--recording", "number"), "no recording"),
        (("--replay", "--recording", "nowhere"), "no recording"),
    ],
)
def test_what_cannot_be_measured(bisect: Bisect, options: tuple[str, ...], words: str) -> None:
    code, _, progress = bisect(*options)
    assert code == 2
    assert re.search(words, progress)


@pytest.mark.parametrize(
    "first", ["[]", "{}", '{"commits": ["a"], "subjects": [], "benchmark": "b", "quantity": "time"}']
)
def test_another_file_is_no_recording(repo: Path, bisect: Bisect, first: str) -> None:
    write(repo, {"other.jsonl": first + "\n"})
    code, report, progress = bisect("--replay", "--recording", "other.jsonl")
    assert (code, report) == (2, "")
    assert "no recording of a bisection" in progress
    assert "Traceback" not in progress


def test_a_good_commit_of_a_side_branch(repo: Path, bisect: Bisect) -> None:
    fork = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "checkout", "--quiet", "-b", "side")
    commit(repo, "aside")
    git(repo, "checkout", "--quiet", "main")
    commit(repo, "on main")
    words = f": it branched off at {fork[:10]}"
    assert words in bisect("--good", "side", "--command", "true")[2]


def test_a_shallow_clone_says_what_to_do(repo: Path, bisect: Bisect, monkeypatch: pytest.MonkeyPatch) -> None:
    good = git(repo, "rev-parse", "HEAD~9").strip()
    git(repo.parent, "clone", "--quiet", "--depth", "3", repo.as_uri(), "shallow")
    monkeypatch.chdir(repo.parent / "shallow")
    code, _, progress = bisect("--good", good, "--command", "true")
    assert code == 2
    assert "git fetch --unshallow" in progress


def test_a_recording_is_replayed_and_says_what_it_believes(repo: Path, bisect: Bisect) -> None:
    """All benchmarks that good and bad can run; a commit that cannot run the one that changed is a gap."""
    hashes = git(repo, "rev-list", "--reverse", "HEAD").split()
    lines: list[dict[str, Any]] = [
        {"commits": hashes, "subjects": [str(number) for number in range(10)], "quantity": "time", "benchmark": ""}
    ]

    def replay() -> tuple[int, str, str]:
        (repo / "r.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return bisect("--replay", "--recording", "r.jsonl")

    assert replay()[:2] == (2, "nothing is measured yet\n")
    for number, runs in ((0, "ab"), (9, "ac"), (4, "b")):
        lines.append({"commit": hashes[number], "number": number, "date": 0, "subject": "", "runs": list(runs)})
    lines += [{"base": hashes[0], "head": hashes[9], "values": {"a": [1.0, 1.1]}, "at": 0}]
    code, report, _ = replay()
    assert code == 2
    assert "time of a; 1 pairs" in report
    assert "OPEN. What is likely:" in report
    assert f"not measured: {hashes[4][:10]} 4: a: it is not there" in report
    lines += [
        {"base": hashes[5], "head": hashes[6], "values": {"a": [1.0, 1.1 + 0.001 * k]}, "at": 0} for k in range(9)
    ]
    code, report, _ = replay()
    assert code == 0
    assert f"changed by {hashes[6][:10]} 6, × 1.10" in report
    lines += [{"base": hashes[5], "head": "0" * 40, "values": {"a": [1.0, 1.1]}, "at": 0}]
    assert "no recording of a bisection" in replay()[2]


def test_the_published_recording_is_that_of_the_documentation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["bisect", "--replay", "--recording", "results/bisect/loaded.jsonl.gz"]) == 0
    report = capsys.readouterr().out
    assert "number 91 PLANTED +10 %" in report
    assert report in (ROOT / "docs" / "bisect.md").read_text(encoding="utf-8")


def test_an_answer_that_cannot_be_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(words: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(cli, "echo", full)
    assert main(["bisect", "--replay", "--recording", "results/bisect/loaded.jsonl.gz"]) == 2
    assert re.fullmatch(r"error: .*No space left on device\n", capsys.readouterr().err)
