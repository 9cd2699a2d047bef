"""Sums over frames for several cutoffs at once, with any kernel.

Coefficients are sums over pairs. With the pairs of a centre in shells between one cutoff and the next, those of a
cutoff are the sum over all shells inside: every pair is expanded once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from anisoap_opt.arrays import Bools, Ints
from anisoap_opt.basis.coupling import columns_of_types
from anisoap_opt.chunks import map_chunks, to_numpy
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.kernels.contract import FrameSums, Kernel
from anisoap_opt.lattice import SHELL
from anisoap_opt.pairs import CenterBlock, Neighborhoods, Pairs, encode_types
from anisoap_opt.power_spectrum import columns_of_blocks, sum_power_spectra, width_of_block


def sum_over_shells(
    kernel: Kernel,
    batch: ParticleBatch,
    neighborhoods: Neighborhoods,
    cutoff_radii: Sequence[float],
    dtype: str,
    *,
    types: Sequence[int] | None = None,
    symmetric: bool = False,
    show_progress: bool = False,
) -> list[FrameSums]:
    """As `contract.SumsOverFrames`, from pairs.

    Parameters
    ----------
    kernel : Kernel
    batch : ParticleBatch
    neighborhoods : Neighborhoods
        Of this batch, within the largest cutoff.
    cutoff_radii : sequence of float
        Ascending, in the batch's unit of length.
    dtype : str
        Of the result.
    types : sequence of int, optional
        That fixed the layout of the neighbourhoods.
    symmetric, show_progress
        As for `reduced_power_spectrum`.

    Returns
    -------
    list of FrameSums, one for each cutoff
    """
    blocks, num_shells = neighborhoods.blocks, len(cutoff_radii)
    columns = columns_of_blocks(kernel, blocks, symmetric)
    of_layout, _ = encode_types(batch.types, types)
    frame_of_particle = batch.frame_of_particle
    features = sum(width_of_block(kernel, block, symmetric) for block in blocks)
    sums = np.zeros((num_shells, batch.num_frames, features), dtype)
    counts = np.zeros((num_shells, batch.num_frames, len(of_layout)), np.int64)
    num_pairs = np.zeros((num_shells, len(of_layout), len(of_layout)), np.int64)
    limits = (np.array(cutoff_radii) * (1 - SHELL)) ** 2

    def sums_of_frames(block: CenterBlock, rows: slice, pairs: Pairs) -> Any:
        frame = frame_of_particle[block.centers[rows]]
        first = np.flatnonzero(np.diff(frame, prepend=-1))
        num_types = len(block.neighbor_types)
        in_shells, num = sort_into_shells(pairs, num_types, limits)
        if not len(frame):
            return frame, first, num, []
        coefficients = [
            c.reshape(len(frame), num_shells, num_types, *c.shape[1:]) for c in kernel.coefficients(in_shells)
        ]
        for shell in range(1, num_shells):
            for c in coefficients:
                c[:, shell] += c[:, shell - 1]
        of_shells = [
            sum_power_spectra(
                [c[:, k].reshape(-1, *c.shape[3:]) for c in coefficients], num_types, first, symmetric=symmetric
            )
            for k in range(num_shells)
        ]
        return frame, first, num, [to_numpy(one) for one in of_shells]

    most = max(1, kernel.segments_per_chunk // num_shells)
    chunks = map_chunks(sums_of_frames, kernel, neighborhoods, max_segments=most, show_progress=show_progress)
    for block, (frame, first, num, of_shells) in chunks:
        t = np.searchsorted(of_layout, block.center_type)
        num_pairs[:, t, np.searchsorted(of_layout, block.neighbor_types)] += num.sum(axis=0)
        for k, found in enumerate(of_shells):
            sums[k, frame[first], columns[block.center_type]] += found
            counts[k, :, t] += np.bincount(frame[num[:, k].any(axis=1)], minlength=batch.num_frames)
    result = []
    for k in range(num_shells):
        met = np.full_like(num_pairs[k], types is not None, dtype=bool) | (num_pairs[k] > 0)
        kept = _features_of(met, of_layout, blocks, kernel.basis.num_radial, symmetric)
        values = sums[k] if kept.all() else sums[k][:, kept]
        result.append(FrameSums(values, counts[k], of_layout, met, int(num_pairs[k].sum())))
    return result


def sort_into_shells(pairs: Pairs, num_types: int, limits: Any) -> tuple[Pairs, Ints]:
    """Cut the segments of every centre into shells, innermost first.

    Parameters
    ----------
    pairs : Pairs
        Of whole centres.
    num_types : int
        Segments of each.
    limits : ndarray, shape [shells]
        Squares of the cutoffs, ascending. A pair lies in the first shell that it is inside of, or in the last.

    Returns
    -------
    Pairs
        Segments: centre, then shell, then neighbour type.
    num : ndarray of int, shape [centers, shells, types]
        Pairs up to the end of each shell.
    """
    num_shells = len(limits)
    if num_shells == 1:
        return pairs, np.diff(pairs.start).reshape(-1, 1, num_types)
    r_ij = to_numpy(pairs.r_ij)
    shell = np.searchsorted(limits[:-1], np.einsum("pk,pk->p", r_ij, r_ij), side="right")
    center, u = np.divmod(np.repeat(np.arange(pairs.num_segments), np.diff(pairs.start)), num_types)
    segment = (center * num_shells + shell) * num_types + u
    order = np.argsort(segment, kind="stable")
    num = np.bincount(segment, minlength=num_shells * pairs.num_segments)
    start = np.concatenate([[0], np.cumsum(num)])
    in_shells = Pairs(to_numpy(pairs.j)[order], r_ij[order], start)
    return in_shells, num.reshape(-1, num_shells, num_types).cumsum(axis=1)


def _features_of(
    met: Bools, types: Ints, blocks: Sequence[CenterBlock], num_radial: Sequence[int], symmetric: bool
) -> Bools:
    """Which columns of the blocks are for neighbour types that are met."""
    of_blocks = [
        columns_of_types(
            num_radial,
            met[np.searchsorted(types, block.center_type), np.searchsorted(types, block.neighbor_types)],
            symmetric=symmetric,
        )
        for block in blocks
    ]
    return np.concatenate([np.zeros(0, bool), *of_blocks])
