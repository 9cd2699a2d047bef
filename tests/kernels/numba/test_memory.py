"""Working space of the compiled search stays allocated while it is used, and grows when it must."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("numba")

from anisoap_opt import neighbors  # noqa: E402
from anisoap_opt.frames import ParticleBatch  # noqa: E402
from anisoap_opt.kernels.numba.neighbors import find_neighborhoods  # noqa: E402
from benchmarks import workloads  # noqa: E402
from tests.frames_for_tests import random_frame  # noqa: E402

SHEARED = [[4, 0, 0], [40, 4, 0], [3, 50, 4]]
"""Å; thousands of images within reach."""


def assert_same_pairs(batch: ParticleBatch, cutoff: float) -> None:
    ours, exact = (one(batch, cutoff, self_pairs=True) for one in (find_neighborhoods, neighbors.find_neighborhoods))
    assert np.array_equal(ours.pairs.start, exact.pairs.start)
    keys = [np.round(np.linalg.norm(found.pairs.r_ij, axis=1), 9) for found in (ours, exact)]
    for first, last in zip(ours.pairs.start[:-1], ours.pairs.start[1:], strict=True):
        assert np.array_equal(*(np.sort(key[first:last]) for key in keys))


def test_more_images_than_there_is_room_for_at_first() -> None:
    frames = [random_frame(seed, 2, cell=np.array(SHEARED, dtype=float), pbc=True) for seed in range(3)]
    assert_same_pairs(ParticleBatch.from_frames(frames, "c_q"), 5.0)


def test_more_candidates_than_there_is_room_for_at_first() -> None:
    assert_same_pairs(ParticleBatch.from_frames(workloads.bulk(1000, 2), "c_q"), 14.0)


@pytest.mark.parametrize("setting", ["MALLOC_MMAP_THRESHOLD_=4096", "MALLOC_PERTURB_=165"])
def test_nothing_freed_is_read(setting: str) -> None:
    """An allocator that unmaps or overwrites what is freed; with a use after that the process would crash or differ."""
    code = (
        "import numpy as np\n"
        "from benchmarks import workloads\n"
        "from anisoap_opt import EllipsoidalDensityProjection as E\n"
        "for n, cutoff in ((20, 7.0), (400, 12.5)):\n"
        "    rows = [E(2, 'gto', cutoff, radial_gaussian_width=1.5, rotation_key='c_q', backend=b)\n"
        "            .power_spectrum(workloads.bulk(n, 2)) for b in ('numba', 'numpy_only')]\n"
        "    assert np.allclose(*rows, rtol=1e-10, atol=0)\n"
    )
    name, value = setting.split("=")
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, name: value}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
