"""``python -m anisoap_bench history`` on a small repository: real builds, real pairs, a planted change."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from anisoap_bench.__main__ import main
from anisoap_bench.json_lines import alone_with, read
from tests.gate.small_repository import ROOT, change, commit, git, repository, start_command, write
from tests.history.lines import measured


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Five commits that change the wheel; the third takes twice as long, the fourth does not build."""
    folder = repository(tmp_path / "repository")
    shutil.copy(ROOT / "asv.conf.json", folder)
    write(folder, {".gitignore": "__pycache__/\n.gate/\nbuild/\n*.egg-info/\n"})
    change(folder, "LOOPS = 150_000", "LOOPS = 300_000")
    change(folder, "LOOPS = 300_000", "LOOPS = 600_000")
    write(folder, {"setup.py": "raise SystemExit('planted: no compiler')"})
    commit(folder, "broken")
    (folder / "setup.py").unlink()
    change(folder, "Stands", "It stands")
    return folder


def history(repo: Path, *options: str) -> tuple[int, str, str]:
    """Exit code, report and progress; no folder may be left of a run."""
    with start_command(repo, "history", *options, "--machine", "m", "--no-publish") as process:
        report, progress = process.communicate(timeout=560)
    assert not list((repo.parent / "temporary").iterdir())
    return process.returncode, report, progress


@pytest.mark.slow
def test_a_history_is_measured_interrupted_continued_and_extended(repo: Path) -> None:
    recording = repo / "results" / "history" / "m.jsonl"
    with start_command(repo, "history", "ALL", "--only", "loop", "--machine", "m", "--no-publish") as process:
        while process.poll() is None and not (recording.exists() and '"values"' in recording.read_text()):
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 130
    before = recording.read_text()
    assert '"values"' in before
    code, report, progress = history(repo, "ALL", "--only", "loop", "--json", "found.json")
    assert code == 0, report + progress
    assert recording.read_text().startswith(before)
    commits = git(repo, "rev-list", "--reverse", "HEAD").split()
    first, doubled, again, broken, last = commits[0], *commits[-4:]
    changes = json.loads((repo / "found.json").read_text())["changes"]
    assert [(one["benchmark"], one["commit"]) for one in changes] == [("loop", doubled), ("loop", again)]
    assert changes[1]["ratio"] == pytest.approx(2.0, rel=0.2)
    assert f"- {broken[:10]} broken: {broken[:10]} does not build" in report
    assert {line["gap"] for line in read(recording)[1] if "gap" in line} == {broken}
    assert {(again, last), (first, last)} <= ends_of(recording)

    change(repo, "It stands", "It still stands")
    code, report, progress = history(repo, "--only", "loop", "--minutes", "0")
    assert "out of time" in progress
    write(repo, {"README": "no part of the wheel"})
    commit(repo, "documentation")
    code, report, progress = history(repo, "--only", "loop")
    assert code == 0, report + progress
    newest = git(repo, "rev-parse", "HEAD~1").strip()
    assert {(last, newest), (first, newest)} <= ends_of(recording)
    code, _, progress = history(repo, "--only", "loop", "--json", "again.json")
    assert (code, "nothing new" in progress) == (0, True)
    assert len(json.loads((repo / "again.json").read_text())["levels"]["loop"]) == 5
    asv = json.loads(next((repo / "results" / "asv" / "m").glob(f"{last[:8]}-*")).read_text())
    assert "history.Pairs.track_relative_time" in asv["results"]


def ends_of(recording: Path) -> set[tuple[str, str]]:
    return {(line["base"], line["head"]) for line in read(recording)[1] if "values" in line}


@pytest.mark.slow
def test_a_commit_that_was_measured_is_no_gap_when_it_cannot_be_built(repo: Path) -> None:
    recording = repo / "results" / "history" / "m.jsonl"
    code, report, progress = history(repo, "HEAD~3^!", "--only", "late")
    assert code == 0, report + progress
    before = recording.read_text()
    shutil.rmtree(repo / ".gate")
    with alone_with(recording):
        code, _, progress = history(repo, "HEAD~2^!", "--only", "late")
    assert (code, "another run is adding to it" in progress) == (2, True)
    (repo / "pip.conf").write_text("[global]\nprogress-bar = bogus\n")
    os.environ["PIP_CONFIG_FILE"] = str(repo / "pip.conf")
    try:
        code, report, progress = history(repo, "HEAD~3^!", "--only", "late,loop")
    finally:
        del os.environ["PIP_CONFIG_FILE"]
    assert code == 2
    assert "could be measured, and now cannot" in progress
    assert recording.read_text() == before
    assert "2 commits" in report


def test_a_recording_is_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book, file = measured({"b": [1.0, 1.0, 1.3]}, 0.01), tmp_path / "m.jsonl"
    lines = [{"history of": "x"}]
    lines += [
        {"commit": one.hash, "number": one.number, "date": 0, "subject": one.subject, "runs": ["b"]}
        for one in book.commits
    ]
    lines += [
        {"base": base, "head": head, "values": {"b": both}, "at": 0}
        for (base, head), found in book.pairs["b"].items()
        for both in found
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert main(["history", "--replay", "--recording", str(file)]) == 0
    words = capsys.readouterr().out
    assert "number 2" in words
    assert "× 1.3" in words


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--replay", "--recording", "no-such.jsonl"), "no recording"),
        (("--replay", "--recording", str(ROOT / "results/bisect/loaded.jsonl.gz")), "no recording of a history"),
        (("--replay", "--recording", str(ROOT / "results/gate/loaded.jsonl.gz")), "no recording of a history"),
        (("--recording", "/dev/null/new.jsonl"), "cannot write /dev/null/new.jsonl"),
        (("no-such..range",), "no-such"),
    ],
)
def test_what_cannot_be_done(
    options: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["history", "--recording", str(tmp_path / "new.jsonl"), *options]) == 2
    assert says in capsys.readouterr().err
