"""The row of `benchmarks.speed` about sweeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks import workloads
from benchmarks.common import calculator
from benchmarks.speed_tools import BACKEND, Row, best, in_turn

GRID: dict[str, Any] = {"cutoff_radius": [3.0, 4.0, 5.0, 6.0, 7.0], "max_angular": [1, 2, 3, 4, 5, 6]}
"""Cutoffs and sizes, n coupled to l, up to those that benzenes are described with elsewhere."""


def sweep_rows(grid: dict[str, Sequence[Any]] = GRID, rounds: int = 7, target: float = 8) -> Iterator[Row]:
    """A grid of hyperparameters at once, against a calculator, made and called, for each set."""
    import anisoap_opt

    frames = workloads.system("benzenes")
    common = {**workloads.HYPERS["(6, None)"], "backend": BACKEND}
    calculator(BACKEND, workloads.HYPERS["(6, None)"])  # pins threads
    sweep = partial(anisoap_opt.sweep, frames, **{**common, **grid})
    sets = [hypers for hypers, _ in sweep()]

    def one_by_one() -> None:
        for hypers in sets:
            anisoap_opt.EllipsoidalDensityProjection(**hypers).power_spectrum(frames)

    def at_once() -> None:
        for _ in sweep():
            pass

    worst = max(
        np.abs(features - separate).max() / np.abs(separate).max()
        for hypers, features in sweep()
        for separate in [anisoap_opt.EllipsoidalDensityProjection(**hypers).power_spectrum(frames)]
    )
    slow, fast = in_turn(rounds, best(2, one_by_one), best(2, at_once))
    ratio = np.median(slow / fast)
    cutoffs, sizes = (len(grid[name]) for name in GRID)
    what = f"sweep of {cutoffs} cutoffs × {sizes} sizes, benzenes, {len(frames)} frames, against {len(sets)} calls"
    measured = f"{ratio:.1f}×, {1e3 * np.median(fast):.3g} ms, off by {worst:.0e} at most"
    yield what, measured, f"{target:g}×, 1e-12", bool(ratio >= target and worst <= 1e-12)
