"""Any unit of length, and widths of any size: the numbers are those of the same picture at another scale."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from anisoap_opt.basis.channels import MAX_DEGREE
from tests.frames_for_tests import DIAMETERS, TRICLINIC, calculator, random_frame
from tests.tolerances import FLOAT32_BOUNDS, assert_close

GTO = {"radial_basis_name": "gto", "cutoff_radius": 5.0, "radial_gaussian_width": 1.5}
MONOMIAL = {"radial_basis_name": "monomial", "cutoff_radius": 5.0, "radial_gaussian_width": None}
MIXED = {"basis_rcond": 1e-8, "basis_tol": 1e-3}
SIZES: dict[str, dict[str, Any]] = {
    "(6, None)": {**GTO, "max_angular": 6},
    "(9, 6)": {**GTO, **MIXED, "max_angular": 9, "max_radial": 6},
    "(10, 10)": {**GTO, **MIXED, "max_angular": 10, "max_radial": 10},
    "(36, None)": {**GTO, **MIXED, "max_angular": 36, "max_radial": [3] + [0] * 36, "radial_gaussian_width": 2.5},
    "monomial (6, None)": {**MONOMIAL, "max_angular": 6},
    "monomial (9, 6)": {**MONOMIAL, **MIXED, "max_angular": 9, "max_radial": 6},
}
POWERS = {name: range(-5, 6) if "(6, None)" in name else (-5, -2, 1, 5) for name in SIZES}
ROUNDING = {name: 1e-12 for name in SIZES} | {"(10, 10)": 1e-11, "(36, None)": 1e-10}
"""What the basis makes of the rounding of lengths."""


def scaled(frame: Atoms, unit: float) -> Atoms:
    """The frame with every length times `unit`."""
    other = frame.copy()
    other.set_cell(frame.cell.array * unit, scale_atoms=False)
    other.positions = frame.positions * unit
    for name in DIAMETERS:
        other.arrays[name] = frame.arrays[name] * unit
    return other


def calculator_in(unit: float, size: str, **options: Any) -> Any:
    hypers = {**SIZES[size], **options}
    for name in ("cutoff_radius", "radial_gaussian_width"):
        if hypers[name] is not None:
            hypers[name] *= unit
    return calculator(**{"max_radial": None, **hypers})


FRAMES = [random_frame(1, 2, cell=TRICLINIC, pbc=True), random_frame(2, 2, types=(1,))]


@pytest.mark.parametrize("size", SIZES)
def test_float64_in_any_unit(fast_backend: str, size: str) -> None:
    """Coefficients of a density are L^{-3/2}, its power spectrum L^{-3}."""
    expected = calculator_in(1.0, size, backend=fast_backend).power_spectrum(FRAMES)
    for power in POWERS[size]:
        unit = 10.0**power
        rows = calculator_in(unit, size, backend=fast_backend).power_spectrum([scaled(f, unit) for f in FRAMES])
        assert_close(rows * unit**3, expected, ROUNDING[size], f"unit {unit:g}")


@pytest.mark.parametrize("size", ["(6, None)", "monomial (6, None)"])
def test_the_oracle_in_any_unit(size: str) -> None:
    expected = calculator_in(1.0, size, backend="reference").power_spectrum(FRAMES[1:])
    for unit in (1e-5, 1e5):
        rows = calculator_in(unit, size, backend="reference").power_spectrum([scaled(FRAMES[1], unit)])
        assert_close(rows * unit**3, expected, 1e-12)


@pytest.mark.parametrize("size", ["(6, None)", "(9, 6)", "(10, 10)", "monomial (6, None)", "monomial (9, 6)"])
def test_float32_in_any_unit(float32_backend: str, size: str) -> None:
    exact = calculator_in(1.0, size, backend="numpy_only").power_spectrum(FRAMES)
    bound, _ = FLOAT32_BOUNDS[SIZES[size]["max_angular"], SIZES[size].get("max_radial")]
    for power in POWERS[size]:
        unit = 10.0**power
        single = calculator_in(unit, size, backend=float32_backend, dtype="float32")
        rows = single.power_spectrum([scaled(f, unit) for f in FRAMES]).astype(np.float64)
        assert_close(rows * unit**3, exact, bound, f"unit {unit:g}")


@pytest.mark.parametrize("size", ["(6, None)", "monomial (6, None)"])
def test_primitive_functions_in_any_unit(fast_backend: str, size: str) -> None:
    """Coefficients over r^k, not normalised, are L^k."""
    expected = calculator_in(1.0, size, backend=fast_backend).transform(FRAMES, normalize=False)
    for unit in (1e-5, 1e5):
        maps = calculator_in(unit, size, backend=fast_backend).transform(
            [scaled(f, unit) for f in FRAMES], normalize=False
        )
        for key, block in expected.items():
            k = int(key["angular_channel"]) + 2 * np.asarray(block.properties["n"])
            assert_close(maps.block(key).values / unit**k, block.values, 1e-12, f"unit {unit:g}, {key}")


@pytest.mark.parametrize("width", [1.0, 1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize("semiaxes", [(1.0, 1.0, 1.0), (3.0, 1.0, 0.3), (2.0, 2.0, 1e-3), (2.0, 1e-4, 1e-7)])
def test_a_width_much_smaller_than_the_particle(backend: str, width: float, semiaxes: Any) -> None:
    """c_000 = N_0 w exp(-½ Σ_k b_k²/(σ² + a_k²)) / sqrt(4π), b the neighbour's place along its own axes."""
    a, b = np.array(semiaxes), np.array([0.7, -0.4, 0.2])
    b = np.where(a < 0.1, 3 * np.hypot(a, width), 1.0) * b  # so that the weight is no zero
    frame = random_frame(1, 2, types=(1,))
    frame.arrays["c_q"][1] = [0.3, 0.8, -0.5, 0.1]
    for k, name in enumerate(DIAMETERS):
        frame.arrays[name][1] = 2 * a[k]
    q = frame.arrays["c_q"][1] / np.linalg.norm(frame.arrays["c_q"][1])
    turn = np.array(
        [(q[0] ** 2 - q[1:] @ q[1:]) * e + 2 * (q[1:] @ e) * q[1:] + 2 * q[0] * np.cross(q[1:], e) for e in np.eye(3)]
    )
    frame.positions = [[0, 0, 0], b @ turn]  # row k of `turn` is the body's axis k
    one = calculator(backend=backend, max_angular=0, radial_gaussian_width=width, subtract_center_contribution=True)
    value = one.transform([frame], centers=[[0]]).block(0).values.item()
    norm = one.radial_basis.orthonormalization(0).item()
    weight = np.prod((1 + (a / width) ** 2) ** -0.5) * math.exp(-0.5 * np.sum(b**2 / (width**2 + a**2)))
    assert value == pytest.approx(norm * weight / math.sqrt(4 * math.pi), rel=1e-10)


@pytest.mark.parametrize("width", [1e-3, 1e-6])
def test_narrow_widths_like_the_oracle(fast_backend: str, width: float) -> None:
    """Coefficients of l ≥ 1 are smaller by powers of σ/a, and right to 1e-10 of the largest."""
    frame = random_frame(1, 3, types=(1,))
    one, oracle = (
        calculator(backend=name, radial_gaussian_width=width, subtract_center_contribution=True)
        for name in (fast_backend, "reference")
    )
    assert_close(one.power_spectrum([frame]), oracle.power_spectrum([frame]), 1e-10)
    actual, exact = (
        np.concatenate([block.values.ravel() for block in made.transform([frame]).blocks()]) for made in (one, oracle)
    )
    assert_close(actual, exact, 1e-10)


def test_thin_discs_of_the_oracle_keep_all_digits() -> None:
    """Semiaxes of 0.0004 Å; a general inverse of C's own inverse loses six digits here."""
    frame = random_frame(1, 3, types=(1,))
    frame.arrays[DIAMETERS[2]][:] = 0.0008
    exact = calculator(backend="reference", max_angular=4).power_spectrum([frame])
    for name in ("numpy_only", "torch_full", "numba"):
        assert_close(calculator(backend=name, max_angular=4).power_spectrum([frame]), exact, 1e-14, name)


@pytest.mark.parametrize("basis", [GTO, MONOMIAL], ids=["gto", "monomial"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_degree_beyond_the_digits_of_a_precision(float32_backend: str, dtype: str, basis: dict[str, Any]) -> None:
    name = basis["radial_basis_name"]
    largest = MAX_DEGREE[name, dtype]
    options = {"backend": float32_backend, "dtype": dtype, **basis}
    calculator(max_angular=largest, max_radial=[0] * (largest + 1), **options)
    match = f"moments of degree {largest + 1}, and {dtype} is good up to degree {largest} with the basis '{name}'"
    with pytest.raises(ValueError, match=match):
        calculator(max_angular=largest + 1, max_radial=[0] * (largest + 2), **options)


@pytest.mark.parametrize("basis", [GTO, MONOMIAL], ids=["gto", "monomial"])
def test_at_the_largest_degree_backends_agree_to_what_is_promised(basis: dict[str, Any]) -> None:
    largest = MAX_DEGREE[basis["radial_basis_name"], "float64"]
    frames = [random_frame(seed, 3, types=(1,)) for seed in range(3)]
    shared = {"max_angular": largest, "max_radial": None, **MIXED, **basis}
    one, other = (calculator(backend=name, **shared).transform(frames) for name in ("numpy_only", "torch_full"))
    for key, block in one.items():
        assert_close(other.block(key).values, block.values, 1e-6, str(key))
