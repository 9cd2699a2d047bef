"""The base class of the benchmarks: what is skipped, what fails, what is measured and what is never imported."""

from __future__ import annotations

import ast
import json
import math
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import anisoap_opt
from benchmarks import backends, common, measure, reference_values, stored_values, versions, workloads
from tests.suite.asv_tools import ROOT

HYPERS = workloads.HYPERS["(6, None)"]


@pytest.fixture(autouse=True)
def _threads_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "pin_threads", lambda count=1: None)


@pytest.mark.parametrize(
    ("backend", "changes", "says"),
    [
        ("numpy_only", {"no_such_argument": 1}, "no argument no_such_argument"),
        ("no_such_backend", {}, "no backend no_such_backend"),
        ("reference", {"dtype": "float32"}, "does not compute in float32"),
    ],
)
def test_what_a_commit_lacks_is_skipped(backend: str, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(NotImplementedError, match=says):
        common.calculator(backend, {**HYPERS, **changes})


def test_commits_without_calculator_and_backends_not_installed_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(anisoap_opt.BACKENDS, "numpy_only", SimpleNamespace(installed=False, needs="gold"))
    with pytest.raises(NotImplementedError, match="needs gold"):
        common.calculator("numpy_only", HYPERS)
    monkeypatch.delattr(anisoap_opt, "EllipsoidalDensityProjection")
    with pytest.raises(NotImplementedError, match="no calculator"):
        common.calculator("numpy_only", HYPERS)


def test_a_broken_commit_fails_and_is_not_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="max_angular"):
        common.calculator("numpy_only", {**HYPERS, "max_angular": -1})
    monkeypatch.setattr(anisoap_opt.EllipsoidalDensityProjection, "transform", broken)
    with pytest.raises(ValueError, match="broken"):
        Toy("transform").setup()


class Toy(common.Measured):
    def __init__(self, method: str = "power_spectrum", **changes: Any) -> None:
        self.chosen = {"method": method, "reference": f"{method}, 1 types, N = 24", **changes}

    def work(self) -> common.Work:
        return common.Work("numpy_only", workloads.bulk(24, 1), HYPERS, **self.chosen)


def test_setup_makes_and_warms_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(anisoap_opt.EllipsoidalDensityProjection, "power_spectrum", lambda *_: calls.append(1))
    toy = Toy()
    toy.setup()
    toy.setup()  # asv does so before every sample
    assert len(calls) == 1
    toy.seconds()
    assert len(calls) == 2


def test_only_the_wheel_is_measured_in_environments_that_asv_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anisoap_opt, "__file__", str(ROOT / "anisoap_opt" / "__init__.py"))
    monkeypatch.setenv("ASV", "true")
    monkeypatch.setenv("ASV_ENV_TYPE", "virtualenv")
    with pytest.raises(RuntimeError, match="not from the wheel"):
        Toy().setup()
    monkeypatch.setenv("ASV_ENV_TYPE", "existing")
    common.refuse_the_checkout()
    monkeypatch.delenv("ASV")
    common.refuse_the_checkout()


@pytest.mark.parametrize("method", ["power_spectrum", "transform"])
def test_error_is_relative_to_the_largest_value_of_a_block(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    toy = Toy(method)
    toy.setup()
    assert toy.error() == common.SMALLEST_ERROR
    exact = stored_values.blocks

    def off(descriptor: Any) -> dict[str, np.ndarray]:
        found = exact(descriptor)
        name = next(iter(found))
        found[name].flat[5] += 1e-3 * np.abs(found[name]).max()
        return found

    monkeypatch.setattr(stored_values, "blocks", off)
    assert toy.error() == pytest.approx(1e-3, rel=1e-6)
    monkeypatch.setattr(stored_values, "blocks", lambda descriptor: {"another block": np.ones(1)})
    assert toy.error() == math.inf


def test_arguments_of_the_call_are_measured_and_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Toy(call={"symmetric": True}, reference="symmetric")
    (features,) = reference_values.values(toy.work(), "numpy_only").values()
    monkeypatch.setattr(stored_values, "stored", lambda: {"symmetric/mean": features})
    toy.setup()
    assert toy.error() == common.SMALLEST_ERROR
    assert features.size < reference_values.values(Toy().work(), "numpy_only")["mean"].size
    every_center = Toy(call={"mean_over_samples": False}).work()
    assert list(reference_values.values(every_center, "numpy_only")) == ["2,0,1"]  # a TensorMap's only block
    with pytest.raises(NotImplementedError, match="power_spectrum has no argument squared"):
        Toy(call={"squared": True}).setup()


def test_error_without_stored_values_is_no_number_and_with_a_wrong_name_fails() -> None:
    """asv counts what a benchmark itself refuses as failed, and ends with exit code 2."""
    unknown, wrong = Toy(reference=""), Toy(reference="no such")
    unknown.setup()
    assert math.isnan(unknown.error())
    wrong.setup()
    with pytest.raises(KeyError, match="no such"):
        wrong.error()


def test_peak_memory_is_the_smallest_of_three_and_has_a_floor() -> None:
    toy = Toy()
    toy.run = lambda: None
    assert toy.peak_memory() == common.SMALLEST_MEMORY
    sizes = iter([80 << 20, 40 << 20, 60 << 20])
    toy.run = lambda: np.ones(next(sizes), dtype=np.uint8).sum()  # which is free again when the call ends
    assert 0.9 * (40 << 20) < toy.peak_memory() < 1.3 * (40 << 20)


def test_seconds_per_pair_and_frame_divide_by_units(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Toy(units=50)
    toy.setup()
    monkeypatch.setattr(measure, "median_time", lambda call: 10.0)
    assert toy.seconds_per_pair() == toy.seconds_per_frame() == 0.2


def test_backends_are_those_of_the_checkout() -> None:
    assert list(backends.BACKENDS) == [name for name, entry in anisoap_opt.BACKENDS.items() if entry.on_cpu]
    assert backends.names("BACKENDS = {'a': 1, 'b': B(2), 'c': B(3, on_cpu=False)}") == ("a", "b")


SUITE = (
    *("__init__", "backends", "common", "measure", "reference_values", "stored_values", "versions", "workloads"),
    *versions.MODULES,
)


@pytest.mark.parametrize("module", SUITE)
def test_the_suite_uses_the_public_interface_only(module: str) -> None:
    imported, used = set(), set()
    for node in ast.walk(ast.parse((ROOT / "benchmarks" / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            imported.add(str(node.module))
            used |= {alias.name for alias in node.names if node.module == "anisoap_opt"}
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "anisoap_opt":
            used.add(node.attr)
    inner = {name for name in imported if name.startswith(("anisoap_opt.", "anisoap_bench", "tests"))}
    assert not inner - {"anisoap_opt.nn"}
    assert used <= {*anisoap_opt.__all__, "__file__"}


WANTED = reference_values.wanted()


def test_stored_values_are_those_that_benchmarks_ask_for_and_small() -> None:
    assert {name.split("/")[0] for name in stored_values.stored()} == set(WANTED)
    assert stored_values.FILE.stat().st_size < 200_000


@pytest.mark.parametrize("name", sorted(WANTED))
def test_stored_values_are_those_of_vectorised_numpy(name: str) -> None:
    found = reference_values.values(WANTED[name], "numpy_only")
    assert stored_values.largest_error(found, name) < 1e-10


@pytest.mark.slow
def test_stored_values_are_those_of_the_reference_backend() -> None:
    values, stored = reference_values.compute(), stored_values.stored()
    assert set(values) == set(stored)
    for name, array in values.items():
        np.testing.assert_allclose(array, stored[name], rtol=0, atol=1e-13 * np.abs(array).max())


RUN_ALL = """
import itertools, json
from benchmarks import versions
for one in versions.classes():
    axes = [axis if name == "backend" else axis[:1] for name, axis in zip(one.param_names, one.params)]
    for values in itertools.product(*axes):
        for name in sorted(name for name in vars(one) if name.startswith(("time_", "timeraw_", "track_", "peakmem_"))):
            benchmark = one()
            try:
                benchmark.setup(*values)
            except NotImplementedError:  # which asv skips, here and nowhere else
                result = "skipped"
            else:
                result = getattr(benchmark, name)(*values)
            print(json.dumps([versions.name_of(one), name, values, result]))
"""


@pytest.mark.slow
def test_every_benchmark_runs_on_this_commit() -> None:
    done = subprocess.run([sys.executable, "-c", RUN_ALL], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert {benchmark for benchmark, *_ in results} == {versions.name_of(one) for one in versions.classes()}
    assert [one for one in results if one[-1] == "skipped"] == []
    tracked = [one for one in results if one[1].startswith("track_")]
    assert len(tracked) > 40
    for benchmark, name, values, result in tracked:
        bound = {"track_error": 1e-2 if benchmark == "precision.Float32" else 1e-10}.get(name, math.inf)
        assert 0 < result < bound, (benchmark, name, values)
