"""``study validate``: shape, invariances, backends against `reference` and float32, on the five systems."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ase import Atoms
from scipy.spatial.transform import Rotation

from anisoap_bench.study.aggregate import write_table
from anisoap_bench.study.workload import add_data, data_folder, installed, read_load
from anisoap_bench.terminal import positive
from anisoap_opt import BACKENDS, EllipsoidalDensityProjection
from benchmarks import measure, workloads

RTOL, ATOL = 1e-6, 1e-8
LIMIT = 1e-10
"""Largest difference that passes in float64, relative to the largest value of the descriptor."""
FLOAT32_LIMITS = {"(6, None)": 3 * 6.2e-7, "(9, 6)": 3 * 2.1e-5}
"""The same for float32: three times the largest error that the tests' random frames gave, by size of basis."""
FRAMES = {"ellipsoids": 8}
"""Frames of a system that are compared, unless --frames says otherwise; 2 where it isn't listed."""
PASS, FAIL = "pass", "FAIL"
COLUMNS = ("check", "backend", "system", "value", "limit", "result")
Check = tuple[str, str, str, float, float, str]
"""COLUMNS: `value` is a difference relative to the largest value, for ``rtol, atol`` to what is allowed, and must not
exceed `limit`; of ``features`` both are their number."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``study validate``."""
    add_data(parser)
    parser.add_argument("--backend", nargs="+", help="all that are installed, unless given")
    parser.add_argument("--frames", type=positive, help="frames of each file (default: 2, of ellipsoids.xyz 8)")
    parser.add_argument("--out", type=Path, help="write results/tables/validation.csv or another CSV file")


def main(options: argparse.Namespace) -> int:
    """Print all numbers beside their limits; 1 if a check failed."""
    measure.pin_threads(1)
    checks = validate(data_folder(options), installed(options.backend), options.frames)
    print(table(checks))
    failed = [one for one in checks if one[-1] == FAIL]
    print(f"\n{len(checks)} checks, {len(failed)} failed; {measure.machine()}")
    for check, backend, system, value, limit, _ in failed:
        print(f"FAIL  {check}, {backend}, {system}: {value:.3g}, limit {limit:.3g}")
    if options.out:
        write_table(options.out, pd.DataFrame(checks, columns=COLUMNS), None)
    return 1 if failed else 0


def validate(data: Path, backends: Sequence[str], num_frames: int | None = None) -> list[Check]:
    """Check the backends on the first frames of the five systems, in any case against `reference`."""
    checks = []
    for system in workloads.SYSTEMS:
        frames = read_load(data / f"{system}.xyz", "reference", num_frames or FRAMES.get(system, 2)).frames
        exact = descriptor("reference", hypers_of(system, frames), frames)
        for backend in backends:
            checks += check_backend(backend, system, frames, exact)
    return checks


def check_backend(backend: str, system: str, frames: list[Atoms], exact: Any) -> list[Check]:
    """All checks of one backend on one system; `exact` is the descriptor that `reference` computed."""
    hypers = hypers_of(system, frames)
    others = variants(frames)
    together = descriptor(backend, hypers, [*frames, *(frame for many in others.values() for frame in many)])
    values, *changed = np.split(together, 1 + len(others))
    features = num_features(hypers, len(hypers["types"]))
    sound = (
        together.shape == (len(frames) * (1 + len(others)), features)
        and together.dtype == np.float64
        and bool(np.isfinite(together).all() and together.any(axis=1).all())
    )
    found = [("shape and dtype: features", float(together.shape[-1]), float(features), sound)]
    found += [(name, deviation(one, values), LIMIT, True) for name, one in zip(others, changed, strict=True)]
    if backend != "reference":
        share = deviation(values, exact, ATOL + RTOL * np.abs(exact))
        found.append((f"reference: rtol {RTOL:g}, atol {ATOL:g}", share, 1.0, True))
        found.append(("reference: largest difference", deviation(values, exact), LIMIT, True))
    if "float32" in BACKENDS[backend].dtypes:
        single = descriptor(backend, hypers, frames, "float32")
        size = next(name for name, one in workloads.HYPERS.items() if one.items() <= hypers.items())
        found.append(("float32", deviation(single, values), FLOAT32_LIMITS[size], single.dtype == np.float32))
    return [
        (name, backend, system, value, limit, PASS if right and value <= limit else FAIL)
        for name, value, limit, right in found
    ]


def descriptor(backend: str, hypers: dict[str, Any], frames: list[Atoms], dtype: str = "float64") -> Any:
    """Power spectrum [frames, features], by the public interface."""
    return EllipsoidalDensityProjection(**hypers, backend=backend, dtype=dtype).power_spectrum(frames)


def hypers_of(system: str, frames: list[Atoms]) -> dict[str, Any]:
    """The system's own, with the layout of the features fixed by the types that occur."""
    return {**workloads.hypers_of(system), "types": sorted({int(n) for frame in frames for n in frame.numbers})}


def num_features(hypers: dict[str, Any], num_types: int) -> int:
    """Length of the power spectrum: for every centre type and l, the square of n_l times the neighbour types."""
    max_angular, max_radial = hypers["max_angular"], hypers.get("max_radial")
    counts = [(max_angular - l) // 2 + 1 if max_radial is None else max_radial + 1 for l in range(max_angular + 1)]
    return num_types * sum((count * num_types) ** 2 for count in counts)


def deviation(actual: Any, expected: Any, allowed: Any = None) -> float:
    """Largest one over what is allowed, else over the largest value; infinite if no number, or for another shape."""
    if actual.shape != expected.shape:
        return float("inf")
    allowed = np.abs(expected).max() if allowed is None else allowed
    share = float((np.abs(np.asarray(actual, dtype=np.float64) - expected) / allowed).max())
    return share if np.isfinite(share) else float("inf")


def variants(frames: Sequence[Atoms], seed: int = 0) -> dict[str, list[Atoms]]:
    """The same frames after changes that the descriptor must not see."""
    rng = np.random.default_rng(seed)

    def changed(frame: Any) -> dict[str, Atoms]:
        found = {name: frame.copy() for name in ("rotation", "translation", "sign of quaternions", "periodic images")}
        count = len(frame)
        turn = Rotation.from_quat(rng.standard_normal(4))
        turned, own = found["rotation"], Rotation.from_quat(frame.arrays["c_q"][:, [1, 2, 3, 0]])  # (w, x, y, z)
        turned.arrays["c_q"] = (turn * own).as_quat()[:, [3, 0, 1, 2]]
        turned.positions, turned.cell[:] = turn.apply(frame.positions), turn.apply(frame.cell.array)
        found["translation"].positions += rng.uniform(-20, 20, 3)
        found["sign of quaternions"].arrays["c_q"] *= rng.choice([-1.0, 1.0], (count, 1))
        found["periodic images"].positions += (rng.integers(-3, 4, (count, 3)) * frame.pbc) @ frame.cell.array
        return {**found, "order of particles": frame[np.roll(np.arange(count), rng.integers(1, max(count, 2)))]}

    found = [changed(frame) for frame in frames]
    return {name: [one[name] for one in found] for name in found[0]}


def table(checks: Sequence[Check]) -> str:
    """A row for every check and backend, a column for every system; FAIL sorts before pass."""
    rows = pd.DataFrame(checks, columns=COLUMNS)
    values = rows.pivot_table("value", ["check", "backend"], "system", sort=False)
    limits = rows.groupby(["check", "backend"]).agg(
        limit=("limit", "min"), to=("limit", "max"), result=("result", "min")
    )
    return str(values.join(limits).to_string(float_format="{:.2g}".format))
