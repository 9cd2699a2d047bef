"""SOAP of spheres by featomic and dscribe, for the gallery, which is built without them.

    python examples/soap_of_peers.py --out examples/gallery/soap_of_peers.json

needs the extra ``peers``. featomic is given the radial functions of `anisoap_opt`, and its power spectrum is kept.
dscribe and featomic with their own radial functions have other features; of these the cosines between two environments
are kept, which all codes should agree on once they have enough radial functions.
"""

from __future__ import annotations

import argparse
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

WIDTH, CUTOFF, BASIS_WIDTH = 0.5, 6.0, 1.0  # Å; of the Gaussians, of the neighbourhood, of our radial functions
MAX_ANGULAR = 6
NUM_RADIAL = range(1, 13)


def two_environments() -> list[Atoms]:
    """Two clusters of spheres, each around its first particle, alike and yet different."""
    rng = np.random.default_rng(4)
    directions = rng.normal(size=(8, 3))
    positions = directions / np.linalg.norm(directions, axis=1, keepdims=True) * np.linspace(1.5, 3.0, 8)[:, None]
    moved = positions + rng.normal(scale=0.5, size=positions.shape)
    return [Atoms("H9", positions=[[0.0, 0.0, 0.0], *rest]) for rest in (positions, moved)]


def featomic_in_our_basis(frame: Atoms) -> Any:
    """Power spectrum of the first particle with radial functions r^(l+2n) exp(-r²/2σ²), as many as ours, [features]."""
    import featomic
    from featomic import basis, cutoff, density, splines

    class Ours(basis.RadialBasis):  # type: ignore[misc]
        def __init__(self, l: int) -> None:
            super().__init__(max_radial=(MAX_ANGULAR - l) // 2, radius=CUTOFF)
            self.l = l

        @property
        def integration_radius(self) -> float:
            return 12 * BASIS_WIDTH

        def compute_primitive(self, positions: Any, n: int, *, derivative: bool) -> Any:
            power, decay = self.l + 2 * n, np.exp(-0.5 * (positions / BASIS_WIDTH) ** 2)
            if not derivative:
                return positions**power * decay
            lowered = power * positions ** max(power - 1, 0)
            return (lowered - positions ** (power + 1) / BASIS_WIDTH**2) * decay

    channels = {l: Ours(l) for l in range(MAX_ANGULAR + 1)}
    spliner = splines.SoapSpliner(
        cutoff=cutoff.Cutoff(radius=CUTOFF, smoothing=None),
        density=density.Gaussian(width=WIDTH),
        basis=basis.Explicit(by_angular=channels, spline_accuracy=1e-10),
    )
    spectrum = featomic.SoapPowerSpectrum(**spliner.get_hypers()).compute(frame)
    return np.hstack([block.values[0] for _, block in spectrum.items()])


def cosine_of_featomic(frames: list[Atoms], num_radial: int) -> float:
    """Of two environments, with featomic's own GTOs."""
    import featomic

    calculator = featomic.SoapPowerSpectrum(
        cutoff={"radius": CUTOFF, "smoothing": {"type": "Step"}},
        density={"type": "Gaussian", "width": WIDTH},
        basis={
            "type": "TensorProduct", "max_angular": MAX_ANGULAR, "spline_accuracy": None,
            "radial": {"type": "Gto", "max_radial": num_radial - 1},
        },
    )  # fmt: skip
    first, second = (calculator.compute(frame).block().values[0] for frame in frames)
    return cosine(first, second)


def cosine_of_dscribe(frames: list[Atoms], num_radial: int) -> float:
    """Of two environments, with dscribe's own GTOs; it gives n ≤ n' only, so that the others count twice."""
    from dscribe.descriptors import SOAP

    soap = SOAP(species=["H"], r_cut=CUTOFF, n_max=num_radial, l_max=MAX_ANGULAR, sigma=WIDTH, periodic=False)
    first, second = (soap.create(frame, centers=[0])[0] for frame in frames)
    n, m = np.triu_indices(num_radial)
    root = np.sqrt(np.tile(np.where(n == m, 1, 2), MAX_ANGULAR + 1))  # l is the slowest index
    return cosine(first * root, second * root)


def cosine(first: Any, second: Any) -> float:
    """Of the angle between two vectors."""
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def main() -> None:
    """Compute and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("soap_of_peers.json"), help="file (soap_of_peers.json)")
    out = parser.parse_args().out
    frames = two_environments()
    found = {
        "versions": {name: version(name) for name in ("featomic", "dscribe")},
        "positions": [frame.positions.tolist() for frame in frames],
        "featomic, our radial functions": [featomic_in_our_basis(frame).tolist() for frame in frames],
        "cosines": {
            "featomic": [cosine_of_featomic(frames, num) for num in NUM_RADIAL],
            "dscribe": [cosine_of_dscribe(frames, num) for num in NUM_RADIAL],
        },
    }
    out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
