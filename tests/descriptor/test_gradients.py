"""Gradients of descriptors on every backend: against central differences, and what symmetry demands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase.io import read

from anisoap_opt import BACKENDS, EllipsoidalDensityProjection
from tests.descriptor.displaced import Direction, Functional, central_difference
from tests.descriptor.test_reference_data import DATA, every_case
from tests.frames_for_tests import DIAMETERS, calculator, mixed_frames, random_frame, random_rotation, rotated
from tests.tolerances import TOLERANCES, assert_close

COMPILED = pytest.mark.skipif(not BACKENDS["numba"].installed, reason="numba is missing")
SMALL = {"max_angular": 2, "cutoff_radius": 3.5}
MONOMIAL = {"radial_basis_name": "monomial", "radial_gaussian_width": None}
KINDS = {
    "hard": {},
    "smooth": {"cutoff_smoothing": 1.0},
    "without center": {"subtract_center_contribution": True},
    "monomial": MONOMIAL,
    "smooth monomial": {**MONOMIAL, "cutoff_smoothing": 3.5},
    "types": {"types": [1, 6, 8, 9]},
}


@pytest.mark.parametrize("expansion", [False, True], ids=["power spectrum", "expansion"])
@pytest.mark.parametrize("kind", KINDS)
def test_directional_derivatives(backend: str, kind: str, expansion: bool) -> None:
    functional = Functional(calculator(backend=backend, **SMALL, **KINDS[kind]), expansion=expansion)
    frames = mixed_frames()
    gradients = functional.gradients(frames)
    for what in Direction.KINDS:
        direction = Direction(frames, what)
        expected = central_difference(functional.value, frames, direction)
        scale = np.linalg.norm(getattr(gradients, what)) * np.linalg.norm(direction.parts[what])
        assert abs(direction.along(gradients) - expected) <= 1e-8 * scale, what


@pytest.mark.parametrize(
    "call",
    [{"normalize": False}, {"symmetric": True, "centers": [6]}, {"mean_over_samples": True}, {"mean_over_samples": True,
     "reduce": "sum", "symmetric": True, "centers": [[0, 2], [], [5], [0, 1], [0]]}],
    ids=["primitive", "symmetric", "mean", "sum"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["numpy_only", pytest.param("numba", marks=COMPILED)])
def test_what_is_computed(name: str, call: dict[str, Any]) -> None:
    functional = Functional(calculator(backend=name, **SMALL, types=[1, 6, 8]), expansion="normalize" in call, **call)
    frames = mixed_frames()
    gradients = functional.gradients(frames)
    for what in Direction.KINDS:
        direction = Direction(frames, what)
        expected = central_difference(functional.value, frames, direction)
        scale = np.linalg.norm(getattr(gradients, what)) * np.linalg.norm(direction.parts[what])
        assert abs(direction.along(gradients) - expected) <= 1e-8 * scale, what


@pytest.mark.parametrize("call", [{}, {"mean_over_samples": True}], ids=["centers", "mean"])
def test_cells(fast_backend: str, call: dict[str, Any]) -> None:
    """At fixed positions, some of which are far outside of their cell."""
    frames = [frame for frame in mixed_frames() if frame.pbc.any()]
    for frame in frames:
        frame.positions[0] += 3 * frame.cell.array[0] - frame.cell.array[2]
    functional = Functional(calculator(backend=fast_backend, **SMALL, cutoff_smoothing=1.0), **call)
    gradients = functional.gradients(frames, ("cell",))
    direction = Direction(frames, "cell")
    expected = central_difference(functional.value, frames, direction)
    along = (gradients.cell * direction.parts["cell"]).sum()  # zero in vectors that are not periodic
    assert abs(along - expected) <= 1e-8 * np.linalg.norm(gradients.cell) * np.linalg.norm(direction.parts["cell"])
    assert np.abs(gradients.cell[1, 1]).max() == 0 < np.abs(gradients.cell[1, 0]).max()


def test_every_coordinate() -> None:
    functional, frames = Functional(calculator(**SMALL, cutoff_smoothing=0.7), symmetric=True), [random_frame(3, 3)]
    gradients = functional.gradients(frames)
    for what in Direction.KINDS:
        direction = Direction(frames, what)
        values, expected = getattr(gradients, what), np.empty(direction.parts[what].size)
        for k in range(len(expected)):
            direction.parts[what] = np.eye(len(expected))[k].reshape(values.shape)
            expected[k] = central_difference(functional.value, frames, direction)
        assert_close(values.ravel(), expected, 1e-9, what)


@pytest.mark.parametrize("kind", ["hard", "smooth", "monomial"])
def test_backends_agree(fast_backend: str, kind: str) -> None:
    frames = mixed_frames()
    ours, exact = (
        Functional(calculator(backend=name, **KINDS[kind])).gradients(frames) for name in (fast_backend, "numpy_only")
    )
    for what in Direction.KINDS:
        assert_close(getattr(ours, what), getattr(exact, what), TOLERANCES["float64"].invariance, what)


def test_chunks_of_centers(fast_backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from anisoap_opt.kernels import load

    functional, frames = Functional(calculator(backend=fast_backend, **SMALL, cutoff_smoothing=1.0)), mixed_frames()
    whole = functional.gradients(frames)
    kind = type(functional.calculator)
    make = kind._kernel

    def make_with_small_chunks(*arguments: Any) -> Any:
        kernel = make(*arguments)
        assert isinstance(kernel, load(fast_backend))
        kernel.segments_per_chunk = 3
        return kernel

    monkeypatch.setattr(kind, "_kernel", make_with_small_chunks)
    chunked = functional.gradients(frames)
    for what in Direction.KINDS:
        assert_close(getattr(chunked, what), getattr(whole, what), TOLERANCES["float64"].same, what)


def test_third_law() -> None:
    """The gradients in positions of a frame add up to zero."""
    frames = mixed_frames()
    positions = Functional(calculator(cutoff_smoothing=1.0)).gradients(frames).positions
    first = np.cumsum([0, *map(len, frames)])
    for a, b in zip(first[:-1], first[1:], strict=True):
        assert np.abs(positions[a:b].sum(axis=0)).max() <= 1e-12 * np.abs(positions).max()


@pytest.mark.parametrize("seed", range(3))
def test_turning_a_frame_as_a_whole_changes_nothing(seed: int) -> None:
    """Of a power spectrum: Σ (τ + r × F) = 0 where there are no images, the same with the strain where there are."""
    open_frame = random_frame(seed, 5)
    gradients = Functional(calculator(cutoff_smoothing=1.0)).gradients([open_frame])
    torque = gradients.orientations + np.cross(open_frame.positions, gradients.positions)
    assert np.abs(torque.sum(axis=0)).max() <= 1e-12 * np.abs(torque).max()
    frames = mixed_frames()
    gradients = Functional(calculator()).gradients(frames)
    frame = np.repeat(np.arange(len(frames)), list(map(len, frames)))
    turned = np.stack([np.bincount(frame, column, len(frames)) for column in gradients.orientations.T], axis=1)
    of_strain = gradients.strain - gradients.strain.swapaxes(1, 2)
    antisymmetric = np.stack([of_strain[:, 1, 2], of_strain[:, 2, 0], of_strain[:, 0, 1]], axis=1)
    assert_close(turned, -antisymmetric, 1e-11)


def test_a_sphere_has_no_torque() -> None:
    frames = mixed_frames()
    for frame in frames:
        for name in DIAMETERS[1:]:
            frame.arrays[name] = frame.arrays[DIAMETERS[0]]
    gradients = Functional(calculator()).gradients(frames)
    assert np.abs(gradients.orientations).max() == 0 < np.abs(gradients.positions).max()


def test_equivariance() -> None:
    frames, rotation = mixed_frames(), random_rotation(7)
    functional = Functional(calculator(cutoff_smoothing=1.0))
    before = functional.gradients(frames)
    after = functional.gradients([rotated(frame, rotation) for frame in frames])
    R, rtol = rotation.as_matrix(), TOLERANCES["float64"].invariance
    assert_close(after.positions, before.positions @ R.T, rtol)
    assert_close(after.orientations, before.orientations @ R.T, rtol)
    assert_close(after.semiaxes, before.semiaxes, rtol)
    assert_close(after.strain, R @ before.strain @ R.T, rtol)


def test_units_of_length() -> None:
    """Lengths and gradients in another unit."""
    frames, scale = [random_frame(2, 4)], 10.0
    larger = [frames[0].copy()]
    larger[0].positions *= scale
    for name in DIAMETERS:
        larger[0].arrays[name] = larger[0].arrays[name] * scale
    before = Functional(calculator(cutoff_radius=3.0, cutoff_smoothing=1.0)).gradients(frames)
    after = Functional(calculator(cutoff_radius=30.0, cutoff_smoothing=10.0, radial_gaussian_width=15.0)).gradients(
        larger
    )
    spectrum = scale**-3  # of the power spectrum itself
    assert_close(after.positions, before.positions * spectrum / scale, 1e-12)
    assert_close(after.semiaxes, before.semiaxes * spectrum / scale, 1e-12)
    assert_close(after.orientations, before.orientations * spectrum, 1e-12)


@pytest.mark.slow_with("warp")
@every_case
def test_every_reference_case(fast_backend: str, case: dict[str, Any]) -> None:
    """Along one direction in which everything changes; smooth, as some have pairs exactly at the cutoff."""
    hypers, frames = {**case["hypers"], "cutoff_smoothing": 1.0}, read(DATA / case["frames"], ":")
    made = EllipsoidalDensityProjection(**hypers, backend=fast_backend)
    functional = Functional(made, expansion=True, normalize=case["normalize"])
    gradients, direction = functional.gradients(frames), Direction(frames, "all")
    direction.parts["cell"][:] = 0
    expected = central_difference(functional.value, frames, direction, step=1e-4)
    scale = max(np.linalg.norm(getattr(gradients, what)) for what in Direction.KINDS)
    assert abs(direction.along(gradients) - expected) <= 1e-6 * scale
