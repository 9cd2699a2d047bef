"""Processes: what they import, what they see, and that none is left."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import anisoap_opt
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import drive, worker
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.process import REMEMBERED, run
from anisoap_bench.gate.suite import benchmarks_in, prepare_suite
from benchmarks.measure import THREAD_VARIABLES
from tests.gate.processes import goes_on
from tests.gate.small_repository import BENCHMARKS, PACKAGE, sources, write

Make = Callable[..., tuple[Build, Path]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A build of a small package and a suite of small benchmarks."""

    def run(package: str | None = PACKAGE, benchmarks: str = BENCHMARKS) -> tuple[Build, Path]:
        suite = prepare_suite(sources(tmp_path / "files", benchmarks), tmp_path / "suite")
        folder = tmp_path / "head"
        folder.mkdir()
        if package is not None:
            write(folder, {"anisoap_opt/__init__.py": package})
        return Build("head", folder, "abc"), suite

    return run


def observe(made: tuple[Build, Path], **more: Any) -> drive.Observation:
    build, suite = made
    (found,) = drive.observe([build], suite, **{"core": drive.default_core(), **more})
    return found


def test_a_process_times_every_benchmark(make: Make) -> None:
    made = make()
    found = observe(made)
    assert set(found.seconds) == {"loop", "memory", "late"}
    assert all(seconds > 0 for seconds in found.seconds.values())
    assert not found.errors
    assert set(observe(made, only="mem").seconds) == {"memory"}
    assert set(observe(made, names=frozenset({"loop"})).seconds) == {"loop"}
    assert set(observe(made, names=frozenset({"mem"})).seconds) == set()


ASKING = """
@pytest.mark.parametrize("name", ["asking"])
def test_asking(name, request, timed):
    hooks = request.config.hook
    assert hooks.pytest_benchmark_generate_machine_info(config=request.config) == {}
    assert hooks.pytest_benchmark_generate_commit_info(config=request.config) == {}
    timed(lambda: 0, calls=1)
"""


def test_a_process_spends_no_time_on_describing_the_machine(make: Make) -> None:
    found = observe(make(benchmarks=BENCHMARKS + ASKING))
    assert "asking" in found.seconds, found.errors


def test_the_package_of_the_checkout_is_refused(make: Make) -> None:
    """Without a package of its own, the process finds the one that is installed in editable mode, which is head."""
    with pytest.raises(CannotMeasure, match="the wrong package: anisoap_opt was imported from") as error:
        observe(make(package=None))
    assert str(Path(anisoap_opt.__file__).resolve()) in str(error.value)


def test_a_package_beside_the_benchmarks_is_refused(make: Make) -> None:
    build, suite = make()
    write(suite, {"anisoap_opt/__init__.py": PACKAGE})
    with pytest.raises(CannotMeasure, match="the wrong package"):
        observe((build, suite))


def test_a_part_of_the_package_from_elsewhere_is_refused(make: Make, tmp_path: Path) -> None:
    write(tmp_path, {"elsewhere/part.py": ""})
    late = PACKAGE.replace("    return sum", f"    __path__[:] = [{str(tmp_path / 'elsewhere')!r}]\n    return sum")
    late = late.replace("    return sum", "    import anisoap_opt.part\n    return sum")
    with pytest.raises(CannotMeasure, match=r"the wrong package: anisoap_opt\.part"):
        observe(make(late))


def test_torch_must_not_be_loaded_beside_the_compiled_benchmarks(make: Make) -> None:
    early = "    import sys, types\n    sys.modules['torch'] = types.ModuleType('torch')\n    return sum"
    made = make(PACKAGE.replace("    return sum", early))
    with pytest.raises(CannotMeasure, match="torch was loaded"):
        observe(made)


def test_a_process_sees_nothing_of_the_caller(make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANISOAP_BACKEND", "torch_full")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    looking = (
        "import json, os\n"
        "def look():\n"
        "    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else None\n"
        f"    open({str(tmp_path / 'seen.json')!r}, 'w').write(json.dumps([dict(os.environ), os.listdir(), cores]))\n"
    )
    observe(make(looking + PACKAGE.replace("    return sum", "    look()\n    return sum")))
    variables, files, cores = json.loads((tmp_path / "seen.json").read_text())
    assert {variables[name] for name in (*THREAD_VARIABLES, "NUMBA_NUM_THREADS")} == {"1"}
    assert variables["PYTHONHASHSEED"] == "0"
    assert "ANISOAP_BACKEND" not in variables
    assert {name: variables[name] for name in drive.KEPT_MEMORY} == drive.KEPT_MEMORY
    assert files == []
    assert cores in (None, [drive.default_core()])


def test_processes_at_the_same_time_have_a_core_each(make: Make, tmp_path: Path) -> None:
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("only Linux pins processes")
    looking = f"import os\nopen({str(tmp_path)!r} + '/' + str(os.getpid()), 'w').write(str(os.sched_getaffinity(0)))\n"
    build, suite = make(looking + PACKAGE)
    found = drive.observe([build, build], suite, core=drive.default_core())
    assert [set(one.seconds) for one in found] == [{"loop", "memory", "late"}] * 2
    seen = [file.read_text() for file in tmp_path.iterdir() if file.name.isdigit()]
    assert len(seen) == 2
    assert len(set(seen)) == min(2, len(os.sched_getaffinity(0)))
    assert str({drive.default_core()}) in seen


def test_a_benchmark_that_fails_does_not_stop_the_others(make: Make) -> None:
    found = observe(make(PACKAGE.replace("    return sum", "    raise ValueError('no such backend')\n    return sum")))
    assert set(found.seconds) == {"memory", "late"}
    assert found.errors == {"loop": "ValueError: no such backend"}


def test_a_file_of_benchmarks_that_cannot_be_imported_is_an_error(make: Make) -> None:
    made = make(benchmarks="from anisoap_opt import NoSuchName\n" + BENCHMARKS)
    with pytest.raises(CannotMeasure, match="NoSuchName"):
        observe(made)


def test_a_process_that_hangs_is_ended_with_its_children(make: Make, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    child = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    hanging = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])\n{PACKAGE}"
    hanging = f"print('about to hang', flush=True)\n{hanging}"
    with pytest.raises(CannotMeasure, match="took longer than 10 s:(.|\n)*about to hang"):
        observe(make(hanging), timeout=10)
    assert not goes_on(int(pid.read_text()))


def test_what_is_still_running_when_a_command_ends_is_ended(tmp_path: Path) -> None:
    code = "import subprocess as s; print(s.Popen(['sleep', '600'], stdout=s.DEVNULL, stderr=s.DEVNULL).pid)"
    done = run([sys.executable, "-c", code], folder=tmp_path, timeout=60)
    assert not goes_on(int(done.output))


def test_without_benchmarks_nothing_can_be_measured(tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match="tests/benchmarks"):
        prepare_suite(tmp_path, tmp_path / "suite")


def test_names_are_read_from_a_tree_whose_benchmarks_do_not_run(tmp_path: Path) -> None:
    settings = tmp_path / "pytest.ini"
    settings.write_text("[pytest]\n")
    tree = sources(tmp_path / "files", BENCHMARKS.replace("timed(lambda: ", "no_such_name("))
    write(tmp_path, {"tests/__init__.py": "", "tests/benchmarks/__init__.py": "", "benchmarks/__init__.py": ""})
    write(tmp_path, {"tests/benchmarks/test_compiled.py": "raise ValueError('head in place of base')\n"})
    assert benchmarks_in(tree, settings) == ({"loop", "memory", "late"}, "")
    assert benchmarks_in(tmp_path / "nothing", settings) == (set(), "")
    (tree / "tests" / "benchmarks" / "test_compiled.py").write_text("import no_such_module\n")
    names, problem = benchmarks_in(tree, settings)
    assert names == {"late"}
    assert "test_compiled.py" in problem


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('["memory"]', '["loop"]'),
        ('@pytest.mark.parametrize("name", ["loop"])\ndef test_loop(name, ', "def test_loop("),
    ],
    ids=["twice", "without brackets"],
)
def test_benchmarks_that_cannot_be_told_apart_are_refused(make: Make, old: str, new: str) -> None:
    assert old in BENCHMARKS
    with pytest.raises(CannotMeasure, match=r"which has to be there, and once: .*loop"):
        observe(make(benchmarks=BENCHMARKS.replace(old, new)))


def test_at_most_fifteen_benchmarks_block(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    names, problem = benchmarks_in(Path(__file__).resolve().parents[2], tmp_path / "pytest.ini")
    assert 10 <= len(names) <= 15
    assert not problem


def test_every_file_of_benchmarks_is_run(make: Make) -> None:
    build, suite = make()
    third = BENCHMARKS.replace('["loop"]', '["third"]').replace('["memory"]', '["fourth"]')
    (suite / "tests" / "benchmarks" / "test_a_third.py").write_text(third)
    assert set(observe((build, suite)).seconds) == {"loop", "memory", "late", "third", "fourth"}


def test_what_runs_without_torch_runs_first() -> None:
    files = worker.benchmark_files(Path(__file__).resolve().parents[1])
    assert files == ["benchmarks/test_compiled.py", "benchmarks/test_torch.py"]


def test_only_the_end_of_what_a_process_prints_is_kept(tmp_path: Path) -> None:
    words = [sys.executable, "-c", f"print('x' * {2 * REMEMBERED}); print('the end')"]
    done = run(words, folder=tmp_path, timeout=60)
    assert len(done.output) == REMEMBERED
    assert done.output.endswith("x\nthe end\n")


def test_default_core_is_one_of_ours() -> None:
    if hasattr(os, "sched_getaffinity"):
        assert drive.default_core() in os.sched_getaffinity(0)
    else:
        assert drive.default_core() is None
