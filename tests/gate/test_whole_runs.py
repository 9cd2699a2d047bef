"""The whole gate on a repository so small that it takes seconds: verdicts, and what an interrupt leaves."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from anisoap_bench.gate.turns import VARIABLE as TURNS
from tests.gate.small_repository import change, commit, gate, start_gate, write

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("broken", ["base", "head"])
def test_a_side_that_does_not_build(repo: Path, broken: str) -> None:
    for side in ("base", "head"):
        (repo / "setup.py").unlink(missing_ok=True)
        write(repo, {"setup.py": "raise SystemExit('planted: no compiler')"} if side == broken else {})
        commit(repo, side)
    code, output = gate(repo, "--base", "HEAD~1")
    assert code == 2
    assert f"could not measure: {broken} (" in output
    assert "planted: no compiler" in output


def test_twice_the_work_is_slower_and_named(repo: Path) -> None:
    change(repo, "return sum(range(LOOPS))", "return sum(range(LOOPS)) + sum(range(LOOPS))")
    files = ["--markdown", str(repo.parent / "report.md"), "--json", str(repo.parent / "report.json")]
    code, output = gate(repo, "--base", "HEAD~1", "--only", "loop", *files)
    assert code == 1, output
    (loop,) = json.loads((repo.parent / "report.json").read_text())["decision"]["comparisons"]
    assert (loop["name"], loop["verdict"], loop["confirmed"]) == ("loop", "slower", True)
    assert loop["ratio"] == pytest.approx(2.0, rel=0.3)
    assert "loop" in (repo.parent / "report.md").read_text()


def test_a_head_that_is_far_behind_is_slower_and_no_timeout(repo: Path) -> None:
    change(repo, "LOOPS = 150_000", "LOOPS = 9_000_000")
    code, output = gate(repo, "--base", "HEAD~1", "--only", "loop,late", "--minutes", "2")
    assert code == 1, output
    assert "more than 5 times as long in head; looking again: loop" in output
    assert "slower, confirmed" in output


def test_changes_that_are_not_committed_can_be_measured(repo: Path) -> None:
    file = repo / "anisoap_opt" / "__init__.py"
    file.write_text(file.read_text().replace("VALUE = 3.0", "VALUE = 3.1"))
    code, output = gate(repo, "--base", "HEAD", "--only", "loop", "--allow-dirty")
    assert code == 1, output
    assert "working tree" in output
    assert "FAILED: wrong results" in output


def test_wrong_numbers_block_before_anything_is_timed_and_cannot_be_overridden(repo: Path) -> None:
    change(repo, "VALUE = 3.0", "VALUE = 3.00000003")  # the stored values of the tests allow that
    code, output = gate(repo, "--base", "HEAD~1", "--override")
    assert code == 1
    assert "descriptors numpy_only float64" in output
    assert "pairs of processes" not in output
    change(repo, "VALUE = 3.00000003", "VALUE = 3.1")
    code, output = gate(repo, "--base", "HEAD~1")
    assert code == 1
    assert "test_reference_data.py::test_value" in output


def test_what_the_base_cannot_run_is_new_and_what_head_cannot_run_is_wrong(repo: Path) -> None:
    file = repo / "tests" / "benchmarks" / "test_compiled.py"
    later = file.read_text().split("@pytest")[1].replace('"loop"]', '"loop-later"]').replace("test_loop", "test_later")
    later = "@pytest" + later.replace("anisoap_opt.work()", "anisoap_opt.later()")
    write(repo, {"tests/benchmarks/test_compiled.py": file.read_text() + "\n\n" + later})
    slower = "def later():\n    return 0\n\n\ndef work():\n    sum(range(2 * LOOPS))"  # so that few pairs decide
    change(repo, "def work():", slower)
    code, output = gate(repo, "--base", "HEAD~1", "--only", "loop", "--override")
    assert code == 0, output
    assert "new, base cannot run them: loop-later" in output
    change(repo, "def work():", "def work():\n    raise ValueError('gone')\n")
    code, output = gate(repo, "--base", "HEAD~1")
    assert code == 1
    assert "base can run it, head cannot: ValueError: gone" in output


def test_what_base_measured_has_to_be_measured(repo: Path) -> None:
    file = repo / "tests" / "benchmarks" / "test_compiled.py"
    before = file.read_text()
    file.write_text(before.replace('["memory"]', '["memory-of-another-name"]'))
    commit(repo, "name another")
    arguments = ["--base", "HEAD~1", "--only", "memory"]
    code, output = gate(repo, *arguments, "--override")
    assert code == 0, output
    assert "not compared: memory: head's files have it no more" in output
    file.write_text(before.replace("fill(), calls=2", "fill(more=1), calls=2"))
    commit(repo, "ask for more")
    change(repo, "def fill():", "def fill(more=0):")
    code, output = gate(repo, "--base", "HEAD~3", "--only", "o")
    assert code == 2, output
    assert "memory: base cannot run it as head's files have it: TypeError" in output


def test_without_time_to_confirm_it_is_undecided(repo: Path) -> None:
    change(repo, "return sum(range(LOOPS))", "return sum(range(LOOPS)) + sum(range(LOOPS))")
    code, output = gate(repo, "--base", "HEAD~1", "--only", "loop", "--minutes", "0")
    assert code == 2, output
    assert "UNDECIDED: unknown: loop" in output
    assert "unknown, flagged once" in output
    assert "8 pairs of processes" in output
    assert "the time limit left no room" in output


@pytest.mark.parametrize(
    ("number", "condition", "processes"),
    [(signal.SIGINT, "True", 1), (signal.SIGTERM, f"{TURNS!r} in os.environ and CALLS == 2", 2)],
    ids=["warming up", "in a round"],
)
def test_an_interrupt_leaves_no_process_and_no_file(
    repo: Path, number: signal.Signals, condition: str, processes: int
) -> None:
    count = "import os, time\n\nCALLS = 0\n\n\ndef work():\n    global CALLS\n    CALLS += 1\n"
    change(repo, "def work():", f"{count}    if {condition}:\n        time.sleep(600)\n")
    temporary = repo.parent / "temporary"
    with start_gate(repo, "--base", "HEAD~1") as process:
        deadline = time.monotonic() + 120
        while len(found := measuring(temporary)) < processes and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        assert len(found) >= processes  # warming up, base's may be there still
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "could not measure: interrupted" in output
    assert "checks passed" in output  # what was found before is not lost
    assert not measuring(temporary)
    assert not list(temporary.iterdir())


def measuring(temporary: Path) -> list[str]:
    """Processes of benchmarks whose files are below a folder."""
    shown = subprocess.run(["ps", "-ww", "-ax", "-o", "command="], capture_output=True, text=True, check=True).stdout
    return [
        line for line in shown.splitlines() if all(word in line for word in ("worker.py", str(temporary), "amounts"))
    ]
