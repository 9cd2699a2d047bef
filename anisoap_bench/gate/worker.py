"""One measured process, started as a script from a copy beside the benchmark files: ``worker.py '{…}'``.

It imports the package of one build, the benchmark files, and nothing of the checkout. Exit code 3: this process would
have measured something else than it was asked to.
"""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

SUITE = Path(__file__).resolve().parent
WITHOUT_TORCH = "test_compiled.py"

PEAK = "peak memory"
STAGE_SIGN = ":"
"""In the name of a stage of a benchmark: `CASE:neighbours`."""

WRONG = 3


class Benchmarks:
    """Pytest plugin: runs the benchmarks of these names, or all, that have a text in their name, see `has_text`.

    Attributes
    ----------
    errors : dict
        Why benchmarks failed.
    unclear : list of str
        Names that do not tell benchmarks apart: then none is run.
    early : bool
        Whether torch was loaded while the benchmarks ran that have to do without it.
    """

    def __init__(self, names: list[str] | None, text: str) -> None:
        self.names, self.text = names, text
        self.errors: dict[str, str] = {}
        self.unclear: list[str] = []
        self.early = False

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Leave out what was not asked for."""
        names = [name_of(item.nodeid) for item in items]
        self.unclear = sorted({name for name in names if names.count(name) > 1 or "::" in name})
        items[:] = [item for item, name in zip(items, names, strict=True) if not self.unclear and self.wanted(name)]

    def wanted(self, name: str) -> bool:
        """Whether a benchmark was asked for: a stage only by its name, or a text with the sign of stages."""
        if self.names is not None:
            return has_text(name, self.text) and name in self.names
        return has_text(name, self.text) and (STAGE_SIGN in self.text or STAGE_SIGN not in name)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Keep the first line of what went wrong; a benchmark that is skipped was not measured either."""
        if not report.passed:
            crash = getattr(report.longrepr, "reprcrash", None)
            words = crash.message if crash else str(report.longrepr[-1] if report.skipped else report.longrepr)
            self.errors.setdefault(name_of(report.nodeid), words.strip().splitlines()[0])

    def pytest_runtest_teardown(self, item: Any) -> None:
        """Look for torch after every benchmark."""
        self.early |= item.path.name == WITHOUT_TORCH and "torch" in sys.modules


class NoDescription:
    """Pytest plugin: no costly description of the machine in pytest-benchmark's file."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_benchmark_generate_machine_info(self) -> dict[str, str]:
        """Nothing: asking for the processor takes longer than the benchmarks."""
        return {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_benchmark_generate_commit_info(self) -> dict[str, str]:
        """Nothing: there is no repository here."""
        return {}


class OneCall:
    """Pytest plugin in place of pytest-benchmark's: what a function finds out of one call, by benchmark."""

    def __init__(self, find: Callable[[Callable[[], Any]], Any], of_import: Callable[[], Any]) -> None:
        self.find, self.of_import = find, of_import
        self.found: dict[str, Any] = {}

    @pytest.fixture
    def benchmark(self, request: Any) -> Iterator[Any]:
        """What the benchmark files call; the import takes place in another process."""
        name = name_of(request.node.nodeid)

        def pedantic(call: Callable[[], Any], rounds: int = 1, iterations: int = 1) -> Any:
            self.found[name] = self.of_import() if one.group == "import" else self.find(call)
            return call()

        one = SimpleNamespace(group=None, extra_info={}, pedantic=pedantic, error=None)
        yield one
        if one.error and isinstance(self.found[name], dict):  # how to find it, where values are stored
            self.found[name]["error"] = one.error()


def call_amounts(call: Callable[[], Any]) -> dict[str, float]:
    """Peak memory of one call, and what another one allocates and, where torch is loaded, dispatches."""
    from benchmarks import measure

    amounts: dict[str, float] = {PEAK: measure.peak_memory(call)}
    gc.collect()
    gc.disable()
    amounts["allocated"] = allocated(call)
    if "torch" in sys.modules:
        amounts["torch operations"] = torch_operations(call)
    gc.enable()
    return amounts


def allocated(call: Callable[[], Any]) -> int:
    """Most bytes that Python and NumPy held at once."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def torch_operations(call: Callable[[], Any]) -> int:
    """Operations that torch dispatches."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Count(TorchDispatchMode):  # type: ignore[no-untyped-call]
        count = 0

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            Count.count += 1
            return function(*args, **(kwargs or {}))

    with Count():  # type: ignore[no-untyped-call]
        call()
    return Count.count


def import_amounts() -> dict[str, float]:
    """Peak memory of a process that imports the package, where the system tells."""
    if sys.platform != "linux":
        return {}
    code = "import anisoap_opt\nprint(open('/proc/self/status').read())"
    status = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    (peak,) = re.findall(r"^VmHWM:\s*(\d+) kB", status, re.MULTILINE)
    return {PEAK: int(peak) * 1024}


def name_of(nodeid: str) -> str:
    """The name of a benchmark: what is in brackets."""
    return nodeid.partition("[")[2].rstrip("]") or nodeid


def has_text(name: str, text: str) -> bool:
    """Whether one of some texts, between which there are commas, is in the name of a benchmark."""
    return any(part in name for part in text.split(","))


def refuse(reason: str) -> None:
    """End this process: what it measures is not what was asked for."""
    sys.stdout.flush()  # else pytest's words come after the reason, which is then cut off with the rest of them
    print(reason, file=sys.stderr)
    sys.exit(WRONG)


def check_package(target: Path) -> None:
    """Refuse any module of the package from elsewhere: in a checkout, that would compare head with head."""
    import anisoap_opt

    for name, module in [("anisoap_opt", anisoap_opt), *sys.modules.items()]:
        file = getattr(module, "__file__", None)
        ours = name.split(".")[0] == "anisoap_opt"
        if ours and not (file and Path(file).resolve().is_relative_to(target.resolve())):
            refuse(f"the wrong package: {name} was imported from {file}, not from {target}")


def run_pytest(files: list[str], options: list[str], plugins: list[Any]) -> int:
    """Run some files; that a test fails is told by the code and its report, anything else ends this process.

    No setting of the repository applies.
    """
    settings = ["-c", str(SUITE / "pytest.ini"), "--rootdir", str(SUITE), "-p", "no:cacheprovider", "--assert=plain"]
    paths = [str(SUITE / "tests" / file) for file in files]
    code = pytest.main([*settings, "-q", *options, *paths], plugins=plugins)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        refuse(f"pytest ended with {code!r}")
    return int(code)


def benchmark_files(folder: Path) -> list[str]:
    """All of them, in the order in which they run: nothing of torch is there yet where the first one is measured."""
    files = (path.name for path in (folder / "benchmarks").glob("test_*.py"))
    return [f"benchmarks/{name}" for name in sorted(files, key=lambda name: (name != WITHOUT_TORCH, name))]


def run_benchmarks(asked: dict[str, Any], options: list[str], plugin: object) -> dict[str, str]:
    """Why benchmarks failed; names that are not clear and torch loaded too early end this process."""
    run = Benchmarks(asked["names"], asked["only"])
    run_pytest(benchmark_files(SUITE / "tests"), options, [run, plugin])
    if run.unclear:
        words = ", ".join(run.unclear)
        refuse(f"a benchmark goes by what is in brackets, which has to be there, and once: {words}")
    if run.early:
        refuse("torch was loaded before the benchmarks were done that have to do without it")
    return run.errors


def measure_times(asked: dict[str, Any]) -> dict[str, Any]:
    """Seconds of one call of every benchmark, the median of its rounds."""
    stored = Path(asked["out"]).with_suffix(".pytest-benchmark.json")
    files = [f"--benchmark-json={stored}", f"--benchmark-storage=file://{stored.parent}"]
    clock = "--benchmark-timer=turns.timer"
    options = ["-p", "pytest_benchmark.plugin", "--benchmark-disable-gc", clock, *files]
    errors = run_benchmarks(asked, options, NoDescription())
    text = stored.read_text() if stored.exists() else ""
    benchmarks = json.loads(text)["benchmarks"] if text else []
    seconds = {name_of(one["name"]): one["stats"]["median"] for one in benchmarks}
    return {"seconds": {name: value for name, value in seconds.items() if name not in errors}, "errors": errors}


def measure_amounts(asked: dict[str, Any]) -> dict[str, Any]:
    """Peak memory, counters and, where values are stored, the error of every benchmark."""
    return _of_one_call(asked, "amounts", OneCall(call_amounts, import_amounts))


def measure_lines(asked: dict[str, Any]) -> dict[str, Any]:
    """The lines of the package that hold memory at the peak of every benchmark; none for the import."""
    import lines  # type: ignore[import-not-found]  # beside this script

    return _of_one_call(asked, "lines", OneCall(lambda call: lines.at_peak(call, Path(asked["target"])), list))


def _of_one_call(asked: dict[str, Any], what: str, plugin: OneCall) -> dict[str, Any]:
    errors = run_benchmarks(asked, [], plugin)
    return {what: {name: found for name, found in plugin.found.items() if name not in errors}, "errors": errors}


def main(asked: dict[str, Any]) -> None:
    """Measure what was asked for and write it."""
    if asked["core"] is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {asked["core"]})
    target = Path(asked["target"])
    check_package(target)
    if "tests" in asked:
        code = run_pytest(asked["tests"], ["-m", "not slow"], [])
        check_package(target)
        sys.exit(code)
    measure = measure_lines if asked["lines"] else measure_amounts if asked["amounts"] else measure_times
    found = measure(asked)
    check_package(target)
    Path(asked["out"]).write_text(json.dumps(found))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
