"""Processes: what they import, what they see, and that none is left."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import anisoap_opt
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import drive, worker
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.suite import INPUTS, benchmarks_in, prepare_suite
from benchmarks.measure import THREAD_VARIABLES
from tests.gate.builds import doing, installed
from tests.gate.processes import goes_on
from tests.gate.small_repository import BENCHMARKS, PACKAGE, ROOT, sources, write

COMPILED = "tests/benchmarks/test_compiled.py"


def observe(suite: Path, package: str | Build = PACKAGE, **more: Any) -> drive.Observation:
    """What one process of a small package measures."""
    build = package if isinstance(package, Build) else installed(suite.parent, "head", package)
    (found,) = drive.observe([build], suite, **{"core": drive.core_to_use(None), **more})
    return found


def test_a_process_times_every_benchmark(suite: Path) -> None:
    found = observe(suite)
    assert set(found.seconds) == {"loop", "memory", "late"}
    assert all(seconds > 0 for seconds in found.seconds.values())
    assert not found.errors
    assert set(observe(suite, only="mem").seconds) == {"memory"}
    assert set(observe(suite, names=frozenset({"loop"})).seconds) == {"loop"}
    assert set(observe(suite, names=frozenset({"mem"})).seconds) == set()


ASKING = """
@pytest.mark.parametrize("name", ["asking"])
def test_asking(name, request, timed):
    hooks = request.config.hook
    assert hooks.pytest_benchmark_generate_machine_info(config=request.config) == {}
    assert hooks.pytest_benchmark_generate_commit_info(config=request.config) == {}
    timed(lambda: 0, calls=1)
"""


def test_a_process_spends_no_time_on_describing_the_machine(suite: Path) -> None:
    write(suite, {COMPILED: BENCHMARKS + ASKING})
    found = observe(suite)
    assert "asking" in found.seconds, found.errors


WITH_ERROR = """
@pytest.mark.parametrize("name", ["compared"])
def test_compared(name, benchmark, timed):
    timed(lambda: 0, calls=1)
    benchmark.error = lambda: 0.25
"""


def test_a_process_that_counts_tells_the_error_where_there_is_one(suite: Path) -> None:
    write(suite, {COMPILED: BENCHMARKS + WITH_ERROR})
    found = observe(suite, amounts=True, names=frozenset({"compared", "loop"}))
    assert {name: each.get("error") for name, each in found.amounts.items()} == {"compared": 0.25, "loop": None}


def test_the_package_of_the_checkout_is_refused(suite: Path, tmp_path: Path) -> None:
    """Without a package of its own, the process finds the one that is installed in editable mode, which is head."""
    (tmp_path / "head").mkdir()
    with pytest.raises(CannotMeasure, match="the wrong package: anisoap_opt was imported from") as error:
        observe(suite, Build("head", tmp_path / "head", "abc"))
    assert str(Path(anisoap_opt.__file__).resolve()) in str(error.value)


def test_a_package_beside_the_benchmarks_is_refused(suite: Path) -> None:
    write(suite, {"anisoap_opt/__init__.py": PACKAGE})
    with pytest.raises(CannotMeasure, match="the wrong package"):
        observe(suite)


def test_a_part_of_the_package_from_elsewhere_is_refused(suite: Path, tmp_path: Path) -> None:
    write(tmp_path, {"elsewhere/part.py": ""})
    late = doing(f"__path__[:] = [{str(tmp_path / 'elsewhere')!r}]", "import anisoap_opt.part")
    with pytest.raises(CannotMeasure, match=r"the wrong package: anisoap_opt\.part"):
        observe(suite, late)


def test_torch_must_not_be_loaded_beside_the_compiled_benchmarks(suite: Path) -> None:
    with pytest.raises(CannotMeasure, match="torch was loaded"):
        observe(suite, doing("import sys, types", "sys.modules['torch'] = types.ModuleType('torch')"))


def test_a_process_sees_nothing_of_the_caller(suite: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANISOAP_BACKEND", "torch_full")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    looking = doing(
        "import json, os",
        "cores = sorted(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else None",
        f"open({str(tmp_path / 'seen.json')!r}, 'w').write(json.dumps([dict(os.environ), os.listdir(), cores]))",
    )
    observe(suite, looking)
    variables, files, cores = json.loads((tmp_path / "seen.json").read_text())
    assert {variables[name] for name in (*THREAD_VARIABLES, "NUMBA_NUM_THREADS")} == {"1"}
    assert variables["PYTHONHASHSEED"] == "0"
    assert "ANISOAP_BACKEND" not in variables
    assert {name: variables[name] for name in drive.KEPT_MEMORY} == drive.KEPT_MEMORY
    assert files == []
    assert cores == (None if drive.core_to_use(None) is None else [drive.core_to_use(None)])


@pytest.mark.skipif(drive.core_to_use(None) is None, reason="only Linux pins processes")
def test_processes_at_the_same_time_have_a_core_each(suite: Path, tmp_path: Path) -> None:
    looking = f"import os\nopen({str(tmp_path)!r} + '/' + str(os.getpid()), 'w').write(str(os.sched_getaffinity(0)))\n"
    build = installed(tmp_path, "head", looking + PACKAGE)
    found = drive.observe([build, build], suite, core=drive.core_to_use(None))
    assert [set(one.seconds) for one in found] == [{"loop", "memory", "late"}] * 2
    seen = [file.read_text() for file in tmp_path.iterdir() if file.name.isdigit()]
    assert len(seen) == 2
    assert len(set(seen)) == min(2, len(os.sched_getaffinity(0)))
    assert str({drive.core_to_use(None)}) in seen


def test_a_benchmark_that_fails_does_not_stop_the_others(suite: Path) -> None:
    found = observe(suite, doing("raise ValueError('no such backend')"))
    assert set(found.seconds) == {"memory", "late"}
    assert found.errors == {"loop": "ValueError: no such backend"}


def test_a_process_that_hangs_is_ended_with_its_children(suite: Path, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    child = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    hanging = "print('about to hang', flush=True)\nimport subprocess, sys\n"
    hanging += f"subprocess.run([sys.executable, '-c', {child!r}])"
    with pytest.raises(CannotMeasure, match="took longer than 10 s:(.|\n)*about to hang"):
        observe(suite, hanging, timeout=10)
    assert not goes_on(int(pid.read_text()))


def test_the_suite_of_this_repository_needs_no_file_of_the_package(tmp_path: Path) -> None:
    assert not (prepare_suite(ROOT, tmp_path / "suite") / "anisoap_opt").exists()
    assert (tmp_path / "suite" / INPUTS).stat().st_size > 0


def test_without_benchmarks_nothing_can_be_measured(tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match="tests/benchmarks"):
        prepare_suite(tmp_path, tmp_path / "suite")


def test_frames_of_a_head_that_has_no_table_of_cases(tmp_path: Path) -> None:
    """As commits have it that a bisection may end at."""
    tree = sources(tmp_path / "files")
    (tree / "benchmarks" / "cases.py").rename(tree / "tests" / "benchmarks" / "inputs.py")
    assert (prepare_suite(tree, tmp_path / "suite") / INPUTS).stat().st_size > 0


def test_names_are_read_from_a_tree_whose_benchmarks_do_not_run(tmp_path: Path) -> None:
    settings = tmp_path / "pytest.ini"
    settings.write_text("[pytest]\n")
    tree = sources(tmp_path / "files")
    write(tree, {COMPILED: BENCHMARKS.replace("timed(lambda: ", "no_such_name(")})
    write(tmp_path, {"tests/__init__.py": "", "tests/benchmarks/__init__.py": "", "benchmarks/__init__.py": ""})
    write(tmp_path, {COMPILED: "raise ValueError('head in place of base')\n"})
    assert benchmarks_in(tree, settings) == ({"loop", "memory", "late"}, "")
    assert benchmarks_in(tmp_path / "nothing", settings) == (set(), "")
    write(tree, {COMPILED: "import no_such_module\n"})
    names, problem = benchmarks_in(tree, settings)
    assert names == {"late"}
    assert "test_compiled.py" in problem


TWO_LOOPS = BENCHMARKS.replace('["memory"]', '["loop"]')
WITHOUT_BRACKETS = BENCHMARKS.replace(
    '@pytest.mark.parametrize("name", ["loop"])\ndef test_loop(name, ', "def test_loop("
)


@pytest.mark.parametrize(
    ("benchmarks", "words"),
    [
        ("from anisoap_opt import NoSuchName\n", "NoSuchName"),
        (TWO_LOOPS, "which has to be there, and once: .*loop"),
        (WITHOUT_BRACKETS, "which has to be there, and once: .*loop"),
    ],
    ids=["cannot be imported", "twice", "without brackets"],
)
def test_benchmarks_that_cannot_be_used_are_an_error(suite: Path, benchmarks: str, words: str) -> None:
    assert benchmarks != BENCHMARKS
    write(suite, {COMPILED: benchmarks})
    with pytest.raises(CannotMeasure, match=words):
        observe(suite)


def test_at_most_eighteen_benchmarks_block(tmp_path: Path) -> None:
    """One of them is of `reference`, which nobody changes: a history shows by it what it is worth."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    names, problem = benchmarks_in(ROOT, tmp_path / "pytest.ini")
    assert 10 <= len(names) <= 18
    assert not problem


def test_every_file_of_benchmarks_is_run_and_first_what_runs_without_torch(suite: Path) -> None:
    third = BENCHMARKS.replace('["loop"]', '["third"]').replace('["memory"]', '["fourth"]')
    write(suite, {"tests/benchmarks/test_a_third.py": third})
    assert set(observe(suite).seconds) == {"loop", "memory", "late", "third", "fourth"}
    first, *_ = worker.benchmark_files(suite / "tests")
    assert first == "benchmarks/test_compiled.py"
    assert (ROOT / "tests" / first).is_file()
