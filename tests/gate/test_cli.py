"""The command, on a repository so small that the whole gate takes seconds: exit codes, messages, files, interrupts."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from anisoap_bench import terminal
from anisoap_bench.__main__ import main
from anisoap_bench.gate import cli, report
from anisoap_bench.gate.process import interruptible, uninterrupted
from anisoap_bench.gate.result import Check, Comparison, Decision, GateResult
from anisoap_bench.gate.turns import VARIABLE as TURNS
from anisoap_bench.git import changed_files
from tests.gate.small_repository import ROOT, change, commit, git, repository, write


def command(repo: Path, *options: str) -> subprocess.Popen[str]:
    """The gate of this checkout in another repository, with a temporary folder of its own."""
    temporary = repo.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    words = [sys.executable, "-m", "anisoap_bench", "gate", *options]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    pipe = subprocess.PIPE
    # In the background of a script, SIGINT is ignored, and would stay so in the child.
    return subprocess.Popen(
        words, cwd=repo, env=variables, text=True, stdout=pipe, stderr=pipe, preexec_fn=heed_interrupts
    )


def heed_interrupts() -> None:
    """Let this process end when it is interrupted."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def gate(repo: Path, *options: str) -> tuple[int, str]:
    """Exit code and output; nothing may be left of a run."""
    with command(repo, *options) as process:
        output, progress = process.communicate(timeout=300)
    assert not list((repo.parent / "temporary").iterdir())
    assert len(git(repo, "worktree", "list").splitlines()) == 1
    return process.returncode, output + progress


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repository")


def test_what_nobody_foresaw_is_no_regression(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    """Python ends with 1 after an exception."""

    def fail(*args: object, **more: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(cli, "_compare", fail)
    with pytest.raises(SystemExit) as ended:
        cli.app([])
    assert ended.value.code == 2
    assert "could not measure: OSError: no space left" in capsys.readouterr().out


@pytest.mark.parametrize("code", [0, 1])
def test_a_report_that_cannot_be_written_is_no_pass_and_no_regression(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, code: int
) -> None:
    """The other files are written, and the report is printed."""
    passed = Decision((Comparison("a", 8, 1.0, 0.9, 1.1, 0.5, "not slower"),), 8, 0)
    found = GateResult("b", "c", fidelity=(Check("tests", code == 0),), decision=passed)

    def compare(*args: object, **more: object) -> GateResult:
        (tmp_path / "report.md").mkdir()  # it could be written when the run began
        return found

    monkeypatch.setattr(cli, "_compare", compare)
    with pytest.raises(SystemExit) as ended:
        cli.app(["--markdown", str(tmp_path / "report.md"), "--json", str(tmp_path / "report.json")])
    assert ended.value.code == (1 if code else 2)
    shown = capsys.readouterr()
    assert report.headline(found) in shown.out
    assert "cannot be written" in shown.err
    assert json.loads((tmp_path / "report.json").read_text())["exit_code"] == code


def test_a_report_that_cannot_be_written_is_told_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(cli, "_compare", lambda *args, **more: pytest.fail("measured"))
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit) as ended:
        cli.app(["--markdown", str(tmp_path / "file" / "report.md")])
    assert ended.value.code == 2
    assert "could not measure: cannot write" in capsys.readouterr().out


@pytest.mark.parametrize("unread", ["stdout", "stderr"])
def test_a_pipe_that_nobody_reads_is_no_regression(repo: Path, unread: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-m", "anisoap_bench", "gate", "--base", "HEAD", "--only", "no such", "--json", "found"]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    (repo / "pyproject.toml").write_text("no TOML\n")
    commit(repo, "break the build")
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, unread: writing}
    done = subprocess.run(words, cwd=repo, env=variables, text=True, **streams)
    os.close(writing)
    assert done.returncode == 2
    assert "Exception ignored" not in (done.stderr or "")
    assert "does not build" in json.loads((repo / "found").read_text())["message"]


def test_a_name_that_is_no_text_is_no_regression(repo: Path) -> None:
    words = [sys.executable, "-m", "anisoap_bench", "gate", "--base", b"\xff", "--markdown", "report.md"]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=repo, env=variables, capture_output=True, text=True)
    assert done.returncode == 2
    assert "NOT MEASURED" in done.stdout
    assert "Traceback" not in done.stderr


def test_words_that_the_terminal_lacks_fail_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    terminal.echo("× 1.2")
    assert written.getvalue() == b"? 1.2\n"


def test_a_command_that_cannot_be_loaded_found_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """A library that is there, and broken."""

    def fail(name: str) -> None:
        raise ImportError("undefined symbol")

    monkeypatch.setattr("importlib.import_module", fail)
    assert main(["gate"]) == 2
    assert "undefined symbol" in capsys.readouterr().err


def test_files_that_git_hides_are_changes_all_the_same(repo: Path) -> None:
    git(repo, "config", "status.showUntrackedFiles", "no")
    git(repo, "mv", "anisoap_opt/__init__.py", "anisoap_opt/a b.py")
    (repo / "new.py").touch()
    assert set(changed_files(repo)) == {"anisoap_opt/__init__.py", "anisoap_opt/a b.py", "new.py"}


def test_a_signal_that_the_caller_ignores_stays_ignored() -> None:
    """Under nohup, a gate outlives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_second_signal_does_not_cut_the_cleaning_up_short() -> None:
    done = []

    def work() -> None:
        with interruptible():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGTERM)
                done.append("cleaned")

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["cleaned"]
    assert signal.getsignal(signal.SIGINT) is before


def test_an_unknown_commit_cannot_be_measured(repo: Path) -> None:
    code, output = gate(repo, "--base", "no-such-branch")
    assert code == 2
    assert "no commit is called 'no-such-branch'" in output


def test_a_shallow_clone_without_the_base_says_what_to_do(repo: Path) -> None:
    change(repo, "VALUE = 3.0", "VALUE = 3.5")
    shallow = repo.parent / "shallow"
    git(repo.parent, "clone", "--quiet", "--depth", "1", repo.as_uri(), str(shallow))
    code, output = gate(shallow, "--base", "HEAD~1")
    assert code == 2
    assert "git fetch --unshallow" in output


def test_a_commit_under_two_names_is_not_compared_with_itself(repo: Path) -> None:
    """On main, where everything was committed, or in a clone so shallow that the branches' ends are all there is."""
    branch = git(repo, "branch", "--show-current").strip()
    code, output = gate(repo, "--base", branch)
    assert code == 2
    assert f"{branch} and HEAD are the same commit" in output
    assert "nothing to compare" in output
    assert "shallow" not in output
    shallow = repo.parent / "shallow"
    git(repo.parent, "clone", "--quiet", "--depth", "1", repo.as_uri(), str(shallow))
    code, output = gate(shallow, "--base", branch)
    assert code == 2
    assert "git fetch --unshallow" in output


def test_a_signal_while_cleaning_up_loses_no_verdict() -> None:
    with interruptible():
        with uninterrupted():
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)


def test_uncommitted_changes_are_refused_and_named(repo: Path) -> None:
    (repo / "anisoap_opt" / "__init__.py").write_text("VALUE = 4.0")
    (repo / "new.txt").touch()
    code, output = gate(repo)
    assert code == 2
    assert "anisoap_opt/__init__.py, new.txt" in output
    assert "--allow-dirty" in output


def test_allow_dirty_is_about_the_commit_that_is_checked_out(repo: Path) -> None:
    commit(repo, "second")
    code, output = gate(repo, "--head", "HEAD~1", "--allow-dirty")
    assert code == 2
    assert "checked out" in output


def test_a_core_that_is_not_there(repo: Path) -> None:
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("only Linux pins processes")
    code, output = gate(repo, "--base", "HEAD", "--core", "9999")
    assert code == 2
    assert "no core 9999" in output


def test_outside_of_a_repository(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    with command(folder) as process:
        output = "".join(process.communicate(timeout=60))
    assert process.returncode == 2
    assert "not a git repository" in output


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["base", "head"])
def test_a_side_that_does_not_build(repo: Path, broken: str) -> None:
    setup = repo / "setup.py"
    if broken == "base":
        setup.write_text("raise SystemExit('planted: no compiler')")
        commit(repo, "broken")
        setup.unlink()
        commit(repo, "mended")
    else:
        commit(repo, "whole")
        setup.write_text("raise SystemExit('planted: no compiler')")
        commit(repo, "broken")
    code, output = gate(repo, "--base", "HEAD~1", "--json", str(repo.parent / "report.json"))
    assert code == 2
    assert "planted: no compiler" in output
    report = json.loads((repo.parent / "report.json").read_text())
    assert report["exit_code"] == 2
    assert f"{broken} (" in report["message"]


@pytest.mark.slow
def test_without_benchmarks_nothing_is_measured(repo: Path) -> None:
    git(repo, "rm", "--quiet", "-r", "tests/benchmarks")
    commit(repo, "no benchmarks")
    code, output = gate(repo, "--base", "HEAD~1")
    assert code == 2
    assert "no folder tests/benchmarks" in output


@pytest.mark.slow
def test_a_name_that_no_benchmark_has_measures_nothing(repo: Path) -> None:
    code, output = gate(repo, "--base", "HEAD", "--only", "no-such-benchmark")
    assert code == 2
    assert "no benchmark in common" in output
    assert "'no-such-benchmark'" in output


@pytest.mark.slow
def test_twice_the_work_is_slower_and_named_and_can_be_overridden(repo: Path) -> None:
    change(repo, "return sum(range(LOOPS))", "return sum(range(LOOPS)) + sum(range(LOOPS))")
    files = ["--markdown", str(repo.parent / "report.md"), "--json", str(repo.parent / "report.json")]
    code, output = gate(repo, "--base", "HEAD~1", "--only", "loop", *files)
    assert code == 1, output
    report = json.loads((repo.parent / "report.json").read_text())
    assert [(one["name"], one["verdict"], one["confirmed"]) for one in report["decision"]["comparisons"]] == [
        ("loop", "slower", True)
    ]
    assert report["decision"]["comparisons"][0]["ratio"] == pytest.approx(2.0, rel=0.3)
    assert "loop" in (repo.parent / "report.md").read_text()
    code, output = gate(repo, "--base", "HEAD~1", "--only", "loop", "--override")
    assert code == 0
    assert "perf-regression-ok" in output
    assert "slower" in output


@pytest.mark.slow
def test_changes_that_are_not_committed_can_be_measured(repo: Path) -> None:
    file = repo / "anisoap_opt" / "__init__.py"
    file.write_text(file.read_text().replace("return sum(range(LOOPS))", "return sum(range(3 * LOOPS))"))
    code, output = gate(repo, "--base", "HEAD", "--only", "loop", "--allow-dirty")
    assert code == 1, output
    assert "working tree" in output


@pytest.mark.slow
def test_a_fifth_more_memory_blocks(repo: Path) -> None:
    change(repo, "BYTES = 8_000_000", "BYTES = 9_600_000")
    code, output = gate(repo, "--base", "HEAD~1", "--only", "memory")
    assert code == 1
    assert "memory (allocated)" in output


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_without_time_to_confirm_it_is_undecided(repo: Path) -> None:
    change(repo, "return sum(range(LOOPS))", "return sum(range(LOOPS)) + sum(range(LOOPS))")
    code, output = gate(repo, "--base", "HEAD~1", "--only", "loop", "--minutes", "0")
    assert code == 2, output
    assert "UNDECIDED: unknown: loop" in output
    assert "unknown, flagged once" in output
    assert "8 pairs of processes" in output
    assert "the time limit left no room" in output


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("condition", "processes"),
    [("True", 1), (f"{TURNS!r} in os.environ and CALLS == 2", 2)],
    ids=["warming up", "in a round"],
)
def test_an_interrupt_leaves_no_process_and_no_file(
    repo: Path, number: signal.Signals, condition: str, processes: int
) -> None:
    hanging = (
        f"CALLS = 0\n\n\ndef work():\n    import os, time\n    global CALLS\n    CALLS += 1\n    if {condition}:\n"
    )
    change(repo, "def work():", f"{hanging}        time.sleep(600)\n")
    temporary = repo.parent / "temporary"
    with command(repo, "--base", "HEAD~1") as process:
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
        line for line in shown.splitlines() if "worker.py" in line and str(temporary) in line and '"amounts"' in line
    ]
