"""Print the error of float32, and that of both precisions against the degree: ``python -m benchmarks.accuracy``.

The error is the largest deviation of any value relative to the largest value of its block (a centre type, and for the
expansion an l), of float32 from float64 over every centre of a few frames of ``data/``. Against the degree: of spheres
from the closed form, and of ellipsoids from another backend in float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import measure, workloads
from benchmarks.backends import BACKENDS
from benchmarks.common import calculator
from benchmarks.table import markdown

SIZES: dict[str, dict[str, Any]] = {
    **workloads.HYPERS,
    "(10, 10)": {**workloads.HYPERS["(9, 6)"], "max_angular": 10, "max_radial": 10, "cutoff_radius": 5.0,
                 "radial_gaussian_width": 2.5},
}  # fmt: skip
FRAMES = {"benzenes": 4, "ellipsoids": 40}


def block_values(hypers: dict[str, Any], backend: str, dtype: str, system: str) -> list[list[np.ndarray]]:
    """Values of the blocks of the expansion, and of those of the power spectrum of every centre."""
    made = calculator(backend, {**hypers, "dtype": dtype})
    frames = workloads.system(system)[: FRAMES[system]]
    maps = made.transform(frames), made.power_spectrum(frames, mean_over_samples=False)
    return [[np.asarray(block.values) for block in one.blocks()] for one in maps]


def largest_error(values: list[np.ndarray], exact: list[np.ndarray]) -> float:
    """Largest deviation relative to the largest value of the block."""
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(values, exact, strict=True))


DEGREES = (6, 12, 16, 21, 24, 28, 30, 32, 34, 36)
BASES: dict[str, dict[str, Any]] = {
    "GTO": {"radial_basis_name": "gto", "radial_gaussian_width": 1.5},
    "monomials": {"radial_basis_name": "monomial"},
}
PAIRS = 60


def single_pairs(max_angular: int, *, spheres: bool) -> list[Any]:
    """Frames of a centre of type 1 and a neighbour of type 2 within 7 Å, semiaxes 0.25 to 2 Å."""
    from ase import Atoms

    rng = np.random.default_rng(max_angular)
    frames = []
    for _ in range(PAIRS):
        direction = rng.normal(size=3)
        place = direction / np.linalg.norm(direction) * rng.uniform(0.2, 6.9)
        frame = Atoms(numbers=[1, 2], positions=[np.zeros(3), place])
        frame.arrays["c_q"] = rng.normal(size=(2, 4))
        diameters = np.exp(rng.uniform(np.log(0.5), np.log(4.0), 3))
        for axis in range(3):
            frame.arrays[f"c_diameter[{axis + 1}]"] = np.full(2, diameters[0 if spheres else axis])
        frames.append(frame)
    return frames


def of_pairs(frames: list[Any], backend: str, hypers: dict[str, Any], dtype: str) -> tuple[Any, list[np.ndarray]]:
    """The calculator, and the neighbours' coefficients by l, [pairs, 2l+1, n]."""
    made = calculator(backend, {**hypers, "dtype": dtype, "subtract_center_contribution": True, "rotation_key": "c_q"})
    return made, [np.asarray(block.values) for block in made.transform(frames, centers=[1]).blocks()]


def closed_form(made: Any, frames: list[Any]) -> list[np.ndarray]:
    """The same for spheres of radius a, from sums of positive terms.

    With κ = 1/(1 + s a²), C = κ a² and μ = κ r
    E[r^{2n} r^l Y_lm] = κ^{3/2} exp(-½ s κ r²) μ^l Y_lm (2C)^n n! L_n^{(l+1/2)}(-μ²/2C).
    """
    from scipy.special import eval_genlaguerre, factorial, sph_harm_y

    length, s = made.radial_basis.length, made.radial_basis.unit_precision
    r = np.array([frame.positions[1] for frame in frames]) / length
    a2 = (np.array([frame.arrays["c_diameter[1]"][1] for frame in frames]) / 2 / length) ** 2
    kappa = 1 / (1 + s * a2)
    distance = np.linalg.norm(r, axis=1)
    theta, phi = np.arccos(r[:, 2] / distance), np.arctan2(r[:, 1], r[:, 0])
    weight = kappa**1.5 * np.exp(-0.5 * s * kappa * distance**2)
    values = []
    for l, num_radial in enumerate(made.num_ns):
        m = np.arange(-l, l + 1)
        complex_ones = sph_harm_y(l, np.abs(m), theta[:, None], phi[:, None])  # [pairs, 2l+1]
        parts = np.where(m < 0, complex_ones.imag, complex_ones.real)
        real = np.where(m == 0, 1.0, np.sqrt(2) * (-1.0) ** m) * parts * (kappa * distance)[:, None] ** l
        n = np.arange(num_radial)
        variance = (kappa * a2)[:, None]
        laguerre = eval_genlaguerre(n, l + 0.5, -((kappa * distance)[:, None] ** 2) / (2 * variance))
        primitive = weight[:, None] * (2 * variance) ** n * factorial(n) * laguerre
        mixed = primitive @ made.radial_basis.unit_orthonormalization(l) * length**-1.5
        values.append(real[:, :, None] * mixed[:, None, :])
    return values


def error_against_degree() -> None:
    """Print the second table."""
    rows = []
    for degree in DEGREES:
        row = [str(degree)]
        for basis in BASES.values():
            hypers = {**basis, "max_angular": degree, "cutoff_radius": 7.0, "basis_rcond": 1e-8, "basis_tol": 1e-3}
            spheres, ellipsoids = (single_pairs(degree, spheres=yes) for yes in (True, False))
            for dtype in ("float64", "float32"):
                try:
                    made, values = of_pairs(spheres, "numba", hypers, dtype)
                    _, exact = of_pairs(ellipsoids, "numpy_only", hypers, "float64")
                except ValueError:  # above the largest degree of this precision
                    row += ["refused", "refused"]
                    continue
                row.append(f"{largest_error(values, closed_form(made, spheres)):.0e}")
                row.append(f"{largest_error(of_pairs(ellipsoids, 'numba', hypers, dtype)[1], exact):.0e}")
        rows.append(row)
    header = [f"{basis}, {dtype}: {kind}" for basis in BASES for dtype in ("float64", "float32")
              for kind in ("spheres", "ellipsoids")]  # fmt: skip
    print(markdown(["degree", *header], rows))


def main() -> None:
    """Print the tables."""
    body = []
    for size, hypers in SIZES.items():
        exact = {system: block_values(hypers, "numpy_only", "float64", system) for system in FRAMES}
        for backend in BACKENDS:
            try:
                values = {system: block_values(hypers, backend, "float32", system) for system in FRAMES}
            except NotImplementedError:  # not installed, or float64 only
                continue
            pairs = [(values[system][k], exact[system][k]) for system in FRAMES for k in (0, 1)]
            body.append([size, backend, *(f"{largest_error(*pair):.0e}" for pair in pairs)])
    header = [f"{system}: {what}" for system in FRAMES for what in ("expansion", "power spectrum")]
    print(markdown(["size", "backend", *header], body), end="\n\n")
    error_against_degree()
    print(f"\n{measure.machine()}")


if __name__ == "__main__":
    main()
