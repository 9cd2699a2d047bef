"""A clone with twelve planted commits: ``python -m anisoap_bench.history.planted FOLDER``.

Every commit changes the package in nothing but a comment, and some make one stage take longer: after each call the
processor goes on for a part of the call's time. One of them is repaired later. It is for trying a history on what is
known to be there.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

from anisoap_bench.gate.build import PACKAGE
from anisoap_bench.git import git

COMMITS = 12


class Plant(NamedTuple):
    """From a commit on, and until another one, a function of a module takes so many times as long."""

    commit: int
    until: int
    module: str
    function: str
    factor: float


# The search in NumPy, a third of the time of `benzenes-numpy_only`; the reading of frames, of `ellipsoids-numba`; and
# the blocks of metatensor, of `expansion-numba`.
PLANTS = (
    Plant(3, COMMITS + 1, "neighbors", "find_neighborhoods", 1.30),
    Plant(6, COMMITS + 1, "frames", "ParticleBatch.of_stack", 1.21),
    Plant(8, 10, "tensormap", "expansion_map", 1.30),
)

CODE = """

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


{assignment}
"""


def code(plant: Plant) -> str:
    """What is appended to the module; a function in a class is taken for a class method."""
    owner, _, name = plant.function.rpartition(".")
    slowed = f"{owner}.{name} = classmethod(_slowed({owner}.{name}.__func__))" if owner else f"{name} = _slowed({name})"
    return CODE.format(factor=plant.factor, assignment=slowed)


def make(folder: Path, root: Path) -> None:
    """Clone a checkout and add the commits."""
    git("clone", "--quiet", str(root), str(folder))
    person = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false")
    package = folder / PACKAGE
    for number in range(1, COMMITS + 1):
        init = package / "__init__.py"
        init.write_text(f"{init.read_text(encoding='utf-8')}# {number}\n", encoding="utf-8")
        words = f"number {number}"
        for plant in PLANTS:
            path = package / f"{plant.module}.py"
            text = path.read_text(encoding="utf-8")
            if number == plant.commit:
                path.write_text(text + code(plant), encoding="utf-8")
                words += f": {plant.function} × {plant.factor}"
            if number == plant.until:
                path.write_text(text.replace(code(plant), ""), encoding="utf-8")
                words += f": {plant.function} repaired"
        git(*person, "commit", "--quiet", "--all", "--message", words, folder=folder)


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(git("rev-parse", "--show-toplevel")))
