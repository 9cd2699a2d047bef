"""Shapes, places and cutoffs at the ends of their ranges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anisoap_opt.frames import ParticleBatch
from tests.frames_for_tests import DIAMETERS, TRICLINIC, calculator, random_frame, random_rotation, rotated
from tests.tolerances import assert_close

MONOMIAL = {"radial_basis_name": "monomial", "radial_gaussian_width": None}


def shaped(diameters: Any, seed: int = 1, num: int = 3) -> Any:
    frame = random_frame(seed, num)
    for name, diameter in zip(DIAMETERS, diameters, strict=True):
        frame.arrays[name] = np.full(num, float(diameter))
    return frame


@pytest.mark.parametrize("basis", [{}, MONOMIAL], ids=["gto", "monomial"])
@pytest.mark.parametrize("thin", [1e-1, 1e-2, 1e-3])
def test_needles_and_plates_are_rotated_well(fast_backend: str, thin: float, basis: dict[str, Any]) -> None:
    """Axes of 1e-3 beside 1e3 Å: nothing is inverted, so no digits are lost."""
    projection = calculator(backend=fast_backend, **basis)
    frame = shaped([thin, 1, 1 / thin])
    expected = projection.power_spectrum([frame])
    assert_close(projection.power_spectrum([rotated(frame, random_rotation(3))]), expected, 1e-12)


@pytest.mark.parametrize("diameter", [1e-8, 1e-3, 1e3, 1e8])
def test_spheres_of_any_size(fast_backend: str, diameter: float) -> None:
    """A sphere of radius a at the centre: c_000 = N_0 / sqrt(4π) (1 + a²/σ²)^{-3/2}."""
    projection = calculator(backend=fast_backend, max_angular=0)
    frame = shaped([diameter] * 3, num=1)
    value = projection.transform([frame]).block(0).values.item()
    norm = projection.radial_basis.orthonormalization(0).item()
    expected = norm / np.sqrt(4 * np.pi) * (1 + (diameter / 3.0) ** 2) ** -1.5
    np.testing.assert_allclose(value, expected, rtol=1e-12)


@pytest.mark.parametrize("diameter", [1e-200, 1e200])
def test_absurd_sizes_give_numbers(fast_backend: str, diameter: float) -> None:
    """And no floating-point warning from inside."""
    rows = calculator(backend=fast_backend).power_spectrum([shaped([diameter, 1, 1])])
    assert np.isfinite(rows).all()


def test_positions_beyond_any_digit() -> None:
    """1e20 Å in a periodic cell has no digit left."""
    frame = random_frame(1, 2, cell=TRICLINIC, pbc=True)
    frame.positions[1] += 1e20
    with pytest.raises(ValueError, match="frame 0, particle 1"):
        calculator().power_spectrum([frame])


def test_far_apart_without_periodicity(fast_backend: str) -> None:
    frame = random_frame(1, 4)
    expected = calculator(backend=fast_backend, types=(1, 6)).power_spectrum([frame[:2]])
    frame.positions[2:] += [1e150, 0, 0]
    frame.positions[3] -= [0, 1e160, 0]
    rows = calculator(backend=fast_backend, types=(1, 6)).transform([frame])
    for key, block in calculator(backend=fast_backend, types=(1, 6)).transform([frame[:2]]).items():
        other = rows.block(key)
        where = [other.samples.position(sample) for sample in block.samples]
        assert_close(other.values[where], block.values, 1e-13)
    assert np.isfinite(expected).all()


def test_a_neighbor_many_widths_away_contributes_nothing(backend: str) -> None:
    """exp(-r²/2σ²) underflows to zero without a warning."""
    frame = shaped([0.1] * 3, num=2)
    frame.positions = [[0, 0, 0], [90, 0, 0]]
    alone = calculator(
        backend=backend, cutoff_radius=100.0, radial_gaussian_width=0.5, subtract_center_contribution=True
    )
    assert not alone.power_spectrum([frame]).any()


def test_coincident_particles_count_twice(backend: str) -> None:
    frame = shaped([1, 2, 3], num=2)
    frame.numbers[:] = 1
    frame.positions[1] = frame.positions[0]
    frame.arrays["c_q"][1] = frame.arrays["c_q"][0]
    projection = calculator(backend=backend)
    single = projection.transform([frame[:1]])
    for key, block in projection.transform([frame]).items():
        assert_close(block.values, 2 * single.block(key).values.repeat(2, axis=0), 1e-13)


def test_degree_zero(backend: str) -> None:
    projection = calculator(backend=backend, max_angular=0, max_radial=0)
    assert projection.power_spectrum([random_frame(1, types=(1,))]).shape == (1, 1)


@pytest.mark.parametrize("factor", [1e-320, 1e-200, 1e200, 1e308])
def test_quaternions_of_any_norm(factor: float) -> None:
    frame = random_frame(1, 1)
    frame.arrays["c_q"] = np.array([[0.5, -0.5, 0.5, 0.5]])
    expected = ParticleBatch.from_frames([frame], "c_q").rotations
    frame.arrays["c_q"] = factor * frame.arrays["c_q"]
    digits = 1e-3 if factor < 1e-310 else 1e-14  # few are left below the smallest normal number
    np.testing.assert_allclose(ParticleBatch.from_frames([frame], "c_q").rotations, expected, atol=digits)


def test_types_of_any_number() -> None:
    frame = random_frame(1, 3, types=(0, 118, 1))
    assert calculator().transform([frame]).keys["types_center"].tolist() == [0] * 4 + [1] * 4 + [118] * 4
