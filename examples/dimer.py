"""Two ellipsoids, one of which turns: energy, force and torque, and the same as derivatives of the energy.

    python examples/dimer.py --out docs/figures/dimer.png

draws the figure of the documentation. The model is an arbitrary one, a small neural network with random weights: exact
derivatives do not depend on what the model is.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase import Atoms

from anisoap_opt.ase import AniSOAPCalculator
from anisoap_opt.nn import AniSOAP

DIAMETERS = (4.0, 2.0, 1.0)  # Å
DISTANCE = 3.5  # Å, along x


def make_calculator() -> AniSOAPCalculator:
    """An energy of features with a smooth cutoff."""
    torch.manual_seed(4)
    descriptor = AniSOAP(6, "gto", 7.0, types=[1], radial_gaussian_width=1.5, cutoff_smoothing=1.5)
    hidden = torch.nn.Linear(descriptor.num_features, 16, dtype=torch.float64)
    out = torch.nn.Linear(16, 1, dtype=torch.float64)
    return AniSOAPCalculator(torch.nn.Sequential(descriptor, hidden, torch.nn.Tanh(), out), diameters=DIAMETERS)


def dimer(angle: float, distance: float = DISTANCE) -> Atoms:
    """One particle at the origin, tilted; the other on the x axis, turned about z by an angle in radians."""
    frame = Atoms("H2", positions=[[0, 0, 0], [distance, 0, 0]])
    half = angle / 2
    frame.arrays["quaternion"] = np.array([[0.9, 0.1, 0.3, 0.3], [np.cos(half), 0, 0, np.sin(half)]])
    return frame


def scan(calculator: AniSOAPCalculator, angles: Any) -> dict[str, Any]:
    """Energy, and force along x and torque about z of the particle that turns: exact, and by central differences."""
    step = 1e-4

    def slope(energy: Any) -> float:
        return (energy(step) - energy(-step)) / (2 * step)

    found: dict[str, list[float]] = {name: [] for name in ("energy", "force", "torque", "−ΔE/Δx", "−ΔE/Δα")}
    for angle in angles:
        frame = dimer(angle)
        calculator.calculate(frame, ["forces"])
        results = calculator.results
        found["energy"].append(results["energy"])
        found["force"].append(results["forces"][1, 0])
        found["torque"].append(results["torques"][1, 2])
        found["−ΔE/Δx"].append(-slope(lambda dx, a=angle: calculator.get_potential_energy(dimer(a, DISTANCE + dx))))
        found["−ΔE/Δα"].append(-slope(lambda da, a=angle: calculator.get_potential_energy(dimer(a + da))))
    return {name: np.array(values) for name, values in found.items()}


def draw(degrees: Any, found: dict[str, Any], path: Path) -> None:
    """Three panels: energy, torque, force."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
    panels[0].plot(degrees, 1e3 * (found["energy"] - found["energy"].min()), color="#000000")
    for ax, exact, difference in zip(panels[1:], ("torque", "force"), ("−ΔE/Δα", "−ΔE/Δx"), strict=True):
        ax.plot(degrees, 1e3 * found[exact], color="#0072b2", label=exact)
        ax.plot(degrees[::6], 1e3 * found[difference][::6], "o", color="#e69f00", markersize=4, label=difference)
        ax.axhline(0, color="#999999", linewidth=0.8, zorder=0)
        ax.legend(frameon=False)
    titles = ("energy above its lowest, meV", "torque about z, meV", "force along x, meV/Å")
    for ax, title in zip(panels, titles, strict=True):
        ax.set_title(title, fontsize=10)
        ax.set_xlabel("angle α about z, degrees")
        ax.set_xticks(range(0, 181, 45))
        ax.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=160)


def main() -> None:
    """Scan the angle, print how well derivatives and differences agree, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--angles", type=int, default=121, help="how many, from 0 to 180 degrees (121)")
    parser.add_argument("--out", type=Path, default=Path("dimer.png"), help="file of the figure (dimer.png)")
    options = parser.parse_args()
    if options.angles < 2:
        parser.error("--angles must be at least 2")
    degrees = np.linspace(0, 180, options.angles)
    found = scan(make_calculator(), np.radians(degrees))
    for exact, difference in (("torque", "−ΔE/Δα"), ("force", "−ΔE/Δx")):
        error = np.abs(found[exact] - found[difference]).max() / np.abs(found[exact]).max()
        print(f"{exact}: {difference} differs by {error:.0e} of the largest")
    draw(degrees, found, options.out)


if __name__ == "__main__":
    main()
