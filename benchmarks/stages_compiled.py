"""The stages of the compiled way, one by one: the calls that `kernels.numba.reduction` and its driver are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.stage_names import COUPLING, GAUSSIANS, KERNEL, PLACES, SEARCH


def calls_of_particles(made: Any, batch: Any) -> dict[str, Callable[[], Any]]:
    """Calls of what is done once a particle, for a calculator and a batch in its unit."""
    # Imported here, as below: asv and the gate import this file for commits that have none of these.
    from anisoap_opt.kernels.numba.records import make_gaussians, particle_tables

    make, order = _scene(made, batch), _scene(made, batch)()[0].order
    precision = made.radial_basis.unit_precision
    return {
        PLACES: make,
        GAUSSIANS: lambda: particle_tables(make_gaussians(batch.rotations, batch.semiaxes, precision, order)),
    }


def calls_of_pairs(made: Any, batch: Any) -> dict[str, Callable[[], Any]]:
    """Calls of what is done once a pair or a centre.

    That of KERNEL searches too, batch by batch, as the driver does; that of COUPLING is the driver.
    """
    from anisoap_opt.kernels.numba.candidates import COUNT, PAIRS, make_found, new_scratch
    from anisoap_opt.kernels.numba.neighbors import pairs_of
    from anisoap_opt.kernels.numba.reduction import Plan, _share_a_frame
    from anisoap_opt.kernels.numba.segments import WINDOW, expand_windows
    from anisoap_opt.pairs import encode_types

    of_layout, code = encode_types(batch.types, None)
    types, precision = len(of_layout), made.radial_basis.unit_precision
    scene, cutoff = _scene(made, batch)()
    plan = Plan.of(made._basis, "float64", _share_a_frame(scene, types), False)
    particles, roots = calls_of_particles(made, batch)[GAUSSIANS]()
    places, cuts = np.arange(len(code)), _cuts(scene, plan.batch_size)
    self_pairs, scratch = not made.subtract_center_contribution, new_scratch(types)

    def search(begin: int, end: int, what: int, found: Any) -> int:
        return int(pairs_of(places, begin, end, scene, cutoff**2, self_pairs, what, scratch, found))

    counted, starts, most = make_found(len(code), types, 0, False), [], 0
    for begin, end in cuts:
        most = max(most, search(begin, end, COUNT, counted))
        counts = counted.counts.reshape(-1, types)[: end - begin]
        starts.append(np.append(0, np.cumsum(counts[plan.possible[scene.code[begin:end]]])))
    found = make_found(len(code), types, most, False)
    work, buffers = plan._buffers()[:2]

    def run(expand: bool) -> None:
        for (begin, end), start in zip(cuts, starts, strict=True):
            if search(begin, end, PAIRS, found) and expand:
                windows = (0, -(-(len(start) - 1) // WINDOW))
                expand_windows(
                    plan.forward.straight, plan.forward.walked, windows, (start, found.j, found.r_ij), None, None,
                    particles, roots, float(precision), plan.forward.change, work, buffers.table,
                )  # fmt: skip

    def drive() -> None:
        wanted = (np.array([cutoff**2]), self_pairs, (0.0, 0.0), None)
        for chunk in plan.chunks(scene, places):
            plan.sums(chunk, places, scene, wanted, particles, roots, precision)

    return {SEARCH: lambda: run(False), KERNEL: lambda: run(True), COUPLING: drive}


def _scene(made: Any, batch: Any) -> Callable[[], Any]:
    """A call that wraps and sorts the particles."""
    from anisoap_opt.kernels.numba.scene import make_scene
    from anisoap_opt.pairs import encode_types

    of_layout, code = encode_types(batch.types, None)
    radius = made.cutoff_radius / made.radial_basis.length
    return lambda: make_scene(batch, code, len(of_layout), radius)


def _cuts(scene: Any, size: int) -> list[tuple[int, int]]:
    """Where the driver cuts the centres into batches: after so many, but never within a small frame."""
    from anisoap_opt.kernels.numba.frame_sums import WHOLE as UNCUT

    num_centers, of_frame = len(scene.frame), np.diff(scene.offsets)
    bounds = [0]
    while bounds[-1] < num_centers:
        end = min(bounds[-1] + size, num_centers)
        frame = scene.frame[end - 1]
        bounds.append(int(scene.offsets[frame + 1]) if of_frame[frame] <= UNCUT else end)
    return list(zip(bounds[:-1], bounds[1:], strict=True))
