"""The distance at which two ellipsoids touch, against what geometry says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from anisoap_opt.inspection.contact import distance_over_contact


def ratio(r: object, turn_i: Rotation, turn_j: Rotation, axes_i: object, axes_j: object) -> float:
    def one(a: object) -> np.ndarray:
        return np.asarray(a, dtype=float)[None]

    return float(
        distance_over_contact(one(r), one(turn_i.as_matrix()), one(turn_j.as_matrix()), one(axes_i), one(axes_j))[0]
    )


def test_spheres() -> None:
    turns = Rotation.random(2, random_state=np.random.default_rng(1))
    assert ratio([3.0, 4.0, 0.0], turns[0], turns[1], [2, 2, 2], [0.5, 0.5, 0.5]) == pytest.approx(5 / 2.5, rel=1e-12)


@pytest.mark.parametrize(("axis", "contact"), [(0, 3.0), (1, 4.0), (2, 0.25 + 0.5)])
def test_along_common_axes(axis: int, contact: float) -> None:
    r = 10.0 * np.eye(3)[axis]
    still = Rotation.identity()
    assert ratio(r, still, still, [1, 2, 0.25], [2, 2, 0.5]) == pytest.approx(10 / contact, rel=1e-12)


def test_a_rod_across_another() -> None:
    across = Rotation.from_euler("y", 90, degrees=True)  # its long axis, z, along x
    assert ratio([5, 0, 0], across, Rotation.identity(), [1, 1, 3], [1, 1, 3]) == pytest.approx(5 / 4, rel=1e-12)


def test_thin_discs() -> None:
    still = Rotation.identity()
    thin = [2.0, 2.0, 1e-4]
    assert ratio([0, 0, 1], still, still, thin, thin) == pytest.approx(1 / 2e-4, rel=1e-9)
    assert ratio([1, 0, 0], still, still, thin, thin) == pytest.approx(1 / 4, rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_ellipsoids_at_contact_share_one_point(seed: int) -> None:
    """Moved to the contact distance, the least value that both quadratic forms can have at one point is 1."""
    rng = np.random.default_rng(seed)
    turns = Rotation.random(2, random_state=rng)
    axes = rng.uniform(0.5, 2.5, (2, 3))
    r = rng.normal(size=3)
    r /= ratio(r, turns[0], turns[1], *axes)

    def larger_form(x: np.ndarray) -> float:
        forms = [
            np.sum((turn.inv().apply(x - at) / a) ** 2) for turn, at, a in zip(turns, (0 * r, r), axes, strict=True)
        ]
        return float(max(forms))

    how = {"xatol": 1e-12, "fatol": 1e-14, "maxiter": 8000}
    found = min(minimize(larger_form, at * r, method="Nelder-Mead", options=how).fun for at in (0.3, 0.7))
    assert found == pytest.approx(1.0, abs=1e-6)
