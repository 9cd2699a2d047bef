"""Builds that are worse by a known part: slower, or hungrier, in every public call and in the import."""

from __future__ import annotations

import shutil

from anisoap_bench.gate.build import PACKAGE, Build

SLOWED = """

def _worse(call):
    import functools
    import time

    @functools.wraps(call)
    def worse(*args, **kwargs):
        begin = time.perf_counter()
        result = call(*args, **kwargs)
        end = begin + (time.perf_counter() - begin) * {factor!r}
        while time.perf_counter() < end:
            pass
        return result

    return worse
"""

# The peak of the resident set, as the kernel of Linux keeps it; a mapping of pages is memory that Python does not see.
HUNGRY = """

def _worse(call):
    import functools
    import mmap

    def status(field):
        with open("/proc/self/status") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024

    @functools.wraps(call)
    def worse(*args, **kwargs):
        with open("/proc/self/clear_refs", "w") as peak:
            peak.write("5")
        before = status("VmRSS")
        result = call(*args, **kwargs)
        size = int(before + {factor!r} * (status("VmHWM") - before) - status("VmRSS"))
        if size > 0:
            with mmap.mmap(-1, size) as pages:
                for first in range(0, size, mmap.PAGESIZE):
                    pages[first] = 1
        return result

    return worse
"""

CALLS = """

for _name in ("power_spectrum", "transform"):
    setattr(EllipsoidalDensityProjection, _name, _worse(getattr(EllipsoidalDensityProjection, _name)))
"""

# The time of the processor since the interpreter started, which is what the benchmark of the import waits for.
SLOW_IMPORT = """

def _slow_import():
    import time

    end = time.process_time() * {factor!r}
    while time.process_time() < end:
        pass


_slow_import()
"""

# The whole process counts here, not what is added to it.
HUNGRY_IMPORT = """

def _hungry_import():
    import mmap

    with open("/proc/self/status") as lines:
        memory = {{line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Vm")}}
    size = int({factor!r} * int(memory["VmHWM"]) - int(memory["VmRSS"])) * 1024
    with mmap.mmap(-1, size) as pages:
        for first in range(0, size, mmap.PAGESIZE):
            pages[first] = 1


_hungry_import()
"""


def plant(build: Build, name: str, factor: float) -> Build:
    """Copy an installed build and make its public calls and its import take `factor` times as long.

    Nothing sleeps: the added time is spent computing, in proportion to what each call itself took.

    Parameters
    ----------
    name : str
        Of the new build and of its folder, beside the old one.
    factor : float
        1.05 for five per cent.
    """
    return _planted(build, name, factor, SLOWED + CALLS, SLOW_IMPORT)


def plant_memory(build: Build, name: str, factor: float) -> Build:
    """Copy an installed build and make its public calls and its import need `factor` times as much memory at once.

    Only on Linux, which tells how much that is.
    """
    return _planted(build, name, factor, HUNGRY + CALLS, HUNGRY_IMPORT)


def _planted(build: Build, name: str, factor: float, calls: str, importing: str) -> Build:
    folder = build.folder.with_name(name)
    shutil.copytree(build.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file, code in (("projection.py", calls), ("__init__.py", importing)):
        path = folder / PACKAGE / file
        path.write_text(path.read_text(encoding="utf-8") + code.format(factor=factor), encoding="utf-8")
    return Build(name, folder, f"{build.commit} × {factor}")
