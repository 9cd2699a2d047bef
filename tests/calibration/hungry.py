"""A build that needs more memory, and how often the gate sees it: ``python -m tests.calibration.hungry [TRIALS]``.

Each trial measures the benchmarks of the working tree in two builds of it, then in one of them and a build planted to
need a fifth more, as the gate would, and takes some minutes.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from anisoap_bench.calibration.plant import with_code
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import drive
from anisoap_bench.gate.build import Build, build, export
from anisoap_bench.gate.memory import compare_amounts
from anisoap_bench.gate.result import Amount
from anisoap_bench.gate.suite import benchmarks_in, prepare_suite
from tests.gate.small_repository import ROOT

FACTOR = 1.2

# After a call, its peak is reached again and exceeded by a fifth, in pages of a mapping: neither Python nor NumPy count
# them, only the peak of the resident set tells. The kernel's own count lags behind by some pages, so it is asked.
REACH = """

def _reach(factor, floor=0):
    import mmap

    target = floor + factor * (_status()["VmHWM"] - floor)
    with mmap.mmap(-1, int(target)) as pages:
        for page in range(len(pages) // mmap.PAGESIZE):
            pages[page * mmap.PAGESIZE] = 1
            if page % 8 == 7 and _status()["VmHWM"] >= target:
                break


def _status():
    with open("/proc/self/status") as lines:
        return {{line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.startswith("Vm")}}
"""

CALLS = (
    REACH
    + """

def _hungry(call):
    import functools

    @functools.wraps(call)
    def hungry(*args, **kwargs):
        with open("/proc/self/clear_refs", "w") as peak:
            peak.write("5")
        before = _status()["VmRSS"]
        result = call(*args, **kwargs)
        _reach({factor!r}, before)
        return result

    return hungry


for _name in ("power_spectrum", "transform"):
    setattr(EllipsoidalDensityProjection, _name, _hungry(getattr(EllipsoidalDensityProjection, _name)))
"""
)

# A pass of the torch module begins with its forward and ends in autograd, whose calls reach their peak again.
PASSES = (
    REACH
    + """

_floor = 0


def _beginning(call):
    import functools

    @functools.wraps(call)
    def beginning(*args, **kwargs):
        global _floor
        _floor = _status()["VmRSS"]
        return call(*args, **kwargs)

    return beginning


def _hungry(call):
    import functools

    @functools.wraps(call)
    def hungry(*args, **kwargs):
        with open("/proc/self/clear_refs", "w") as peak:
            peak.write("5")
        result = call(*args, **kwargs)
        _reach({factor!r}, _floor)
        return result

    return hungry


AniSOAP.forward = _beginning(AniSOAP.forward)
torch.autograd.grad = _hungry(torch.autograd.grad)
"""
)

# The whole process counts here, not what is added to it.
IMPORT = (
    REACH
    + """

_reach({factor!r})
"""
)

CODE = {"projection.py": CALLS, "__init__.py": IMPORT, "nn/module.py": PASSES}


class Trials:
    """Builds of the working tree in a folder, and what the gate measures of the memory of some benchmarks, or all."""

    def __init__(self, folder: Path, names: frozenset[str] | None = None) -> None:
        source = export(ROOT, None, folder / "source")
        self.suite = prepare_suite(source, folder / "suite")
        self.base, self.twin = (build(source, "working tree", folder / name) for name in ("a00", "b00"))
        self.hungry = with_code(self.base, "m20", FACTOR, CODE)
        every, problem = benchmarks_in(source, self.suite / "pytest.ini")
        self.names = names or every
        builds = (self.base, self.twin, self.hungry)
        # This is not measured: it compiles what later processes load.
        warm = drive.observe(builds, self.suite, core=drive.core_to_use(None), timeout=600, names=self.names)
        for each, found in zip(builds, warm, strict=True):
            if problem or found.errors:
                raise CannotMeasure(f"{each.name}: {problem or found.errors}")

    def peaks(self, head: Build) -> tuple[Amount, ...]:
        """Of base and of this head, the twin or the one that is planted."""
        peaks, _ = compare_amounts(self.base, head, self.suite, drive.core_to_use(None), self.names)
        return peaks


def main(count: int) -> None:
    """Print a row for each benchmark: its peak, lowest and highest ratio, and how often it was over the limit."""
    if drive.core_to_use(None) is None:
        raise CannotMeasure("only Linux tells the peak of the resident set")
    equal: dict[str, list[Amount]] = {}
    planted: dict[str, list[Amount]] = {}
    with tempfile.TemporaryDirectory(prefix="hungry-") as folder:
        trials = Trials(Path(folder))
        for _ in range(count):
            for found, head in ((equal, trials.twin), (planted, trials.hungry)):
                for amount in trials.peaks(head):
                    found.setdefault(amount.benchmark, []).append(amount)
    print("| benchmark | peak | limit | equal builds | over | a fifth more | over |")
    print("|---|---|---|---|---|---|---|")
    for name, amounts in sorted(equal.items()):
        base = sum(amount.base for amount in amounts) / len(amounts)
        limit = amounts[0].limit + amounts[0].slack / base
        cells = [f"{base / 2**20:.1f} MiB", f"× {limit:.3f}", *_cells(amounts), *_cells(planted[name])]
        print(f"| {name} | {' | '.join(cells)} |")


def _cells(amounts: list[Amount]) -> list[str]:
    ratios = [amount.ratio for amount in amounts]
    over = sum(amount.over for amount in amounts)
    return [f"× {min(ratios):.3f} to {max(ratios):.3f}", f"{over} of {len(amounts)}"]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
