"""A clone with twelve planted commits: ``python -m anisoap_bench.history.planted FOLDER``.

Every commit changes the package in nothing but a comment, and some make one stage take longer: after each call the
processor goes on for a part of the call's time. One of them is repaired later. It is for trying a history on what is
known to be there.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

from anisoap_bench.calibration.plant import SLOWED
from anisoap_bench.gate.build import PACKAGE
from anisoap_bench.git import git

COMMITS = 12


class Plant(NamedTuple):
    """From a commit on, and until another one, a function of a module takes so many times as long."""

    commit: int
    until: int
    module: str
    assignment: str
    function: str
    factor: float


# The search in NumPy is a third of the time of `benzenes-numpy_only`, the checks of frames a quarter of that of
# `ellipsoids-numba`, and the moments in NumPy nearly all of that of `kernel-numpy_only-9_6`.
PLANTS = (
    Plant(3, COMMITS + 1, "neighbors", "{name} = _slowed({name})", "find_neighborhoods", 1.30),
    Plant(6, COMMITS + 1, "frames", "{name} = classmethod(_slowed({name}.__func__))", "ParticleBatch.of_stack", 1.21),
    Plant(8, 10, "kernels/numpy_only", "{name} = _slowed({name})", "Kernel._fill", 1.12),
)


def code(plant: Plant) -> str:
    """What is appended to the module."""
    return f"{SLOWED.format(factor=plant.factor)}\n\n{plant.assignment.format(name=plant.function)}\n"


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
