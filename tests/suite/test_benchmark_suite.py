"""The benchmark suite's own parts: configuration, workloads and measures."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks import measure, workloads

ROOT = Path(__file__).resolve().parents[2]


def test_asv_environment_has_the_versions_of_the_constraints() -> None:
    required = json.loads((ROOT / "asv.conf.json").read_text())["matrix"]["req"]
    pins = re.findall(r"^([\w-]+)==([\w.]+)(?:; python_version >= .*)?$", (ROOT / "constraints.txt").read_text(), re.M)
    assert {name: [version] for name, version in pins if name in required} == required


def test_bulk_has_the_density_the_types_and_no_overlaps() -> None:
    (frame,) = workloads.bulk(100, 3)
    assert len(frame) / frame.get_volume() == pytest.approx(workloads.BULK_DENSITY)
    assert np.bincount(frame.numbers).tolist() == [0, 34, 33, 33]
    distances = frame.get_all_distances(mic=True)
    assert distances[np.triu_indices(100, 1)].min() > 1.0


def test_shuffled_bulk_is_the_same_in_another_order() -> None:
    (lattice,), (shuffled,) = workloads.bulk(60, 2), workloads.bulk(60, 2, shuffled=True)
    place = {tuple(x): k for k, x in enumerate(lattice.positions)}
    order = [place[tuple(x)] for x in shuffled.positions]
    assert sorted(order) == list(range(60))
    assert order != sorted(order)
    assert sorted(shuffled.arrays) == sorted(lattice.arrays)
    for name, array in shuffled.arrays.items():
        np.testing.assert_array_equal(array, lattice.arrays[name][order])
    assert shuffled.cell[:].tolist() == lattice.cell[:].tolist()
    assert shuffled.pbc.all()


def test_pair_count_agrees_with_the_package() -> None:
    from anisoap_opt.frames import ParticleBatch
    from anisoap_opt.neighbors import find_neighborhoods

    batch = ParticleBatch.from_frames(workloads.system("ellipsoids"))
    found = find_neighborhoods(batch, 7.0, self_pairs=False)
    assert workloads.count_pairs("ellipsoids") == len(found.pairs.j)


def test_median_time_counts_every_repeat_but_the_first() -> None:
    calls: list[int] = []
    measure.median_time(lambda: calls.append(1), min_repeats=5, min_seconds=0.0)
    assert len(calls) == 6
