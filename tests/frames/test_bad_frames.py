"""Frames that make no sense: refused before any work, by an error that names the frame, the particle and the array."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms

from anisoap_opt import neighbors
from tests.frames_for_tests import DIAMETERS, calculator, random_frame, with_matrices

BAD = 3  # of five frames
PARTICLE = 2


def frames_with(name: str, value: Any, particle: int | None = PARTICLE) -> list[Atoms]:
    """Five frames; in the fourth the array `name`, or one particle's entry of it, is `value`."""
    frames = [random_frame(seed, 4) for seed in range(5)]
    if particle is None:
        frames[BAD].arrays[name] = value
    else:
        frames[BAD].arrays[name] = frames[BAD].arrays[name].copy()
        frames[BAD].arrays[name][particle] = value
    return frames


def assert_refused(frames: Any, error: type[Exception], *words: str, **arguments: Any) -> None:
    """By `transform` and by `power_spectrum`, with every word in the message, before the neighbour search."""
    projection = calculator(**arguments)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbors, "wrap", None)  # any work would fail with a TypeError of its own
        for method in (projection.transform, projection.power_spectrum):
            with pytest.raises(error) as caught:
                method(frames)
            for word in words:
                assert word in str(caught.value), f"{word!r} is not in {caught.value}"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_positions(value: float) -> None:
    frames = frames_with("positions", [0, value, 0])
    assert_refused(frames, ValueError, "frame 3, particle 2", "'positions'", "finite")


@pytest.mark.parametrize("name", DIAMETERS)
@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf, -np.inf])
def test_diameters(name: str, value: float) -> None:
    assert_refused(frames_with(name, value), ValueError, "frame 3, particle 2", repr(name), str(float(value)))


@pytest.mark.parametrize("value", [[0, 0, 0, 0], [1, 0, 0, np.nan], [np.inf, 0, 0, 0]], ids=str)
def test_quaternions(value: list[float]) -> None:
    assert_refused(frames_with("c_q", value), ValueError, "frame 3, particle 2", "'c_q'", "quaternion")


@pytest.mark.parametrize(
    "value",
    [np.ones((3, 3)), 2 * np.eye(3), np.zeros((3, 3)), np.full((3, 3), np.nan), np.diag([1, 1, np.inf]),
     np.eye(3) + 0.01, np.diag([1, 1, -1.0]), -np.eye(3)],
    ids=["ones", "scaled", "zero", "nan", "inf", "sheared", "reflection", "inversion"],
)  # fmt: skip
def test_matrices(value: Any) -> None:
    frames = [with_matrices(random_frame(seed, 4)) for seed in range(5)]
    frames[BAD].arrays["matrices"][PARTICLE] = value
    words = ("frame 3, particle 2", "'matrices'")
    assert_refused(frames, ValueError, *words, rotation_key="matrices", rotation_type="matrix")


def test_matrices_rounded_in_a_file_are_fine() -> None:
    frame = with_matrices(random_frame(1))
    projection = calculator(rotation_key="matrices", rotation_type="matrix")
    exact = projection.power_spectrum([frame])
    frame.arrays["matrices"] = frame.arrays["matrices"].round(6)
    np.testing.assert_allclose(projection.power_spectrum([frame]), exact, atol=1e-4 * np.abs(exact).max())


@pytest.mark.parametrize("name", ["c_q", *DIAMETERS])
def test_missing_arrays(name: str) -> None:
    frames = frames_with(name, None, particle=None)
    del frames[BAD].arrays[name]
    assert_refused(frames, ValueError, "frame 3", repr(name), "'positions'")


def test_missing_everywhere() -> None:
    assert_refused([random_frame(1)], ValueError, "frame 0", "'quaternion'", "'c_q'", rotation_key="quaternion")


@pytest.mark.parametrize(
    ("name", "shape"),
    [("c_q", (4, 3)), ("c_q", (4,)), ("c_q", (4, 4, 1)), ("c_q", (3, 4)), ("c_q", ()), ("c_diameter[2]", (4, 2)),
     ("c_diameter[2]", (5,)), ("c_diameter[2]", ()), ("positions", (4, 2)), ("positions", (5, 3))],
    ids=str,
)  # fmt: skip
def test_wrong_shapes(name: str, shape: tuple[int, ...]) -> None:
    assert_refused(frames_with(name, np.ones(shape), particle=None), ValueError, "frame 3", repr(name), str(shape))


@pytest.mark.parametrize(("name", "shape"), [("c_q", (4, 3)), ("c_diameter[1]", (4, 2))])
def test_wrong_shape_in_every_frame(name: str, shape: tuple[int, ...]) -> None:
    frames = [random_frame(seed, 4) for seed in range(2)]
    for frame in frames:
        frame.arrays[name] = np.ones(shape)
    assert_refused(frames, ValueError, "frame 0", repr(name), str(shape))


def test_lengths_that_add_up_by_chance() -> None:
    frames = [random_frame(1, 3), random_frame(2, 5)]
    frames[0].arrays["c_q"], frames[1].arrays["c_q"] = frames[1].arrays["c_q"], frames[0].arrays["c_q"]
    assert_refused(frames, ValueError, "frame 0", "'c_q'", "(5, 4)")


def test_matrices_given_as_quaternions_and_back() -> None:
    frame = with_matrices(random_frame(1, 4))
    assert_refused([frame], ValueError, "frame 0", "'matrices'", "(4, 3, 3)", "(4, 4)", rotation_key="matrices")
    assert_refused([random_frame(1, 4)], ValueError, "frame 0", "'c_q'", "(4, 3, 3)", rotation_type="matrix")


@pytest.mark.parametrize("name", ["c_q", "c_diameter[2]"])
@pytest.mark.parametrize(
    "kind",
    [lambda a: a.astype(str), lambda a: a.astype(object), lambda a: a.astype(complex),
     lambda a: np.zeros(a.shape, "M8[s]"), lambda a: np.zeros(a.shape, [("x", float)])],
    ids=["text", "object", "complex", "dates", "records"],
)  # fmt: skip
def test_arrays_that_hold_no_numbers(name: str, kind: Any) -> None:
    frames = frames_with(name, None, particle=None)
    frames[BAD].arrays[name] = kind(random_frame(BAD, 4).arrays[name])
    assert_refused(frames, TypeError, "frame 3", repr(name))


def test_a_frame_after_an_empty_one() -> None:
    frames = [random_frame(1, 0), random_frame(2, 2), random_frame(3, 0), random_frame(4, 3)]
    frames[3].arrays["c_diameter[3]"][0] = -1
    assert_refused(frames, ValueError, "frame 3, particle 0", "'c_diameter[3]'")


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 2**32 + 1, 2**63 - 1, -(2**63)])
def test_types_that_labels_cannot_hold(value: int) -> None:
    frames = frames_with("numbers", value)
    assert_refused(frames, ValueError, "frame 3, particle 2", "'numbers'", "32 bits", str(value))


def test_unsigned_types_that_labels_cannot_hold() -> None:
    frames = frames_with("numbers", np.array([1, 6, 2**64 - 1, 1], dtype=np.uint64), particle=None)
    assert_refused(frames, ValueError, "frame 3, particle 2", "'numbers'", str(2**64 - 1))
    for frame in frames:
        frame.arrays["numbers"] = frame.arrays["numbers"].astype(np.uint64)
    assert_refused(frames, ValueError, "frame 3, particle 2", "'numbers'", str(2**64 - 1))


@pytest.mark.parametrize("value", [2**31 - 1, -(2**31)])
def test_the_largest_and_the_smallest_type(value: int) -> None:
    frames = frames_with("numbers", value)
    keys = calculator(max_angular=1).transform(frames).keys
    assert value in keys["types_center"]
    frames[BAD].arrays["numbers"] = frames[BAD].arrays["numbers"].astype(np.int32)
    frames[0].arrays["numbers"] = frames[0].arrays["numbers"].astype(np.uint8)
    assert calculator(max_angular=1).transform(frames).keys == keys


def test_atomic_numbers_that_are_no_integers() -> None:
    frames = [random_frame(seed, 3) for seed in range(3)]
    frames[1].arrays["numbers"] = np.array([1.0, 1.5, 6.0])
    assert_refused(frames, TypeError, "frame 1", "'numbers'")
