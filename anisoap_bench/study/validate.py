"""``study validate``: shape, invariances, backends against `reference` and float32, on the five systems."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ase import Atoms
from scipy.spatial.transform import Rotation

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.study.options import add_data, data_folder, positive
from anisoap_bench.study.tables import write_table
from anisoap_bench.study.workload import read_load
from anisoap_opt import BACKENDS, EllipsoidalDensityProjection
from benchmarks import backends, measure, workloads
from benchmarks.table import markdown

RTOL, ATOL = 1e-6, 1e-8
LIMIT = 1e-10
"""Largest difference that passes in float64, relative to the largest value of the descriptor."""
FLOAT32_LIMITS = {"(6, None)": 3 * 6.2e-7, "(9, 6)": 3 * 2.1e-5}
"""The same for float32: three times the largest error that the tests' random frames gave, by size of basis."""
FRAMES = {"ellipsoids": 8}
"""Frames of a system that are compared, unless --frames says otherwise; 2 where it isn't listed."""
PASS, FAIL, MISSING = "pass", "FAIL", "not installed"


@dataclass(frozen=True)
class ValidationCheck:
    """One number beside its limit."""

    check: str
    backend: str
    system: str
    value: float | None
    """Difference relative to the largest value, for ``rtol, atol`` to what is allowed; of ``features`` their number."""
    limit: float | None
    """What `value` must not exceed, or for ``features`` be equal to; both are None if the backend is not installed."""
    result: str  # PASS, FAIL or MISSING


def descriptor(backend: str, hypers: dict[str, Any], frames: list[Atoms], dtype: str = "float64") -> Any:
    """Power spectrum [frames, features], by the public interface."""
    return EllipsoidalDensityProjection(**hypers, backend=backend, dtype=dtype).power_spectrum(frames)


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


def _changed(frame: Any, **arrays: Any) -> Any:
    copy = frame.copy()
    copy.arrays.update(arrays)
    return copy


def rotated(frame: Any, rotation: Rotation) -> Any:
    """The whole frame turned: positions, cell and the particles' quaternions (w, x, y, z)."""
    own = Rotation.from_quat(frame.arrays["c_q"][:, [1, 2, 3, 0]])
    copy = _changed(frame, c_q=(rotation * own).as_quat()[:, [3, 0, 1, 2]])
    copy.positions = rotation.apply(frame.positions)
    copy.set_cell(rotation.apply(frame.cell.array))
    return copy


def variants(frames: Sequence[Atoms], seed: int = 0) -> dict[str, list[Atoms]]:
    """The same frames after changes that the descriptor must not see."""
    rng = np.random.default_rng(seed)

    def changed(frame: Atoms) -> dict[str, Atoms]:
        q, positions, count = frame.arrays["c_q"], frame.positions, len(frame)
        return {
            "rotation": rotated(frame, Rotation.from_quat(rng.standard_normal(4))),
            "translation": _changed(frame, positions=positions + rng.uniform(-20, 20, 3)),
            "order of particles": frame[np.roll(np.arange(count), rng.integers(1, max(count, 2)))],
            "sign of quaternions": _changed(frame, c_q=q * rng.choice([-1.0, 1.0], (count, 1))),
            "periodic images": _changed(
                frame, positions=positions + (rng.integers(-3, 4, (count, 3)) * frame.pbc) @ frame.cell.array
            ),
        }

    found = [changed(frame) for frame in frames]
    return {name: [one[name] for one in found] for name in found[0]}


def _hypers(system: str, frames: list[Atoms]) -> dict[str, Any]:
    """The system's own, with the layout of the features fixed by the types that occur."""
    return {**workloads.hypers_of(system), "types": sorted({int(n) for frame in frames for n in frame.numbers})}


def check_backend(backend: str, system: str, frames: list[Atoms], expected: Any) -> tuple[list[ValidationCheck], Any]:
    """All checks of one backend on one system, and the descriptor of the frames.

    `expected` is the descriptor that `reference` computed, None for `reference` itself.
    """
    hypers = _hypers(system, frames)
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
    if expected is not None:
        share = deviation(values, expected, ATOL + RTOL * np.abs(expected))
        found.append((f"reference: rtol {RTOL:g}, atol {ATOL:g}", share, 1.0, True))
        found.append(("reference: largest difference", deviation(values, expected), LIMIT, True))
    if "float32" in BACKENDS[backend].dtypes:
        single = descriptor(backend, hypers, frames, "float32")
        size = next(name for name, one in workloads.HYPERS.items() if one.items() <= hypers.items())
        found.append(("float32", deviation(single, values), FLOAT32_LIMITS[size], single.dtype == np.float32))
    checks = [
        ValidationCheck(name, backend, system, value, limit, PASS if right and value <= limit else FAIL)
        for name, value, limit, right in found
    ]
    return checks, values


def validate(data: Path, backends: Sequence[str], num_frames: int | None = None) -> list[ValidationCheck]:
    """Check the backends on the first frames of the five systems; `reference` is computed in any case."""
    checks = []
    for system in workloads.SYSTEMS:
        frames = read_load(data / f"{system}.xyz", "reference", num_frames or FRAMES.get(system, 2)).frames
        if "reference" in backends:
            found, exact = check_backend("reference", system, frames, None)
            checks += found
        else:
            exact = descriptor("reference", _hypers(system, frames), frames)
        for backend in backends:
            if not BACKENDS[backend].installed:
                checks.append(ValidationCheck("all", backend, system, None, None, MISSING))
            elif backend != "reference":
                checks += check_backend(backend, system, frames, exact)[0]
    return checks


def table(checks: Sequence[ValidationCheck]) -> str:
    """Markdown: a row for every check and backend, a column for every system."""
    rows = pd.DataFrame(map(asdict, checks))
    order = list(rows["check"].unique())
    body = []
    for (check, backend), cells in rows.groupby(["check", "backend"], sort=False):
        results = set(cells["result"])
        values = cells.set_index("system")["value"].reindex(workloads.SYSTEMS).map(_number)
        limits = " / ".join(cells["limit"].map(_number).unique())
        body.append([check, backend, *values, limits, FAIL if FAIL in results else "/".join(sorted(results))])
    body.sort(key=lambda row: order.index(row[0]))
    return markdown(["check", "backend", *workloads.SYSTEMS, "limit", "result"], body)


def _number(value: float | None) -> str:
    if value is None or np.isnan(value):
        return "–"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.2g}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``study validate``."""
    add_data(parser)
    parser.add_argument("--backend", nargs="+", choices=list(BACKENDS), help="default: all")
    parser.add_argument("--frames", type=positive, help="frames of each file (default: 2, of ellipsoids.xyz 8)")
    parser.add_argument("--out", type=Path, help="write results/tables/validation.csv or another CSV file")


def main(options: argparse.Namespace) -> int:
    """Print the table; 1 if a check failed."""
    absent = [name for name in options.backend or () if not BACKENDS[name].installed]
    if absent:
        raise CannotMeasure(f"not installed: {', '.join(absent)}")
    measure.pin_threads(1)
    checks = validate(data_folder(options), options.backend or backends.BACKENDS, options.frames)
    print(table(checks))
    failed = [one for one in checks if one.result == FAIL]
    print(f"\n{len(checks)} checks, {len(failed)} failed; {measure.machine()}")
    for one in failed:
        print(f"FAIL  {one.check}, {one.backend}, {one.system}: {one.value:.3g}, limit {one.limit:.3g}")
    if options.out:
        write_table(options.out, pd.DataFrame(map(asdict, checks)), None)
    return 1 if failed else 0
