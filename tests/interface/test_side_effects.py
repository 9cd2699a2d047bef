"""A calculation changes neither its input nor the next result."""

from __future__ import annotations

import numpy as np

from tests.frames_for_tests import TRICLINIC, calculator, mixed_frames


def test_frames_are_not_modified(backend: str) -> None:
    frames, copies = mixed_frames(), mixed_frames()
    frames[1].positions += 3 * TRICLINIC[0]  # outside its cell
    copies[1].positions += 3 * TRICLINIC[0]
    projection = calculator(backend=backend)
    projection.power_spectrum(frames)
    projection.transform(frames, return_pef=True)
    for frame, copy in zip(frames, copies, strict=True):
        assert frame == copy
        assert frame.arrays.keys() == copy.arrays.keys()
        for name, array in frame.arrays.items():
            np.testing.assert_array_equal(array, copy.arrays[name])


def test_arguments_are_not_modified() -> None:
    max_radial, types = [2, 1, 1, 0], [8, 1, 6]
    projection = calculator(max_radial=max_radial, types=types)
    projection.power_spectrum(mixed_frames())
    assert max_radial == [2, 1, 1, 0]
    assert types == [8, 1, 6]


def test_results_belong_to_the_caller(backend: str) -> None:
    """Overwriting one result does not change the next."""
    projection = calculator(backend=backend)
    first = projection.power_spectrum(mixed_frames())
    wanted = first.copy()
    first[:] = np.nan
    projection.transform(mixed_frames()).block(0).values[:] = np.nan
    np.testing.assert_array_equal(projection.power_spectrum(mixed_frames()), wanted)
