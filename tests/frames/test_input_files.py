"""The same six particles in the files that people have, see ``tests/data/README.md``, give the same features."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase import Atoms

from anisoap_opt.frames import ParticleBatch
from tests.frames_for_tests import DIAMETERS, calculator
from tests.tolerances import assert_close

INPUTS = Path(__file__).parents[1] / "data" / "inputs"
DIGITS = 1e-6
"""The files hold quaternions of eight digits."""
COMPLETE = {
    "canonical.xyz": {},
    "unescaped.xyz": {},
    "ovito.xyz": {},
    "matrices.xyz": {"rotation_key": "c_R", "rotation_type": "matrix"},
    "dump.lammpstrj": {},
}


@cache
def canonical() -> Any:
    return calculator().power_spectrum([read("canonical.xyz")])


def read(name: str) -> Atoms:
    return ase.io.read(INPUTS / name, **({"specorder": ["C", "H"]} if name.startswith("dump") else {}))


def by_default(**arguments: Any) -> Any:
    """A calculator that is not told where rotations are, unless `arguments` do."""
    from anisoap_opt import EllipsoidalDensityProjection

    hypers = {"max_angular": 3, "radial_basis_name": "gto", "cutoff_radius": 5.0, "radial_gaussian_width": 1.5}
    return EllipsoidalDensityProjection(**hypers, backend="numpy_only", **arguments)


@pytest.mark.parametrize(("name", "arguments"), COMPLETE.items(), ids=COMPLETE)
def test_files_that_are_complete(name: str, arguments: dict[str, str]) -> None:
    assert_close(by_default(**arguments).power_spectrum([read(name)]), canonical(), DIGITS, name)


def test_all_in_one_list() -> None:
    """Each frame is read for what it is, whatever stands beside it."""
    names = [name for name in COMPLETE if name != "matrices.xyz"]
    features = by_default().power_spectrum([read(name) for name in names])
    for name, row in zip(names, features, strict=True):
        assert_close(row[None], canonical(), DIGITS, name)
    assert_close(features[2:3], by_default().power_spectrum([read(names[2])]), 1e-13)


def test_a_file_without_sizes() -> None:
    frame = read("no_diameters.xyz")
    with pytest.raises(ValueError, match=r"frame 0 has no array 'c_diameter\[1\]', 'c_shape\[1\]' or .*diameters="):
        by_default().power_spectrum([frame])
    for name in DIAMETERS:
        frame.arrays[name] = read("canonical.xyz").arrays[name]
    assert_close(by_default().power_spectrum([frame]), canonical(), DIGITS)


def test_one_size_for_all_particles() -> None:
    frame = read("canonical.xyz")
    for name, diameter in zip(DIAMETERS, (4, 4, 0.5), strict=True):
        frame.arrays[name] = np.full(6, diameter)
    expected = by_default().power_spectrum([frame])
    projection = by_default(diameters=(4, 4, 0.5))
    assert_close(projection.power_spectrum([read("no_diameters.xyz")]), expected, 1e-14)
    assert_close(projection.power_spectrum([read("canonical.xyz")]), expected, 1e-14)  # in place of the frame's own
    assert projection.diameters == (4.0, 4.0, 0.5)


def test_without_elements_a_dump_has_its_own_types() -> None:
    batch = ParticleBatch.from_frames([ase.io.read(INPUTS / "dump.lammpstrj")])
    assert batch.types.tolist() == [1, 1, 2, 1, 2, 2]


def test_the_wrong_order_would_be_noticed() -> None:
    wrong = by_default(quaternion_order="xyzw").power_spectrum([read("canonical.xyz")])
    assert np.abs(wrong - canonical()).max() > 0.01 * np.abs(canonical()).max()
