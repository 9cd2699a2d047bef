"""`ParticleBatch.from_arrays`: the same batch and the same errors as from frames; a batch in place of frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given
from hypothesis import strategies as st

from anisoap_opt import EllipsoidalDensityProjection, ParticleBatch
from tests.frames_for_tests import DIAMETERS, TRICLINIC, calculator, mixed_frames, random_frame

FIELDS = ("positions", "types", "rotations", "semiaxes", "cells", "pbc", "offsets")


def arrays_of(frames: list[Atoms]) -> dict[str, Any]:
    """The arguments of `from_arrays` for frames with quaternions."""
    return {
        "positions": np.concatenate([frame.positions for frame in frames]),
        "types": np.concatenate([frame.numbers for frame in frames]),
        "quaternions": np.concatenate([frame.arrays["c_q"] for frame in frames]),
        "diameters": np.concatenate([np.stack([frame.arrays[name] for name in DIAMETERS], 1) for frame in frames]),
        "cells": np.array([frame.cell.array for frame in frames]),
        "pbc": np.array([frame.pbc for frame in frames]),
        "counts": list(map(len, frames)),
    }


def assert_equal_batches(found: ParticleBatch, wanted: ParticleBatch) -> None:
    for name in FIELDS:
        one, other = getattr(found, name), getattr(wanted, name)
        assert one.dtype == other.dtype, name
        np.testing.assert_array_equal(one, other, name, strict=True)


def test_as_from_frames() -> None:
    frames = [*mixed_frames(), random_frame(6, 0)]
    wanted = ParticleBatch.from_frames(frames)
    assert_equal_batches(ParticleBatch.from_arrays(**arrays_of(frames)), wanted)
    given_so = {**arrays_of(frames), "rotations": wanted.rotations, "semiaxes": wanted.semiaxes.tolist()}
    del given_so["quaternions"], given_so["diameters"]
    assert_equal_batches(ParticleBatch.from_arrays(**given_so), wanted)


def test_one_frame_one_cell_and_one_pbc_for_all() -> None:
    frames = [random_frame(seed, 2, cell=TRICLINIC, pbc=True) for seed in range(3)]
    short = {**arrays_of(frames), "cells": TRICLINIC.tolist(), "pbc": None}
    assert_equal_batches(ParticleBatch.from_arrays(**short), ParticleBatch.from_frames(frames))
    assert_equal_batches(ParticleBatch.from_arrays(**{**short, "pbc": True}), ParticleBatch.from_frames(frames))
    for frame in frames:
        frame.pbc = (True, False, True)
    short["pbc"] = [True, False, True]
    assert_equal_batches(ParticleBatch.from_arrays(**short), ParticleBatch.from_frames(frames))
    alone = arrays_of([random_frame(1, 3)])
    del alone["cells"], alone["pbc"], alone["counts"]
    assert_equal_batches(ParticleBatch.from_arrays(**alone), ParticleBatch.from_frames([random_frame(1, 3)]))


def test_arrays_are_copied() -> None:
    given_arrays = arrays_of(mixed_frames())
    batch = ParticleBatch.from_arrays(**given_arrays)
    for name, array in given_arrays.items():
        if name != "counts":
            array[:] = 7 if name != "pbc" else ~array
    assert_equal_batches(batch, ParticleBatch.from_frames(mixed_frames()))


WRONG = [
    ("positions", (2, 1), np.nan, "'positions' must be finite"),
    ("positions", (2, 1), 1e300, "'positions' must be within"),
    ("types", 2, 2**31, "'types' must fit into the 32 bits of a label"),
    ("quaternions", 2, 0.0, "'quaternions' must be a finite quaternion other than zero"),
    ("quaternions", (2, 3), np.inf, "'quaternions' must be a finite quaternion other than zero"),
    ("diameters", (2, 0), 0.0, "'diameters' must be finite and greater than 0 Å"),
    ("rotations", 2, -np.eye(3), "'rotations' must be a rotation, not a reflection"),
    ("rotations", (2, 0, 0), 3.0, "'rotations' must be an orthogonal matrix"),
    ("semiaxes", (2, 2), np.nan, "'semiaxes' must be finite and greater than 0 Å"),
]


@pytest.mark.parametrize(("name", "where", "value", "message"), WRONG)
def test_a_value_that_makes_no_sense(name: str, where: Any, value: Any, message: str) -> None:
    frames = [random_frame(0, 0), random_frame(1, 1, cell=TRICLINIC, pbc=True), random_frame(2, 2)]
    frames[2].set_cell(TRICLINIC)
    frames[2].pbc = (True, False, False)
    arguments = arrays_of(frames)
    good = ParticleBatch.from_arrays(**arguments)
    for one, other in (("rotations", "quaternions"), ("semiaxes", "diameters")):
        if name == one:
            del arguments[other]
            arguments[one] = getattr(good, one)
    arguments[name] = np.array(arguments[name])
    arguments[name][where] = value
    with pytest.raises(ValueError, match=f"^frame 2, particle 1: {message}"):
        ParticleBatch.from_arrays(**arguments)


def test_a_singular_cell() -> None:
    arguments = arrays_of([random_frame(seed, 2, cell=TRICLINIC, pbc=True) for seed in range(3)])
    arguments["cells"][1, 2] = arguments["cells"][1, 0]
    with pytest.raises(ValueError, match="^frame 1: cell is singular on its periodic axes"):
        ParticleBatch.from_arrays(**arguments)


SHAPES = [
    ({"positions": np.zeros((3, 2))}, ValueError, r"positions has shape \(3, 2\), must be \[particles, 3\]"),
    ({"positions": 3.0}, ValueError, r"positions has shape \(\), must be \[particles, 3\]"),
    ({"positions": [[1, 2, 3], [4, 5]]}, TypeError, "positions does not hold numbers"),
    ({"positions": [["1", "2", "3"]]}, TypeError, "positions does not hold numbers"),
    ({"cells": [[1, 2], [3]]}, TypeError, "cells does not hold numbers"),
    ({"types": [1.0, 6.0, 1.0]}, TypeError, "types does not hold integers"),
    ({"types": [1, 6]}, ValueError, r"types has shape \(2,\), must be \[particles\] for 3 particles"),
    ({"quaternions": np.ones((2, 4))}, ValueError, r"quaternions has shape \(2, 4\), .*for 3 particles"),
    ({"diameters": np.ones(3)}, ValueError, r"diameters has shape \(3,\)"),
    ({"quaternions": None}, ValueError, "give exactly one of rotations and quaternions"),
    ({"rotations": np.tile(np.eye(3), (3, 1, 1))}, ValueError, "give exactly one of rotations and quaternions"),
    ({"semiaxes": np.ones((3, 3))}, ValueError, "give exactly one of semiaxes and diameters"),
    ({"counts": [1, 1]}, ValueError, "counts must be numbers ≥ 0 that add up to the 3 particles"),
    ({"counts": [4, -1]}, ValueError, "counts must be numbers ≥ 0"),
    ({"counts": [1.5, 1.5]}, TypeError, "counts does not hold integers"),
    ({"cells": np.zeros((2, 3, 3))}, ValueError, r"cells has shape \(2, 3, 3\).*for 1 frames"),
    ({"cells": np.eye(2)}, ValueError, "cells has shape"),
    ({"pbc": [1, 0, 1]}, TypeError, "pbc does not hold booleans"),
    ({"pbc": [True, False]}, ValueError, "pbc has shape"),
    ({"pbc": True, "cells": None}, ValueError, "^frame 0: cell is singular on its periodic axes"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "error", "message"), SHAPES)
def test_arguments_that_do_not_fit(change: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ParticleBatch.from_arrays(**{**arrays_of([random_frame(1, 3)]), **change})


def test_nothing_to_describe() -> None:
    with pytest.raises(ValueError, match="frames is empty"):
        ParticleBatch.from_arrays(
            np.zeros((0, 3)), [], quaternions=np.zeros((0, 4)), semiaxes=np.zeros((0, 3)), counts=[]
        )


@given(seed=st.integers(0, 2**31), exponent=st.integers(-150, 150))
def test_a_quaternion_gives_the_same_bits_beside_any_other(seed: int, exponent: int) -> None:
    """Norms far from 1 are scaled first, by what must change no digit of the others."""
    rng = np.random.default_rng(seed)
    num = 5
    q = rng.normal(size=(num, 4))
    same: dict[str, Any] = {"positions": rng.normal(size=(num, 3)), "types": [1] * num, "semiaxes": np.ones((num, 3))}
    alone = ParticleBatch.from_arrays(**same, quaternions=q).rotations
    scaled = q * 2.0 ** np.array([0, exponent, 0, -exponent, 0])[:, None]
    np.testing.assert_array_equal(ParticleBatch.from_arrays(**same, quaternions=scaled).rotations, alone)


def test_a_batch_in_place_of_frames(backend: str) -> None:
    projection = calculator(backend=backend)
    batch = ParticleBatch.from_frames(mixed_frames())
    np.testing.assert_array_equal(projection.power_spectrum(batch), projection.power_spectrum(mixed_frames()))
    np.testing.assert_array_equal(projection.feature_labels(batch), projection.feature_labels(mixed_frames()))
    found, wanted = projection.transform(batch), projection.transform(mixed_frames())
    assert found.keys == wanted.keys
    for key in wanted.keys:
        np.testing.assert_array_equal(found.block(key).values, wanted.block(key).values)
    assert_equal_batches(batch, ParticleBatch.from_frames(mixed_frames()))


def test_a_batch_does_not_need_the_columns_of_the_calculator() -> None:
    batch = ParticleBatch.from_frames(mixed_frames())
    projection: EllipsoidalDensityProjection = calculator(rotation_key="spin", diameters=(1, 1, 9))
    np.testing.assert_array_equal(projection.power_spectrum(batch), calculator().power_spectrum(mixed_frames()))
