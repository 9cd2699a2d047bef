"""Peak memory and counts: what is equal passes, a fifth more of it never does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import drive, memory, worker
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.drive import Observation
from anisoap_bench.gate.memory import Amounts, amounts, compare_amounts
from anisoap_bench.gate.result import Amount
from anisoap_bench.gate.suite import prepare_suite
from benchmarks import measure
from tests.gate.builds import BASE, HEAD, installed
from tests.gate.small_repository import PACKAGE, sources

NAMES = frozenset({"loop", "memory"})
HIDDEN = """\
    import ctypes

    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    memory = libc.malloc(BYTES)
    ctypes.memset(memory, 1, BYTES)
    libc.free(memory)
    return 0
"""


def measured(tmp_path: Path, base: str, head: str) -> dict[tuple[str, str], Amount]:
    suite = prepare_suite(sources(tmp_path / "files"), tmp_path / "suite")
    builds = installed(tmp_path, "base", base), installed(tmp_path, "head", head)
    peaks, counters = compare_amounts(*builds, suite, drive.core_to_use(None), NAMES)
    return {(amount.benchmark, amount.quantity): amount for amount in (*peaks, *counters)}


def test_the_same_package_needs_the_same(tmp_path: Path) -> None:
    found = measured(tmp_path, PACKAGE, PACKAGE)
    assert {name for name, _ in found} == {"loop", "memory"}
    assert not [amount for amount in found.values() if amount.over]
    # Beside the array, NumPy's buffer of 64 KiB, and 20 kB for the frames of a call that comes from 60 levels down.
    assert found["memory", "allocated"].base == pytest.approx(8e6 + 65536 + 20e3, rel=0.01)
    if drive.core_to_use(None) is not None:  # Linux
        assert found["memory", "peak memory"].base == pytest.approx(8e6, rel=0.1)


def test_a_fifth_more_memory_is_over_the_limit(tmp_path: Path) -> None:
    found = measured(tmp_path, PACKAGE, PACKAGE.replace("8_000_000", "9_600_000"))
    assert found["memory", "allocated"].over
    assert found["memory", "peak memory"].over
    assert not found["loop", "allocated"].over


@pytest.mark.skipif(drive.core_to_use(None) is None, reason="only Linux tells the peak of the resident set")
def test_a_fifth_more_memory_that_python_does_not_see_is_over_the_limit(tmp_path: Path) -> None:
    """As torch and Numba allocate it."""
    hidden = PACKAGE.replace("    return np.ones(BYTES, dtype=np.uint8).sum()", HIDDEN)
    found = measured(tmp_path, hidden, hidden.replace("8_000_000", "9_600_000"))
    assert not found["memory", "allocated"].over
    assert found["memory", "peak memory"].over


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of the resident set")
def test_what_an_import_takes() -> None:
    """Of a process of its own, however much this one holds."""
    assert 10e6 < worker.import_amounts()["peak memory"] < 1e9


def test_operations_of_torch() -> None:
    torch = pytest.importorskip("torch")
    one = torch.ones(3)
    assert worker.torch_operations(lambda: one + one) == 1
    assert worker.torch_operations(lambda: (one + one) * one) == 2
    assert worker.torch_operations(lambda: None) == 0


@pytest.mark.parametrize(
    ("quantity", "base", "allowed"),
    [("peak memory", 10_000_000, 11_131_072), ("allocated", 10_000_000, 10_565_536), ("torch operations", 100, 120)],
)
def test_each_quantity_has_its_own_limit(quantity: str, base: int, allowed: int) -> None:
    for count, over in ((allowed, False), (allowed + 1, True)):
        ((amount,),) = filter(None, amounts({("one", quantity): base}, {("one", quantity): count}))
        assert amount.over == over


def compared(monkeypatch: pytest.MonkeyPatch, observe: Callable[[str], Observation]) -> Amounts:
    """What comes of these observations of base and of head."""

    def one_by_one(builds: Sequence[Build], suite: Path, **more: object) -> list[Observation]:
        return [observe(build.name) for build in builds]

    monkeypatch.setattr(memory, "observe", one_by_one)
    return compare_amounts(BASE, HEAD, Path(), None, frozenset({"one"}))


def observation(peak: int, **more: float) -> Observation:
    return Observation(amounts={"one": {"peak memory": peak, **more}})


@pytest.mark.parametrize("silent", ["base", "head"])
def test_a_benchmark_whose_memory_cannot_be_measured_is_not_passed_over(
    silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = Observation(errors={"one": "TypeError: pedantic()"})
    with pytest.raises(CannotMeasure, match=rf"{silent}: no memory and counts of one: .*pedantic"):
        compared(monkeypatch, lambda name: failed if name == silent else observation(1))


def test_a_peak_that_is_missing_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system can tell; elsewhere it is named for what it is."""
    only_counts = Observation(amounts={"one": {"allocated": 1}})
    monkeypatch.setattr(measure, "reset_peak", lambda: True)
    with pytest.raises(CannotMeasure, match="no memory and counts of one"):
        compared(monkeypatch, lambda name: only_counts)
    monkeypatch.setattr(measure, "reset_peak", lambda: False)
    assert compared(monkeypatch, lambda name: only_counts)[0] == ()
    ((peak,), _) = compared(monkeypatch, lambda name: observation(1))
    assert peak.quantity == "peak memory of Python and NumPy"


def test_errors_are_no_amounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fidelity has rules of its own, and rounding alone multiplies an error."""
    errors = {"base": 1e-12, "head": 1e-9}
    (peaks, counters) = compared(monkeypatch, lambda name: observation(1, error=errors[name]))
    assert [amount.quantity for amount in (*peaks, *counters)] == ["peak memory"]


@pytest.mark.parametrize(("peaks", "over"), [((100, 200, 100), False), ((100, 200, 200), True)])
def test_the_median_of_three_processes_counts(
    peaks: tuple[int, ...], over: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads, order = iter(peaks), []

    def observe(name: str) -> Observation:
        order.append(name)
        return observation(2**20 * (next(heads) if name == "head" else 100))

    (found,), _ = compared(monkeypatch, observe)
    assert order == ["base", "head"] * 3
    assert found.head == 2**20 * sorted(peaks)[1]
    assert found.over == over


def test_processes_of_a_build_that_measure_different_things_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    observations = iter([observation(1), observation(1), observation(1, allocated=1)])
    with pytest.raises(CannotMeasure, match="not every process"):
        compared(monkeypatch, lambda name: next(observations, observation(1)))


def test_what_only_one_side_has_is_not_compared() -> None:
    assert amounts({}, {("one", "allocated"): 1}) == ((), ())
