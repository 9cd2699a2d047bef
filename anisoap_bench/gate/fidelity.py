"""Whether head's numbers are right: the tests of fidelity, and its descriptors beside those of the base."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.drive import run_scripts, script, variables
from anisoap_bench.gate.process import run
from anisoap_bench.gate.result import FidelityCheck

TESTS = ("test_reference_data.py", "test_invariance.py")
"""Found by name, because commits differ in the folder of ``tests`` that holds them."""
TIMEOUT = 600
RTOL, ATOL, OF_LARGEST = 1e-6, 1e-8, 1e-10
"""For float64: both the elementwise bound and the one relative to the largest value of the array have to hold."""

# For float32, relative to the largest value: twice what ``tests/tolerances.py`` allows against exact values, because
# both sides are rounded. The transformation to (9, 6) cancels most of the digits of its expansion.
FLOAT32 = {
    ("6", "power spectrum"): 4e-6,
    ("6", "expansion"): 9e-6,
    ("9_6", "power spectrum"): 1.3e-4,
    ("9_6", "expansion"): 1.1e-2,
}
Arrays = dict[str, npt.NDArray[Any]]


def compare_descriptors(base: Build, head: Build, suite: Path) -> tuple[list[FidelityCheck], list[str], dict[str, str]]:
    """Checks, the descriptors that only head has, and why others could not be compared."""
    (before, errors_of_base), (after, errors) = describe((base, head), suite)
    if not before:
        raise CannotMeasure(f"base computes no descriptor at all: {next(iter(errors_of_base.items()), 'it has none')}")
    checks, new = compare(before, after, errors)
    computed = {_case(name) for name in before}
    missing = {f"descriptors {case}": error for case, error in errors.items() if case not in computed}
    # Each build is asked for the backends that it has itself, so what it fails at is not new.
    missing |= {f"descriptors {case}": f"base cannot compute it: {error}" for case, error in errors_of_base.items()}
    return checks, [name for name in new if _case(name) not in errors_of_base], missing


def _case(name: str) -> str:
    """Backend, dtype, size and input of an array."""
    return " ".join(name.split(" ")[:4])


def run_tests(head: Build, suite: Path, source: Path) -> FidelityCheck:
    """The tests that compare with stored values and known invariances: those of head's files against its wheel."""
    folder = suite.with_name("tests-of-head")
    shutil.copytree(source / "tests", folder / "tests")
    shutil.copy(suite / "worker.py", folder)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    slow\n    browser\n")
    tests = folder / "tests"
    found = [next(tests.rglob(name), tests / name).relative_to(tests) for name in TESTS]
    asked = {"target": str(head.folder), "core": None, "tests": list(map(str, found))}
    command = (sys.executable, folder / "worker.py", json.dumps(asked))
    done = run(command, folder=folder, variables=variables(head, suite), timeout=TIMEOUT)
    if done.code not in (0, 1):
        raise CannotMeasure(f"the tests of fidelity did not run (code {done.code}):\n{done.tail}")
    summary = (done.tail.splitlines() or ["no output"])[-1]
    if done.code == 0 and " passed" not in summary:
        raise CannotMeasure(f"no test of fidelity ran: {summary}")
    # 1 is Python's code, too, where it ends in a traceback.
    if done.code == 1 and not (" failed" in summary or " error" in summary):
        raise CannotMeasure(f"the tests of fidelity did not end:\n{done.tail}")
    failed = [line for line in done.output.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return FidelityCheck("tests of fidelity", done.code == 0, "; ".join(failed[:5]) or summary)


def describe(builds: Sequence[Build], suite: Path) -> list[tuple[Arrays, dict[str, str]]]:
    """Of each build, the descriptors of the benchmark inputs by every backend, and what could not be computed."""
    with tempfile.TemporaryDirectory(prefix="descriptors-") as folder:
        outs = [Path(folder) / f"{number}.json" for number in range(len(builds))]
        commands = [
            script(*each, "descriptors.py", {}) for each in zip(builds, [suite] * len(builds), outs, strict=True)
        ]
        errors = run_scripts(commands, TIMEOUT)
        arrays = [dict(np.load(out.with_suffix(".npz"))) for out in outs]
    return list(zip(arrays, errors, strict=True))


def compare(
    base: Mapping[str, Any], head: Mapping[str, Any], errors: Mapping[str, str]
) -> tuple[list[FidelityCheck], list[str]]:
    """One check for each backend and dtype, and the descriptors that only head has.

    Arrays go by "backend dtype size input what"; errors say why head could not compute a "backend dtype size input". If
    the two have nothing in common, CannotMeasure.
    """
    if not (set(base) & set(head) or errors):
        raise CannotMeasure("base and head have no descriptor in common")
    groups: dict[str, list[str]] = {}
    for name in base:
        groups.setdefault(" ".join(name.split(" ")[:2]), []).append(name)
    checks = []
    for group, names in groups.items():
        problems = {name: problem for name in names if (problem := _problem(name, base[name], head, errors))}
        worst = "; ".join(f"{name}: {problem}" for name, problem in list(problems.items())[:3])
        checks.append(FidelityCheck(f"descriptors {group}", not problems, worst or f"{len(names)} arrays agree"))
    return checks, sorted(set(head) - set(base))


def _problem(name: str, before: npt.NDArray[Any], head: Mapping[str, Any], errors: Mapping[str, str]) -> str:
    """What is wrong with one array of head; empty if nothing is."""
    _, dtype, size, _, what = name.split(" ", 4)
    if name not in head:
        return f"head cannot compute it: {errors.get(_case(name), 'it is missing')}"
    after = head[name]
    if (before.shape, before.dtype) != (after.shape, after.dtype):
        return f"{before.dtype} {before.shape} became {after.dtype} {after.shape}"
    if not np.isfinite(after).all():
        return "has values that are not finite"
    finite = np.isfinite(before)  # what base could not compute, head may
    before, after = before[finite], after[finite]
    largest = float(np.abs(before).max(initial=0.0)) or 1.0
    off = float(np.abs(after.astype(float) - before).max(initial=0.0)) / largest
    allowed = OF_LARGEST if dtype == "float64" else FLOAT32[size, what]
    if off > allowed:
        return f"off by {off:.1e} of the largest value, allowed {allowed:g}"
    if dtype == "float64" and not np.allclose(after, before, rtol=RTOL, atol=ATOL):
        return f"not within rtol {RTOL:g}, atol {ATOL:g}"
    return ""
