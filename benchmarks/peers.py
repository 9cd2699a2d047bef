"""Isotropic peers, for scale: ``python -m benchmarks.peers`` prints pairs/s, particles/s and memory side by side.

featomic and dscribe describe spheres, so their work per pair is smaller; ellipsoids are what this package adds. Needs
the extra ``peers``.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import measure, workloads
from benchmarks.table import markdown

PEER_SIZES: dict[tuple[int, int], dict[str, Any]] = {
    (6, 3): {**workloads.HYPERS["(9, 6)"], "max_angular": 6, "max_radial": 3},
    (9, 6): workloads.HYPERS["(9, 6)"],
}
"""max_angular and max_radial of the comparison; all use a cutoff of 7 Å."""
GRADIENT_SIZE = (6, 3)
"""The one that gradients in positions of every centre's power spectrum are compared at."""


def soap_power_spectrum(peer: str, frame: Any, size: tuple[int, int], *, gradients: bool = False) -> Any:
    """A call without arguments that computes one peer's SOAP power spectrum of a frame; the peer has to be there.

    With `gradients` (featomic only) those in positions too.
    """
    from ase import Atoms

    bare = Atoms(numbers=frame.numbers, positions=frame.positions, cell=frame.cell, pbc=frame.pbc)
    max_angular, max_radial = size
    if peer == "featomic":
        import featomic

        radial = {"type": "Gto", "max_radial": max_radial}
        calculator = featomic.SoapPowerSpectrum(
            cutoff={"radius": 7.0, "smoothing": {"type": "Step"}},
            density={"type": "Gaussian", "width": 0.5},
            basis={"type": "TensorProduct", "max_angular": max_angular, "radial": radial},
        )
        return lambda: calculator.compute(bare, gradients=["positions"] if gradients else None)
    from dscribe.descriptors import SOAP

    species = sorted(set(bare.get_chemical_symbols()))
    soap = SOAP(species=species, r_cut=7.0, n_max=max_radial + 1, l_max=max_angular, sigma=0.5, periodic=True)
    return lambda: soap.create(bare)


def rows(num_particles: int = 500) -> list[list[str]]:
    """Cells of the table: one bulk frame of two types."""
    from ase.neighborlist import neighbor_list

    from anisoap_opt import EllipsoidalDensityProjection

    frames = workloads.bulk(num_particles, 2)
    num_pairs = len(neighbor_list("i", frames[0], 7.0)) + num_particles
    table = []
    for size, hypers in PEER_SIZES.items():
        ours = EllipsoidalDensityProjection(**hypers)
        calls = {f"anisoap_opt {ours.backend}": lambda ours=ours: ours.power_spectrum(frames, mean_over_samples=False)}
        for peer in ("featomic", "dscribe"):
            calls[peer] = soap_power_spectrum(peer, frames[0], size)
        if size == GRADIENT_SIZE:
            for name, symmetric in {"": False, ", symmetric": True}.items():
                calls[f"anisoap_opt {ours.backend}, gradients{name}"] = partial(
                    ours.power_spectrum, frames, False, symmetric=symmetric, compute_gradients=True
                )
            calls["featomic, gradients"] = soap_power_spectrum("featomic", frames[0], size, gradients=True)
        for name, call in calls.items():
            seconds = measure.median_time(call, min_repeats=5)
            speeds = (f"{count / seconds:.3g}" for count in (num_pairs, num_particles))
            megabytes = f"{measure.peak_memory(call) / 1e6:.0f}"
            table.append([str(size), name, f"{1e3 * seconds:.3g}", *speeds, megabytes])
    return table


def draw(table: list[list[str]], path: Path) -> None:
    """Bars of million pairs per second, one group per size."""
    import matplotlib

    matplotlib.use("Agg")
    import pandas as pd

    values = [(f"(max_angular, max_radial) = {row[0]}", row[1], float(row[3]) / 1e6) for row in table]
    bars = pd.DataFrame(values).pivot(index=0, columns=1, values=2)
    names = [name for name in dict.fromkeys(row[1] for row in table) if "gradients" not in name]
    colours = ["#0072b2", "#e69f00", "#999999"]  # Okabe and Ito's, told apart by the colour-blind
    axes = bars[names].plot.bar(rot=0, width=0.8, color=colours, figsize=(6.4, 3.2), xlabel="")
    for container in axes.containers:
        axes.bar_label(container, fmt="%.2g", padding=2, fontsize=9)
    axes.set_ylabel("million pairs per second")
    axes.set_title("Power spectrum of every particle, bulk N = 500, two types, one thread", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    axes.figure.set_layout_engine("constrained")
    axes.figure.savefig(path, dpi=160)


def main() -> int:
    """Print the table and draw the figure of the documentation."""
    measure.pin_threads(1)
    try:
        table = rows()
    except ModuleNotFoundError as error:
        print(f"{error}: pip install 'anisoap_opt[peers]'", file=sys.stderr)
        return 2
    print(markdown(["size", "code", "ms", "pairs/s", "particles/s", "peak MB"], table))
    print(f"\n{measure.machine()}")
    draw(table, Path("docs/figures/peers.png"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
