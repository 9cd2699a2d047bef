"""The command on throw-away repositories: exit codes, recordings, interrupts, and what is refused."""

from __future__ import annotations

import gzip
import json
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from anisoap_bench.__main__ import main
from tests.gate.small_repository import ROOT, commit, git, start_command, write

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


def test_a_command_names_the_commit_and_asks_no_more_than_it_has_to(repo: Path, bisect: Bisect) -> None:
    code, report, progress = bisect("--good", "HEAD~9", "--command", "grep -q fast state")
    assert code == 0, progress
    assert re.search(r"changed by \w{10} number 6, exit code 0 → not 0$", report, re.MULTILINE)
    assert "probability" not in report
    assert 4 <= progress.count("exit code") <= 2 + 4
    code, again, _ = bisect("--good", "HEAD~9", "--command", "grep -q slow state")  # improvements too
    assert code == 0
    assert again.replace("slow", "fast").replace("not 0 → 0", "0 → not 0") == report
    assert len(list((repo / ".gate" / "bisect").iterdir())) == 2


def test_another_recording_is_refused_before_anything_is_asked(bisect: Bisect) -> None:
    assert bisect("--good", "HEAD~9", "--command", "grep -q fast state", "--recording", "r")[0] == 0
    code, _, progress = bisect("--good", "HEAD~9", "--command", "grep -q slow state", "--recording", "r")
    assert code == 2
    assert "r was recorded under other conditions (names)" in progress
    assert "exit code" not in progress


def test_a_compressed_recording_is_not_continued(repo: Path, bisect: Bisect) -> None:
    options = ("--good", "HEAD~9", "--command", "grep -q fast state", "--recording")
    _, report, _ = bisect(*options, "r.jsonl")
    packed = gzip.compress((repo / "r.jsonl").read_bytes())
    (repo / "r.jsonl.gz").write_bytes(packed)
    code, _, progress = bisect(*options, "r.jsonl.gz")
    assert code == 2
    assert "a compressed recording can only be replayed" in progress
    assert (repo / "r.jsonl.gz").read_bytes() == packed
    assert bisect("--replay", "--recording", "r.jsonl.gz")[:2] == (0, report)
    assert "can only be replayed" in bisect(*options, "new.jsonl.gz")[2]
    assert not (repo / "new.jsonl.gz").exists()


def test_a_recording_is_not_continued_if_good_or_bad_answers_otherwise(repo: Path, bisect: Bisect) -> None:
    options = ("--good", "HEAD~9", "--command", f"test -e {repo}/always || grep -q fast state")
    assert bisect(*options)[0] == 0
    (repo / "always").touch()
    code, report, progress = bisect(*options)
    assert (code, report) == (2, "")
    assert "the bad commit answers otherwise than when it was recorded" in progress


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
    assert len(re.findall(r"\w{10}: exit code 125", progress)) == progress.count("exit code 125") == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "--good COMMIT is needed"),
        (("--good", "no-such"), "no commit is called 'no-such'"),
        (("--good", "HEAD"), "are the same commit"),
        (
            ("--good", "HEAD", "--bad", "HEAD~3"),
            "HEAD is not among the first parents of HEAD~3: good and bad are swapped",
        ),
        (("--good", "HEAD~3"), "no commit in .* that touches anisoap_opt or"),
        (("--good", "HEAD~3", "--command", "exit 125"), "good .* cannot be measured: exit code 125"),
        (
            ("--good", "HEAD~3", "--command", "no-such-tool"),
            "good .*: exit code 127, .*cannot be started:\n.*no-such-tool",
        ),
        (("--good", "HEAD~3", "--command", "./state"), "good .*: exit code 126, .*cannot be started:\n.*[Pp]ermission"),
        (("--good", "HEAD~3", "--command", "kill -9 $$"), "at .* the command ended with code -9"),
        (("--good", "HEAD~3", "--command", " "), "--command needs the words"),
        (("--good", "HEAD~3", "--command", "true", "--benchmark", "a"), "--command goes without --benchmark"),
        (("--good", "HEAD~3", "--command", "true", "--quantity", "time"), "--command goes without .* --quantity"),
        (("--good", "HEAD~3", "--command", "true", "--minutes", "nan"), "--minutes cannot be nan"),
        (("--good", "HEAD~3", "--command", "true", "--minutes", "-1"), "--minutes cannot be -1"),
        (("--good", "HEAD~3", "--command", "true", "--pairs", "-3"), "--pairs cannot be -3"),
        (("--replay",), "--replay needs --recording"),
        (("--replay", "--recording", "number"), "no recording"),
        (("--replay", "--recording", "nowhere"), "no recording"),
    ],
)
def test_what_cannot_be_measured(bisect: Bisect, options: tuple[str, ...], words: str) -> None:
    code, _, progress = bisect(*options)
    assert code == 2
    assert re.search(words, progress)


@pytest.mark.parametrize("first", ["[]", "{}", '{"commits": ["a"], "subjects": [], "names": ["b"], "certain": true}'])
def test_another_file_is_no_recording(repo: Path, bisect: Bisect, first: str) -> None:
    write(repo, {"other.jsonl": first + "\n"})
    code, report, progress = bisect("--replay", "--recording", "other.jsonl")
    assert (code, report) == (2, "")
    assert "no recording of a bisection" in progress
    assert "Traceback" not in progress
    code, report, progress = bisect("--good", "HEAD~3", "--command", "true", "--recording", "other.jsonl")
    assert (code, report) == (2, "")
    assert re.search("other.jsonl (is no recording|was recorded under other conditions)", progress)


def test_a_good_commit_of_a_side_branch(repo: Path, bisect: Bisect) -> None:
    fork = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "checkout", "--quiet", "-b", "side")
    commit(repo, "aside")
    git(repo, "checkout", "--quiet", "main")
    commit(repo, "on main")
    words = f"side is not among the first parents of HEAD; {fork[:10]}, from which it branched off, is"
    assert words in bisect("--good", "side", "--command", "true")[2]
    git(repo, "merge", "--quiet", "--no-ff", "-m", "merge", "side")
    assert words in bisect("--good", "side", "--command", "true")[2]


def test_a_shallow_clone_says_what_to_do(repo: Path, bisect: Bisect, monkeypatch: pytest.MonkeyPatch) -> None:
    good = git(repo, "rev-parse", "HEAD~9").strip()
    git(repo.parent, "clone", "--quiet", "--depth", "3", repo.as_uri(), "shallow")
    monkeypatch.chdir(repo.parent / "shallow")
    code, _, progress = bisect("--good", good, "--command", "true")
    assert code == 2
    assert "git fetch --unshallow" in progress


def test_an_interrupted_run_says_what_it_believes_and_goes_on(repo: Path, bisect: Bisect) -> None:
    asleep, recording = repo.parent / "asleep", repo / "found.jsonl"
    # The third commit that is asked beside good and bad keeps us waiting, once.
    words = f"test $(wc -l < {recording}) -eq 3 && ! test -e {asleep} && touch {asleep} && sleep 60; grep -q fast state"
    options = ("--good", "HEAD~9", "--command", words, "--recording", "found.jsonl")
    with start_command(repo, "bisect", *options) as process:
        deadline = time.monotonic() + 60
        while not asleep.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        report, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "ended early: interrupted" in report
    assert "OPEN" in report
    assert len(re.findall(r"^  \w{10} number", report, re.MULTILINE)) == 5  # one comparison leaves so many
    measured = lines(recording)
    assert len(measured) == 3
    code, report, _ = bisect(*options)
    assert code == 0
    assert "number 6" in report
    assert lines(recording)[: len(measured)] == measured
    assert bisect("--replay", "--recording", str(recording))[:2] == (0, report)


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_the_published_recording_is_that_of_the_documentation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["bisect", "--replay", "--recording", "results/bisect/loaded.jsonl.gz"]) == 0
    report = capsys.readouterr().out
    assert "number 91 PLANTED +10 %" in report
    assert report in (ROOT / "docs" / "bisect.md").read_text(encoding="utf-8")
