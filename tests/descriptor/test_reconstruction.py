"""The expansion adds up to the density it expands: an absolute check that a wrong prefactor cannot pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.frames_for_tests import DIAMETERS, calculator, random_frame, rotations_of
from tests.real_harmonics import real_harmonics

CENTER = np.array([0.4, -0.7, 0.6])  # of the Gaussian, Å


def one_gaussian() -> Any:
    """A sphere at the origin that only looks, and one ellipsoid near it."""
    frame = random_frame(21, 2, types=(1,))
    frame.positions = [[0, 0, 0], CENTER]
    for name, diameter in zip(DIAMETERS, (1.2, 1.7, 2.3), strict=True):
        frame.arrays[name] = np.array([1.0, diameter])
    return frame


def density(frame: Any, points: Any) -> Any:
    """The normalised Gaussian of the second particle."""
    semiaxes = np.array([frame.arrays[name][1] / 2 for name in DIAMETERS])
    body = rotations_of(frame)[1].inv().apply(points - frame.positions[1])
    return np.exp(-0.5 * ((body / semiaxes) ** 2).sum(axis=1)) / ((2 * np.pi) ** 1.5 * semiaxes.prod())


def reconstructed(projection: Any, frame: Any, points: Any) -> Any:
    """Σ c_nlm φ_n(r) Y_lm(r̂) around the first particle."""
    expansion = projection.transform([frame])
    radial = projection.radial_basis.get_basis(np.linalg.norm(points, axis=1))
    ends = np.cumsum([0, *projection.radial_basis.get_num_radial_functions()])
    total = np.zeros(len(points))
    for l in range(projection.max_angular + 1):
        block = expansion.block(types_center=1, angular_channel=l)
        coefficients = block.values[block.samples.position([0, 0])]  # [m, n]
        total += np.einsum("pm,pn,mn->p", real_harmonics(l, points), radial[:, ends[l] : ends[l + 1]], coefficients)
    return total


def mesh(radius: float, steps: int = 15) -> Any:
    line = np.linspace(-radius, radius, steps) + 1e-3
    points = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    return points[np.linalg.norm(points, axis=1) < radius]


def errors(frame: Any, points: Any, bases: list[dict[str, Any]]) -> list[float]:
    """Root mean square error relative to the density's root mean square, basis by basis."""
    exact = density(frame, points)
    found = []
    for basis in bases:
        projection = calculator(subtract_center_contribution=True, basis_rcond=0, basis_tol=1e-3, **basis)
        difference = reconstructed(projection, frame, points) - exact
        found.append(float(np.linalg.norm(difference) / np.linalg.norm(exact)))
    print(found)
    return found


def test_gto_basis_converges_to_the_density() -> None:
    sizes = [(1, 1), (2, 2), (4, 4), (6, 6), (8, 8)]
    bases = [{"max_angular": l, "max_radial": n, "radial_gaussian_width": 1.0} for l, n in sizes]
    found = errors(one_gaussian(), mesh(3.0), bases)
    assert (np.diff(found) < 0).all()
    assert found[-1] < 0.01


def test_monomial_basis_converges_to_the_density() -> None:
    frame = one_gaussian()
    for name, diameter in zip(DIAMETERS, (1.3, 1.6, 1.9), strict=True):
        frame.arrays[name] = np.array([1.0, diameter])
    sizes = [(1, 1), (2, 2), (4, 4), (6, 6)]
    shared = {"radial_basis_name": "monomial", "radial_gaussian_width": None, "cutoff_radius": 5.0}
    bases = [{"max_angular": l, "max_radial": n, **shared} for l, n in sizes]
    found = errors(frame, mesh(3.0), bases)
    assert (np.diff(found) < 0).all()
    assert found[-1] < 0.1


def test_squared_coefficients_add_up_to_the_squared_density(backend: str) -> None:
    """Parseval: Σ c² → ∫ρ² = 1 / ((4π)^{3/2} a b c), from below."""
    frame = one_gaussian()
    semiaxes = [frame.arrays[name][1] / 2 for name in DIAMETERS]
    exact = 1 / ((4 * np.pi) ** 1.5 * np.prod(semiaxes))
    shares = []
    for size in (2, 4, 6):
        projection = calculator(
            backend=backend, max_angular=size, max_radial=size, radial_gaussian_width=1.0,
            subtract_center_contribution=True, basis_tol=1e-3,
        )  # fmt: skip
        blocks = projection.transform([frame]).blocks()
        shares.append(sum(float((block.values[0] ** 2).sum()) for block in blocks) / exact)
    assert shares == sorted(shares)
    assert 0.99 < shares[-1] < 1


@pytest.mark.parametrize("factor", [1.02, 0.98])
def test_the_bound_catches_a_wrong_prefactor(factor: float) -> None:
    """Of the tests themselves: two percent off would fail the bound of the GTO test."""
    frame, points = one_gaussian(), mesh(3.0)
    projection = calculator(
        max_angular=8, max_radial=8, radial_gaussian_width=1.0, subtract_center_contribution=True, basis_tol=1e-3
    )
    exact = density(frame, points)
    difference = factor * reconstructed(projection, frame, points) - exact
    assert np.linalg.norm(difference) > 0.01 * np.linalg.norm(exact)
