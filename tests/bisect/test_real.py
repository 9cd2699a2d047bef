"""The whole command on a small repository: real builds, real processes, planted changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.gate.small_repository import BENCHMARKS, change, commit, git, repository, start_command, write

pytestmark = pytest.mark.slow

BROKEN = "raise SystemExit('planted: no compiler')"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Tags n0, n1, …, commits that change the wheel; rounds are long enough for a busy machine."""
    folder = repository(tmp_path / "repository")

    def tagged(number: int, old: str, new: str) -> None:
        change(folder, old, new)
        git(folder, "tag", f"n{number}")

    tagged(0, "LOOPS = 150_000", "LOOPS = 400_000")
    tagged(1, "Stands", "1 stands")
    write(folder, {"docs.txt": "no part of the wheel"})
    commit(folder, "documentation")
    write(folder, {"setup.py": BROKEN})
    tagged(2, "1 stands", "2 stands")
    (folder / "setup.py").unlink()
    tagged(3, "def work():", "def later():")
    tagged(4, "def later():", "LOOPS *= 2\n\n\ndef work():")
    tagged(5, "2 stands", "5 stands")
    tagged(6, "LOOPS *= 2", "LOOPS = int(2.2 * LOOPS)")
    tagged(7, "VALUE = 3.0", "VALUE = 3.5")
    tagged(8, "BYTES = 8_000_000", "BYTES = 9_600_000")
    tagged(9, "5 stands", "9 stands")
    write(folder, {"tests/benchmarks/test_compiled.py": BENCHMARKS.replace('["loop"]', '["loop-renamed"]')})
    commit(folder, "no part of the wheel, but the benchmarks of HEAD")
    return folder


def bisect(repo: Path, *options: str) -> tuple[int, str, str]:
    """Exit code, report and progress; nothing may be left of a run."""
    with start_command(repo, "bisect", *options) as process:
        report, progress = process.communicate(timeout=560)
    assert not list((repo.parent / "temporary").iterdir())
    return process.returncode, report, progress


def short(repo: Path, tag: str) -> str:
    return git(repo, "rev-parse", tag)[:10]


def test_a_slow_down_of_a_tenth_is_found(repo: Path) -> None:
    options = ("--good", "n4", "--benchmark", "loop-renamed", "--recording", "found.jsonl")
    code, report, progress = bisect(repo, *options)
    assert code == 0, report + progress
    ratio, low, high = map(float, re.search(r"× ([\d.]+) \[([\d.]+), ([\d.]+)\]", report).groups())
    assert f"changed by {short(repo, 'n6')} change, × {ratio:.3f}" in report
    assert 1 < low < ratio < high
    assert ratio == pytest.approx(1.1, abs=0.06)
    assert bisect(repo, "--replay", "--recording", "found.jsonl")[:2] == (0, report)


def test_commits_that_do_not_build_or_lack_the_benchmark_stay_beside_the_one_after_them(repo: Path) -> None:
    code, report, progress = bisect(repo, "--good", "n0", "--bad", "n5", "--benchmark", "loop")
    assert code == 2, report + progress
    assert "bisected: 5 commits" in report  # the documentation is none of them
    assert "changed by one of these" in report
    assert [short(repo, f"n{number}") for number in (2, 3, 4)] == re.findall(r"^  (\w{10})", report, re.MULTILINE)
    assert re.search(rf"not measured: {short(repo, 'n2')} change: {short(repo, 'n2')} does not build", report)
    assert "planted: no compiler" in progress
    assert re.search(rf"not measured: {short(repo, 'n3')} change: loop: AttributeError.*work", report)


@pytest.mark.parametrize(
    ("quantity", "options", "tag"), [("memory", ("--benchmark", "memory"), "n8"), ("error", (), "n7")]
)
def test_memory_and_wrong_numbers(repo: Path, quantity: str, options: tuple[str, ...], tag: str) -> None:
    code, report, progress = bisect(repo, "--good", "n5", "--quantity", quantity, *options)
    assert code == 0, report + progress
    assert f"changed by {short(repo, tag)}" in report


def test_of_all_benchmarks_the_one_that_changed_is_bisected(repo: Path) -> None:
    code, report, progress = bisect(repo, "--good", "n1", "--bad", "n4", "--pairs", "40")
    assert code == 2, report + progress  # a range, as above
    assert "time of loop" in report, progress
    assert "changed by one of these" in report


def test_a_name_that_no_benchmark_has(repo: Path) -> None:
    code, _, progress = bisect(repo, "--good", "n5", "--benchmark", "no-such")
    assert code == 2
    assert re.search(r"good \(\w{10}\) cannot be measured: no-such: it is not there", progress)
    code, _, progress = bisect(repo, "--good", "n5", "--quantity", "error", "--benchmark", "no-such")
    assert code == 2
    assert "no check has 'no-such' in its name, but descriptors numpy_only float64" in progress
