"""Builds that are worse by a known part.

Slower: after each call the processor goes on for that part of the call's time.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from anisoap_bench.gate.build import PACKAGE, Build

SLOWED = """

def _slowed(call):
    import functools
    import time

    @functools.wraps(call)
    def slowed(*args, **kwargs):
        begin = time.perf_counter()
        result = call(*args, **kwargs)
        end = begin + (time.perf_counter() - begin) * {factor!r}
        while time.perf_counter() < end:
            pass
        return result

    return slowed
"""

CALLS = f"""{SLOWED}

for _name in ("power_spectrum", "transform"):
    setattr(EllipsoidalDensityProjection, _name, _slowed(getattr(EllipsoidalDensityProjection, _name)))
"""

# The time of the processor since the interpreter started, which is what the benchmark of the import waits for.
IMPORT = """

def _slow_import():
    import time

    end = time.process_time() * {factor!r}
    while time.process_time() < end:
        pass


_slow_import()
"""


def plant(build: Build, name: str, factor: float) -> Build:
    """Copy an installed build and make its public calls and its import take `factor` times as long, say 1.05.

    Nothing sleeps: the added time is spent computing, in proportion to what each call itself took.
    """
    return with_code(build, name, factor, {"projection.py": CALLS, "__init__.py": IMPORT})


def with_code(build: Build, name: str, factor: float, code: Mapping[str, str]) -> Build:
    """Copy an installed build and append code to files of the package.

    The new build and its folder, beside the old one, get a name; ``{factor!r}`` in the code stands for the factor.
    """
    folder = build.folder.with_name(name)
    shutil.copytree(build.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file, words in code.items():
        with (folder / PACKAGE / file).open("a", encoding="utf-8") as stream:
            stream.write(words.format(factor=factor))
    return Build(name, folder, f"{build.commit} × {factor}")
