"""Everything that holds the right numbers is understood, and nothing of it is changed."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.io import read, write

from tests.frames_for_tests import DIAMETERS, calculator, mixed_frames, random_frame, with_matrices


def expected() -> Any:
    return calculator().power_spectrum(mixed_frames())


def changed(change: Callable[[Any], Any], names: tuple[str, ...] = ("c_q", *DIAMETERS)) -> list[Atoms]:
    frames = mixed_frames()
    for frame in frames:
        for name in names:
            frame.arrays[name] = change(frame.arrays[name])
    return frames


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.tolist(),
        lambda a: tuple(a),
        lambda a: np.asfortranarray(a),
        lambda a: np.repeat(a, 2, axis=0)[::2],
        lambda a: a[::-1].copy()[::-1],
        lambda a: a.astype(">f8"),
        lambda a: a.astype(np.longdouble),
        lambda a: a.view(np.ma.MaskedArray).data,
    ],
    ids=["list", "tuple", "fortran", "strided", "negative_stride", "big_endian", "long_double", "view"],
)
def test_kinds_of_array(change: Callable[[Any], Any]) -> None:
    np.testing.assert_allclose(calculator().power_spectrum(changed(change)), expected(), rtol=1e-12)


def test_read_only_arrays(backend: str) -> None:
    frames = mixed_frames()
    for frame in frames:
        for array in frame.arrays.values():
            array.flags.writeable = False
    projection = calculator(backend=backend)
    np.testing.assert_array_equal(projection.power_spectrum(frames), projection.power_spectrum(mixed_frames()))
    projection.transform(frames)


def test_float32_arrays() -> None:
    frames = changed(lambda a: a.astype(np.float32), ("positions", "c_q", *DIAMETERS))
    result = calculator().power_spectrum(frames)
    assert result.dtype == np.float64
    np.testing.assert_allclose(result, expected(), atol=1e-5 * np.abs(expected()).max())


def test_integers() -> None:
    frame = random_frame(1, 3)
    frame.arrays["c_q"] = np.array([[1, 0, 0, 0], [2, 1, 0, 0], [0, 0, 0, -3]])
    for name in DIAMETERS:
        frame.arrays[name] = np.array([1, 2, 3])
    other = frame.copy()
    for name in ("c_q", *DIAMETERS):
        other.arrays[name] = other.arrays[name].astype(float)
    np.testing.assert_array_equal(calculator().power_spectrum([frame]), calculator().power_spectrum([other]))


def test_integer_matrices() -> None:
    frame = with_matrices(random_frame(1, 3))
    frame.arrays["matrices"] = np.tile(np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]]), (3, 1, 1))
    projection = calculator(rotation_key="matrices", rotation_type="matrix")
    assert np.isfinite(projection.power_spectrum([frame])).all()


def without_brackets(frame: Atoms) -> Atoms:
    for axis, name in enumerate(DIAMETERS, 1):
        frame.arrays[f"c_diameter{axis}"] = frame.arrays.pop(name)
    return frame


def test_diameters_without_brackets(backend: str) -> None:
    projection = calculator(backend=backend)
    wanted = projection.power_spectrum(mixed_frames())
    every = [without_brackets(frame) for frame in mixed_frames()]
    some = [frame if k % 2 else without_brackets(frame) for k, frame in enumerate(mixed_frames())]
    for frames in (every, some):
        np.testing.assert_array_equal(projection.power_spectrum(frames), wanted)


def test_errors_about_diameters_without_brackets() -> None:
    frame = without_brackets(random_frame(1, 3))
    frame.arrays["c_diameter2"][1] = -1
    with pytest.raises(ValueError, match=r"frame 0, particle 1: 'c_diameter\[?2"):
        calculator().power_spectrum([frame])


HEADER = 'Properties=species:S:1:pos:R:3:c_q:R:4:{0}:R:1:{1}:R:1:{2}:R:1 pbc="F F F"'
ROWS = ["H 0 0 0 1 0 0 0 1.0 2.0 3.0", "C 1.5 0.5 0 0.6 0.8 0 0 1.5 2.5 1.0"]


@pytest.mark.parametrize("escape", [r"c_diameter\[{}\]", "c_diameter[{}]"], ids=["escaped", "unescaped"])
def test_extended_xyz_headers(escape: str) -> None:
    header = HEADER.format(*(escape.format(axis) for axis in (1, 2, 3)))
    frame = read(StringIO("\n".join(["2", header, *ROWS]) + "\n"), format="extxyz")
    other = Atoms("HC", positions=[[0, 0, 0], [1.5, 0.5, 0]])
    other.arrays["c_q"] = np.array([[1, 0, 0, 0], [0.6, 0.8, 0, 0]])
    for name, column in zip(DIAMETERS, ([1.0, 1.5], [2.0, 2.5], [3.0, 1.0]), strict=True):
        other.arrays[name] = np.array(column)
    np.testing.assert_allclose(calculator().power_spectrum([frame]), calculator().power_spectrum([other]))


def test_written_and_read_by_ase() -> None:
    frames = mixed_frames()
    for frame in frames:
        without_brackets(frame)
    file = StringIO()
    write(file, frames, format="extxyz")
    file.seek(0)
    result = calculator().power_spectrum(read(file, ":", format="extxyz"))
    np.testing.assert_allclose(result, expected(), atol=1e-6 * np.abs(expected()).max())
